//! Answers of an authenticator that come later, and questions about peers with NULL.

use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::harness::simulated::{simulated, turns_until};
use crate::harness::{
    LIMIT, RawPeer, builder, closes, drive_until, drive_until_still, events, transports,
};
use zmtp_core::PeerError;
use zmtp_mio::testing::Simulation;
use zmtp_mio::{
    Authenticator, Certificate, CloseReason, ConnectingClient, Credentials, Error, EventKind,
    KeyPair, Options, Passwords, ProtocolError, Pull, Push, Rep, Reply, Security, Status, User,
};

/// Passes each question to the test: the mechanism, the domain, and the reply.
struct Held(Mutex<Sender<(String, Reply)>>);

impl Authenticator for Held {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        let what = format!("{} {:?}", client.mechanism(), client.domain);
        self.0.lock().unwrap().send((what, reply)).unwrap();
    }
}

fn held() -> (Held, Receiver<(String, Reply)>) {
    let (ask, asked) = channel();
    (Held(Mutex::new(ask)), asked)
}

fn keys() -> KeyPair {
    Certificate::generate().unwrap().keys().unwrap()
}

/// The options of a server and of its client, for each mechanism.
fn mechanisms() -> [(&'static str, Options, Options); 3] {
    let server = keys();
    let of = |security: Security| {
        let mut options = Options::default();
        options.security = security;
        options
    };
    let mut null = of(Security::NULL);
    null.zap_domain = "test".into();
    let client = Security::curve_client(*server.public(), keys());
    [
        ("NULL \"test\"", null, of(Security::NULL)),
        ("PLAIN \"\"", of(Security::plain_server()), of(Security::plain_client("u", "p"))),
        ("CURVE \"\"", of(Security::curve_server(server)), of(client)),
    ]
}

#[test]
fn others_are_served_while_a_client_waits_for_its_answer() {
    for transport in transports() {
        for (what, server, client) in mechanisms() {
            let (held, asked) = held();
            let server = builder::<Pull>().options(server).authenticator(held);
            let mut pull = server.bind(&*transport).unwrap();
            let endpoint = pull.last_endpoint().unwrap().to_string();
            let mut push = || {
                let client = builder::<Push>().options(client.clone());
                let mut push = client.connect(&*endpoint).unwrap();
                let mut question;
                drive_until!(pull, {
                    push.step().unwrap();
                    question = asked.try_recv().ok();
                    question.is_some()
                });
                let (is, reply) = question.unwrap();
                assert_eq!(is, what);
                assert!(reply.is_awaited());
                (push, reply)
            };
            let (mut first, later) = push();
            let (mut second, now) = push();
            now.accept(User::new("second").with("Colour", "blue"));
            drive_until!(pull, second.step().is_ok() && second.counters().handshakes == 1);
            second.send("of the second").unwrap();
            let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
            let properties = message.properties().unwrap();
            assert_eq!(properties.user_id.as_deref(), Some("second"));
            assert_eq!(properties.metadata, [("Colour".into(), b"blue".to_vec())]);
            assert_eq!(pull.counters().handshakes, 1, "{what}");
            let users: Vec<_> = pull.peers().filter_map(|peer| peer.user).collect();
            assert_eq!(users, [User::new("second").with("Colour", "blue")]);

            let answering = thread::spawn(move || later.accept("first"));
            drive_until!(pull, first.step().is_ok() && first.counters().handshakes == 1);
            answering.join().unwrap();
            first.send("of the first").unwrap();
            let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(message.properties().unwrap().user_id.as_deref(), Some("first"));
            assert_eq!((pull.counters().refused, first.counters().refused), (0, 0));
        }
    }
}

#[test]
fn a_client_that_waits_for_its_answer_stays_when_others_exceed_the_limit_of_handshakes() {
    let (held, asked) = held();
    let mut pull = builder::<Pull>()
        .plain_server(held)
        .max_handshakes_per_address(4)
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut push = builder::<Push>().plain_client("u", "p").connect(&*endpoint).unwrap();
    let mut question = None;
    drive_until!(pull, {
        push.step().unwrap();
        question = question.or_else(|| asked.try_recv().ok());
        question.is_some()
    });
    let address = endpoint.trim_start_matches("tcp://");
    let strangers: Vec<_> = (0..12).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut closed = 0;
    drive_until!(pull, {
        closed += closes(&events!(pull)).len();
        closed >= 9
    });
    question.unwrap().1.accept("u");
    drive_until!(pull, push.step().is_ok() && push.counters().handshakes == 1);
    assert_eq!(push.counters().connection_attempts, 1);
    drop(strangers);
}

#[test]
fn a_later_refusal_reaches_the_client_with_its_status() {
    for (what, server, client) in mechanisms() {
        for (status, reason) in [
            (Some(Status::Denied), Some(&b"400"[..])),
            (Some(Status::Failed), Some(b"500")),
            // A reply that is dropped.
            (None, Some(b"500")),
            (Some(Status::Temporary), None),
        ] {
            let (held, asked) = held();
            let server = builder::<Pull>().options(server.clone()).authenticator(held);
            let mut pull = server.bind("tcp://127.0.0.1:*").unwrap();
            let client = builder::<Push>().options(client.clone());
            let mut push = client.connect(pull.last_endpoint().unwrap()).unwrap();
            drive_until!(pull, {
                push.step().unwrap();
                if let Ok((_, reply)) = asked.try_recv() {
                    thread::spawn(move || match status {
                        Some(status) => reply.refuse(status),
                        None => drop(reply),
                    });
                }
                push.counters().refused > 0
            });
            assert!(
                closes(&events!(pull)).contains(&CloseReason::Protocol(PeerError::Denied.into()))
            );
            let told = events!(push).iter().find_map(|kind| match kind {
                EventKind::Refused(refused) => Some(refused.bytes().to_vec()),
                _ => None,
            });
            assert_eq!(told.as_deref(), reason, "{what} {status:?}");
        }
    }
}

#[test]
fn a_panic_refuses_the_client_also_after_the_reply_left() {
    struct Panics(Mutex<Vec<Reply>>);
    impl Authenticator for Panics {
        fn authenticate(&self, _: &ConnectingClient<'_>, reply: Reply) {
            self.0.lock().unwrap().push(reply);
            panic!("a defect of the application");
        }
    }
    let (_, server, client) = mechanisms().into_iter().nth(1).unwrap();
    let server = builder::<Pull>().options(server).authenticator(Panics(Mutex::default()));
    let mut pull = server.bind("tcp://127.0.0.1:*").unwrap();
    let client = builder::<Push>().options(client);
    let mut push = client.connect(pull.last_endpoint().unwrap()).unwrap();
    drive_until!(pull, push.step().is_ok() && push.counters().refused > 0);
    let refused =
        |kind: &EventKind| matches!(kind, EventKind::Refused(why) if why.bytes() == b"500");
    assert!(events!(push).iter().any(refused));
}

#[test]
fn an_answer_counts_for_its_connection_only_and_the_wait_has_a_deadline() {
    let simulation = Simulation::new();
    let (held, asked) = held();
    // The server connects, so that its peer stays the same over several connections.
    let mut push = simulated::<Push>(&simulation).plain_client("u", "p").build().unwrap();
    let endpoint = push.bind("tcp://127.0.0.1:7000").unwrap().to_string();
    let mut pull = simulated::<Pull>(&simulation)
        .plain_server(held)
        .handshake_timeout(Duration::from_secs(1))
        .connect(&*endpoint)
        .unwrap();
    let mut questions = Vec::new();
    turns_until(&simulation, "two questions", || {
        pull.step().unwrap();
        push.step().unwrap();
        questions.extend(asked.try_iter().map(|(_, reply)| reply));
        questions.len() == 2
    });
    let elapsed = simulation.clock().elapsed();
    assert!(elapsed >= Duration::from_secs(1), "{elapsed:?}");
    let second = questions.pop().unwrap();
    let first = questions.pop().unwrap();
    assert!(!first.is_awaited() && second.is_awaited());
    first.accept("first");
    for _ in 0..50 {
        pull.step().unwrap();
        push.step().unwrap();
    }
    assert_eq!(pull.counters().handshakes, 0);
    second.accept("second");
    turns_until(&simulation, "the handshake", || {
        pull.step().unwrap();
        push.step().unwrap();
        pull.counters().handshakes == 1
    });
    assert_eq!(pull.peers().next().unwrap().user, Some("second".into()));
}

#[test]
fn nothing_is_read_from_a_client_while_it_waits() {
    let (held, asked) = held();
    let server = builder::<Pull>().plain_server(held).max_bytes(100_000);
    let mut pull = server.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut peer = RawPeer::connect(&endpoint);
    peer.send(&wire::greeting("PLAIN"));
    peer.send(&wire::command("HELLO", b"\x01u\x01p"));
    let mut question;
    drive_until!(pull, {
        question = asked.try_recv().ok();
        question.is_some()
    });
    // More than the socket may keep: it stays in the system.
    peer.send(&vec![0; 300_000]);
    drive_until_still!(pull);
    assert_eq!(pull.counters().refused, 0);
    question.unwrap().1.accept("u");
    drive_until!(pull, pull.counters().refused > 0);
    let closed = closes(&events!(pull));
    assert!(matches!(closed[..], [CloseReason::Protocol(ProtocolError::Peer(_))]), "{closed:?}");
}

#[test]
fn null_is_asked_about_only_with_a_domain() {
    let asks = |client: &ConnectingClient<'_>| match client.credentials {
        Credentials::Null if client.domain == "here" && client.address.is_some() => Ok("x".into()),
        _ => Err(Status::Denied),
    };
    for (domain, accepted) in [("here", true), ("there", false)] {
        let server = builder::<Rep>().zap_domain(domain).authenticator(asks);
        let mut rep = server.bind("tcp://127.0.0.1:*").unwrap();
        let mut push = builder::<zmtp_mio::Req>().connect(rep.last_endpoint().unwrap()).unwrap();
        drive_until!(rep, {
            push.step().unwrap();
            let (counters, other) = (rep.counters(), push.counters());
            (counters.handshakes + counters.refused).min(other.handshakes + other.refused) > 0
        });
        assert_eq!(push.counters().handshakes == 1, accepted);
    }
}

