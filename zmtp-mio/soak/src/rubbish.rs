//! Peers that break the protocol, stop in the middle, or leave.

use core::time::Duration;
use std::io::Write;

use fastrand::Rng;
use socket2::Socket;
use zmtp_mio::SocketKind;

use crate::relay::address;

/// Connections that send something wrong.
#[derive(Debug, Default)]
pub(crate) struct Rubbish {
    /// Those that stay.
    open: Vec<Socket>,
    pub(crate) count: u64,
}

/// The peer that a socket accepts and sends nothing to; none if any peer gets messages.
const fn harmless_peer(kind: SocketKind) -> Option<&'static str> {
    match kind {
        SocketKind::Gather => Some("SCATTER"),
        SocketKind::Peer => Some("PEER"),
        SocketKind::Pull => Some("PUSH"),
        SocketKind::Router => Some("DEALER"),
        SocketKind::Rep => Some("REQ"),
        SocketKind::Server => Some("CLIENT"),
        SocketKind::Sub => Some("PUB"),
        _ => None,
    }
}

/// The bytes of a peer, which contain no whole message.
fn bytes(rng: &mut Rng, kind: SocketKind) -> Vec<u8> {
    let mut noise = vec![0; rng.usize(1..3_000)];
    rng.fill(&mut noise);
    match (rng.u8(..8), harmless_peer(kind)) {
        (0, _) => noise,
        (1, _) => b"GET / HTTP/1.1\r\nHost: example\r\n\r\n".to_vec(),
        (2, _) => wire::greeting("NULL")[..rng.usize(..64)].to_vec(),
        (3, _) => [wire::greeting("NULL"), wire::frame(4, &noise[..noise.len().min(200)])].concat(),
        (4, _) => [wire::greeting("PLAIN"), noise].concat(),
        (5, Some(peer)) => {
            // A message of which the last byte is missing.
            let mut message = wire::message(&[b"", &noise]);
            message.pop();
            [wire::greeting("NULL"), wire::ready(peer), message].concat()
        }
        (6, Some(peer)) => {
            [wire::greeting("NULL"), wire::ready(peer), wire::long_header(2, u64::MAX / 2)].concat()
        }
        (7, Some(peer)) => {
            let many = wire::frame(1, b"part").repeat(200);
            [wire::greeting("NULL"), wire::ready(peer), wire::command("NOISE", &noise), many]
                .concat()
        }
        _ => [wire::greeting("NULL"), wire::ready("STREAM")].concat(),
    }
}

impl Rubbish {
    /// Connects a few peers to a socket that is bound.
    pub(crate) fn add(&mut self, rng: &mut Rng, endpoint: &str, kind: SocketKind) {
        for _ in 0..rng.usize(1..6) {
            let (domain, address) = address(endpoint);
            let Ok(mut peer) = Socket::new(domain, socket2::Type::STREAM, None) else { return };
            if peer.connect(&address).is_err() {
                return;
            }
            self.count += 1;
            let _ = peer.set_write_timeout(Some(Duration::from_millis(50)));
            let _ = peer.write_all(&bytes(rng, kind));
            if rng.bool() {
                self.open.push(peer);
            } else if rng.bool() {
                let _ = peer.set_linger(Some(Duration::ZERO));
            }
        }
    }

    /// Ends those that stayed.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}
