//! The same bytes to one of our sockets and to libzmq's, over real connections.
//!
//! What the application receives and whether the peer is refused must be the same, or be listed. With us
//! it must also equal that of the reference model.
//!
//! | module | what it is |
//! |---|---|
//! | [`input`] | bytes of peers: bad inputs, recorded dialogues, made-up ones, and changes of all |
//! | [`rows`] | the bad inputs, as each socket type is shown them |
//! | [`subject`] | the two sockets, behind one trait |
//! | [`reading`], `let_pass` | what must come of an input, by our rules and by libzmq's |
//! | [`listed`] | the differences that are meant, with their reasons |

pub mod input;
mod let_pass;
pub mod listed;
pub mod reading;
pub mod rows;
pub mod subject;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use input::Input;
use listed::Listed;
use subject::{Kind, Message, Subject};

/// How long one input may take until it shows whether the peer is refused.
const LONG: Duration = Duration::from_secs(8);
/// How long a peer must be left alone to count as not refused, where its bytes cannot be continued
/// to something that is answered.
const SILENCE: Duration = Duration::from_millis(150);

/// How often both are looked at in that time at least: a machine that is busy elsewhere is no silence.
const TURNS: u32 = 30;

/// After so much silence another byte may help.
const KICK: Duration = Duration::from_millis(30);

