//! PLAIN: handshakes in pieces, answers that come later, and peers that offer less.

use wire::{command, frame, frames, greeting, opening_of_2_0, property, ready};
use zmtp_core::mechanism::{
    Authenticate, Credentials, Decision, Mechanism, PlainClient, PlainServer, Status,
};
use zmtp_core::wire::SocketType::{Dealer, Pull, Push, Router};
use zmtp_core::wire::{CommandName, MechanismName, UnsupportedVersion, Version};
use zmtp_core::{
    Answer, Config, Connection, Error, ErrorKind, HandshakeError, PeerError, Refusal, SecurityRole,
    Timeout,
};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::pair::{exchange, messages};
use zmtp_tests::properties::assert_same;

static PULL: Config = Config::new(Pull);
static PUSH: Config = Config::new(Push);

fn decide(credentials: Credentials<'_>) -> Decision {
    match credentials {
        Credentials::Plain { username: b"admin", password: b"secret" } => Decision::Accept,
        _ => Decision::Refuse(Status::Denied),
    }
}

fn later(_: Credentials<'_>) -> Decision {
    Decision::Later
}

fn server<A: Authenticate>(authenticator: A) -> Driver<'static, PlainServer<A>> {
    let mechanism = PlainServer::new(authenticator);
    Driver::secured(mechanism, &PULL, Lane::Decode, Fetch::Eagerly)
}

fn client(password: &'static str) -> Driver<'static, PlainClient<&'static str>> {
    let mechanism = PlainClient::new("admin", password).unwrap();
    Driver::secured(mechanism, &PUSH, Lane::Decode, Fetch::Eagerly)
}

fn hello(password: &str) -> Vec<u8> {
    let len = u8::try_from(password.len()).unwrap();
    command("HELLO", &[b"\x05admin", &[len][..], password.as_bytes()].concat())
}

fn initiate() -> Vec<u8> {
    command("INITIATE", &property("Socket-Type", b"PUSH"))
}

/// All that a client sends before its first message, and that message.
fn opening() -> Vec<u8> {
    [greeting("PLAIN"), hello("secret"), initiate(), frame(0, b"m")].concat()
}

#[test]
fn a_client_with_the_password_is_accepted_and_its_messages_arrive() {
    let (mut client, mut server) = (client("secret"), server(decide));
    exchange(&mut client, &mut server);
    assert!(client.connection().is_ready() && server.connection().is_ready());
    client.send(&["a", "", "b"]).unwrap();
    exchange(&mut client, &mut server);
    assert_eq!(messages(server.log()), [[&b"a"[..], b"", b"b"]]);
}

#[test]
fn a_client_with_another_password_gets_an_error_that_clients_of_libzmq_recognise() {
    let (mut client, mut server) = (client("guess"), server(decide));
    server.feed(&client.take_sent());
    client.feed(&server.take_sent());
    server.feed(&client.take_sent());
    assert_eq!(server.log(), [LogEntry::Failed(PeerError::Denied.into())]);
    assert_eq!(server.sent(), b"\x04\x09\x5eRROR\x03400");
    client.feed(&server.take_sent());
    assert_eq!(
        client.log(),
        [LogEntry::Refused(b"400".to_vec()), LogEntry::Failed(PeerError::Refused.into())]
    );
    assert_eq!(client.connection().error().unwrap().kind(), ErrorKind::Configuration);
}

#[test]
fn the_events_are_the_same_for_every_split() {
    let bytes = opening();
    let mut whole = server(decide);
    whole.feed(&bytes);
    assert_eq!(messages(whole.log()), [[b"m"]]);
    for fetch in [Fetch::Eagerly, Fetch::Lazily] {
        for sizes in [vec![1], vec![2], vec![70, 1], vec![90, 3]] {
            let mechanism = PlainServer::new(decide);
            let mut cut = Driver::secured(mechanism, &PULL, Lane::Decode, fetch);
            cut.feed_in_pieces(&bytes, sizes);
            assert_same(&whole, &cut);
        }
    }
}

#[test]
fn an_answer_may_come_later_and_the_deadline_goes_on() {
    let waiting = || {
        let mut server = server(later);
        server.feed(&opening());
        assert_eq!(server.log(), [LogEntry::Waiting]);
        assert_eq!(server.take_sent().len(), 64);
        server
    };
    let mut accepted = waiting();
    accepted.answer(Answer::Accept);
    assert_eq!(messages(accepted.log()), [[b"m"]]);
    let sent = accepted.take_sent();
    assert_eq!(sent, [command("WELCOME", b""), ready("PULL")].concat());
    assert!(frames(&sent).1.is_empty());

    let replies = [(&b"400"[..], &b"\x04\x09\x5eRROR\x03400"[..])];
    let replies = replies.into_iter().chain([(&b"500"[..], &b"\x04\x09\x5eRROR\x03500"[..])]);
    for (reason, reply) in replies.chain([(&b"300"[..], &b""[..])]) {
        let mut refused = waiting();
        refused.answer(Answer::Refuse(reason));
        assert_eq!(refused.connection().error(), Some(PeerError::Denied.into()));
        assert_eq!(refused.take_sent(), reply);
    }

    let mut slow = waiting();
    slow.wait(10_000);
    assert_eq!(slow.connection().error(), Some(Error::TimedOut(Timeout::Handshake)));
    slow.answer(Answer::Accept);
    assert!(slow.take_sent().is_empty() && messages(slow.log()).is_empty());
}

