//! Properties of the ends of PLAIN and CURVE, whose peer sends changed bytes.

use arbitrary::{Arbitrary, Unstructured};
use wire::{command, frame, greeting, property};
use zmtp_core::mechanism::{Credentials, Decision, Mechanism, PlainClient, PlainServer, Status};
use zmtp_core::wire::SocketType::{Dealer, Pull, Push};
use zmtp_core::{Config, OpenError, PeerError};

use crate::curve::{self, RawClient};
use crate::driver::{Driver, Fetch, Lane, LogEntry};
use crate::pair::exchange;

static PULL: Config = Config::new(Pull);
static PUSH: Config = Config::new(Push);
static DEALER: Config = Config::new(Dealer);

/// Changed bytes never pass for those of the peer.
///
/// An end of CURVE delivers only what its peer sealed, in order, and an unchanged stream completely. A server of PLAIN
/// accepts only a client that sends the password.
pub fn security_holds(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let Ok((which, sizes)) = input.arbitrary::<(u8, [u8; 3])>() else { return };
    match which % 4 {
        0 => curve_server(&mut input, sizes),
        1 => curve_client(&mut input, sizes),
        2 => plain_server(&mut input, sizes),
        _ => plain_client(&mut input, sizes),
    }
}

/// A change of a stream.
#[derive(Arbitrary, Clone, Debug)]
enum Change {
    Flip(u16, u8),
    Remove(u16, u8),
    Repeat(u16, u16),
    Insert(u16, Vec<u8>),
    Cut(u16),
}

/// Changes a stream. Returns whether it is another one.
fn change(stream: &mut Vec<u8>, input: &mut Unstructured<'_>) -> bool {
    let before = stream.clone();
    for _ in 0..4 {
        let Ok(change) = input.arbitrary::<Change>() else { break };
        if input.is_empty() || stream.is_empty() {
            break;
        }
        let len = stream.len();
        let place = |at: u16| usize::from(at) % len;
        match change {
            Change::Flip(at, bits) => stream[place(at)] ^= bits,
            Change::Remove(at, n) => {
                let end = len.min(place(at) + usize::from(n));
                stream.drain(place(at)..end);
            }
            Change::Repeat(at, n) => {
                let end = len.min(place(at) + usize::from(n));
                let again = stream[place(at)..end].to_vec();
                stream.splice(end..end, again);
            }
            Change::Insert(at, bytes) => drop(stream.splice(place(at)..place(at), bytes)),
            Change::Cut(at) => stream.truncate(place(at)),
        }
    }
    *stream != before
}

fn feed<M: Mechanism>(
    mechanism: M,
    config: &Config,
    bytes: &[u8],
    sizes: [u8; 3],
) -> Vec<LogEntry> {
    let mut driver = Driver::secured(mechanism, config, Lane::Both, Fetch::Eagerly);
    driver.feed_in_pieces(bytes, sizes.map(|size| 1 + usize::from(size) * 4));
    driver.take_log()
}

fn curve_server(input: &mut Unstructured<'_>, sizes: [u8; 3]) {
    let raw = RawClient::new("PUSH");
    let bodies: [&[u8]; 4] = [b"one", b"two", b"", b"the fourth"];
    let mut stream = [greeting("CURVE"), raw.hello(), raw.initiate()].concat();
    for (at, body) in bodies.iter().enumerate() {
        let content = [&[0], *body].concat();
        stream.extend(frame(0, &raw.message(3 + 2 * at as u64, &content)));
    }
    let changed = change(&mut stream, input);
    let log = feed(curve::our_server(), &PULL, &stream, sizes);
    let mut expected = bodies.iter();
    let mut delivered = 0;
    for entry in &log {
        if let LogEntry::Frame(_, body) = entry {
            assert!(expected.any(|sent| sent == body), "delivered {body:?}, which was not sent");
            delivered += 1;
        }
    }
    assert!(changed || delivered == bodies.len());
}

fn curve_client(input: &mut Unstructured<'_>, sizes: [u8; 3]) {
    let keys = || curve::client_keys(curve::SERVER, curve::CLIENT);
    let client = || curve::client(keys(), 40);
    let mut honest = Driver::secured(client(), &DEALER, Lane::Decode, Fetch::Eagerly);
    let mechanism = curve::server(|_| Decision::Accept, 41);
    let mut server = Driver::secured(mechanism, &DEALER, Lane::Decode, Fetch::Eagerly);
    let [_, mut stream] = exchange(&mut honest, &mut server);
    for body in ["one", "two"] {
        server.send(&[body]).expect("ready");
    }
    stream.extend(server.take_sent());
    let changed = change(&mut stream, input);
    // All at once: READY may arrive before INITIATE was sent, which the server cannot have meant.
    let log = feed(client(), &DEALER, &stream, sizes);
    let mut bodies: Vec<&[u8]> = Vec::new();
    for entry in &log {
        if let LogEntry::Frame(_, body) = entry {
            bodies.push(body);
        }
    }
    let expected: [&[u8]; 2] = [b"one", b"two"];
    let mut rest = expected.iter();
    assert!(bodies.iter().all(|body| rest.any(|sent| sent == body)), "{bodies:?}");
    assert!(changed || bodies == expected, "{log:?}");
    let forged = PeerError::Sealed(OpenError::Forged).into();
    assert!(changed || !log.contains(&LogEntry::Failed(forged)));
}

fn plain_server(input: &mut Unstructured<'_>, sizes: [u8; 3]) {
    let decide = |credentials: Credentials<'_>| match credentials {
        Credentials::Plain { username: b"admin", password: b"secret" } => Decision::Accept,
        _ => Decision::Refuse(Status::Denied),
    };
    let credentials = b"\x05admin\x06secret";
    let initiate = command("INITIATE", &property("Socket-Type", b"PUSH"));
    let hello = command("HELLO", credentials);
    let mut stream = [greeting("PLAIN"), hello, initiate, frame(0, b"m")].concat();
    let changed = change(&mut stream, input);
    let log = feed(PlainServer::new(decide), &PULL, &stream, sizes);
    let accepted = log.iter().any(|entry| matches!(entry, LogEntry::Ready(_)));
    assert!(changed || accepted);
    let sent = stream.windows(credentials.len()).any(|window| window == credentials);
    assert!(!accepted || sent, "accepted without the password");
}

fn plain_client(input: &mut Unstructured<'_>, sizes: [u8; 3]) {
    let ready = wire::ready("PULL");
    let mut stream = [greeting("PLAIN"), command("WELCOME", b""), ready].concat();
    let changed = change(&mut stream, input);
    let mechanism = PlainClient::new("admin", "secret").expect("short");
    let log = feed(mechanism, &PUSH, &stream, sizes);
    assert!(changed || log.iter().any(|entry| matches!(entry, LogEntry::Ready(_))));
}
