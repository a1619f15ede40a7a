//! CURVE: recorded dialogues, pairs, every field changed, and what must not be accepted twice.

use std::sync::Arc;

use wire::{frame, frames, greeting, opening_of_2_0, property, ready};
use zmtp_core::mechanism::{
    Credentials, CurveServer, Decision, KeyPair, Mechanism, PublicKey, SecretKey, Status,
};
use zmtp_core::wire::SocketType::{self, Dealer, Pull, Push, Router};
use zmtp_core::wire::{FrameKind, MechanismName, More, RoutingId, UnsupportedVersion};
use zmtp_core::{
    Answer, Config, Connection, Error, HandshakeError, Heartbeat, OpenError, PeerError, SendError,
    Timeout,
};
use zmtp_tests::curve::{
    CLIENT, Decide, OTHER, RAW, RawClient, SERVER, client, client_keys, our_server, pair, public,
    secret, server,
};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::pair::messages;
use zmtp_tests::properties::assert_same;
use zmtp_tests::vectors::{Step, Vector};

type Client<'c> =
    Driver<'c, zmtp_core::mechanism::CurveClient<Box<zmtp_core::mechanism::ClientKeys>>>;
type Server<'c> = Driver<'c, CurveServer<Box<KeyPair>, Decide>>;

static PULL: Config = Config::new(Pull);
static PUSH: Config = Config::new(Push);
static DEALER: Config = Config::new(Dealer);

const ACCEPT: Decide = |_| Decision::Accept;

fn drive<M: Mechanism>(mechanism: M, config: &Config) -> Driver<'_, M> {
    Driver::secured(mechanism, config, Lane::Decode, Fetch::Eagerly)
}

fn new_client(config: &Config) -> Client<'_> {
    drive(client(client_keys(SERVER, CLIENT), 40), config)
}

fn new_server(config: &Config) -> Server<'_> {
    drive(server(ACCEPT, 41), config)
}

fn exchange(client: &mut Client<'_>, server: &mut Server<'_>) {
    loop {
        let (there, back) = (client.take_sent(), server.take_sent());
        if there.is_empty() && back.is_empty() {
            return;
        }
        server.feed(&there);
        client.feed(&back);
    }
}

fn ready_pair<'c>(ours: &'c Config, theirs: &'c Config) -> (Client<'c>, Server<'c>) {
    let (mut client, mut server) = (new_client(ours), new_server(theirs));
    exchange(&mut client, &mut server);
    assert!(client.connection().is_ready() && server.connection().is_ready());
    (client, server)
}

/// The content of the box that an aside shows.
fn plain(step: Option<&Step>) -> Option<Vec<u8>> {
    let Some(Step::Aside(text)) = step else { return None };
    let hex = text.trim().strip_prefix("plain ")?;
    let words = hex.split(' ').flat_map(|word| {
        let (byte, times) = word.split_once('*').unwrap_or((word, "1"));
        let byte = u8::from_str_radix(byte, 16).expect("hex");
        core::iter::repeat_n(byte, times.parse().expect("a number"))
    });
    Some(words.collect())
}

/// Plays the raw peer of a dialogue: what libzmq sent is received, and what we send equals the recorded bytes. Returns
/// the number of compared frames of ours, and of opened frames of libzmq.
fn play<M: Mechanism>(vector: &Vector, mechanism: M, config: &Config) -> (usize, usize) {
    let mut driver = drive(mechanism, config);
    let (mut sent, mut opened) = (0, 0);
    for (at, step) in vector.steps.iter().enumerate() {
        let aside = plain(vector.steps.get(at + 1));
        match step {
            Step::Peer(bytes) => {
                let message = bytes.get(2..).is_some_and(|rest| rest.starts_with(b"\x07MESSAGE"));
                if let Some(content) = aside.filter(|_| message) {
                    let more = match content[0] {
                        0 => More::Last,
                        1 => More::Follows,
                        // A PING with a context, which no connection of ours sends.
                        _ => break,
                    };
                    if bytes[0] == 4 || bytes[17] > 60 {
                        // A frame that only a test sends.
                        break;
                    }
                    driver.send_frame(more, &content[1..]).unwrap();
                }
                let mut ours = driver.take_sent();
                if sent == 0 {
                    // The length of the routing id, for ZMTP 1.0.
                    ours[8] = bytes[8];
                    // The minor version: one peer has 3.0.
                    ours[11] = bytes[11];
                }
                // The recorded ROUTER announces no Identity.
                if vector.name != "curve-client" || bytes.get(2..8) != Some(b"\x05READY") {
                    assert_eq!(ours, *bytes, "{} step {at}", vector.name);
                }
                sent += 1;
            }
            Step::Libzmq(bytes) => {
                driver.take_log();
                driver.feed(&bytes.recorded);
                let refused = bytes.recorded.get(2..8) == Some(b"\x05ERROR");
                let expected = refused.then_some(PeerError::Refused.into());
                assert_eq!(driver.connection().error(), expected, "{} step {at}", vector.name);
                if let (Some(content), [LogEntry::Frame(header, body)]) = (aside, driver.log()) {
                    assert_eq!(*body, content[1..]);
                    assert_eq!(!header.is_final(), content[0] == 1);
                    opened += 1;
                }
            }
            _ => {}
        }
    }
    (sent, opened)
}

