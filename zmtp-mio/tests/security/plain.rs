//! PLAIN: accepted and refused clients, and the user id of a message.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{LIMIT, builder, closes, drive_until, events, transports};
use zmtp_core::wire::{CommandName, MechanismName, SocketType};
use zmtp_core::{HandshakeError, NullOrOlder, PeerError};
use zmtp_mio::{
    CloseReason, ConnectingClient, Credentials, Error, EventKind, Options, Passwords, Pull, Push,
    Rep, Req, Security, SocketKind, Status, Stream, User,
};

fn passwords() -> Passwords {
    Passwords::new().allow("admin", "secret")
}

#[test]
fn a_client_with_the_password_is_served_and_its_messages_have_the_user_id() {
    for transport in transports() {
        let mut rep = builder::<Rep>().plain_server(passwords()).bind(&*transport).unwrap();
        let endpoint = rep.last_endpoint().unwrap().to_string();
        let client = std::thread::spawn(move || {
            let mut req =
                builder::<Req>().plain_client("admin", "secret").connect(&endpoint).unwrap();
            req.request("question", LIMIT).unwrap().map(|reply| reply.into_vec().unwrap())
        });
        let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
        let properties = request.properties().unwrap();
        assert_eq!(properties.user_id.as_deref(), Some("admin"));
        assert_eq!(properties.socket_type, Some(SocketType::Req));
        rep.send("answer").unwrap();
        drive_until!(rep, client.is_finished());
        assert_eq!(client.join().unwrap().as_deref(), Some(&b"answer"[..]));
    }
}

#[test]
fn a_client_with_another_password_is_refused_with_events_at_both_ends() {
    let mut pull = builder::<Pull>().plain_server(passwords()).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut push = builder::<Push>().plain_client("admin", "guess").connect(&endpoint).unwrap();
    drive_until!(pull, {
        push.step().unwrap();
        push.counters().refused > 0 && pull.counters().refused > 0
    });
    let denied = CloseReason::Protocol(PeerError::Denied.into());
    assert!(closes(&events!(pull)).contains(&denied));
    let kinds = events!(push);
    let refused = kinds.iter().find_map(|kind| match kind {
        EventKind::Refused(reason) => Some(reason.bytes().to_vec()),
        _ => None,
    });
    assert_eq!(refused.as_deref(), Some(&b"400"[..]));
    assert_eq!(pull.counters().handshakes, 0);
}

#[test]
fn peers_with_another_mechanism_are_refused_and_get_no_password() {
    let mut pull = builder::<Pull>().plain_server(passwords()).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut push = builder::<Push>().connect(&endpoint).unwrap();
    drive_until!(pull, {
        push.step().unwrap();
        pull.counters().refused > 0
    });
    let (ours, peer) = (MechanismName::PLAIN, MechanismName::NULL);
    let mismatch = CloseReason::Protocol(PeerError::MechanismMismatch { ours, peer }.into());
    assert!(closes(&events!(pull)).contains(&mismatch));

    let server = crate::harness::RawServer::tcp();
    let mut push =
        builder::<Push>().plain_client("admin", "secret").connect(server.endpoint()).unwrap();
    let serving = std::thread::spawn(move || {
        let mut peer = server.accept();
        peer.send(&wire::greeting("NULL"));
        peer.send(&wire::ready("PULL"));
        peer.read_for(500, LIMIT)
    });
    drive_until!(push, push.counters().refused > 0);
    drop(push);
    let sent = serving.join().unwrap();
    assert!(!sent.windows(6).any(|bytes| bytes == b"secret"));
}

