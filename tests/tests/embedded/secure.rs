//! Sockets of microcontrollers with PLAIN and CURVE, against our own peers over memory.

use zmtp_core::mechanism::{
    ClientKeys, Credentials, CurveClient, Decision, KeyPair, Mechanism, Null, Of, PlainClient,
    PlainServer, Status,
};
use zmtp_core::wire::SocketType;
use zmtp_core::{PeerError, Subscription};
use zmtp_embedded::blocking::{Dealer, Pub, Rep, Req, Sub};
use zmtp_embedded::{Error, kind, size};
use zmtp_tests::curve::{CLIENT, Decide, OTHER, SERVER, client, client_keys, pair, public, server};
use zmtp_tests::driver::NOW;

use crate::line::{BODIES, DEADLINE, Peer, buffer, clock, clock_of, config};

/// The most bytes of a read and of a write.
const CHUNKS: [usize; 6] = [1, 2, 7, 64, 301, usize::MAX];

fn keys(server: u8, client: u8) -> &'static ClientKeys {
    Box::leak(Box::new(client_keys(server, client)))
}

fn server_keys() -> &'static KeyPair {
    Box::leak(Box::new(pair(SERVER)))
}

/// Accepts the client with the keys of `CLIENT`.
fn only_client(credentials: Credentials<'_>) -> Decision {
    match credentials {
        Credentials::Curve { public_key } if *public_key.as_bytes() == public(CLIENT) => {
            Decision::Accept
        }
        Credentials::Plain { username: b"admin", password: b"secret" } => Decision::Accept,
        _ => Decision::Refuse(Status::Denied),
    }
}

const DECIDE: Decide = only_client;

#[test]
fn a_req_with_curve_gets_replies_for_every_size_of_reads_and_writes() {
    for most in CHUNKS {
        // The settings have another socket type: the type of the socket counts.
        let ours = config(SocketType::Pull);
        let receive = buffer(size::receive_curve_client(SocketType::Req, 306, 2));
        let send = buffer(size::send_curve(ours, 306 + 4, 2 + 2));
        let mut req = Req::new(ours, receive, send, 5).curve_client(keys(SERVER, CLIENT));
        for connection in 0..3 {
            let peer = Peer::new(SocketType::Rep, server(DECIDE, 20 + connection), most).echoing();
            req.connect_with_random(peer.clone(), &[connection; 48], NOW);
            for body in BODIES {
                let reply = req.request(&[body, b"second"], DEADLINE, clock()).unwrap();
                assert_eq!(reply.parts().collect::<Vec<_>>(), [body, b"second"]);
            }
            // The request id, the delimiter and the parts.
            assert_eq!(peer.messages()[0].len(), 4);
        }
    }
}

#[test]
fn a_server_refuses_a_client_whose_answer_would_come_later() {
    const LATER: Decide = |_| Decision::Later;
    for most in CHUNKS {
        let (receive, send) = (buffer(600), buffer(600));
        let mut rep = Rep::new(config(SocketType::Rep), receive, send).plain_server(LATER);
        let peer = Peer::new(SocketType::Req, PlainClient::new("admin", "secret").unwrap(), most);
        rep.connect(peer, NOW);
        assert_eq!(rep.handshake(DEADLINE, clock()).unwrap_err(), Error::Connection);
        assert_eq!(rep.failure(), Some(PeerError::Denied.into()));
        let shown = format!("{rep:?}");
        assert!(!shown.contains("115, 101, 99, 114, 101, 116"), "the password: {shown}");
    }
}

#[test]
fn a_rep_with_curve_replies_to_an_accepted_client_only() {
    for most in CHUNKS {
        let ours = config(SocketType::Rep);
        let receive = buffer(size::receive_curve_server(SocketType::Rep, 306, 3));
        let send = buffer(size::send_curve(ours, 306, 3));
        let mut rep = Rep::new(ours, receive, send).curve_server(server_keys(), DECIDE);
        for (who, connection) in [(CLIENT, 1), (OTHER, 2), (CLIENT, 3)] {
            let mechanism = client(client_keys(SERVER, who), 30 + connection);
            let peer = Peer::new(SocketType::Req, mechanism, most);
            rep.connect_with_random(peer.clone(), &[connection; 96], NOW);
            let result = rep.handshake(DEADLINE, clock());
            if who == OTHER {
                assert_eq!(result.unwrap_err(), Error::Connection);
                assert_eq!(rep.failure(), Some(PeerError::Denied.into()));
                continue;
            }
            result.unwrap();
            for body in BODIES {
                peer.driver().take_log();
                peer.driver().send(&[b"", body]).unwrap();
                assert_eq!(rep.receive(DEADLINE, clock()).unwrap().only(), Some(body));
                rep.reply(&[body, b"!"], DEADLINE, clock()).unwrap();
                assert_eq!(peer.messages(), [[b"", body, b"!"]]);
            }
        }
    }
}