#[test]
fn we_send_the_bytes_of_an_independent_client_to_libzmqs_server() {
    let dialogues = [
        ("curve-server", Dealer, "rawcli", (4, 2)),
        ("curve-server-300", Push, "", (3, 0)),
        ("curve-server-400", Push, "", (3, 0)),
        ("curve-message-as-command", Push, "", (3, 0)),
        ("curve-nonce-replay", Push, "", (3, 0)),
    ];
    for (name, kind, id, counts) in dialogues {
        let vector = Vector::named(name);
        let config = Config::new(kind).with_routing_id(RoutingId::new(id.as_bytes()).unwrap());
        let mechanism = client(client_keys(SERVER, CLIENT), RAW);
        assert_eq!(play(&vector, mechanism, &config), counts, "{name}");
    }
    let vector = Vector::named("curve-wrong-server-key");
    let mechanism = client(client_keys(OTHER, CLIENT), RAW);
    assert_eq!(play(&vector, mechanism, &PUSH).0, 2);
}

#[test]
fn we_send_the_bytes_of_an_independent_server_to_libzmqs_clients() {
    let dialogues = [
        ("curve-client", Router, (5, 3)),
        ("curve-sub", SocketType::Pub, (4, 0)),
        ("curve-sub-3.0-peer", SocketType::Pub, (3, 2)),
    ];
    for (name, kind, counts) in dialogues {
        let vector = Vector::named(name);
        let config = Config::new(kind);
        let mechanism = server(ACCEPT, RAW);
        assert_eq!(play(&vector, mechanism, &config), counts, "{name}");
    }
}

#[test]
fn messages_of_all_sizes_and_commands_go_both_ways() {
    let beats = Config::new(Dealer).with_heartbeat(Heartbeat::every(50).ttl(1_000));
    let (mut client, mut server) = ready_pair(&beats, &DEALER);
    for len in [0, 1, 31, 32, 33, 63, 64, 65, 95, 96, 97, 221, 222, 223, 255, 256, 1_000, 70_000] {
        let body = vec![len as u8; len];
        client.send(&[&body[..], b"", b"end"]).unwrap();
        server.send(&[&b"back"[..], &body]).unwrap();
        client.take_log();
        server.take_log();
        exchange(&mut client, &mut server);
        assert_eq!(messages(server.log()), [[&body[..], b"", b"end"]]);
        assert_eq!(messages(client.log()), [[&b"back"[..], &body]]);
    }
    client.wait(50);
    let ping = client.take_sent();
    // A PING in a box: the header, 33 bytes, and the command.
    assert_eq!(ping.len(), 2 + 33 + 7);
    server.feed(&ping);
    client.feed(&server.take_sent());
    assert_eq!((client.connection().error(), server.connection().error()), (None, None));
    // Nothing that was sent is readable.
    client.send(&["readable"]).unwrap();
    assert!(!client.take_sent().windows(8).any(|bytes| bytes == b"readable"));
}

