//! Recorded dialogues with libzmq, read from `vectors/`. Its README describes the format.

mod read;

use core::fmt;
use std::path::{Path, PathBuf};

use zmtp_core::wire::{RoutingId, SocketType};

/// A dialogue.
#[derive(Clone, Debug)]
pub struct Vector {
    /// The file's name without `.txt`.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// libzmq's socket.
    pub sut: Sut,
    /// What happened, in order.
    pub steps: Vec<Step>,
}

/// The socket of libzmq in a dialogue.
#[derive(Clone, Debug)]
pub struct Sut {
    /// Its description.
    pub text: String,
    /// Its type.
    pub socket_type: SocketType,
    /// Its routing id.
    pub routing_id: RoutingId,
}

/// A message, or what is known of it.
pub type Message = Vec<Bytes>;

/// Something that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "replays must handle each")]
pub enum Step {
    /// Clear text of a box, or frames of ZAP.
    Aside(String),
    /// libzmq closes.
    Close,
    /// A heading or a remark.
    Heading(String),
    /// libzmq sends.
    Libzmq(Bytes),
    /// What was seen of libzmq.
    Observed(String),
    /// The raw peer sends.
    Peer(Vec<u8>),
    /// The application gets a message, or nothing.
    Receive(Option<Message>),
    /// The application sends a message.
    Send(Message),
}

/// Bytes, some of which may be any.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bytes {
    /// As recorded; 0 where `??` stands.
    pub recorded: Vec<u8>,
    /// Which of them may be any.
    pub any: Vec<bool>,
}

impl Bytes {
    /// Whether `bytes` is what was recorded, apart from what may be any.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let same = |at: usize| self.any[at] || self.recorded[at] == bytes[at];
        bytes.len() == self.recorded.len() && (0..bytes.len()).all(same)
    }

    /// Takes up to `n` bytes from the front.
    pub fn take(&mut self, n: usize) -> Self {
        let n = n.min(self.recorded.len());
        let recorded = self.recorded.drain(..n).collect();
        Self { recorded, any: self.any.drain(..n).collect() }
    }
}

/// Why a file is not a vector.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseError {
    /// The line, from 1; 0 is the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl core::error::Error for ParseError {}

impl Vector {
    /// Every vector, by name.
    ///
    /// # Panics
    ///
    /// If a file cannot be read or is not a vector.
    pub fn all() -> Vec<Self> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
            .expect("folder of vectors")
            .map(|entry| entry.expect("entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// The vector called `name`.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn named(name: &str) -> Self {
        Self::read(&folder().join(name).with_added_txt())
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{path:?}: {why}"));
        let vector = Self::parse(&text).unwrap_or_else(|why| panic!("{path:?}: {why}"));
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        assert_eq!(stem, Some(&*vector.name), "{path:?} calls itself otherwise");
        vector
    }

    /// Reads a vector.
    ///
    /// # Errors
    ///
    /// [`ParseError`] names the line and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        read::vector(text)
    }

    /// What the raw peer sent on all connections, each by itself.
    pub fn peer_streams(&self) -> Vec<Vec<u8>> {
        self.streams(|step| match step {
            Step::Peer(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// What libzmq sent on all connections, each by itself.
    pub fn libzmq_streams(&self) -> Vec<Vec<u8>> {
        self.streams(|step| match step {
            Step::Libzmq(bytes) => Some(&bytes.recorded),
            _ => None,
        })
    }

    fn streams(&self, of: impl Fn(&Step) -> Option<&Vec<u8>>) -> Vec<Vec<u8>> {
        let connections = self.connections();
        connections
            .iter()
            .map(|steps| steps.iter().filter_map(&of).flatten().copied().collect())
            .collect()
    }

    /// The steps of each connection by itself. Most dialogues have one; another begins behind a
    /// close or at a heading "greetings", and headings name the one that they go back to.
    pub fn connections(&self) -> Vec<Vec<Step>> {
        let mut all: Vec<Vec<Step>> = vec![Vec::new()];
        let (mut current, mut closed) = (0, false);
        for step in &self.steps {
            let bytes = |step: &Step| matches!(step, Step::Libzmq(_) | Step::Peer(_));
            let mut another = closed && bytes(step);
            if let Step::Heading(text) = step {
                another = text.starts_with("greetings") && all[current].iter().any(bytes);
                if text.contains("first connection") && all.len() > 1 {
                    current = 0;
                } else if text.contains("on the second connection") && all.len() > 1 {
                    current = 1;
                }
            }
            if another {
                current = all.len();
                all.push(Vec::new());
                closed = false;
            }
            closed |= *step == Step::Close;
            all[current].push(step.clone());
        }
        all
    }
}

/// The folder of the vectors.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

trait WithAddedTxt {
    fn with_added_txt(&self) -> PathBuf;
}

impl WithAddedTxt for PathBuf {
    // Not `with_extension`: names hold dots.
    fn with_added_txt(&self) -> PathBuf {
        let mut name = self.clone().into_os_string();
        name.push(".txt");
        name.into()
    }
}
