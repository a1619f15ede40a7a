//! The bytes that a peer sends to both sockets.

use std::fmt;

use arbitrary::Unstructured;
use wire::Frame;
use zmtp_core::Config;
use zmtp_tests::dialogue::Dialogue;
use zmtp_tests::malformed::Run;
use zmtp_tests::random::Random;
use zmtp_tests::vectors::Vector;

use super::rows;
use super::subject::{Kind, Message};

/// The message that is appended to an input, if its framing allows that. If it is received, the peer is not refused.
const PROBE: &[u8] = b"the end of this input";
/// The longest incomplete frame that is completed, in bytes.
const LONGEST: u64 = 1 << 20;

/// The bytes of a peer, and the settings of the sockets that receive them.
#[derive(Clone, Debug)]
pub struct Input {
    /// The source of the input.
    pub name: String,
    /// The bytes of the input.
    pub bytes: Vec<u8>,
    /// The bytes that complete the handshake and the current message, and append the probe; `None` if the
    /// framing does not allow that.
    continued: Option<Vec<u8>>,
    /// `bytes`, then `continued`.
    stream: Vec<u8>,
    /// The number of bytes of `stream` that are sent before the socket has answered.
    first: usize,
    /// The settings of our socket. The socket of libzmq has the same settings.
    pub config: Config,
    /// The time in milliseconds for which the peer sends nothing after its bytes, if the input tests a timeout.
    pub silence: u32,
    /// Whether the input is a row of the table of malformed inputs.
    pub is_row: bool,
}

impl Input {
    pub(super) fn new(kind: Kind, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let continued = continued(kind, &bytes);
        let stream = [&bytes[..], continued.as_deref().unwrap_or_default()].concat();
        let (first, config) = (stream.len().min(64), Config::new(kind.names().0));
        Self {
            name: name.into(),
            bytes,
            continued,
            stream,
            first,
            config,
            silence: 0,
            is_row: false,
        }
    }

    /// A row of the table of malformed inputs, whose peer sends these pieces to this type of socket.
    pub(super) fn row(kind: Kind, name: String, run: &Run, pieces: &[Vec<u8>]) -> Self {
        let mut input = Self::new(kind, name, pieces.concat());
        if run.silence > 0 {
            input.continued = None;
            input.stream.clone_from(&input.bytes);
        }
        // A row may require that bytes arrive together with the greeting.
        let first = pieces.first().map_or(0, Vec::len);
        input.first = first.max(input.first).min(input.stream.len());
        input.silence = run.silence;
        input.is_row = true;
        input.config.limits = run.config.limits;
        input.config.min_version = run.config.min_version;
        input
    }

    /// The bytes that are sent at once, and those that are sent after the socket has answered. libzmq closes the
    /// connection if greeting, READY and messages arrive in one segment.
    pub fn stages(&self) -> [&[u8]; 2] {
        let (first, rest) = self.stream.split_at(self.first);
        [first, rest]
    }

    /// Whether greeting, READY and a message are sent at once.
    pub fn is_burst(&self) -> bool {
        let (frames, _) = wire::frames(self.stages()[0].get(64..).unwrap_or_default());
        frames.iter().any(|frame| !frame.is_command())
    }

    /// All bytes that are sent, including the probe.
    pub fn stream(&self) -> &[u8] {
        &self.stream
    }

    /// Whether a message is the probe.
    pub fn is_probe(&self, message: &Message) -> bool {
        self.continued.is_some() && message.last().is_some_and(|part| part == PROBE)
    }

    /// Whether the stream ends with the probe.
    pub const fn can_be_probed(&self) -> bool {
        self.continued.is_some()
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.bytes[..self.bytes.len().min(600)];
        write!(f, "{}: {}", self.name, shown.escape_ascii())
    }
}

