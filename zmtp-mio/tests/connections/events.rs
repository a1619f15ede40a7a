//! What a peer does in vain is told: its first ignored command and its first dropped message, not
//! the thousandth, which are counted.
#![cfg(unix)]

use crate::harness::{LIMIT, RawPeer, drive_until, half_ready, rep};
use zmtp_mio::zmtp_core::Ignored;
use zmtp_mio::zmtp_core::pattern::Reason;
use zmtp_mio::zmtp_core::wire::CommandName;
use zmtp_mio::{EventKind, Req};

fn vain(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Ignored(_) | EventKind::Dropped(_))
}

#[test]
fn the_first_command_and_the_first_message_of_each_connection_are_told() {
    let (mut rep, endpoint) = rep();
    let first = [wire::command("READY2", b""), wire::frame(0, b"bare")].concat();
    let second = [wire::frame(4, b""), wire::frame(0, b"bare"), wire::command("JOIN", b"x")];
    let _peers: Vec<RawPeer> = [first.repeat(500), second.concat().repeat(500)]
        .iter()
        .zip(1..)
        .map(|(bytes, count)| {
            let mut peer = half_ready(&endpoint, "REQ");
            drive_until!(rep, rep.counters().handshakes == count);
            peer.send(bytes);
            drive_until!(rep, rep.counters().dropped.bad_envelope == 500 * count);
            peer
        })
        .collect();
    drive_until!(rep, rep.counters().ignored_commands == 1_500);
    let events: Vec<_> = std::iter::from_fn(|| rep.next_event()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).filter(vain).collect();
    let unknown = Ignored::Command(CommandName::Unknown);
    let dropped = EventKind::Dropped(Reason::BadEnvelope);
    let expected =
        [EventKind::Ignored(unknown), dropped, EventKind::Ignored(Ignored::Malformed), dropped];
    assert_eq!(kinds, expected);
    let mut of_connections = events.iter().filter(|event| event.connection.is_some());
    assert!(of_connections.all(|event| event.remote.is_some()), "the peer's address");
    assert_eq!(events[0].kind, EventKind::Listening);
}

#[test]
fn a_reply_that_comes_twice_is_told() {
    let server = crate::harness::RawServer::tcp();
    let mut req = crate::harness::builder::<Req>().connect(&server.endpoint()).unwrap();
    let serving = std::thread::spawn(move || {
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        for _ in 0..3 {
            peer.send(&wire::reply_to(&request, b"again"));
        }
        peer
    });
    assert!(req.request("question", LIMIT).unwrap().is_some());
    let _peer = serving.join().unwrap();
    drive_until!(req, req.counters().dropped.not_asked == 2);
    let kinds = crate::harness::events!(req).into_iter().filter(vain).collect::<Vec<_>>();
    assert_eq!(kinds, [EventKind::Dropped(Reason::NotAsked)]);
}
