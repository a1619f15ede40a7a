//! One of our sockets and one of libzmq's, with a common trait.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use zmtp_core::wire::{SocketType, Version};
use zmtp_core::{Config, Limits};

use crate::libzmq::option;
use crate::libzmq::{self, Context};

/// A message, part by part.
pub type Message = Vec<Vec<u8>>;

/// The socket types that are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum Kind {
    Channel,
    Gather,
    Pull,
    Rep,
    Router,
    Server,
    Sub,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Channel, Self::Gather, Self::Pull, Self::Rep, Self::Router, Self::Server, Self::Sub];

    /// The type, and the Socket-Type of its peer.
    pub const fn names(self) -> (SocketType, &'static str) {
        match self {
            Self::Channel => (SocketType::Channel, "CHANNEL"),
            Self::Gather => (SocketType::Gather, "SCATTER"),
            Self::Pull => (SocketType::Pull, "PUSH"),
            Self::Rep => (SocketType::Rep, "REQ"),
            Self::Router => (SocketType::Router, "DEALER"),
            Self::Server => (SocketType::Server, "CLIENT"),
            Self::Sub => (SocketType::Sub, "PUB"),
        }
    }
}

/// A socket that listens, and its application. A REP replies; the others only receive.
pub trait Subject {
    /// The endpoint on which it listens.
    fn endpoint(&self) -> String;

    /// Waits a millisecond. Returns the received messages.
    ///
    /// # Errors
    ///
    /// The socket failed.
    fn turn(&mut self) -> io::Result<Vec<Message>>;
}

/// The time for which a turn waits.
const MOMENT: Duration = Duration::from_millis(1);

/// A socket of ours with the limits and the lowest version of `config`.
///
/// # Errors
///
/// It cannot be made.
pub fn ours(kind: Kind, config: &Config) -> io::Result<Box<dyn Subject>> {
    const ANY: &str = "tcp://127.0.0.1:*";
    let error = |error: zmtp_mio::Error| io::Error::other(error.to_string());
    let limits = zmtp_mio::Limits::default()
        .max_frame(config.limits.max_frame)
        .max_message(config.limits.max_message)
        .max_parts(config.limits.max_parts)
        .max_command(config.limits.max_command)
        .handshake_timeout(Duration::from_millis(config.limits.handshake_timeout.into()));
    macro_rules! bound {
        ($builder:expr) => {{
            let builder = $builder.limits(limits).min_version(config.min_version);
            Box::new(builder.bind(ANY).map_err(error)?)
        }};
    }
    Ok(match kind {
        Kind::Channel => bound!(zmtp_mio::Channel::builder()),
        Kind::Gather => bound!(zmtp_mio::Gather::builder()),
        Kind::Pull => bound!(zmtp_mio::Pull::builder()),
        Kind::Rep => bound!(zmtp_mio::Rep::builder()),
        Kind::Router => bound!(zmtp_mio::Router::builder()),
        Kind::Server => bound!(zmtp_mio::Server::builder()),
        Kind::Sub => bound!(zmtp_mio::Sub::builder().topic("")),
    })
}

/// Implements the trait for a socket of ours; `$then` is what its application does with a message.
macro_rules! subject {
    ($socket:ty, $then:expr) => {
        impl Subject for $socket {
            fn endpoint(&self) -> String {
                self.endpoints().next().map_or_else(String::new, |endpoint| endpoint.to_string())
            }

            fn turn(&mut self) -> io::Result<Vec<Message>> {
                let mut received = Vec::new();
                let mut wait = MOMENT;
                let error = |error: zmtp_mio::Error| io::Error::other(error.to_string());
                while let Some(message) = self.recv_timeout(wait).map_err(error)? {
                    received.push(message.parts().map(<[u8]>::to_vec).collect());
                    wait = Duration::ZERO;
                    let then: fn(&mut Self) = $then;
                    then(self);
                }
                Ok(received)
            }
        }
    };
}

subject!(zmtp_mio::Channel, |_| {});
subject!(zmtp_mio::Gather, |_| {});
subject!(zmtp_mio::Pull, |_| {});
subject!(zmtp_mio::Router, |_| {});
subject!(zmtp_mio::Server, |_| {});
subject!(zmtp_mio::Sub, |_| {});
subject!(zmtp_mio::Rep, |rep| {
    // It fails if the peer has disconnected, which does not change the outcome.
    let _ = rep.send("answer");
});

/// A socket of libzmq's.
struct Theirs {
    socket: libzmq::Socket,
    answers: bool,
}

/// A libzmq socket with the settings of `config` that are not the default.
///
/// # Errors
///
/// It cannot be made.
pub fn libzmq(kind: Kind, config: &Config) -> io::Result<Box<dyn Subject>> {
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    let context = CONTEXT.get_or_init(|| Context::new().expect("a context"));
    let socket = context.socket(match kind {
        Kind::Channel => libzmq::Kind::Channel,
        Kind::Gather => libzmq::Kind::Gather,
        Kind::Pull => libzmq::Kind::Pull,
        Kind::Rep => libzmq::Kind::Rep,
        Kind::Router => libzmq::Kind::Router,
        Kind::Server => libzmq::Kind::Server,
        Kind::Sub => libzmq::Kind::Sub,
    })?;
    if kind == Kind::Sub {
        socket.set_bytes(option::SUBSCRIBE, b"")?;
    }
    let (limits, default) = (config.limits, Limits::DEFAULT);
    if limits.max_frame != default.max_frame || limits.max_command != default.max_command {
        // libzmq applies the limit to commands too.
        let size = limits.max_frame.min(limits.max_command.into());
        socket.set_bytes(option::MAXMSGSIZE, &size.to_ne_bytes())?;
    }
    if limits.handshake_timeout != default.handshake_timeout {
        socket
            .set_i32(option::HANDSHAKE_IVL, i32::try_from(limits.handshake_timeout).unwrap_or(0))?;
    }
    if config.min_version > Version::V1_0 {
        // libzmq has no such option; it refuses older versions if peers must authenticate.
        socket.set_bytes(option::ZAP_DOMAIN, b"global")?;
    }
    socket.bind("tcp://127.0.0.1:*")?;
    socket.set_timeout(Some(MOMENT))?;
    Ok(Box::new(Theirs { socket, answers: kind == Kind::Rep }))
}

impl Subject for Theirs {
    fn endpoint(&self) -> String {
        self.socket.last_endpoint()
    }

    fn turn(&mut self) -> io::Result<Vec<Message>> {
        let mut received = Vec::new();
        loop {
            match self.socket.recv() {
                Ok(message) => received.push(message),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(received),
                Err(error) => return Err(error),
            }
            if self.answers {
                let _ = self.socket.send(&[b"answer"]);
            }
        }
    }
}