#[test]
fn a_domain_that_nothing_uses_is_an_error() {
    let client = builder::<Push>().plain_client("u", "p").zap_domain("d").build().unwrap_err();
    assert!(matches!(client, Error::Security { .. }), "{client}");
    let long = builder::<Pull>().zap_domain("d".repeat(256)).build().unwrap_err();
    assert!(long.to_string().contains("255"), "{long}");
    let without = builder::<Pull>().authenticator(Passwords::new()).build().unwrap_err();
    assert!(without.to_string().contains("ZAP domain"), "{without}");
}

#[test]
fn the_connection_of_a_client_that_leaves_before_the_answer_ends() {
    for (what, server, client) in mechanisms() {
        let (held, asked) = held();
        let server = builder::<Pull>().options(server).authenticator(held);
        let mut pull = server.bind("tcp://127.0.0.1:*").unwrap();
        let client = builder::<Push>().options(client).linger(Duration::ZERO);
        let mut push = client.connect(pull.last_endpoint().unwrap()).unwrap();
        let mut question;
        drive_until!(pull, {
            push.step().unwrap();
            question = asked.try_recv().ok();
            question.is_some()
        });
        let (_, reply) = question.unwrap();
        drop(push);
        let mut closed = Vec::new();
        drive_until!(pull, {
            closed.extend(closes(&events!(pull)));
            !closed.is_empty()
        });
        assert_eq!(closed, [CloseReason::ByPeer], "{what}");
        assert!(!reply.is_awaited(), "{what}");
    }
}
