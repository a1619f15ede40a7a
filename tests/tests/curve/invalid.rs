//! Changed, recorded and exchanged bytes are refused.

use super::{ACCEPT, DEALER, PULL, PUSH, drive, exchange, new_client, new_server, ready_pair};
use wire::{frame, greeting, property};
use zmtp_core::mechanism::PublicKey;
use zmtp_core::wire::{CommandName, SocketType};
use zmtp_core::{Event, HandshakeError, OpenError, PeerError};
use zmtp_tests::curve::{
    CLIENT, RawClient, SERVER, client, client_keys, our_server, public, sealed, secret, server,
};
use zmtp_tests::driver::{LogEntry, NOW};
use zmtp_tests::pair::messages;

#[test]
fn every_changed_bit_of_a_handshake_command_is_refused() {
    let honest = RawClient::new("PUSH");
    let (hello, initiate) = (honest.hello(), honest.initiate());
    // After the header and the name.
    for at in 8..hello.len() {
        let mut changed = hello.clone();
        changed[at] ^= 1 << (at % 8);
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), changed].concat());
        let expected = match at {
            8..10 => HandshakeError::Version,
            10..82 => HandshakeError::Padding,
            _ => HandshakeError::Forged,
        };
        let error = PeerError::Handshake(expected);
        assert_eq!(server.log(), [LogEntry::Failed(error.into())], "byte {at}");
        assert_eq!(server.sent().len(), 64);
    }
    for at in 18..initiate.len() {
        let mut changed = initiate.clone();
        changed[at] ^= 1 << (at % 8);
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), hello.clone(), changed].concat());
        let expected = if at < 18 + 96 { HandshakeError::Cookie } else { HandshakeError::Forged };
        let error = PeerError::Handshake(expected);
        assert_eq!(server.log(), [LogEntry::Failed(error.into())], "byte {at}");
        assert_eq!(server.sent().len(), 64 + 170);
    }
}

#[test]
fn every_changed_bit_of_a_servers_command_is_refused() {
    let (mut client, mut server) = (new_client(&PUSH), new_server(&PULL));
    server.feed(&client.take_sent());
    let to_client = server.take_sent();
    client.feed(&to_client[..64]);
    let hello = client.take_sent();
    server.feed(&hello);
    let welcome = server.take_sent();
    let fresh = || {
        let mut client = new_client(&PUSH);
        client.feed(&to_client[..64]);
        client.take_sent();
        client
    };
    for at in 10..welcome.len() {
        let mut changed = welcome.clone();
        changed[at] ^= 1 << (at % 8);
        let mut client = fresh();
        client.feed(&changed);
        let error = PeerError::Handshake(HandshakeError::Forged);
        assert_eq!(client.log(), [LogEntry::Failed(error.into())], "byte {at}");
        assert!(client.sent().is_empty());
    }
    client.feed(&welcome);
    server.feed(&client.take_sent());
    let ready = server.take_sent();
    for at in 8..ready.len() {
        let mut changed = ready.clone();
        changed[at] ^= 1 << (at % 8);
        let mut client = fresh();
        client.feed(&welcome);
        client.take_sent();
        client.feed(&changed);
        let error = PeerError::Handshake(HandshakeError::Forged);
        assert_eq!(client.log(), [LogEntry::Failed(error.into())], "byte {at}");
    }
    client.feed(&ready);
    assert!(client.connection().is_ready());
}

#[test]
fn commands_of_every_other_length_are_refused() {
    let honest = RawClient::new("PUSH");
    let data = honest.hello()[8..].to_vec();
    for len in (0..data.len()).chain([data.len() + 1]) {
        let mut other = data.clone();
        other.resize(len, 0);
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), wire::command("HELLO", &other)].concat());
        let error = PeerError::Handshake(HandshakeError::Length(CommandName::Hello));
        assert_eq!(server.log(), [LogEntry::Failed(error.into())], "{len} bytes");
    }
    let data = honest.initiate()[18..].to_vec();
    for len in 0..data.len() {
        let cut = wire::command("INITIATE", &data[..len]);
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), honest.hello(), cut].concat());
        let expected = if len < 248 {
            HandshakeError::Length(CommandName::Initiate)
        } else {
            HandshakeError::Forged
        };
        let error = PeerError::Handshake(expected);
        assert_eq!(server.log(), [LogEntry::Failed(error.into())], "{len} bytes");
    }
}

