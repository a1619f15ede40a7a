//! Commands and messages that were recorded, or that belong to another connection.

use wire::Frame;
use zmtp_core::mechanism::{Mechanism, PlainClient, PlainServer};
use zmtp_core::wire::CommandName;
use zmtp_core::{Error, HandshakeError, OpenError, PeerError};
use zmtp_tests::driver::{Driver, LogEntry};
use zmtp_tests::pair::{exchange, messages};

use super::scene::{DEALER, PULL, PUSH, Victim, decide, drive, error_of, new_client, new_server};

const fn handshake(error: HandshakeError) -> Error {
    Error::Peer(PeerError::Handshake(error))
}

const fn sealed(error: OpenError) -> Error {
    Error::Peer(PeerError::Sealed(error))
}

#[test]
fn a_command_that_is_sent_twice_is_refused() {
    let unexpected = |name| Error::Peer(PeerError::UnexpectedCommand(name));
    for (victim, name, error) in [
        (Victim::CurveServer, "HELLO", unexpected(CommandName::Hello)),
        (Victim::CurveServer, "INITIATE", sealed(OpenError::Clear)),
        (Victim::CurveServer, "MESSAGE", sealed(OpenError::Replayed)),
        (Victim::CurveClient, "WELCOME", unexpected(CommandName::Welcome)),
        (Victim::CurveClient, "READY", sealed(OpenError::Clear)),
        (Victim::CurveClient, "MESSAGE", sealed(OpenError::Replayed)),
        (Victim::PlainServer, "HELLO", unexpected(CommandName::Hello)),
        (Victim::PlainClient, "WELCOME", unexpected(CommandName::Welcome)),
        (Victim::PlainClient, "READY", PeerError::SecondReady.into()),
    ] {
        let mut pieces = victim.pieces();
        let at = pieces.iter().position(|piece| piece.name == name).unwrap();
        pieces.insert(at, pieces[at].clone());
        let log = victim.log(pieces.iter().map(|piece| &piece.bytes[..]));
        assert_eq!(error_of(&log), Some(error), "{victim:?} {name}");
    }
}

#[test]
fn a_recorded_server_is_refused_by_every_other_connection() {
    let pieces = Victim::CurveClient.pieces();
    let mut client = drive(new_client(70), &PUSH);
    pieces.iter().take(2).for_each(|piece| client.feed(&piece.bytes));
    assert_eq!(client.log(), [LogEntry::Failed(handshake(HandshakeError::Forged))]);

    // Its messages in another order, and after a message that came later.
    let (mut client, mut server) = ready(60, 61);
    let sent = ["first", "second", "third"].map(|text| {
        server.send(&[text]).unwrap();
        server.take_sent()
    });
    client.take_log();
    client.feed(&sent[1]);
    assert_eq!(messages(client.log()), [[b"second"]]);
    client.feed(&sent[0]);
    assert_eq!(error_of(client.log()), Some(sealed(OpenError::Replayed)));
    client.feed(&sent[2]);
    assert_eq!(messages(client.log()), [[b"second"]]);
}

type Client =
    Driver<'static, zmtp_core::mechanism::CurveClient<Box<zmtp_core::mechanism::ClientKeys>>>;
type Server = Driver<
    'static,
    zmtp_core::mechanism::CurveServer<
        Box<zmtp_core::mechanism::KeyPair>,
        zmtp_tests::curve::Decide,
    >,
>;

fn ready(transient: u8, of_server: u8) -> (Client, Server) {
    let mut client = drive(new_client(transient), &DEALER);
    let mut server = drive(new_server(of_server), &DEALER);
    exchange(&mut client, &mut server);
    assert!(client.connection().is_ready() && server.connection().is_ready());
    (client, server)
}

