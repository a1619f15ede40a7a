//! PLAIN and CURVE against libzmq, in both directions, over TCP and IPC, with its ZAP handlers on its side.

mod common;

use std::thread;

use common::any::{until, until_joined};
use common::secure::{SECURE, handle_zap};
use common::{LONG, Place, builder, libzmq};
use core::time::Duration;

use zmtp_interop::libzmq::{Context, Kind, Monitor, Socket, curve_keypair, option};
use zmtp_mio::{
    AllowedKeys, Certificate, ConnectingClient, EventKind, Heartbeat, KeyPair, Message, Passwords,
    PublicKey, Pull, Push, Rep, Req, SecretKey, Status, Sub,
};

/// The sizes of frames around the boundaries of a box and a frame header, and one that no buffer holds. It is sealed four
/// times, which takes long without optimisation.
const SIZES: [usize; 9] = [0, 1, 32, 222, 223, 255, 256, 65_536, 2_000_000];

fn keys() -> KeyPair {
    Certificate::generate().unwrap().keys().unwrap()
}

fn text(key: &PublicKey) -> String {
    key.to_string()
}

fn secret(keys: &KeyPair) -> String {
    String::from_utf8(keys.secret().expose_z85().to_vec()).unwrap()
}

/// Makes a socket of libzmq the server of CURVE.
fn serve_curve(socket: &Socket, keys: &KeyPair) {
    socket.set_i32(option::CURVE_SERVER, 1).unwrap();
    socket.set_bytes(option::CURVE_SECRETKEY, secret(keys).as_bytes()).unwrap();
}

/// Makes a socket of libzmq a client of CURVE.
fn use_curve(socket: &Socket, server: &PublicKey, own: &KeyPair) {
    socket.set_bytes(option::CURVE_SERVERKEY, text(server).as_bytes()).unwrap();
    socket.set_bytes(option::CURVE_PUBLICKEY, text(own.public()).as_bytes()).unwrap();
    socket.set_bytes(option::CURVE_SECRETKEY, secret(own).as_bytes()).unwrap();
}

#[test]
fn keys_of_libzmq_are_ours_and_ours_are_libzmqs() {
    let (public, secret) = curve_keypair().unwrap();
    let keys = KeyPair::new(SecretKey::from_z85(&secret).unwrap());
    assert_eq!(keys.public().to_string(), public);
}

