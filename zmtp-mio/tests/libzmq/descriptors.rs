//! The descriptors of connections and listeners, in events and in the properties of messages.

use std::path::Path;

use zmtp_mio::{AnySocket, Event, EventKind, SocketKind, libzmq};

use super::harness::listeners::free_endpoint;
use super::harness::{LIMIT, ipc};
use super::{inproc, plain};

/// Waits for an event of this name.
fn event(socket: &AnySocket, name: &str) -> Event {
    let events = socket.events();
    loop {
        let event = events.next_timeout(LIMIT).unwrap_or_else(|| panic!("no event {name}"));
        if event.kind.name() == name {
            return event;
        }
    }
}

fn is_open(descriptor: i32) -> bool {
    Path::new("/proc/self/fd").join(descriptor.to_string()).symlink_metadata().is_ok()
}

#[test]
fn events_and_messages_have_the_descriptor_of_their_connection() {
    for endpoint in ["tcp://127.0.0.1:*", &ipc()] {
        let (mut pull, mut push) = (plain(SocketKind::Pull), plain(SocketKind::Push));
        let bound = pull.bind(endpoint).unwrap();
        let listening = event(&pull, "listening");
        let listener = libzmq::event_descriptor(&listening).unwrap();
        assert_eq!(libzmq::listener_descriptor(&pull, &bound), Some(listener));
        push.connect(bound.clone()).unwrap();
        push.send("hello").unwrap();
        let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
        let source = libzmq::connection_descriptor(message.properties().unwrap());
        assert_eq!(libzmq::event_descriptor(&event(&pull, "accepted")), source);
        let other = libzmq::event_descriptor(&event(&push, "connected"));
        let all = [Some(listener), source, other].map(Option::unwrap);
        assert!(all.into_iter().all(is_open), "{all:?}");
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:?}");
        pull.unbind(bound).unwrap();
        let unbound = event(&pull, "unbound");
        assert_eq!((unbound.kind, unbound.local), (EventKind::Unbound, listening.local));
        assert_eq!(libzmq::event_descriptor(&unbound), Some(listener));
        assert_eq!(libzmq::event_descriptor(&event(&pull, "closed")), source);
    }
}

#[test]
fn an_attempt_that_fails_has_a_descriptor_and_a_connection_within_the_process_has_none() {
    let mut push = plain(SocketKind::Push);
    push.connect(free_endpoint().as_str()).unwrap();
    let closed = event(&push, "closed");
    assert!(closed.connection.is_none() && libzmq::event_descriptor(&closed).is_some());
    let endpoint = inproc("descriptor");
    let (mut pull, mut push) = (plain(SocketKind::Pull), plain(SocketKind::Push));
    pull.bind(endpoint.as_str()).unwrap();
    push.connect(endpoint.as_str()).unwrap();
    push.send("hello").unwrap();
    let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(libzmq::connection_descriptor(message.properties().unwrap()), None);
}