#[test]
fn a_server_and_a_client_accept_no_weaker_peer() {
    let mut unversioned = vec![1, 0];
    unversioned.extend(frame(0, b"m"));
    let null = [greeting("NULL"), ready("PUSH"), frame(0, b"m")].concat();
    let mechanism = MechanismName::PLAIN;
    let mismatch = |peer| PeerError::MechanismMismatch { ours: mechanism, peer };
    let lowest = Version::V3_0;
    let unsupported = |peer| PeerError::UnsupportedVersion { peer, lowest, mechanism };
    let offers = [
        (null, mismatch(MechanismName::NULL)),
        (greeting("CURVE"), mismatch(MechanismName::CURVE)),
        (opening_of_2_0(8, b""), unsupported(UnsupportedVersion::Major(1))),
        (unversioned, unsupported(UnsupportedVersion::NoSignature(1))),
    ];
    for (bytes, error) in offers {
        let (mut server, mut client) = (server(decide), client("secret"));
        server.feed(&bytes);
        assert_eq!(server.log(), [LogEntry::Failed(error.into())]);
        let farewell = Refusal::Mechanism.reason().as_bytes();
        let told = matches!(error, PeerError::MechanismMismatch { .. });
        assert_eq!(server.sent().ends_with(farewell), told);
        client.feed(&bytes);
        assert_eq!(client.log(), [LogEntry::Failed(error.into())]);
        // The password is not sent.
        assert!(!client.sent().windows(6).any(|bytes| bytes == b"secret"));
    }
}

/// The as-server bit is read wherever the greeting is cut. A peer that sets it and then sends a command is no server.
#[test]
fn two_servers_are_detected_at_the_timeout_if_no_command_arrived() {
    let mut opening = greeting("PLAIN");
    opening[32] = 1;
    let late = Error::TimedOut(Timeout::Handshake);
    let (mechanism, role) = (MechanismName::PLAIN, SecurityRole::Server);
    let same = PeerError::SameRole { mechanism, role }.into();
    let after = |pieces: &[&[u8]]| {
        let mut server = server(later);
        for piece in pieces {
            server.feed(piece);
        }
        server.wait(10_000);
        server.connection().error()
    };
    for cut in 0..=64 {
        assert_eq!(after(&[&opening[..cut], &opening[cut..]]), Some(same), "{cut}");
    }
    for end in 0..64 {
        assert_eq!(after(&[&opening[..end]]), Some(late), "{end}");
    }
    assert_eq!(after(&[&greeting("PLAIN")]), Some(late));
    assert_eq!(after(&[&opening, &hello("secret")]), Some(late));
    // The last four bytes of this mechanism are a 1.
    let mut other = greeting("PLAIN");
    other[31] = 1;
    assert_eq!(after(&[&other[..31]]), Some(late));
}

#[test]
fn two_clients_are_detected_by_the_hello_of_the_peer() {
    let mut client = client("secret");
    client.feed(&[greeting("PLAIN"), hello("secret")].concat());
    let (mechanism, role) = (MechanismName::PLAIN, SecurityRole::Client);
    let same: Error = PeerError::SameRole { mechanism, role }.into();
    assert_eq!(client.connection().error(), Some(same));
    assert_eq!(same.kind(), ErrorKind::Configuration);
}

#[test]
fn a_hello_that_is_cut_or_extended_is_refused_and_never_decided() {
    let data = b"\x05admin\x06secret";
    let mut invalid: Vec<Vec<u8>> = (0..data.len()).map(|len| data[..len].to_vec()).collect();
    invalid.push([data, &b"\0"[..]].concat());
    invalid.push([b"\x04", &data[1..]].concat());
    invalid.push([b"\xff", &data[1..]].concat());
    for data in invalid {
        let mut server = server(|_: Credentials<'_>| panic!("decided"));
        server.feed(&[greeting("PLAIN"), command("HELLO", &data)].concat());
        let error = PeerError::Handshake(HandshakeError::Length(CommandName::Hello));
        assert_eq!(server.log(), [LogEntry::Failed(error.into())], "{data:?}");
        assert_eq!(server.sent().len(), 64);
    }
}

#[test]
fn a_command_that_does_not_fit_stays_due() {
    let config = Config::new(Dealer);
    let longest = "p".repeat(255);
    let mechanism = PlainClient::new("admin", &*longest).unwrap();
    let mut connection = Connection::new(mechanism, &config, NOW);
    let mut out = [0; 300];
    assert_eq!(connection.poll_transmit(&mut out), Ok(64));
    connection.receive(NOW, &mut greeting("PLAIN"));
    let len = 9 + 6 + 6 + 256;
    let missing = connection.poll_transmit(&mut out[..len - 1]).unwrap_err().missing;
    assert_eq!(missing, 1);
    assert_eq!(connection.poll_transmit(&mut out), Ok(len));
    assert_eq!(out[..len], hello(&longest));
    assert_eq!(connection.poll_transmit(&mut out), Ok(0));
    assert!(PlainClient::new("", &*"p".repeat(256)).is_none());
}

#[test]
fn no_password_is_in_the_debug_output() {
    let router = Config::new(Router);
    let client = PlainClient::new("admin", "secret").unwrap();
    let shown = format!("{:?}", Connection::new(client, &router, NOW));
    assert!(!shown.contains("secret") && !shown.contains("admin"), "{shown}");
    let server = PlainServer::new(decide);
    assert!(server.as_server());
    assert!(format!("{server:?}").contains("Hello"));
}
