//! Sends the same bytes to one of our sockets and to one of libzmq, over real connections.
//!
//! An outcome is the messages that the application receives, and whether the peer is refused. The two outcomes
//! must be equal, or the difference must be listed. Our outcome must also equal that of the reference model.
//!
//! | module | content |
//! |---|---|
//! | [`input`] | bytes of peers: malformed inputs, recorded and generated dialogues, and changes of these |
//! | [`rows`] | the malformed inputs, adapted to each socket type |
//! | [`subject`] | the two sockets, behind one trait |
//! | [`reading`], `let_pass` | the outcome of the model for an input, by our rules and by those of libzmq |
//! | [`listed`] | the intended differences, with their reasons |

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

/// The longest time for one input. A peer that is not refused in it counts as not refused.
const LONG: Duration = Duration::from_secs(8);
/// The time without a byte or message after which a peer counts as not refused, if its input has no probe.
const SILENCE: Duration = Duration::from_millis(150);

/// The least number of turns within that time, so that a pause of this process does not count as silence.
const TURNS: u32 = 30;

/// The time without a byte or message after which another PONG is sent.
const KICK: Duration = Duration::from_millis(30);

/// The outcome of an input.
#[derive(Clone, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what is compared")]
pub struct Outcome {
    /// The messages that the application received.
    pub received: Vec<Message>,
    /// Whether the socket closed the connection of the peer.
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

/// The outcomes of many inputs.
#[derive(Debug, Default)]
pub struct Summary {
    /// The number of compared inputs.
    pub compared: usize,
    /// The number of compared inputs that are rows of the table of malformed inputs.
    pub rows: usize,
    /// The number of rows of that table that are not compared, by the reason.
    pub left_out: BTreeMap<&'static str, usize>,
    /// The number of compared inputs whose outcomes are equal.
    pub same: usize,
    /// The number of listed differences, by their names.
    pub listed: BTreeMap<&'static str, usize>,
    /// The number of comparisons whose result was neither equal nor listed. Each is repeated, up to three times.
    pub repeated: usize,
    /// The inputs whose three comparisons all had such a result, with the outcomes.
    pub findings: Vec<String>,
}

impl Summary {
    /// The number of inputs with different outcomes, listed or not.
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
        write!(
            f,
            "\n  malformed inputs: {} of {all} rows compared, {left_out} left out",
            self.rows
        )?;
        for (why, count) in &self.left_out {
            write!(f, "\n  {count:6} {why}")?;
        }
        Ok(())
    }
}

/// Compares `count` inputs. The same `seed` generates the same inputs. Prints each comparison whose result is
/// neither equal nor listed, even if a repetition succeeds.
///
/// # Errors
///
/// A socket cannot be created or reached.
pub fn compare(kind: Kind, count: usize, seed: u64) -> io::Result<Summary> {
    let mut summary = Summary { left_out: rows::of(kind).left_out, ..Summary::default() };
    for input in input::all(kind, seed).take(count) {
        summary.compared += 1;
        summary.rows += usize::from(input.is_row);
        let mut finding = None;
        // A result that depends on the timing of threads does not occur three times.
        for attempt in 1..=3 {
            let [ours, theirs] = both(kind, &input)?;
            // Equal outcomes are not sufficient: both may be wrong.
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
            // Printed even if a repetition succeeds, because a race in our code may be the cause.
            println!("at try {attempt}: {text}");
            finding = Some(text);
            summary.repeated += 1;
        }
        summary.findings.extend(finding);
    }
    Ok(summary)
}

/// The outcomes of an input, of our socket and of libzmq's.
fn both(kind: Kind, input: &Input) -> io::Result<[Outcome; 2]> {
    let mut ours = outcome(&mut *subject::ours(kind, &input.config)?, input)?;
    let mut theirs = outcome(&mut *subject::libzmq(kind, &input.config)?, input)?;
    if kind == Kind::Router {
        [&mut ours, &mut theirs].into_iter().for_each(forget_own_names);
    }
    Ok([ours, theirs])
}

/// Sends an input to a socket and returns the outcome.
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
        // The probe was received, and everything before it.
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
        // libzmq does not handle bytes directly after a READY until further bytes arrive.
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

/// Clears routing ids that a ROUTER assigned: five bytes that begin with 0.
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
                // There may still be bytes to read.
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

    /// Whether the greeting of the socket and a frame after it, usually READY, have arrived.
    fn is_greeted(&self) -> bool {
        let rest = self.heard.get(64..).unwrap_or_default();
        !wire::frames(rest).0.is_empty()
    }
}
