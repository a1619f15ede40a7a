//! One socket of a run: its kind, its options, and what it does.

use core::fmt;
use core::time::Duration;

use zmtp_mio::{
    AnySocket, Error, Heartbeat, HighWaterMark, Linger, Options, Pub, Reconnect, Socket,
    SocketKind, Tcp, kind,
};

use crate::message::Sizes;
use crate::words::Words;

/// The buffer of the system for a TCP connection: what a killed process has not read is little.
pub(crate) const RECEIVE_BUFFER: usize = 64 << 10;

/// A socket of a run.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The number of the socket within the run.
    pub(crate) origin: u32,
    pub(crate) kind: SocketKind,
    pub(crate) binds: bool,
    pub(crate) endpoint: String,
    /// Whether the background driver serves the socket.
    pub(crate) driver: bool,
    /// The high-water marks, in messages and bytes.
    pub(crate) mark: (usize, usize),
    pub(crate) heartbeat: bool,
    pub(crate) sizes: Sizes,
    /// Messages per second; zero for a socket that only answers or receives.
    pub(crate) rate: u64,
    /// Whether each received message is answered.
    pub(crate) answers: bool,
}

/// The group of the messages of a RADIO.
pub(crate) const GROUP: &[u8] = b"soak";

/// Whether the socket receives from a publisher.
pub(crate) const fn subscribes(kind: SocketKind) -> bool {
    matches!(kind, SocketKind::Sub | SocketKind::Dish)
}

/// Whether the socket has one peer at a time.
pub(crate) const fn is_exclusive(kind: SocketKind) -> bool {
    matches!(kind, SocketKind::Channel | SocketKind::Pair)
}

/// Whether the routing id of a message, a number, identifies its peer.
pub(crate) const fn is_addressed(kind: SocketKind) -> bool {
    matches!(kind, SocketKind::Peer | SocketKind::Server)
}

impl Setup {
    fn options(&self) -> Options {
        let mut options = Options::default();
        let (messages, bytes) = self.mark;
        let mark = HighWaterMark::new(messages, bytes);
        (options.send_mark, options.receive_mark) = (mark, mark);
        options.linger = Linger::from(Duration::ZERO);
        options.driver = self.driver;
        options.reconnect = Reconnect::new(Duration::from_millis(20), Duration::from_millis(200));
        options.tcp = Tcp::default().receive_buffer(RECEIVE_BUFFER);
        options.limits = options.limits.handshake_timeout(Duration::from_secs(3));
        if self.heartbeat {
            let beat = Heartbeat::every(Duration::from_millis(250));
            options.heartbeat = Some(beat.timeout(Duration::from_millis(750)));
        }
        options.for_kind(self.kind)
    }

    /// Opens the socket. Also returns the routing id of the peer of a PEER that connects.
    pub(crate) fn open(&self) -> Result<(AnySocket, Option<u32>), Error> {
        let mut socket = match self.kind {
            SocketKind::Pub => Pub::builder().options(self.options()).no_drop(true).build()?.into(),
            SocketKind::Radio => {
                let radio = Socket::<kind::Radio>::builder().options(self.options());
                radio.no_drop(true).build()?.into()
            }
            kind => AnySocket::builder(kind).options(self.options()).build()?,
        };
        match self.kind {
            SocketKind::Dish => socket.join(GROUP)?,
            SocketKind::Sub => socket.subscribe("")?,
            _ => {}
        }
        let mut peer = None;
        match (self.binds, self.kind) {
            (true, _) => drop(socket.bind(self.endpoint.as_str())?),
            (false, SocketKind::Peer) => peer = Some(socket.connect_peer(self.endpoint.as_str())?),
            (false, _) => socket.connect(self.endpoint.as_str())?,
        }
        Ok((socket, peer))
    }

    /// The line for another process. See [`Self::parse`].
    pub(crate) fn line(&self) -> String {
        let kind = SocketKind::ALL.iter().position(|kind| *kind == self.kind).unwrap_or_default();
        format!(
            "{} {kind} {} {} {} {} {} {} {} {} {} {}",
            self.origin,
            self.binds,
            self.endpoint,
            self.driver,
            self.mark.0,
            self.mark.1,
            self.heartbeat,
            self.sizes.least,
            self.sizes.most,
            self.rate,
            self.answers,
        )
    }

    /// Reads what [`Self::line`] wrote.
    pub(crate) fn parse(words: &mut Words<'_>) -> Self {
        Self {
            origin: words.value(),
            kind: SocketKind::ALL[words.value::<usize>()],
            binds: words.value(),
            endpoint: words.word().into(),
            driver: words.value(),
            mark: (words.value(), words.value()),
            heartbeat: words.value(),
            sizes: Sizes { least: words.value(), most: words.value() },
            rate: words.value(),
            answers: words.value(),
        }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = if self.driver { "driver" } else { "no driver" };
        write!(f, "socket {}: {:?}, {driver}", self.origin, self.kind)
    }
}
