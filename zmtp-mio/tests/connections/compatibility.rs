//! Which socket types are compatible (RFC 23 § The Socket-Type Property; `ZMQ_PAIR` and so on):
//! 12 of the 66 pairs, and the others are refused by both ends, with an event that names the types.

use crate::harness::{builder, closes, drive_until, events, half_ready};
use zmtp_core::PeerError;
use zmtp_core::wire::SocketType;
use zmtp_mio::{
    CloseReason, Dealer, EventKind, Pair, Pub, Pull, Push, Rep, Req, Router, Sub, Xpub, Xsub,
};

const TYPES: [(&str, SocketType); 11] = [
    ("PAIR", SocketType::Pair),
    ("PUB", SocketType::Pub),
    ("SUB", SocketType::Sub),
    ("REQ", SocketType::Req),
    ("REP", SocketType::Rep),
    ("DEALER", SocketType::Dealer),
    ("ROUTER", SocketType::Router),
    ("PULL", SocketType::Pull),
    ("PUSH", SocketType::Push),
    ("XPUB", SocketType::Xpub),
    ("XSUB", SocketType::Xsub),
];

const LEGAL: [(&str, &str); 12] = [
    ("PAIR", "PAIR"),
    ("PUB", "SUB"),
    ("PUB", "XSUB"),
    ("XPUB", "SUB"),
    ("XPUB", "XSUB"),
    ("REQ", "REP"),
    ("REQ", "ROUTER"),
    ("DEALER", "REP"),
    ("DEALER", "DEALER"),
    ("DEALER", "ROUTER"),
    ("ROUTER", "ROUTER"),
    ("PUSH", "PULL"),
];

fn is_legal(one: &str, other: &str) -> bool {
    LEGAL.contains(&(one, other)) || LEGAL.contains(&(other, one))
}

/// Connects peers of every type, one after the other, and counts those with a handshake.
macro_rules! meet_all {
    ($socket:ident, $ours:literal) => {{
        let kind = SocketType::$socket;
        let mut let_in = 0;
        for (name, peer) in TYPES {
            let mut socket = builder::<$socket>().bind("tcp://127.0.0.1:*").unwrap();
            let endpoint = socket.endpoints().next().unwrap().to_string();
            let mut raw = half_ready(&endpoint, name);
            let mut seen = Vec::new();
            drive_until!(socket, {
                seen.extend(events!(socket));
                seen.iter().any(|event| matches!(event, EventKind::Ready(_)))
                    || !closes(&seen).is_empty()
            });
            if is_legal($ours, name) {
                assert_eq!(closes(&seen), [], "{} and {name}", $ours);
                assert_eq!((socket.counters().handshakes, socket.counters().refused), (1, 0));
                let_in += 1;
            } else {
                let error = PeerError::IncompatibleSocketType { ours: kind, peer };
                assert_eq!(closes(&seen), [CloseReason::Protocol(error.into())]);
                assert_eq!((socket.counters().handshakes, socket.counters().refused), (0, 1));
                // The peer gets an ERROR before the end.
                raw.read_exact(64);
                let (flags, error) = raw.read_frame();
                assert_eq!((flags, &error[..6]), (4, &b"\x05ERROR"[..]));
                raw.assert_closed();
            }
        }
        let_in
    }};
}

#[test]
fn twelve_of_the_66_pairs_of_types_connect_and_both_ends_refuse_the_others() {
    let let_in: usize = [
        meet_all!(Pair, "PAIR"),
        meet_all!(Pub, "PUB"),
        meet_all!(Sub, "SUB"),
        meet_all!(Req, "REQ"),
        meet_all!(Rep, "REP"),
        meet_all!(Dealer, "DEALER"),
        meet_all!(Router, "ROUTER"),
        meet_all!(Pull, "PULL"),
        meet_all!(Push, "PUSH"),
        meet_all!(Xpub, "XPUB"),
        meet_all!(Xsub, "XSUB"),
    ]
    .into_iter()
    .sum();
    // Three types are compatible with themselves; the other pairs were counted from both ends.
    assert_eq!(let_in, 3 + 9 * 2);
}