#[test]
fn every_changed_or_removed_byte_of_a_message_is_refused() {
    let raw = RawClient::new("PUSH");
    let honest = raw.message(3, b"\0text");
    let receive = |body: &[u8]| {
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), raw.hello(), raw.initiate()].concat());
        server.take_log();
        server.feed(&frame(0, body));
        server.take_log()
    };
    assert!(matches!(&receive(&honest)[..], [LogEntry::Frame(..)]));
    for at in 0..honest.len() {
        let mut changed = honest.clone();
        changed[at] ^= 0x80;
        let expected = if at < 8 { OpenError::Clear } else { OpenError::Forged };
        let failed = LogEntry::Failed(PeerError::Sealed(expected).into());
        assert_eq!(receive(&changed), [failed], "byte {at}");
    }
    for len in 0..honest.len() {
        let expected = if len < 33 { OpenError::TooShort } else { OpenError::Forged };
        let failed = LogEntry::Failed(PeerError::Sealed(expected).into());
        assert_eq!(receive(&honest[..len]), [failed], "{len} bytes");
    }
}

#[test]
fn only_the_server_sends_an_error_if_the_socket_types_are_not_compatible() {
    let (mut client, mut server) = (new_client(&DEALER), new_server(&PULL));
    exchange(&mut client, &mut server);
    let error =
        PeerError::IncompatibleSocketType { ours: SocketType::Pull, peer: DEALER.socket_type };
    assert_eq!(server.log(), [LogEntry::Failed(error.into())]);
    assert!(matches!(client.log(), [LogEntry::Refused(_), _]));

    let (mut client, mut server) = (new_client(&PUSH), new_server(&PULL));
    for _ in 0..2 {
        server.feed(&client.take_sent());
        client.feed(&server.take_sent());
    }
    assert!(client.sent().starts_with(b"\x06"), "INITIATE is due");
    client.take_sent();
    let nonce = 1_u64.to_be_bytes();
    let metadata = property("Socket-Type", b"PUB");
    let boxed = sealed(secret(41), public(40), &[b"CurveZMQREADY---", &nonce], &metadata);
    client.feed(&wire::command("READY", &[&nonce[..], &boxed].concat()));
    let error = PeerError::IncompatibleSocketType { ours: SocketType::Push, peer: SocketType::Pub };
    assert_eq!(client.log(), [LogEntry::Failed(error.into())]);
    assert!(client.sent().is_empty() && !client.connection().sends_error());
}

#[test]
fn a_sealed_frame_is_not_skipped_as_a_command() {
    let (mut client, mut server) = ready_pair(&DEALER, &DEALER);
    server.send(&[[b'x'; 300]]).unwrap();
    let mut sealed = server.take_sent();
    // The flags of a long command, which are outside the box.
    sealed[0] = 0x06;
    let connection = client.connection_mut();
    let received = connection.receive(NOW, &mut sealed[..64]);
    assert_eq!(received.event, Event::Sealed);
    assert!(!connection.skip_command(&sealed[..64]));
    assert_eq!((connection.unread(), connection.incoming()), (64, None));
}