/// What came of an input.
#[derive(Clone, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what is compared")]
pub struct Outcome {
    /// What the application received.
    pub received: Vec<Message>,
    /// Whether the peer's connection was closed.
    pub refused: bool,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.refused { "refused" } else { "open" })?;
        for message in &self.received {
            f.write_str(" [")?;
            for (at, part) in message.iter().enumerate() {
                let comma = if at > 0 { ", " } else { "" };
                let shown = &part[..part.len().min(24)];
                write!(f, "{comma}{}:\"{}\"", part.len(), shown.escape_ascii())?;
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

/// What came of many inputs.
#[derive(Debug, Default)]
pub struct Summary {
    /// Inputs compared.
    pub compared: usize,
    /// Of them, those that are rows of the table of bad inputs.
    pub rows: usize,
    /// Rows of that table that no input is made of, by the reason.
    pub left_out: BTreeMap<&'static str, usize>,
    /// Of them, those that came out the same.
    pub same: usize,
    /// Differences that are listed, by their names.
    pub listed: BTreeMap<&'static str, usize>,
    /// Comparisons that were done again because they came out otherwise than listed.
    pub repeated: usize,
    /// Differences that are not listed, and outcomes of both that are not the model's, which came out
    /// three times, described.
    pub findings: Vec<String>,
}

impl Summary {
    /// How many came out differently, listed or not.
    pub fn different(&self) -> usize {
        self.compared - self.same
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed: usize = self.listed.values().sum();
        write!(
            f,
            "{} compared, {} different, {listed} of them listed; {} repeated",
            self.compared,
            self.different(),
            self.repeated
        )?;
        for (name, count) in &self.listed {
            write!(f, "\n  {count:6} {name}")?;
        }
        let left_out: usize = self.left_out.values().sum();
        let all = self.rows + left_out;
        write!(f, "\n  bad inputs: {} of {all} rows compared, {left_out} left out", self.rows)?;
        for (why, count) in &self.left_out {
            write!(f, "\n  {count:6} {why}")?;
        }
        Ok(())
    }
}

/// Compares so many inputs; the same `seed` makes the same ones. Prints each try that came out otherwise
/// than it must, also if the next does not.
///
/// # Errors
///
/// A socket cannot be made or reached.
pub fn compare(kind: Kind, count: usize, seed: u64) -> io::Result<Summary> {
    let mut summary = Summary { left_out: rows::of(kind).left_out, ..Summary::default() };
    for input in input::all(kind, seed).take(count) {
        summary.compared += 1;
        summary.rows += usize::from(input.is_row);
        let mut finding = None;
        // What depends on when a thread ran does not come out the same three times.
        for attempt in 1..=3 {
            let [ours, theirs] = both(kind, &input)?;
            // The same is not enough: both may be wrong.
            if ours == theirs && ours == reading::ours(kind, &input).outcome {
                summary.same += 1;
                finding = None;
                break;
            }
            if let Some(Listed { name, .. }) = listed::of(kind, &input, &ours, &theirs) {
                *summary.listed.entry(name).or_default() += 1;
                finding = None;
                break;
            }
            let mut text = format!("{kind:?} {input}\n  ours:   {ours:?}\n  libzmq: {theirs:?}");
            for reading in [reading::ours(kind, &input), reading::libzmq(kind, &input)] {
                text += &format!("\n  by the model: {:?}, {:?}", reading.outcome, reading.error);
            }
            // Shown also if it does not come again: a race of ours may be behind it.
            println!("at try {attempt}: {text}");
            finding = Some(text);
            summary.repeated += 1;
        }
        summary.findings.extend(finding);
    }
    Ok(summary)
}

/// What comes of an input with us and with libzmq.
fn both(kind: Kind, input: &Input) -> io::Result<[Outcome; 2]> {
    let mut ours = outcome(&mut *subject::ours(kind, &input.config)?, input)?;
    let mut theirs = outcome(&mut *subject::libzmq(kind, &input.config)?, input)?;
    if kind == Kind::Router {
        [&mut ours, &mut theirs].into_iter().for_each(forget_own_names);
    }
    Ok([ours, theirs])
}

/// Sends an input to a socket and sees what comes of it.
///
/// # Errors
///
/// The socket cannot be reached, or fails.
pub fn outcome(subject: &mut dyn Subject, input: &Input) -> io::Result<Outcome> {
    let mut peer = Peer::connect(&subject.endpoint())?;
    let mut received = Vec::new();
    let [greeting, rest] = input.stages();
    peer.send(greeting);
    let end = Instant::now() + LONG;
    let (mut quiet, mut turns) = (Instant::now(), 0);
    let mut rest = Some(rest);
    let mut kicks = 0;
    loop {
        let moved = peer.turn();
        let messages = subject.turn()?;
        turns += 1;
        if moved || !messages.is_empty() {
            (quiet, turns) = (Instant::now(), 0);
        }
        received.extend(messages);
        if let Some(bytes) = rest.filter(|_| peer.is_greeted() || quiet.elapsed() > SILENCE) {
            peer.send(bytes);
            rest = None;
            (quiet, turns) = (Instant::now(), 0);
        }
        // The probe came: everything before it was taken.
        if received.last().is_some_and(|message| input.is_probe(message)) {
            received.pop();
            return Ok(Outcome { received, refused: false });
        }
        if peer.closed {
            received.extend(subject.turn()?);
            let messages = subject.turn()?;
            if messages.is_empty() {
                return Ok(Outcome { received, refused: true });
            }
            received.extend(messages);
        }
        // What stands right behind a READY is left lying by libzmq until more comes.
        if rest.is_none() && input.can_be_probed() && quiet.elapsed() > KICK && kicks < 20 {
            kicks += 1;
            peer.send(&wire::command("PONG", b""));
            quiet = Instant::now();
        }
        let silence = SILENCE + 2 * Duration::from_millis(input.silence.into());
        let silent = quiet.elapsed() > silence && turns > TURNS && rest.is_none();
        if Instant::now() > end || silent && !input.can_be_probed() {
            return Ok(Outcome { received, refused: false });
        }
    }
}

/// Names that a ROUTER gave itself are any five bytes behind a 0.
fn forget_own_names(outcome: &mut Outcome) {
    for name in outcome.received.iter_mut().filter_map(|message| message.first_mut()) {
        if name.len() == 5 && name[0] == 0 {
            name.clear();
        }
    }
}

/// A raw connection.
struct Peer {
    stream: TcpStream,
    out: Vec<u8>,
    heard: Vec<u8>,
    closed: bool,
}

impl Peer {
    fn connect(endpoint: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://"))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, out: Vec::new(), heard: Vec::new(), closed: false })
    }

    fn send(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.turn();
    }

    /// Writes and reads without waiting; returns whether any byte moved.
    fn turn(&mut self) -> bool {
        let mut moved = false;
        while !self.out.is_empty() && !self.closed {
            match self.stream.write(&self.out) {
                Ok(n) => {
                    self.out.drain(..n);
                    moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // There may be something to read still.
                Err(_) => {
                    self.out.clear();
                    break;
                }
            }
        }
        let mut bytes = [0; 4_096];
        while !self.closed {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.closed = true,
                Ok(n) => {
                    self.heard.extend_from_slice(&bytes[..n]);
                    moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.closed = true,
            }
        }
        moved || self.closed
    }

    /// Whether the other's greeting and READY, or whatever follows its greeting, have come.
    fn is_greeted(&self) -> bool {
        let rest = self.heard.get(64..).unwrap_or_default();
        !wire::frames(rest).0.is_empty()
    }
}