#[test]
fn a_sub_with_curve_sends_its_subscriptions_over_each_connection() {
    for most in CHUNKS {
        let ours = config(SocketType::Sub);
        let receive = buffer(size::receive_curve_client(SocketType::Sub, 20, 2));
        let mut sub = Sub::<_, 64>::new(ours, receive, buffer(size::send_curve(ours, 20, 1)))
            .curve_client(keys(SERVER, CLIENT));
        sub.subscribe(b"a").unwrap();
        for connection in 0..2 {
            let peer = Peer::new(SocketType::Pub, server(DECIDE, 50 + connection), most);
            sub.connect_with_random(peer.clone(), &[connection; 48], NOW);
            sub.handshake(DEADLINE, clock()).unwrap();
            sub.flush(DEADLINE, clock()).unwrap();
            peer.driver().send(&["abc", "part"]).unwrap();
            let message = sub.receive(DEADLINE, clock()).unwrap();
            assert_eq!(message.parts().collect::<Vec<_>>(), [&b"abc"[..], b"part"]);
        }
    }
}

#[test]
fn a_pub_with_curve_publishes_what_its_peer_subscribed_to() {
    for most in CHUNKS {
        let ours = config(SocketType::Pub);
        let receive = buffer(size::receive_curve_server(SocketType::Pub, 20, 1));
        let mut publisher = Pub::<_, 64>::new(ours, receive, buffer(size::send_curve(ours, 20, 2)))
            .curve_server(server_keys(), DECIDE);
        let peer = Peer::new(SocketType::Sub, client(client_keys(SERVER, CLIENT), 40), most);
        publisher.connect_with_random(peer.clone(), &[8; 96], NOW);
        publisher.handshake(DEADLINE, clock()).unwrap();
        peer.driver().subscribe(Subscription::Subscribe, b"a").unwrap();
        publisher.serve(DEADLINE, clock_of(200)).unwrap();
        assert_eq!(publisher.publish(&[b"abc", b"d"], DEADLINE, clock()), Ok(true));
        assert_eq!(publisher.publish(&[b"b"], DEADLINE, clock()), Ok(false));
        publisher.flush(DEADLINE, clock()).unwrap();
        assert_eq!(peer.messages(), [[b"abc".as_slice(), b"d"]]);
    }
}

#[test]
fn plain_works_in_both_roles() {
    for most in CHUNKS {
        let ours = config(SocketType::Req);
        let mut req = Req::new(ours, buffer(800), buffer(200), 5)
            .plain_client("admin", "secret")
            .expect("short credentials");
        let peer = Peer::new(SocketType::Rep, PlainServer::new(DECIDE), most).echoing();
        req.connect(peer, NOW);
        assert_eq!(req.request(&[b"x"], DEADLINE, clock()).unwrap().only(), Some(&b"x"[..]));

        let ours = config(SocketType::Dealer);
        let mut dealer = Dealer::new(ours, buffer(800), buffer(200)).plain_server(DECIDE);
        for (password, accepted) in [("secret", true), ("guess", false), ("secret", true)] {
            let mechanism = PlainClient::new("admin", password).expect("short credentials");
            let peer = Peer::new(SocketType::Dealer, mechanism, most);
            dealer.connect(peer, NOW);
            assert_eq!(dealer.handshake(DEADLINE, clock()).is_ok(), accepted);
        }
    }
    let long = "x".repeat(256);
    assert!(
        Req::<()>::new(config(SocketType::Req), &mut [], &mut [], 0)
            .plain_client(&long, "")
            .is_none()
    );
}

fn dealer<M: Mechanism>(
    keys: &'static ClientKeys,
) -> Dealer<'static, Peer<M>, Of<kind::Dealer, CurveClient<&'static ClientKeys>>> {
    Dealer::new(config(SocketType::Dealer), buffer(800), buffer(800)).curve_client(keys)
}

#[test]
fn another_mechanism_or_another_server_key_is_refused() {
    let mut socket = dealer(keys(SERVER, CLIENT));
    socket.connect_with_random(Peer::new(SocketType::Dealer, Null::new(), 64), &[1; 48], NOW);
    assert_eq!(socket.handshake(DEADLINE, clock()).unwrap_err(), Error::Connection);
    assert!(matches!(
        socket.failure(),
        Some(zmtp_core::Error::Peer(PeerError::MechanismMismatch { .. }))
    ));

    let mut socket = dealer(keys(OTHER, CLIENT));
    let peer = Peer::new(SocketType::Dealer, server(DECIDE, 20), 64);
    socket.connect_with_random(peer.clone(), &[1; 48], NOW);
    socket.handshake(DEADLINE, clock()).unwrap_err();
    assert!(peer.driver().connection().has_failed());
}

#[test]
fn the_sizes_of_the_buffers_are_the_smallest_for_a_handshake_with_libzmq() {
    // libzmq announces an empty Identity in INITIATE and READY of these types.
    let ours = config(SocketType::Pub);
    assert_eq!(size::receive_curve_server(SocketType::Pub, 0, 0), 64 + 258);
    assert_eq!(size::send_curve(ours, 0, 0), 64 + 258);
    assert_eq!(size::receive_curve_client(SocketType::Sub, 0, 0), 170);
    // A message of one part: a header, what CURVE adds, and the body.
    assert_eq!(size::send_curve(ours, 1_000, 1), 9 + size::CURVE + 1_000);
}
