//! Events for the first ignored command and the first dropped message of a connection. The others
//! are only counted.
#![cfg(unix)]

use crate::harness::{LIMIT, RawPeer, builder, drive_until, half_ready, rep};
use zmtp_core::IgnoredCommand;
use zmtp_core::pattern::Reason;
use zmtp_core::wire::{CommandName, SocketType};
use zmtp_mio::{EventKind, Pull, Push, Req};

fn is_discarded(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Ignored(_) | EventKind::Dropped(_))
}

#[test]
fn the_first_ignored_command_and_the_first_dropped_message_of_a_connection_are_events() {
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
    let kinds: Vec<_> = events.iter().map(|event| event.kind).filter(is_discarded).collect();
    let unknown = IgnoredCommand::Command(CommandName::Unknown);
    let dropped = EventKind::Dropped(Reason::BadEnvelope);
    let expected = [
        EventKind::Ignored(unknown),
        dropped,
        EventKind::Ignored(IgnoredCommand::Malformed),
        dropped,
    ];
    assert_eq!(kinds, expected);
    let mut of_connections = events.iter().filter(|event| event.connection.is_some());
    assert!(of_connections.all(|event| event.remote.is_some()), "the peer's address");
    assert_eq!(events[0].kind, EventKind::Listening);
}

#[test]
fn a_duplicate_reply_is_an_event() {
    let server = crate::harness::RawServer::tcp();
    let mut req = builder::<Req>().connect(server.endpoint()).unwrap();
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
    drive_until!(req, req.counters().dropped.unsolicited == 2);
    let kinds = crate::harness::events!(req).into_iter().filter(is_discarded).collect::<Vec<_>>();
    assert_eq!(kinds, [EventKind::Dropped(Reason::Unsolicited)]);
}

#[test]
fn events_status_and_messages_of_a_connection_have_one_id() {
    for endpoint in ["tcp://127.0.0.1:*", "inproc://one id"] {
        let mut pull = builder::<Pull>().build().unwrap();
        let endpoint = pull.bind(endpoint).unwrap().to_string();
        let mut ids = Vec::new();
        for _ in 0..2 {
            let mut push = builder::<Push>().connect(&endpoint).unwrap();
            push.send("message").unwrap();
            let message = loop {
                push.step().unwrap();
                if let Some(message) = pull.try_recv().unwrap() {
                    break message;
                }
            };
            let properties = message.properties().unwrap();
            assert_eq!(properties.socket_type, Some(SocketType::Push));
            let status = pull.last_peer().unwrap();
            assert_eq!(status.connection, properties.connection);
            assert_eq!(status.remote, properties.peer_address);
            ids.push(status.connection);
            drop(push);
            drive_until!(pull, pull.peers().len() == 0);
        }
        assert_ne!(ids[0], ids[1]);
        let events: Vec<_> = std::iter::from_fn(|| pull.next_event()).collect();
        for id in ids {
            let of_it = events.iter().filter(|event| event.connection == Some(id));
            let kinds: Vec<_> = of_it.map(|event| event.kind).collect();
            assert!(
                matches!(
                    kinds[..],
                    [EventKind::Accepted, EventKind::Ready(_), EventKind::Closed(_)]
                ),
                "{kinds:?}"
            );
        }
        assert!(events[0].connection.is_none() && events[0].kind == EventKind::Listening);
    }
}

#[test]
fn an_endpoint_that_is_in_use_is_an_event() {
    let mut first = builder::<Pull>().build().unwrap();
    let endpoint = first.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let mut second = builder::<Pull>().build().unwrap();
    assert!(second.bind(&endpoint).is_err());
    let event = second.next_event().unwrap();
    assert_eq!(event.kind, EventKind::BindFailed(std::io::ErrorKind::AddrInUse));
    assert_eq!(event.endpoint.to_string(), endpoint);
}
