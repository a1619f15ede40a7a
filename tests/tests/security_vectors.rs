//! `security-vectors.txt` is up to date, and our clients and servers send its bytes.

use zmtp_core::mechanism::{
    ClientKeys, Credentials, CurveClient, CurveServer, Decision, KeyPair, Mechanism, PlainClient,
    PlainServer, PublicKey, SecretKey, Status,
};
use zmtp_core::wire::{RoutingId, SocketType};
use zmtp_core::{Config, HandshakeError, PeerError, Subscription};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry};
use zmtp_tests::pair::messages;
use zmtp_tests::security_vectors::{Line, Record, Values, parse, records, text};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/security-vectors.txt");

#[test]
fn the_file_is_what_the_generator_writes() {
    let expected = text(&records());
    if std::env::var_os("ZMTP_WRITE").is_some() {
        std::fs::write(PATH, &expected).unwrap();
    }
    let there = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(there == expected, "run this test with ZMTP_WRITE=1 to write security-vectors.txt");
}

#[test]
fn the_file_is_read_as_it_was_written() {
    let read = parse(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    assert_eq!(read, records());
    let of = |kind: &str| read.iter().filter(|record| record.kind == kind).count();
    assert_eq!((of("keys"), of("box"), of("secretbox"), of("dialogue")), (5, 23, 1, 11));
    for bad in
        ["box x", "vector box x\nnonce 0\nend", "vector box x\nnonce zz\nend", "vector box x"]
    {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn our_clients_and_servers_send_the_bytes_of_every_dialogue() {
    let read = parse(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    for record in read.iter().filter(|record| record.kind == "dialogue") {
        println!("{}", record.name);
        let decision = match record.the_text("decision") {
            "200" => Decision::Accept,
            code => Decision::Refuse(Status::from_code(code.as_bytes()).unwrap()),
        };
        if record.the_text("mechanism") == "CURVE" {
            curve(record, decision);
        } else {
            plain(record, decision);
        }
    }
}

fn key(record: &Record, word: &str) -> SecretKey {
    SecretKey::new(record.the(word).try_into().unwrap())
}

fn curve(record: &Record, decision: Decision) {
    let server_keys = KeyPair::new(key(record, "server-secret"));
    let own = KeyPair::new(key(record, "client-secret"));
    let expected = record.lines.iter().any(|line| line.word == "expected-server-public");
    let server = match expected {
        true => PublicKey::new(record.the("expected-server-public").try_into().unwrap()),
        false => *server_keys.public(),
    };
    let random = |words: &[&str]| -> Vec<u8> {
        words.iter().flat_map(|word| record.the(word).to_vec()).collect()
    };
    let of_client = random(&["client-transient-secret", "vouch-nonce"]);
    let of_server =
        random(&["server-transient-secret", "cookie-key", "cookie-nonce", "welcome-nonce"]);
    let client =
        CurveClient::new(Box::new(ClientKeys { server, own }), &of_client.try_into().unwrap());
    let public = key(record, "client-secret").public_key();
    let decide = move |credentials: Credentials<'_>| match credentials {
        Credentials::Curve { public_key } if *public_key == public => decision,
        _ => panic!("another client"),
    };
    let server = CurveServer::new(Box::new(server_keys), decide, &of_server.try_into().unwrap());
    play(record, client, server);
}

fn plain(record: &Record, decision: Decision) {
    let (username, password) = (record.the("username"), record.the("password"));
    let (name, secret) = (username.to_vec(), password.to_vec());
    let decide = move |credentials: Credentials<'_>| match credentials {
        Credentials::Plain { username, password } if username == name && password == secret => {
            decision
        }
        _ => panic!("other credentials"),
    };
    play(record, PlainClient::new(username, password).unwrap(), PlainServer::new(decide));
}

fn config(record: &Record, end: &str) -> Config {
    let kind = record.the_text(&format!("{end}-type"));
    let kind = SocketType::all().find(|known| known.name() == kind).unwrap();
    let id = RoutingId::new(record.the(&format!("{end}-routing-id"))).unwrap();
    Config::new(kind).with_routing_id(id)
}

/// What the other end must report after the next bytes.
enum Expected {
    Message(Vec<Vec<u8>>),
    Entry(LogEntry),
}

fn play<L: Mechanism, R: Mechanism>(record: &Record, client: L, server: R) {
    let configs = ["client", "server"].map(|end| config(record, end));
    let mut client = Driver::secured(client, &configs[0], Lane::Decode, Fetch::Eagerly);
    let mut server = Driver::secured(server, &configs[1], Lane::Decode, Fetch::Eagerly);
    let mut expected = None;
    for Line { word, values } in &record.lines {
        let Values::Bytes(all) = values else { continue };
        match &**word {
            "C" => {
                assert_eq!(client.take_sent(), all[0], "{}", record.name);
                feed(&mut server, &all[0], expected.take());
            }
            "S" => {
                assert_eq!(server.take_sent(), all[0], "{}", record.name);
                feed(&mut client, &all[0], expected.take());
            }
            "client-sends" => {
                client.send(all).unwrap();
                expected = Some(Expected::Message(all.clone()));
            }
            "server-sends" => {
                server.send(all).unwrap();
                expected = Some(Expected::Message(all.clone()));
            }
            "client-subscribes" => {
                client.subscribe(Subscription::Subscribe, &all[0]).unwrap();
                expected = Some(Expected::Entry(LogEntry::Subscribe(all[0].clone())));
            }
            "client-cancels" => {
                client.subscribe(Subscription::Cancel, &all[0]).unwrap();
                expected = Some(Expected::Entry(LogEntry::Cancel(all[0].clone())));
            }
            _ => {}
        }
    }
    assert!(client.take_sent().is_empty() && server.take_sent().is_empty(), "{}", record.name);
    let result = record.the_text("result").split(' ').collect::<Vec<_>>();
    let (of_client, of_server) = (client.connection().error(), server.connection().error());
    match result[..] {
        ["ready"] => {
            assert!(client.connection().is_ready() && server.connection().is_ready());
            assert_eq!((of_client, of_server), (None, None));
        }
        ["refused", reason] => {
            let told = LogEntry::Refused(reason.into());
            assert_eq!(client.log(), [told, LogEntry::Failed(PeerError::Refused.into())]);
            assert_eq!(of_server, Some(PeerError::Denied.into()));
        }
        ["closed"] => {
            assert_eq!(of_client, None);
            let forged = PeerError::Handshake(HandshakeError::Forged);
            let refused = [forged, PeerError::Denied].map(|error| Some(error.into()));
            assert!(refused.contains(&of_server), "{of_server:?}");
        }
        _ => panic!("unknown result {result:?}"),
    }
}

fn feed<M: Mechanism>(end: &mut Driver<'_, M>, bytes: &[u8], expected: Option<Expected>) {
    if expected.is_some() {
        end.take_log();
    }
    end.feed(bytes);
    match expected {
        Some(Expected::Message(parts)) => assert_eq!(messages(end.log()), [parts]),
        Some(Expected::Entry(entry)) => assert_eq!(end.log(), [entry]),
        None => {}
    }
}