/// All inputs for a socket type: first every row of the table of malformed inputs and every recorded dialogue,
/// then an unlimited number of changed and generated inputs.
pub fn all(kind: Kind, seed: u64) -> impl Iterator<Item = Input> {
    let (ours, _) = kind.names();
    let mut first = rows::of(kind).compared;
    let mut streams = Vec::new();
    for vector in Vector::all() {
        for stream in vector.peer_streams() {
            if vector.sut.socket_type == ours {
                first.push(Input::new(kind, &*vector.name, stream.clone()));
            }
            streams.push((vector.name.clone(), stream));
        }
    }
    streams.extend(first.iter().map(|input| (input.name.clone(), input.bytes.clone())));
    let mut random = Random::new(seed);
    let made = core::iter::repeat_with(move || {
        if random.once_in(2) {
            changed(kind, &streams, &mut random)
        } else {
            made_up(kind, &mut random)
        }
    });
    first.into_iter().chain(made)
}

/// A generated dialogue of a peer.
fn made_up(kind: Kind, random: &mut Random) -> Input {
    let seed = random.number();
    let mut numbers = Random::new(seed);
    let bytes: Vec<u8> = (0..40 + numbers.below(400)).map(|_| numbers.number() as u8).collect();
    let dialogue = Dialogue::take(&mut Unstructured::new(&bytes), &[kind.names().0]);
    let stream = dialogue.map(|dialogue| dialogue.stream()).unwrap_or_default();
    Input::new(kind, format!("made up, {seed:#x}"), stream)
}

/// A recorded stream with a few changed bytes. In half of the inputs a valid handshake replaces its greeting.
fn changed(kind: Kind, streams: &[(String, Vec<u8>)], random: &mut Random) -> Input {
    let (name, stream) = random.one_of(streams);
    let mut bytes: Vec<u8> = stream.iter().copied().take(3_000).collect();
    if random.once_in(2) {
        // Only its frames, after a valid handshake.
        let frames = bytes.split_off(bytes.len().min(64));
        bytes = [wire::greeting("NULL"), wire::ready(kind.names().1), frames].concat();
    }
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len().max(1));
        // Most changes are after the greeting.
        let at = if at < 64 && !random.once_in(8) { 64 + at } else { at };
        let Some(byte) = bytes.get_mut(at) else { continue };
        *byte = match random.below(4) {
            0 => random.number() as u8,
            1 => *byte ^ (1 << random.below(8)),
            2 => byte.wrapping_add(1),
            _ => *random.one_of(&[0, 1, 2, 4, 6, 0xff]),
        };
    }
    if random.once_in(4) {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    Input::new(kind, format!("{name}, changed"), bytes)
}

/// The bytes that complete a handshake and a message, and append the probe; `None` if the framing does not allow
/// that.
fn continued(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, peer) = kind.names();
    let mut more = Vec::new();
    let whole = wire::greeting("NULL");
    if bytes.len() < whole.len() {
        more.extend_from_slice(&whole[bytes.len()..]);
    }
    let greeting = [bytes, &more].concat();
    let greeting = &greeting[..64];
    // A probe after an opening of an older version is not supported.
    if greeting[0] != 0xff || greeting[9] & 1 == 0 || greeting[10] < 3 {
        return None;
    }
    let (frames, rest) = wire::frames(bytes.get(64..).unwrap_or_default());
    let mut last_more =
        frames.iter().rfind(|frame| !frame.is_command()).is_some_and(Frame::has_more);
    let mut ready =
        frames.iter().any(|frame| frame.command().is_some_and(|(name, _)| name == b"READY"));
    if !rest.is_empty() {
        let mut whole = rest.to_vec();
        while Frame::first(&whole).is_none() {
            whole.push(0);
        }
        let frame = Frame::first(&whole)?;
        if frame.len > LONGEST {
            return None;
        }
        let missing = frame.len as usize - frame.body.len();
        whole.resize(whole.len() + missing, 0);
        more.extend_from_slice(&whole[rest.len()..]);
        let frame = Frame::first(&whole)?;
        if !frame.is_command() {
            last_more = frame.has_more();
        }
        ready |= frame.command().is_some_and(|(name, _)| name == b"READY");
    }
    if !ready {
        more.extend(wire::ready(peer));
    }
    if last_more {
        more.extend(wire::frame(0, b"."));
    }
    let probe: &[&[u8]] = if kind == Kind::Rep { &[b"", PROBE] } else { &[PROBE] };
    more.extend(wire::message(probe));
    Some(more)
}
