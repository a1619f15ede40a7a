//! Sockets of zmtp-mio with a security mechanism that is chosen at run time and seals every frame.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zmtp_mio::{
    Dealer, Error, Heartbeat, Message, Options, Pub, Pull, Push, Rep, Req, Router, Sub,
};
use zmtp_tests::sealed::Sealed;

const KEY: u64 = 11;
const LIMIT: Duration = Duration::from_secs(10);

fn options(mechanism: &Sealed) -> Options {
    let mechanism = mechanism.clone();
    let mut options = Options::default();
    options.mechanism = Some(Arc::new(move || Ok(Box::new(mechanism.clone()))));
    options
}

fn server() -> Options {
    options(&Sealed::server(KEY))
}

fn client() -> Options {
    options(&Sealed::client(KEY))
}

/// Drives both sockets until the condition holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn messages_of_all_sizes_go_through_in_order() {
    let mut pull = Pull::builder().options(server()).bind("tcp://127.0.0.1:0").unwrap();
    let endpoint = pull.last_endpoint().unwrap().clone();
    let sizes = [0, 1, 222, 223, 255, 256, 8_000, 9_000, 70_000, 300_000, 3_000_000, 5];
    let sender = std::thread::spawn(move || {
        let mut push = Push::builder().options(client()).connect(endpoint).unwrap();
        for size in sizes {
            let body: Vec<u8> = (0..size).map(|at| (at * 7 + size) as u8).collect();
            push.send(Message::from_parts([&body[..], b"", b"end"])).unwrap();
        }
        // Closing sends what is queued.
    });
    for size in sizes {
        let message = pull.recv_timeout(LIMIT).unwrap().expect("a message in time");
        let body: Vec<u8> = (0..size).map(|at| (at * 7 + size) as u8).collect();
        assert_eq!(message.part_count(), 3);
        assert!(message.part(0) == Some(&body[..]) && message.part(2) == Some(b"end"), "{size}");
    }
    sender.join().unwrap();
}

#[test]
fn many_small_messages_and_large_ones_share_a_connection() {
    let mut router = Router::builder().options(server()).bind("tcp://127.0.0.1:0").unwrap();
    let mut dealer = Dealer::builder()
        .options(client())
        .connect(router.last_endpoint().unwrap().clone())
        .unwrap();
    let mut received = 0;
    for round in 0..300_u32 {
        let body = vec![round as u8; if round % 50 == 0 { 400_000 } else { round as usize }];
        let mut message = Some(Message::from(body));
        until("the dealer has room", || match dealer.try_send(message.take().unwrap()) {
            Ok(()) => true,
            Err(refused) => {
                message = Some(*refused.message);
                while router.try_recv().unwrap().is_some() {
                    received += 1;
                }
                false
            }
        });
    }
    until("all arrive", || {
        let _ = dealer.try_recv();
        while let Some(message) = router.try_recv().unwrap() {
            assert_eq!(message.part_count(), 2);
            received += 1;
        }
        received == 300
    });
}

#[test]
fn requests_and_subscriptions_are_sealed() {
    let mut rep = Rep::builder().options(server()).bind("tcp://127.0.0.1:0").unwrap();
    let endpoint = rep.last_endpoint().unwrap().clone();
    let asking = std::thread::spawn(move || {
        let mut req = Req::builder().options(client()).connect(endpoint).unwrap();
        for at in 0..20 {
            req.send(format!("request {at}")).unwrap();
            let reply = req.recv_timeout(LIMIT).unwrap().expect("a reply in time");
            assert_eq!(reply.text(), Ok(format!("re: request {at}").as_str()));
        }
    });
    for _ in 0..20 {
        let request = rep.recv_timeout(LIMIT).unwrap().expect("a request in time");
        rep.send(format!("re: {}", request.text().unwrap())).unwrap();
    }
    asking.join().unwrap();

    let mut publisher = Pub::builder().options(server()).bind("tcp://127.0.0.1:0").unwrap();
    let mut sub = Sub::builder()
        .options(client())
        .connect(publisher.last_endpoint().unwrap().clone())
        .unwrap();
    sub.subscribe("a");
    let mut got = None;
    until("the subscription arrives", || {
        publisher.send("b").unwrap();
        publisher.send("abc").unwrap();
        got = sub.try_recv().unwrap();
        got.is_some()
    });
    assert_eq!(got.unwrap().text(), Ok("abc"));
}

#[test]
fn heartbeats_keep_a_sealed_connection() {
    let heartbeat = |mut options: Options| {
        options.heartbeat = Some(Heartbeat::every(Duration::from_millis(20)));
        options
    };
    let mut pull = Pull::builder().options(heartbeat(server())).bind("tcp://127.0.0.1:0").unwrap();
    let mut push = Push::builder()
        .options(heartbeat(client()))
        .connect(pull.last_endpoint().unwrap().clone())
        .unwrap();
    push.send("first").unwrap();
    let end = Instant::now() + Duration::from_millis(300);
    let mut got = 0;
    until("PINGs are answered", || {
        got += usize::from(pull.try_recv().unwrap().is_some());
        let _ = push.step();
        Instant::now() > end
    });
    assert_eq!((got, pull.counters().disconnects, push.counters().disconnects), (1, 0, 0));
}

#[test]
fn peers_without_the_mechanism_or_its_credentials_are_refused() {
    let wrong = options(&Sealed::client(KEY).with_credentials(b"wrong"));
    for options in [Options::default(), wrong] {
        let mut pull = Pull::builder().options(server()).bind("tcp://127.0.0.1:0").unwrap();
        let endpoint = pull.last_endpoint().unwrap().clone();
        let mut push = Push::builder().options(options).connect(endpoint).unwrap();
        let _ = push.try_send("never");
        until("the peer is refused", || {
            assert!(pull.try_recv().unwrap().is_none());
            let _ = push.step();
            pull.counters().refused > 0
        });
        assert_eq!(pull.counters().handshakes, 0);
    }
}

#[test]
fn another_key_breaks_the_connection_at_the_first_message() {
    let mut pull = Pull::builder().options(server()).bind("tcp://127.0.0.1:0").unwrap();
    let other = options(&Sealed::client(KEY + 1));
    let endpoint = pull.last_endpoint().unwrap().clone();
    let mut push = Push::builder().options(other).connect(endpoint).unwrap();
    until("the connection ends", || {
        let _ = push.try_send("forged");
        assert!(pull.try_recv().unwrap().is_none());
        pull.counters().disconnects > 0
    });
}

#[test]
fn a_handshake_that_waits_ends_at_its_deadline() {
    let mut asking = options(&Sealed::server(KEY).asking());
    asking.limits = asking.limits.handshake_timeout(Duration::from_millis(100));
    let mut pull = Pull::builder().options(asking).bind("tcp://127.0.0.1:0").unwrap();
    let endpoint = pull.last_endpoint().unwrap().clone();
    let mut push = Push::builder().options(client()).connect(endpoint).unwrap();
    until("the handshake ends", || {
        let _ = (pull.step(), push.step());
        pull.counters().refused > 0
    });
    assert!(matches!(pull.try_recv(), Ok(None) | Err(Error::WouldBlock)));
}