#[test]
fn recorded_handshakes_and_messages_are_useless_on_another_connection() {
    let (mut client, mut first) = (new_client(&PUSH), drive(server(ACCEPT, 50), &PULL));
    let [recorded, _] = exchange(&mut client, &mut first);
    client.send(&["paid once"]).unwrap();
    let message = client.take_sent();
    first.feed(&message);
    assert_eq!(messages(first.log()), [[b"paid once"]]);
    // Once more on the same connection.
    first.feed(&message);
    let replayed = PeerError::Sealed(OpenError::Replayed);
    assert_eq!(first.connection().error(), Some(replayed.into()));
    // On another one with the same long-term keys.
    let mut second = drive(server(ACCEPT, 51), &PULL);
    second.feed(&recorded);
    let error = PeerError::Handshake(HandshakeError::Cookie);
    assert_eq!(second.connection().error(), Some(error.into()));
    // Between two connections.
    let (mut other_client, mut other) =
        (drive(self::client(client_keys(SERVER, CLIENT), 60), &PUSH), new_server(&PULL));
    exchange(&mut other_client, &mut other);
    other.feed(&message);
    let forged = PeerError::Sealed(OpenError::Forged);
    assert_eq!(other.connection().error(), Some(forged.into()));
    // A message of ours, back to us.
    let (mut client, _server) = ready_pair(&DEALER, &DEALER);
    client.send(&["mirror"]).unwrap();
    let message = client.take_sent();
    client.feed(&message);
    assert_eq!(client.connection().error(), Some(forged.into()));
}

/// The points whose order divides 8 (RFC 7748 § 6.1: the result is zero), and encodings of 0 and 1 that are not
/// reduced.
fn points_of_low_order() -> [PublicKey; 7] {
    let small = |value: u8| core::array::from_fn(|at| if at == 0 { value } else { 0 });
    // p = 2^255 - 19 plus a number.
    let around_p = |first: u8| {
        let mut point = [0xff; 32];
        (point[0], point[31]) = (first, 0x7f);
        point
    };
    let order_8 = |first: u128, last: u128| {
        let halves = [first.to_be_bytes(), last.to_be_bytes()];
        core::array::from_fn(|at| halves[at / 16][at % 16])
    };
    [
        small(0),
        small(1),
        around_p(0xec),
        around_p(0xed),
        around_p(0xee),
        order_8(0xe0eb7a7c3b41b8ae1656e3faf19fc46a, 0xda098deb9c32b1fd866205165f49b800),
        order_8(0x5f9c95bca3508c24b1d0b1559c83ef5b, 0x04445cc4581c8e86d8224eddd09f1157),
    ]
    .map(PublicKey::new)
}

#[test]
fn points_of_low_order_are_refused() {
    let weak = PeerError::Handshake(HandshakeError::WeakKey);
    for point in points_of_low_order() {
        assert!(point.has_low_order());
        // C' in HELLO.
        let mut hello = RawClient::new("PUSH").hello();
        hello[82..114].copy_from_slice(point.as_bytes());
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), hello].concat());
        assert_eq!(server.log(), [LogEntry::Failed(weak.into())], "C' = {point}");

        // C in INITIATE.
        let raw = RawClient::new("PUSH").with(|raw| raw.client = *point.as_bytes());
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), raw.hello(), raw.initiate()].concat());
        assert_eq!(server.log(), [LogEntry::Failed(weak.into())], "C = {point}");

        // S' in WELCOME.
        let mut client = drive(client(client_keys(SERVER, CLIENT), 40), &PUSH);
        client.feed(&greeting("CURVE"));
        let content = [&point.as_bytes()[..], &[0; 96]].concat();
        let nonce = [7; 16];
        let boxed = sealed(secret(SERVER), public(40), &[b"WELCOME-", &nonce], &content);
        client.feed(&wire::command("WELCOME", &[&nonce[..], &boxed].concat()));
        assert_eq!(client.log(), [LogEntry::Failed(weak.into())], "S' = {point}");

        // S of the client's keys.
        let mut keys = client_keys(SERVER, CLIENT);
        keys.server = point;
        let mut client = drive(self::client(keys, 40), &PUSH);
        client.feed(&greeting("CURVE"));
        assert_eq!(client.sent().len(), 64, "no HELLO for such a key");
    }
}
