//! Heartbeats between our sockets and libzmq's, in both directions.

mod common;

use std::time::{Duration, Instant};

use common::any::until;
use common::server::Server;
use common::{LONG, Place};
use zmtp_core::{Error, Timeout};
use zmtp_interop::libzmq::{self, Context, Monitor, option};
use zmtp_mio::kind::Kind;
use zmtp_mio::{CloseReason, EventKind, Heartbeat, Pull, Push, Socket};

const SHORT: Duration = Duration::from_millis(20);

fn turn_for(socket: &mut Socket<impl Kind>, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        socket.wait(SHORT).unwrap();
    }
}

#[test]
fn heartbeats_of_either_side_keep_an_idle_connection_open() {
    for (ours, theirs) in [(true, false), (false, true), (true, true)] {
        for place in Place::both() {
            let pull = Context::new().unwrap().socket(libzmq::Kind::Pull).unwrap();
            if theirs {
                pull.set_i32(option::HEARTBEAT_IVL, 50).unwrap();
                pull.set_i32(option::HEARTBEAT_TIMEOUT, 5_000).unwrap();
                pull.set_i32(option::HEARTBEAT_TTL, 5_000).unwrap();
            }
            pull.bind(&place.endpoint).unwrap();
            let builder = common::builder::<Push>();
            let builder = match ours {
                true => builder.heartbeat(
                    Heartbeat::every(Duration::from_millis(50))
                        .timeout(Duration::from_millis(5_000))
                        .ttl(Duration::from_millis(5_000)),
                ),
                false => builder,
            };
            let mut push = builder.connect(pull.last_endpoint()).unwrap();
            push.send_timeout("before", LONG).unwrap();
            turn_for(&mut push, Duration::from_millis(500));
            assert_eq!(push.counters().disconnects, 0);
            push.send_timeout("after", LONG).unwrap();
            for expected in ["before", "after"] {
                assert_eq!(pull.recv().unwrap(), [expected.as_bytes()]);
            }
        }
    }
}

#[test]
fn a_frozen_libzmq_peer_times_out_and_is_reconnected() {
    for place in [Place::free_port(), Place::ipc()] {
        let (sink, endpoint) = Server::start(&["sink", "pull", &place.endpoint, "--bind"]);
        let builder = common::builder::<Push>().heartbeat(
            Heartbeat::every(Duration::from_millis(100)).timeout(Duration::from_millis(1_000)),
        );
        let mut push = builder.connect(&endpoint).unwrap();
        until("the handshake", || {
            push.wait(SHORT).unwrap();
            (push.counters().handshakes >= 1).then_some(())
        });
        sink.freeze();
        let reason = CloseReason::Protocol(Error::TimedOut(Timeout::Heartbeat));
        until("the end of the silent", || {
            push.wait(SHORT).unwrap();
            std::iter::from_fn(|| push.next_event())
                .any(|event| event.kind == EventKind::Closed(reason))
                .then_some(())
        });
        sink.thaw();
        until("it to be back", || {
            push.wait(SHORT).unwrap();
            (push.counters().handshakes >= 2).then_some(())
        });
    }
}

#[test]
fn the_ttl_of_libzmqs_ping_is_enforced() {
    let mut pull = common::builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    // It sends a PING every 50 ms (option 75) with a TTL of 500 ms (76).
    let args = ["sink", "push", &endpoint, "--option", "75", "50", "--option", "76", "500"];
    let mut peer = Server::spawn(&args);
    peer.ready();
    until("the handshake", || {
        pull.wait(SHORT).unwrap();
        (pull.counters().handshakes >= 1).then_some(())
    });
    let reason = CloseReason::Protocol(Error::TimedOut(Timeout::Ttl));
    // Its silence has no limit until a PING has arrived.
    until("its end", || {
        turn_for(&mut pull, Duration::from_millis(300));
        peer.freeze();
        turn_for(&mut pull, Duration::from_secs(1));
        peer.thaw();
        std::iter::from_fn(|| pull.next_event())
            .any(|event| event.kind == EventKind::Closed(reason))
            .then_some(())
    });
}

#[test]
fn libzmq_times_out_our_socket_when_it_is_not_driven() {
    let pull = Context::new().unwrap().socket(libzmq::Kind::Pull).unwrap();
    pull.set_i32(option::HEARTBEAT_IVL, 50).unwrap();
    pull.set_i32(option::HEARTBEAT_TIMEOUT, 500).unwrap();
    let monitor = pull.monitor().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut push = common::builder::<Push>().driver(false).connect(pull.last_endpoint()).unwrap();
    until("the handshake", || {
        push.wait(SHORT).unwrap();
        (push.counters().handshakes >= 1).then_some(())
    });
    // Now our socket is not driven, so it does not answer PINGs.
    monitor.wait_for(Monitor::DISCONNECTED).unwrap();
    until("us to be back", || {
        push.wait(SHORT).unwrap();
        (push.counters().handshakes >= 2).then_some(())
    });
}
