//! A connection that is fed bytes in pieces, and a log of what it reports.

mod receive;

use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::{FrameHeader, More};
use zmtp_core::{
    Answer, Config, Connection, Error, IgnoredCommand, Instant, NullOrOlder, SendError,
    Subscription,
};

use crate::reader::Reader;

/// When everything happens, unless a test lets time pass.
pub const NOW: Instant = Instant::from_millis(1_000);

/// What a connection reported or sent. Chunks of a frame are put together.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "one for each event")]
pub enum LogEntry {
    /// A subscription was cancelled, or a group was left.
    Cancel(Vec<u8>),
    /// The connection failed.
    Failed(Error),
    /// A message frame with its body.
    Frame(FrameHeader, Vec<u8>),
    /// A command was ignored.
    Ignored(IgnoredCommand),
    /// The handshake is over; the peer's metadata, for an older peer made up of its identity.
    Ready(Vec<u8>),
    /// The peer refused, with this reason.
    Refused(Vec<u8>),
    /// The peer subscribed, or joined a group.
    Subscribe(Vec<u8>),
    /// The handshake waits for an answer.
    Waiting,
}

/// How bodies are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the lanes there are")]
pub enum Lane {
    /// Every other piece past `receive`.
    Both,
    /// Past `receive`, as soon as the header is known.
    Body,
    /// Through `receive`.
    Decode,
}

/// When the connection's own bytes are fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the two extremes")]
pub enum Fetch {
    /// After every event.
    Eagerly,
    /// When `receive` asks for it, and when a piece is through.
    Lazily,
}

/// A connection and what a program around it would keep.
#[derive(Debug)]
pub struct Driver<'c, M = NullOrOlder> {
    connection: Connection<M, &'c Config>,
    lane: Lane,
    fetch: Fetch,
    now: Instant,
    pieces: usize,
    /// Frames that were sent, each by another of the ways there are.
    frames: usize,
    pending: Reader,
    /// The first bytes that arrived, up to the major version.
    head: Vec<u8>,
    body: Option<(FrameHeader, Vec<u8>)>,
    /// Bytes and parts of the message under way that came in whole frames.
    whole: (u64, u32),
    log: Vec<LogEntry>,
    sent: Vec<u8>,
}

impl<'c> Driver<'c> {
    /// A connection that has just been established, with everything sent that needs no request.
    pub fn new(config: &'c Config) -> Self {
        Self::with(config, Lane::Decode, Fetch::Eagerly)
    }

    /// A connection that is driven in a certain way.
    pub fn with(config: &'c Config, lane: Lane, fetch: Fetch) -> Self {
        Self::secured(NullOrOlder::new(), config, lane, fetch)
    }
}

impl<'c, M: Mechanism> Driver<'c, M> {
    /// A connection with a security mechanism.
    pub fn secured(mechanism: M, config: &'c Config, lane: Lane, fetch: Fetch) -> Self {
        let mut driver = Self {
            connection: Connection::new(mechanism, config, NOW),
            lane,
            fetch,
            now: NOW,
            pieces: 0,
            frames: 0,
            pending: Reader::default(),
            head: Vec::new(),
            body: None,
            whole: (0, 0),
            log: Vec::new(),
            sent: Vec::new(),
        };
        driver.transmit();
        driver
    }

    /// Takes bytes that arrived.
    ///
    /// # Panics
    ///
    /// If the connection contradicts itself or leaves more unconsumed than it may.
    pub fn feed(&mut self, piece: &[u8]) {
        self.pieces += 1;
        self.head.extend(piece.iter().take(11 - self.head.len()));
        let past = match self.lane {
            Lane::Body => true,
            Lane::Both => self.pieces.is_multiple_of(2),
            Lane::Decode => false,
        };
        let rest = if past { self.read_past(piece) } else { piece };
        self.pending.push(rest);
        self.decode();
        self.transmit();
        // An eager driver has decoded all there is; a lazy one may have been waiting to write.
        self.check_rest();
    }

