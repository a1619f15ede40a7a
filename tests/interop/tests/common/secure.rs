//! The mechanisms NULL, PLAIN and CURVE of a pair of sockets, ours and libzmq's.

use std::thread;

use zmtp_core::wire::MechanismName;
use zmtp_interop::libzmq::{Context, Kind, Socket, option};
use zmtp_mio::kind::UsesZmtp;
use zmtp_mio::{Builder, KeyPair, Passwords, SecretKey};

use super::OfKind;

const USER: &str = "admin";
const PASSWORD: &str = "secret";

/// A mechanism, and which end is its server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Secure {
    Null,
    Plain { we_serve: bool },
    Curve { we_serve: bool },
}

/// The mechanisms that have a server, each with either end as the server.
pub(crate) const SECURE: [Secure; 4] = [
    Secure::Plain { we_serve: true },
    Secure::Plain { we_serve: false },
    Secure::Curve { we_serve: true },
    Secure::Curve { we_serve: false },
];

fn server() -> KeyPair {
    KeyPair::new(SecretKey::new([0x51; 32]))
}

fn client() -> KeyPair {
    KeyPair::new(SecretKey::new([0xC1; 32]))
}

impl Secure {
    pub(crate) fn name(self) -> MechanismName {
        match self {
            Self::Null => MechanismName::NULL,
            Self::Plain { .. } => MechanismName::PLAIN,
            Self::Curve { .. } => MechanismName::CURVE,
        }
    }

    /// Settings of our socket.
    pub(crate) fn builder<S: OfKind<Kind: UsesZmtp>>(self) -> Builder<S::Kind, S> {
        let builder = super::builder::<S>();
        match self {
            Self::Null => builder,
            Self::Plain { we_serve: true } => {
                builder.plain_server(Passwords::new().allow(USER, PASSWORD))
            }
            Self::Plain { we_serve: false } => builder.plain_client(USER, PASSWORD),
            Self::Curve { we_serve: true } => builder.curve_server(server()),
            Self::Curve { we_serve: false } => builder.curve_client(*server().public(), client()),
        }
    }

    /// Sets the other end. A server of PLAIN asks a ZAP handler of its context.
    pub(crate) fn set(self, context: &Context, socket: &Socket) {
        match self {
            Self::Null => {}
            Self::Plain { we_serve: true } => {
                socket.set_bytes(option::PLAIN_USERNAME, USER.as_bytes()).unwrap();
                socket.set_bytes(option::PLAIN_PASSWORD, PASSWORD.as_bytes()).unwrap();
            }
            Self::Plain { we_serve: false } => {
                handle_zap(context, |credentials| {
                    let right = credentials == [USER.as_bytes(), PASSWORD.as_bytes()];
                    if right { "200" } else { "400" }
                });
                socket.set_i32(option::PLAIN_SERVER, 1).unwrap();
            }
            Self::Curve { we_serve: true } => {
                let key = server().public().to_z85();
                socket.set_bytes(option::CURVE_SERVERKEY, &key).unwrap();
                let own = client();
                socket.set_bytes(option::CURVE_PUBLICKEY, &own.public().to_z85()).unwrap();
                socket.set_bytes(option::CURVE_SECRETKEY, &own.secret().expose_z85()).unwrap();
            }
            Self::Curve { we_serve: false } => {
                socket.set_i32(option::CURVE_SERVER, 1).unwrap();
                socket.set_bytes(option::CURVE_SECRETKEY, &server().secret().expose_z85()).unwrap();
            }
        }
    }
}

/// A ZAP handler of libzmq that decides by the credentials, until its context ends. It sends no user id: with one, a REQ
/// of libzmq closes the connection at the first reply, because its session gets the user id as a message.
pub(crate) fn handle_zap(context: &Context, status: fn(&[Vec<u8>]) -> &'static str) {
    let handler = context.socket(Kind::Rep).unwrap();
    handler.bind("inproc://zeromq.zap.01").unwrap();
    thread::spawn(move || {
        loop {
            let request = match handler.recv() {
                Ok(request) => request,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
                Err(_) => return,
            };
            let status = status(&request[6..]);
            let reply: [&[u8]; 6] = [b"1.0", &request[1], status.as_bytes(), b"", b"", b""];
            if handler.send(&reply).is_err() {
                return;
            }
        }
    });
}