/// Two connections whose commands are exchanged once: when both send a command with this name.
struct Two<L: Mechanism + 'static, R: Mechanism + 'static> {
    clients: [Driver<'static, L>; 2],
    servers: [Driver<'static, R>; 2],
}

impl<L: Mechanism, R: Mechanism> Two<L, R> {
    /// Carries bytes until no end sends any more. Returns the errors of clients and servers.
    fn run(&mut self, swapped: &[u8]) -> [[Option<Error>; 2]; 2] {
        let is_swapped = |sent: &[Vec<u8>; 2]| {
            sent.iter().all(|bytes| {
                wire::frames(bytes).0.iter().any(|frame: &Frame| frame.body.starts_with(swapped))
            })
        };
        let mut done = false;
        loop {
            let mut to_servers = self.clients.each_mut().map(Driver::take_sent);
            let mut to_clients = self.servers.each_mut().map(Driver::take_sent);
            if to_servers.iter().chain(&to_clients).all(Vec::is_empty) {
                assert!(done, "both have sent {swapped:?}");
                let errors = self.clients.each_ref().map(|end| end.connection().error());
                return [errors, self.servers.each_ref().map(|end| end.connection().error())];
            }
            for sent in [&mut to_servers, &mut to_clients] {
                if is_swapped(sent) {
                    sent.swap(0, 1);
                    done = true;
                }
            }
            for (end, bytes) in self.servers.iter_mut().zip(to_servers) {
                end.feed(&bytes);
            }
            for (end, bytes) in self.clients.iter_mut().zip(to_clients) {
                end.feed(&bytes);
            }
        }
    }
}

#[test]
fn commands_and_messages_of_two_connections_with_curve_cannot_be_exchanged() {
    let (forged, cookie) = (handshake(HandshakeError::Forged), handshake(HandshakeError::Cookie));
    // The errors of each client and each server.
    for (name, client, server) in [
        // Each server answers the client that sent the HELLO, and the other one gets the answer.
        (&b"\x05HELLO"[..], Some(forged), None),
        (b"\x07WELCOME", Some(forged), None),
        (b"\x08INITIATE", None, Some(cookie)),
        (b"\x05READY", Some(forged), None),
    ] {
        let mut two = Two {
            clients: [60, 62].map(|transient| drive(new_client(transient), &DEALER)),
            servers: [61, 63].map(|transient| drive(new_server(transient), &DEALER)),
        };
        assert_eq!(two.run(name), [[client; 2], [server; 2]], "{}", name.escape_ascii());
        let ready = |log: &[LogEntry]| log.iter().any(|entry| matches!(entry, LogEntry::Ready(_)));
        // A server is ready after INITIATE; READY proves that to the client.
        assert!(two.clients.iter().all(|client| !ready(client.log())));
        assert!(name == b"\x05READY" || two.servers.iter().all(|server| !ready(server.log())));
    }

    let forged = Some(sealed(OpenError::Forged));
    let (mut client, mut server) = ready(60, 61);
    let (mut other_client, mut other_server) = ready(62, 63);
    for end in [&mut client, &mut other_client] {
        end.send(&["to the server"]).unwrap();
    }
    let [one, other] = [client.take_sent(), other_client.take_sent()];
    server.feed(&other);
    other_server.feed(&one);
    for end in [&server, &other_server] {
        assert_eq!(end.connection().error(), forged);
        assert!(messages(end.log()).is_empty());
    }
    let ((mut client, mut server), (mut other_client, mut other_server)) =
        (ready(60, 61), ready(62, 63));
    for end in [&mut server, &mut other_server] {
        end.send(&["to the client"]).unwrap();
    }
    let [one, other] = [server.take_sent(), other_server.take_sent()];
    client.feed(&other);
    other_client.feed(&one);
    for end in [&client, &other_client] {
        assert_eq!(end.connection().error(), forged);
        assert!(messages(end.log()).is_empty());
    }
}

/// PLAIN does not protect from this: it checks the password, not where the bytes come from.
#[test]
fn with_plain_a_recorded_handshake_is_accepted() {
    let mut recorded = drive(PlainClient::new("admin", "secret").unwrap(), &PUSH);
    let [bytes, _] = exchange(&mut recorded, &mut drive(PlainServer::new(decide), &PULL));
    let mut server = drive(PlainServer::new(decide), &PULL);
    server.feed(&bytes);
    assert!(server.connection().is_ready());
}