#[test]
fn a_curve_server_of_libzmq_answers_our_req() {
    for place in Place::both() {
        let (server, own, context) = (keys(), keys(), Context::new().unwrap());
        let rep = libzmq(&context, Kind::Rep);
        serve_curve(&rep, &server);
        rep.bind(&place.endpoint).unwrap();
        let endpoint = rep.last_endpoint();
        let echo = thread::spawn(move || {
            for _ in SIZES {
                let request = rep.recv().unwrap();
                rep.send(&request.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
            }
            // Closing it discards what is not written.
            rep
        });
        let mut req =
            builder::<Req>().curve_client(*server.public(), own).connect(&*endpoint).unwrap();
        for size in SIZES {
            let body = vec![size as u8; size];
            let message = Message::from_parts([&body[..], b"", b"end"]);
            let reply = req.request(message, LONG).unwrap().unwrap();
            assert_eq!(reply.part_count(), 3);
            assert!(reply.part(0) == Some(&body) && reply.part(2) == Some(b"end"), "{size}");
        }
        drop(echo.join().unwrap());
    }
}

#[test]
fn our_curve_server_answers_a_req_of_libzmq() {
    for place in Place::both() {
        let (server, own, context) = (keys(), keys(), Context::new().unwrap());
        let allowed = AllowedKeys::new().allow(*own.public(), "libzmq");
        let public = *server.public();
        let mut rep = builder::<Rep>()
            .curve_server(server)
            .authenticator(allowed)
            .bind(&*place.endpoint)
            .unwrap();
        let endpoint = rep.last_endpoint().unwrap().to_string();
        let asking = thread::spawn(move || {
            let req = libzmq(&context, Kind::Req);
            use_curve(&req, &public, &own);
            req.connect(&endpoint).unwrap();
            for size in SIZES {
                let body = vec![size as u8; size];
                req.send(&[&body, b"", b"end"]).unwrap();
                assert!(req.recv().unwrap() == [&body[..], b"", b"end"], "{size} bytes");
            }
        });
        for _ in SIZES {
            let request = rep.recv_timeout(LONG).unwrap().expect("a request in time");
            assert_eq!(request.properties().unwrap().user_id.as_deref(), Some("libzmq"));
            rep.send(request).unwrap();
        }
        until_joined("the last reply arrives", asking, || rep.wait(Duration::from_millis(5)));
    }
}

#[test]
fn subscriptions_go_through_a_sealed_connection() {
    let (server, context) = (keys(), Context::new().unwrap());
    let publisher = libzmq(&context, Kind::Xpub);
    serve_curve(&publisher, &server);
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.last_endpoint();
    let serving = thread::spawn(move || {
        assert_eq!(publisher.recv().unwrap(), [b"\x01news"]);
        publisher.send(&[b"other"]).unwrap();
        publisher.send(&[b"news today"]).unwrap();
        publisher
    });
    let mut sub =
        builder::<Sub>().curve_client(*server.public(), keys()).connect(&*endpoint).unwrap();
    sub.subscribe("news");
    let message = sub.recv_timeout(LONG).unwrap().expect("a message in time");
    assert_eq!(message.text(), Ok("news today"));
    drop(serving.join().unwrap());
}

#[test]
fn a_client_that_libzmqs_zap_handler_refuses_gets_the_status() {
    for status in ["400", "500"] {
        let (server, context) = (keys(), Context::new().unwrap());
        handle_zap(&context, if status == "400" { |_| "400" } else { |_| "500" });
        let pull = libzmq(&context, Kind::Pull);
        serve_curve(&pull, &server);
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut push = builder::<Push>()
            .curve_client(*server.public(), keys())
            .connect(&*pull.last_endpoint())
            .unwrap();
        let mut refused = None;
        until("the refusal arrives", || {
            push.step().unwrap();
            while let Some(event) = push.next_event() {
                if let EventKind::Refused(reason) = event.kind {
                    refused = Some(reason.bytes().to_vec());
                }
            }
            refused.is_some().then_some(())
        });
        assert_eq!(refused.as_deref(), Some(status.as_bytes()));
    }
}

#[test]
fn our_servers_refuse_clients_of_libzmq_without_the_right_key_or_password() {
    let (server, stranger, context) = (keys(), keys(), Context::new().unwrap());
    let public = *server.public();
    let mut curve = builder::<Pull>()
        .curve_server(server)
        .authenticator(AllowedKeys::new())
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let push = libzmq(&context, Kind::Push);
    use_curve(&push, &public, &stranger);
    push.connect(&curve.last_endpoint().unwrap().to_string()).unwrap();
    until("the client is refused", || {
        curve.step().unwrap();
        (curve.counters().refused > 0).then_some(())
    });

    let mut plain = builder::<Pull>()
        .plain_server(Passwords::new().allow("admin", "secret"))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let push = libzmq(&context, Kind::Push);
    push.set_bytes(option::PLAIN_USERNAME, b"admin").unwrap();
    push.set_bytes(option::PLAIN_PASSWORD, b"guess").unwrap();
    push.connect(&plain.last_endpoint().unwrap().to_string()).unwrap();
    until("the client is refused", || {
        plain.step().unwrap();
        (plain.counters().refused > 0).then_some(())
    });
    assert_eq!((curve.counters().handshakes, plain.counters().handshakes), (0, 0));
}

#[test]
fn plain_works_in_both_directions() {
    for place in Place::both() {
        let context = Context::new().unwrap();
        let mut pull = builder::<Pull>()
            .plain_server(Passwords::new().allow("admin", "secret"))
            .bind(&*place.endpoint)
            .unwrap();
        let push = libzmq(&context, Kind::Push);
        push.set_bytes(option::PLAIN_USERNAME, b"admin").unwrap();
        push.set_bytes(option::PLAIN_PASSWORD, b"secret").unwrap();
        push.connect(&pull.last_endpoint().unwrap().to_string()).unwrap();
        push.send(&[b"one", b"two"]).unwrap();
        let message = pull.recv_timeout(LONG).unwrap().expect("a message in time");
        assert_eq!((message.part(0), message.part(1)), (Some(&b"one"[..]), Some(&b"two"[..])));
        assert_eq!(message.properties().unwrap().user_id.as_deref(), Some("admin"));
    }
    let context = Context::new().unwrap();
    handle_zap(
        &context,
        |credentials| {
            if credentials == [&b"admin"[..], b"secret"] { "200" } else { "400" }
        },
    );
    let pull = libzmq(&context, Kind::Pull);
    pull.set_i32(option::PLAIN_SERVER, 1).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint();
    let mut push = builder::<Push>().plain_client("admin", "secret").connect(&*endpoint).unwrap();
    push.send("ours").unwrap();
    let receiving = thread::spawn(move || (pull.recv().unwrap(), pull));
    // It listens until the end of the test.
    let (message, _pull) =
        until_joined("the message arrives", receiving, || push.wait(Duration::from_millis(5)));
    assert_eq!(message, [b"ours"]);
    let mut refused = builder::<Push>().plain_client("admin", "guess").connect(&*endpoint).unwrap();
    until("the client is refused", || {
        refused.step().unwrap();
        (refused.counters().refused > 0).then_some(())
    });
    let told = core::iter::from_fn(|| refused.next_event())
        .any(|event| matches!(event.kind, EventKind::Refused(reason) if reason.bytes() == b"400"));
    assert!(told, "the status in the ERROR that libzmq misspells");
}

#[test]
fn the_status_of_our_authenticator_reaches_a_client_of_libzmq() {
    // 300 closes the connection without an ERROR, as libzmq does.
    let cases =
        [(Status::Temporary, None), (Status::Denied, Some(400)), (Status::Failed, Some(500))];
    for (status, value) in cases {
        let server = keys();
        let public = *server.public();
        let mut pull = builder::<Pull>()
            .curve_server(server)
            .authenticator(move |_: &ConnectingClient<'_>| Err(status))
            .bind("tcp://127.0.0.1:*")
            .unwrap();
        let context = Context::new().unwrap();
        let push = libzmq(&context, Kind::Push);
        use_curve(&push, &public, &keys());
        let monitor = push.monitor().unwrap();
        push.connect(&pull.last_endpoint().unwrap().to_string()).unwrap();
        let waiting = thread::spawn(move || {
            let ends = Monitor::HANDSHAKE_FAILED_AUTH
                | Monitor::HANDSHAKE_FAILED_NO_DETAIL
                | Monitor::DISCONNECTED;
            (monitor.wait_for(ends).unwrap(), push)
        });
        let (end, _push) =
            until_joined("the refusal", waiting, || pull.wait(Duration::from_millis(5)));
        let failed = end.what == Monitor::HANDSHAKE_FAILED_AUTH;
        assert_eq!(failed.then_some(end.value), value, "{status:?}: {end:?}");
        assert_eq!(pull.counters().handshakes, 0);
    }
}

#[test]
fn a_client_that_libzmqs_zap_handler_refuses_for_now_is_closed_and_tries_again() {
    let (server, context) = (keys(), Context::new().unwrap());
    handle_zap(&context, |_| "300");
    let pull = libzmq(&context, Kind::Pull);
    serve_curve(&pull, &server);
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut push = builder::<Push>()
        .curve_client(*server.public(), keys())
        .connect(&*pull.last_endpoint())
        .unwrap();
    until("a second attempt", || {
        push.wait(Duration::from_millis(5)).unwrap();
        (push.counters().connection_attempts > 1).then_some(())
    });
    assert_eq!(push.counters().handshakes, 0);
}

#[test]
fn heartbeats_of_both_ends_are_sealed_and_answered() {
    const EVERY: Duration = Duration::from_millis(50);
    const TIMEOUT: Duration = Duration::from_secs(2);
    for secure in SECURE {
        let context = Context::new().unwrap();
        let pull = libzmq(&context, Kind::Pull);
        secure.set(&context, &pull);
        pull.set_i32(option::HEARTBEAT_IVL, EVERY.as_millis() as i32).unwrap();
        pull.set_i32(option::HEARTBEAT_TIMEOUT, 60_000).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut push = secure
            .builder::<Push>()
            .heartbeat(Heartbeat::every(EVERY).timeout(TIMEOUT))
            .connect(&*pull.last_endpoint())
            .unwrap();
        push.send_timeout("before", LONG).unwrap();
        // Longer than the timeout: the connection would be closed without a PONG.
        let end = std::time::Instant::now() + 2 * TIMEOUT;
        while std::time::Instant::now() < end {
            push.wait(EVERY).unwrap();
        }
        push.send_timeout("after", LONG).unwrap();
        for expected in ["before", "after"] {
            assert_eq!(pull.recv().unwrap(), [expected.as_bytes()]);
        }
        assert_eq!((push.counters().handshakes, push.counters().disconnects), (1, 0), "{secure:?}");
    }
}
