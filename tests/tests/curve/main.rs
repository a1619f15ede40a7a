//! CURVE: pairs of our ends, decisions about clients, and keys.

mod invalid;
mod recorded;

use std::sync::Arc;
use wire::{frame, greeting, opening_of_2_0, property, ready};
use zmtp_core::mechanism::{
    Credentials, CurveServer, Decision, KeyPair, Mechanism, PublicKey, SecretKey, Status,
};
use zmtp_core::wire::SocketType::{Dealer, Pull, Push, Router};
use zmtp_core::wire::{FrameKind, MechanismName, More, RoutingId, UnsupportedVersion, Version};
use zmtp_core::{Answer, Config, Connection, Error, Heartbeat, PeerError, SendError, Timeout};
use zmtp_tests::curve::{
    CLIENT, Decide, OTHER, RawClient, SERVER, client, client_keys, our_server, pair, public,
    secret, server,
};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::pair::{exchange, messages};
use zmtp_tests::properties::assert_same;

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

fn ready_pair<'c>(ours: &'c Config, theirs: &'c Config) -> (Client<'c>, Server<'c>) {
    let (mut client, mut server) = (new_client(ours), new_server(theirs));
    exchange(&mut client, &mut server);
    assert!(client.connection().is_ready() && server.connection().is_ready());
    (client, server)
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
    let mechanism = MechanismName::CURVE;
    let mismatch = |peer| PeerError::MechanismMismatch { ours: mechanism, peer };
    let lowest = Version::V3_0;
    let unsupported = |peer| PeerError::UnsupportedVersion { peer, lowest, mechanism };
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
fn connections_may_share_keys() {
    let keys = Arc::new(pair(SERVER));
    let mut servers =
        [7, 8].map(|byte| drive(CurveServer::new(Arc::clone(&keys), ACCEPT, &[byte; 96]), &PULL));
    assert_eq!(Arc::strong_count(&keys), 3);
    for server in &mut servers {
        let mut client = new_client(&PUSH);
        exchange(&mut client, server);
        assert!(client.connection().is_ready() && server.connection().is_ready());
    }
}

#[test]
fn nothing_is_sealed_or_opened_before_the_handshake() {
    let mut early = server(ACCEPT, 41);
    assert!(early.as_server() && early.overhead() == 33);
    assert!(early.seal(FrameKind::Command, &mut [0; 40]).is_err());
    assert!(early.open(FrameKind::Command, &mut [0; 40]).is_err());
}