#[test]
fn a_server_without_an_authenticator_and_one_that_panics_refuse_clients() {
    fn panics(_: &ConnectingClient<'_>) -> Result<User, Status> {
        panic!("a defect of the application")
    }
    let without = builder::<Pull>().security(Security::plain_server());
    let panicking = builder::<Pull>().plain_server(panics);
    // Without an authenticator and a handler no ERROR is sent, as in libzmq.
    for (builder_of_pull, reason) in [(without, None), (panicking, Some(&b"500"[..]))] {
        let mut pull = builder_of_pull.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = pull.last_endpoint().unwrap().to_string();
        let mut push = builder::<Push>().plain_client("a", "b").connect(&endpoint).unwrap();
        drive_until!(pull, {
            push.step().unwrap();
            push.counters().refused > 0
        });
        let told = events!(push).iter().find_map(|kind| match kind {
            EventKind::Refused(refused) => Some(refused.bytes().to_vec()),
            _ => None,
        });
        assert_eq!(told.as_deref(), reason);
        assert_eq!((pull.counters().handshakes, push.counters().handshakes), (0, 0));
    }
}

#[test]
fn an_authenticator_gets_the_address_and_the_credentials() {
    let mut pull = builder::<Pull>()
        .plain_server(|client: &ConnectingClient<'_>| {
            let local = client.address.is_some_and(|address| address.ip().is_loopback());
            match client.credentials {
                Credentials::Plain { username: b"u", password: b"" } if local => Ok("U".into()),
                _ => Err(Status::Denied),
            }
        })
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut push = builder::<Push>().plain_client("u", "").connect(&endpoint).unwrap();
    push.send("m").unwrap();
    drive_until!(push, push.counters().handshakes == 1 || pull.step().is_err());
    let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(message.properties().unwrap().user_id.as_deref(), Some("U"));
}

#[test]
fn an_invalid_hello_is_an_event_with_its_reason() {
    let mut pull = builder::<Pull>().plain_server(passwords()).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut peer = crate::harness::RawPeer::connect(&endpoint);
    peer.send(&wire::greeting("PLAIN"));
    peer.send(&wire::command("HELLO", b"\x05admin"));
    drive_until!(pull, pull.counters().refused > 0);
    let invalid = PeerError::Handshake(HandshakeError::Length(CommandName::Hello));
    assert!(closes(&events!(pull)).contains(&CloseReason::Protocol(invalid.into())));
}

#[test]
fn options_that_cannot_work_are_errors() {
    let long = "p".repeat(256);
    let error = builder::<Push>().plain_client("u", long).build().unwrap_err();
    assert!(matches!(error, Error::Security { .. }));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidInput);
    let mut options = Options::default();
    options.security = Security::plain_client("u", "p");
    let error = Stream::builder().options(options.clone()).build().unwrap_err();
    assert!(matches!(error, Error::Option { option: "security" }));
    assert!(options.for_kind(SocketKind::Stream).security.is_null());
}

#[test]
fn an_authenticator_that_nothing_would_ask_is_an_error() {
    for security in [Security::NULL, Security::plain_client("u", "p")] {
        let rep = builder::<Rep>().authenticator(passwords()).security(security);
        let error = rep.bind("tcp://127.0.0.1:*").unwrap_err();
        assert!(matches!(error, Error::Security { .. }), "{error}");
        assert_eq!(
            error.to_string(),
            "an authenticator needs a PLAIN or CURVE server, or NULL with a ZAP domain"
        );
    }
}

#[test]
fn a_connection_whose_mechanism_cannot_be_made_is_closed_and_made_again() {
    // A mechanism that cannot be made the first time, and is NULL then.
    let fails_first = || {
        let mut options = Options::default();
        let failed = AtomicBool::new(false);
        options.mechanism = Some(Arc::new(move || match failed.swap(true, Ordering::Relaxed) {
            false => Err(io::ErrorKind::Unsupported.into()),
            true => Ok(Box::new(NullOrOlder::new())),
        }));
        options
    };
    for transport in transports() {
        let pull = builder::<Pull>().options(fails_first());
        let mut pull = pull.bind(&*transport).unwrap();
        let push = builder::<Push>().options(fails_first());
        let mut push = push.connect(pull.last_endpoint().unwrap()).unwrap();
        drive_until!(pull, push.step().is_ok() && pull.counters().handshakes == 1);
        let closed = CloseReason::Io(io::ErrorKind::Unsupported);
        assert_eq!(closes(&events!(pull))[..1], [closed]);
        assert_eq!(closes(&events!(push))[..1], [closed]);
        push.send("m").unwrap();
        assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("m"));
    }
}