#[test]
fn the_events_of_a_server_are_the_same_for_every_split() {
    let raw = RawClient::new("PUSH");
    let messages = [frame(0, &raw.message(3, b"\0one")), frame(0, &raw.message(9, b"\0two"))];
    let bytes = [greeting("CURVE"), raw.hello(), raw.initiate(), messages.concat()].concat();
    let mut whole = drive(our_server(), &PULL);
    whole.feed(&bytes);
    assert_eq!(zmtp_tests::pair::messages(whole.log()), [[b"one"], [b"two"]]);
    for size in [1, 2, 7, 64, 200, 265, 500] {
        let mut cut = Driver::secured(our_server(), &PULL, Lane::Both, Fetch::Eagerly);
        cut.feed_in_pieces(&bytes, [size]);
        assert_same(&whole, &cut);
    }
}

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
        let error = PeerError::Handshake(HandshakeError::Length);
        assert_eq!(server.log(), [LogEntry::Failed(error.into())], "{len} bytes");
    }
    let data = honest.initiate()[18..].to_vec();
    for len in 0..data.len() {
        let cut = wire::command("INITIATE", &data[..len]);
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), honest.hello(), cut].concat());
        let expected = if len < 248 { HandshakeError::Length } else { HandshakeError::Forged };
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
fn recorded_handshakes_and_messages_are_useless_on_another_connection() {
    let (mut client, mut first) = (new_client(&PUSH), drive(server(ACCEPT, 50), &PULL));
    let mut recorded = Vec::new();
    loop {
        let (there, back) = (client.take_sent(), first.take_sent());
        if there.is_empty() && back.is_empty() {
            break;
        }
        recorded.extend(&there);
        first.feed(&there);
        client.feed(&back);
    }
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

#[test]
fn points_of_low_order_are_refused() {
    // The points whose order divides 8 (RFC 7748 § 6.1: the result is zero).
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    for point in [[0; 32], one, minus_one] {
        let mut hello = RawClient::new("PUSH").hello();
        hello[82..114].copy_from_slice(&point);
        let mut server = drive(our_server(), &PULL);
        server.feed(&[greeting("CURVE"), hello].concat());
        let error = PeerError::Handshake(HandshakeError::WeakKey);
        assert_eq!(server.log(), [LogEntry::Failed(error.into())]);

        let mut keys = client_keys(SERVER, CLIENT);
        keys.server = PublicKey::new(point);
        let mut client = drive(client(keys, 40), &PUSH);
        client.feed(&greeting("CURVE"));
        assert_eq!(client.sent().len(), 64, "no HELLO for such a key");
    }
}

#[test]
fn a_server_decides_by_the_public_key_now_or_later() {
    fn only_the_client(credentials: Credentials<'_>) -> Decision {
        match credentials {
            Credentials::Curve { public_key } if *public_key.as_bytes() == public(CLIENT) => {
                Decision::Accept
            }
            _ => Decision::Refuse(Status::Denied),
        }
    }
    let mut accepted = drive(server(only_the_client, 41), &PULL);
    exchange(&mut new_client(&PUSH), &mut accepted);
    assert!(accepted.connection().is_ready());
    let mut other = drive(client(client_keys(SERVER, OTHER), 40), &PUSH);
    let mut refusing = drive(server(only_the_client, 41), &PULL);
    exchange(&mut other, &mut refusing);
    assert_eq!(refusing.connection().error(), Some(PeerError::Denied.into()));
    let refused = [LogEntry::Refused(b"400".to_vec()), LogEntry::Failed(PeerError::Refused.into())];
    assert_eq!(other.log(), refused);

    for (answer, ready) in
        [(Answer::Accept, true), (Answer::Refuse(b"500"), false), (Answer::Refuse(b"300"), false)]
    {
        let (mut client, mut asking) =
            (new_client(&PUSH), drive(server(|_| Decision::Later, 41), &PULL));
        exchange(&mut client, &mut asking);
        assert_eq!(asking.log(), [LogEntry::Waiting]);
        asking.answer(answer);
        let sent = asking.sent().len();
        exchange(&mut client, &mut asking);
        assert_eq!(asking.connection().is_ready(), ready);
        let told = matches!(client.log(), [LogEntry::Refused(_), _]);
        assert_eq!(told, answer == Answer::Refuse(b"500"));
        assert_eq!(sent > 0, ready || told);
    }
    let mut slow = drive(server(|_| Decision::Later, 41), &PULL);
    exchange(&mut new_client(&PUSH), &mut slow);
    slow.wait(10_000);
    assert_eq!(slow.connection().error(), Some(Error::TimedOut(Timeout::Handshake)));
}

#[test]
fn the_ends_accept_no_weaker_peer() {
    let null = [greeting("NULL"), ready("PUSH"), frame(0, b"m")].concat();
    let mismatch = |peer| PeerError::MechanismMismatch { peer };
    let unsupported = |old| PeerError::UnsupportedVersion(old);
    let offers = [
        (null, mismatch(MechanismName::NULL)),
        (greeting("PLAIN"), mismatch(MechanismName::PLAIN)),
        (opening_of_2_0(8, b""), unsupported(UnsupportedVersion::Major(1))),
        ([vec![1, 0], frame(0, b"m")].concat(), unsupported(UnsupportedVersion::NoSignature(1))),
    ];
    for (bytes, error) in offers {
        let (mut client, mut server) = (new_client(&PUSH), new_server(&PULL));
        server.feed(&bytes);
        client.feed(&bytes);
        assert_eq!(server.log(), [LogEntry::Failed(error.into())]);
        assert_eq!(client.log(), [LogEntry::Failed(error.into())]);
    }
    // Commands of NULL after a greeting with CURVE.
    let (mut client, mut server) = (new_client(&PUSH), new_server(&PULL));
    server.feed(&[greeting("CURVE"), ready("PUSH")].concat());
    client.feed(&[greeting("CURVE"), ready("PULL")].concat());
    for error in [server.connection().error(), client.connection().error()] {
        let ready = zmtp_core::wire::CommandName::Ready;
        assert_eq!(error, Some(PeerError::UnexpectedCommand(ready).into()));
    }
}

#[test]
fn commands_that_do_not_fit_stay_due() {
    let (mut out, mut input) = ([0; 600], greeting("CURVE"));
    let mut client = Connection::new(client(client_keys(SERVER, CLIENT), 40), &PUSH, NOW);
    let mut server = Connection::new(server(ACCEPT, 41), &PULL, NOW);
    assert_eq!(client.poll_transmit(&mut out), Ok(64));
    assert_eq!(server.poll_transmit(&mut out), Ok(64));
    client.receive(NOW, &mut input);
    server.receive(NOW, &mut input);
    // HELLO, WELCOME, INITIATE and READY have these lengths.
    for len in [202, 170, 9 + 257 + 20, 2 + 30 + 20] {
        let from = if len == 202 || len == 9 + 257 + 20 { 0 } else { 1 };
        let (missing, sent) = if from == 0 {
            (client.poll_transmit(&mut out[..len - 1]), client.poll_transmit(&mut out))
        } else {
            (server.poll_transmit(&mut out[..len - 1]), server.poll_transmit(&mut out))
        };
        assert_eq!(missing.unwrap_err().missing, 1);
        assert_eq!(sent, Ok(len));
        if from == 0 {
            server.receive(NOW, &mut out[..len]);
        } else {
            client.receive(NOW, &mut out[..len]);
        }
    }
    assert!(client.is_ready() && server.is_ready());
    assert_eq!(
        client.encode_frame(More::Last, b"x", &mut [0; 35]),
        Err(SendError::BufferTooSmall(1))
    );
    assert_eq!(client.encode_frame(More::Last, b"x", &mut out), Ok(36));
    assert_eq!(out[10..18], 3_u64.to_be_bytes(), "the nonce of the frame that did not fit is used");
}

#[test]
fn metadata_with_the_longest_routing_id_goes_through() {
    let id = RoutingId::new(&[b'i'; 255]).unwrap();
    let (ours, theirs) =
        (Config::new(Dealer).with_routing_id(id), Config::new(Router).with_routing_id(id));
    let (client, server) = ready_pair(&ours, &theirs);
    let identity = property("Identity", &[b'i'; 255]);
    for log in [client.log(), server.log()] {
        let [LogEntry::Ready(metadata)] = log else { panic!("{log:?}") };
        assert!(metadata.ends_with(&identity));
    }
}

#[test]
fn no_secret_is_in_the_debug_output() {
    let (client, server) = ready_pair(&DEALER, &DEALER);
    let keys = client_keys(SERVER, CLIENT);
    let shown = format!("{:?} {:?} {keys:?}", client.connection(), server.connection());
    for seed in [SERVER, CLIENT, 40, 41] {
        let key = SecretKey::new(secret(seed));
        let z85 = String::from_utf8(key.expose_z85().to_vec()).unwrap();
        let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        let list = format!("{:?}", &key.expose()[..8]);
        assert!(!shown.contains(&z85[..10]) && !shown.contains(&hex[..16]));
        assert!(!shown.contains(list.trim_matches(['[', ']'])));
    }
    assert!(shown.contains(&PublicKey::new(public(SERVER)).to_string()));
}

#[test]
fn keys_are_read_and_written_as_z85() {
    let keys = pair(CLIENT);
    let text = String::from_utf8(keys.secret().expose_z85().to_vec()).unwrap();
    let again = KeyPair::new(SecretKey::from_z85(&text).unwrap());
    assert_eq!(again.public(), keys.public());
    let text = keys.public().to_string();
    assert_eq!(PublicKey::from_z85(&text), Some(*keys.public()));
    assert!(PublicKey::from_z85(&text[1..]).is_none() && SecretKey::from_z85("").is_none());
}

#[test]
fn keys_may_be_shared_by_connections() {
    let keys = Arc::new(pair(SERVER));
    let mechanism = CurveServer::new(Arc::clone(&keys), ACCEPT, &[7; 96]);
    assert!(mechanism.as_server() && mechanism.overhead() == 33);
    let mut early = mechanism;
    // Nothing is sealed or opened before the handshake.
    assert!(early.seal(FrameKind::Command, &mut [0; 40]).is_err());
    assert!(early.open(FrameKind::Command, &mut [0; 40]).is_err());
    assert_eq!(frames(&[]).0.len(), 0);
}