    /// Feeds bytes in pieces of these sizes, the last again and again.
    pub fn feed_in_pieces(&mut self, bytes: &[u8], sizes: impl IntoIterator<Item = usize>) {
        let (mut rest, mut sizes, mut size) = (bytes, sizes.into_iter(), bytes.len());
        while !rest.is_empty() {
            size = sizes.next().unwrap_or(size);
            let (piece, others) = rest.split_at(size.clamp(1, rest.len()));
            self.feed(piece);
            rest = others;
        }
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: u32) {
        self.now = self.now.after(ms);
        if let Err(error) = self.connection.handle_timeout(self.now) {
            self.failed(error);
        }
        self.transmit();
    }

    /// Lets time pass until the connection's next deadline; `false` if it has none.
    pub fn wait_until_due(&mut self) -> bool {
        let Some(at) = self.connection.poll_timeout() else { return false };
        assert!(at > self.now, "due at {at:?}, and it is {:?}", self.now);
        self.now = at;
        self.wait(0);
        true
    }

    /// The time.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Subscribes to a topic, or cancels that.
    ///
    /// # Errors
    ///
    /// [`SendError`] as the connection returns it.
    pub fn subscribe(&mut self, what: Subscription, topic: &[u8]) -> Result<(), SendError> {
        let mut out = vec![0; self.connection.subscription_len(what, topic.len())];
        let len = self.connection.encode_subscription(what, topic, &mut out)?;
        assert_eq!(len, out.len());
        self.sent.extend(out);
        Ok(())
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// [`SendError`] as the connection returns it.
    pub fn send(&mut self, parts: &[impl AsRef<[u8]>]) -> Result<(), SendError> {
        for (at, part) in parts.iter().enumerate() {
            let more = if at + 1 < parts.len() { More::Follows } else { More::Last };
            self.send_frame(more, part.as_ref())?;
        }
        Ok(())
    }

    /// Sends a frame.
    ///
    /// # Errors
    ///
    /// [`SendError`] as the connection returns it.
    pub fn send_frame(&mut self, more: More, body: &[u8]) -> Result<(), SendError> {
        let len = self.connection.frame_len(body.len());
        let (headroom, sealed) = (self.connection.headroom(), self.connection.is_sealed());
        self.frames += 1;
        match self.frames % 3 {
            0 => {
                let mut out = vec![0xee; len];
                assert_eq!(self.connection.encode_frame(more, body, &mut out)?, len);
                self.sent.extend(out);
            }
            1 if !sealed => {
                let header = self.connection.begin_frame(more, body.len() as u64)?;
                self.sent.extend_from_slice(header.as_ref());
                self.sent.extend_from_slice(body);
                assert_eq!(header.as_ref().len() + body.len(), len);
            }
            _ => {
                let mut buffer = [&vec![0xee; headroom][..], body].concat();
                let start = self.connection.finish_frame(more, &mut buffer)?;
                assert_eq!(buffer.len() - start, len);
                self.sent.extend_from_slice(&buffer[start..]);
            }
        }
        Ok(())
    }

    /// Answers a handshake that waits, and goes on with what arrived meanwhile.
    pub fn answer(&mut self, answer: Answer<'_>) {
        self.connection.answer(answer);
        self.decode();
        self.transmit();
    }

    /// The connection.
    pub const fn connection(&self) -> &Connection<M, &'c Config> {
        &self.connection
    }

    /// The connection, to call what the driver does not.
    pub const fn connection_mut(&mut self) -> &mut Connection<M, &'c Config> {
        &mut self.connection
    }

    /// All entries so far.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }

    /// Removes and returns the entries since the last call.
    pub fn take_log(&mut self) -> Vec<LogEntry> {
        core::mem::take(&mut self.log)
    }

    /// The bytes it sent so far.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Takes what it sent since the last time.
    pub fn take_sent(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.sent)
    }

    /// Bytes that arrived and were not consumed.
    pub fn rest(&self) -> &[u8] {
        self.pending.rest()
    }

    /// The frame whose body is under way, and what there is of it.
    pub const fn unfinished(&self) -> Option<&(FrameHeader, Vec<u8>)> {
        self.body.as_ref()
    }
}
