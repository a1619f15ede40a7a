//! The background driver: what goes on while the application is away.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{LIMIT, QUIET, RawPeer, RawServer, eventually, half_ready, never};
use zmtp_mio::Heartbeat;
use zmtp_mio::{Context, Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Sub};

pub(super) fn driven() -> Context {
    Context::builder().driver(true).build()
}

#[test]
fn the_driver_accepts_shakes_hands_and_answers_pings_between_calls() {
    let router = Router::builder().context(&driven()).bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = half_ready(&router.endpoints().next().unwrap().to_string(), "DEALER");
    peer.read_exact(64);
    peer.read_frame();
    peer.send(&wire::ping(b"still there?"));
    assert_eq!(peer.read_frame(), (4, b"\x04PONGstill there?".to_vec()));
    // Reading the counters does not take the socket from the driver.
    assert_eq!(router.counters().handshakes, 1);
}

#[test]
fn what_the_driver_has_done_since_the_last_call_ends_a_wait() {
    let mut push = Push::builder().context(&driven()).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = push.endpoints().next().unwrap().to_string();
    let mut pull = Pull::builder().driver(false).connect(&endpoint).unwrap();
    eventually("a peer", || {
        pull.step().unwrap();
        push.counters().handshakes == 1
    });
    let (ended, ready) = channel();
    thread::spawn(move || ended.send(push.wait(Duration::MAX).unwrap().writable));
    assert_eq!(ready.recv_timeout(LIMIT), Ok(true));
    drop(pull);
}

#[test]
fn the_driver_receives_up_to_the_mark() {
    let mark = zmtp_mio::HighWaterMark::new(10, 1 << 20);
    let builder = Pull::builder().context(&driven()).receive_mark(mark);
    let mut pull = builder.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let pusher = thread::spawn(move || {
        let mut push = Push::builder().driver(false).connect(&endpoint).unwrap();
        for n in 0..100_u8 {
            push.send(&[n]).unwrap();
        }
    });
    eventually("ten messages", || pull.counters().messages_received == 10);
    pusher.join().unwrap();
    never("an eleventh message", || pull.counters().messages_received > 10);
    for n in 0..100_u8 {
        assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), [n]);
    }
}

#[test]
fn the_driver_reconnects_and_sends_queued_messages() {
    let mut rep = Rep::builder().driver(false).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.endpoints().next().unwrap().to_string();
    rep.unbind(&endpoint).unwrap();
    let mut req = Req::builder().context(&driven()).connect(&endpoint).unwrap();
    req.send("waits").unwrap();
    eventually("a second attempt", || req.counters().connection_attempts >= 2);
    rep.bind(&endpoint).unwrap();
    let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
    rep.send(request).unwrap();
    rep.step().unwrap();
    eventually("the reply", || req.counters().messages_received == 1);
    assert_eq!(req.recv().unwrap().text(), Ok("waits"));
}

#[test]
fn the_driver_receives_subscriptions_between_two_sends() {
    let context = driven();
    let mut publisher = Pub::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut sub = Sub::builder().context(&context).topic("a").connect(&endpoint).unwrap();
    eventually("a subscription", || publisher.topic_count() == 1);
    publisher.send("abc").unwrap();
    assert_eq!(sub.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("abc"));
}

#[test]
fn the_driver_sends_pings_and_accepts_pongs_between_calls() {
    let context = driven();
    let heartbeat =
        Heartbeat::every(Duration::from_millis(20)).timeout(Duration::from_millis(5_000));
    let builder = Pair::builder().context(&context).heartbeat(heartbeat);
    let pair = builder.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = half_ready(&pair.endpoints().next().unwrap().to_string(), "PAIR");
    peer.read_exact(64);
    peer.read_frame();
    for _ in 0..50 {
        assert_eq!(peer.read_frame(), (4, b"\x04PING\0\0".to_vec()));
        peer.send(&wire::command("PONG", b""));
    }
    assert_eq!(pair.counters().disconnects, 0);
}

/// The first programs of users of other ZeroMQ libraries.
#[test]
fn two_sockets_of_one_thread_exchange_messages_with_the_default_context() {
    let mut rep = Rep::builder().bind("tcp://127.0.0.1:*").unwrap();
    let mut req = Req::builder().connect(rep.last_endpoint().unwrap()).unwrap();
    req.send("hello").unwrap();
    let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
    rep.send(request).unwrap();
    assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("hello"));

    let mut publisher = Pub::builder().bind("tcp://127.0.0.1:*").unwrap();
    let mut sub = Sub::builder().topic("").connect(publisher.last_endpoint().unwrap()).unwrap();
    // In the time in which a program sleeps.
    eventually("the subscription", || publisher.topic_count() == 1);
    publisher.send("news").unwrap();
    assert_eq!(sub.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("news"));
}

#[test]
fn the_driver_leaves_a_socket_alone_whose_descriptor_was_taken() {
    use std::os::fd::AsFd;

    let pull = Pull::builder().context(&driven()).bind("tcp://127.0.0.1:*").unwrap();
    assert!(pull.as_fd().try_clone_to_owned().is_ok());
    let mut peer = half_ready(&pull.endpoints().next().unwrap().to_string(), "PUSH");
    assert_eq!(peer.read_for(1, QUIET), [0_u8; 0], "the driver served it");
}

#[test]
fn driven_sockets_move_between_threads_and_rest_in_between() {
    let context = driven();
    let mut rep = Rep::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.endpoints().next().unwrap().to_string();
    let mut req = Req::builder().context(&context).connect(&endpoint).unwrap();
    for round in 0..20 {
        let asking = thread::spawn(move || {
            let reply = req.request(round.to_string(), LIMIT).unwrap().unwrap();
            assert_eq!(reply.text().unwrap(), round.to_string());
            req
        });
        let answering = thread::spawn(move || {
            let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
            rep.send(request).unwrap();
            rep
        });
        (req, rep) = (asking.join().unwrap(), answering.join().unwrap());
        thread::sleep(Duration::from_millis(round % 8));
    }
}

/// The hand-over under stress: pauses around the moment at which the driver takes over.
#[test]
fn ten_thousand_hand_overs_lose_and_delay_no_message() {
    let context = driven();
    let mut router = Router::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let echo = thread::spawn(move || {
        let mut random = fastrand::Rng::with_seed(1);
        while let Some(message) = router.recv_timeout(LIMIT).unwrap() {
            if message.part(1) == Some(b"end") {
                return;
            }
            if random.u8(..8) == 0 {
                thread::sleep(Duration::from_micros(random.u64(..6_000)));
            }
            router.send(message).unwrap();
        }
        panic!("a message is stuck");
    });
    let mut dealer = Dealer::builder().context(&context).connect(&endpoint).unwrap();
    let mut random = fastrand::Rng::with_seed(2);
    let end = Instant::now() + Duration::from_secs(10);
    let mut rounds = 0_u32;
    while Instant::now() < end && rounds < 10_000 {
        let burst = random.u32(1..20);
        for n in 0..burst {
            dealer.send(&(rounds + n).to_be_bytes()).unwrap();
        }
        if random.u8(..8) == 0 {
            thread::sleep(Duration::from_micros(random.u64(..6_000)));
        }
        for n in 0..burst {
            let back = dealer.recv_timeout(LIMIT).unwrap().expect("a message is stuck");
            assert_eq!(back.bytes().unwrap(), (rounds + n).to_be_bytes());
        }
        rounds += burst;
    }
    dealer.send("end").unwrap();
    echo.join().unwrap();
    assert!(rounds > 500, "{rounds}");
}

/// A deadline from an earlier turn of the driver must not delay its next one.
#[test]
fn the_driver_comes_back_after_a_short_call_despite_a_distant_deadline() {
    let context = driven();
    let far = zmtp_mio::Reconnect::new(20 * LIMIT, 20 * LIMIT);
    let builder = Pull::builder().context(&context).reconnect(far);
    let mut pull = builder.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    // The server closes each connection: the next attempt is far away.
    let server = RawServer::tcp();
    pull.connect(server.endpoint()).unwrap();
    drop(server.accept());
    eventually("the end of the connection", || pull.counters().refused >= 1);
    pull.try_recv().unwrap();
    let mut peer = half_ready(&endpoint, "PUSH");
    peer.read_exact(64);
    eventually("the handshake", || pull.counters().handshakes == 1);
}

#[test]
fn the_driver_leaves_a_registered_socket_alone() {
    use mio::event::Source;

    let context = driven();
    let mut pull = Pull::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let poll = mio::Poll::new().unwrap();
    let interest = mio::Interest::READABLE;
    // Two errors: deregistering without a registration, and registering twice.
    assert!(pull.deregister(poll.registry()).is_err());
    pull.register(poll.registry(), mio::Token(0), interest).unwrap();
    assert!(pull.register(poll.registry(), mio::Token(1), interest).is_err());
    let mut first = half_ready(&endpoint, "PUSH");
    assert_eq!(first.read_for(1, QUIET), [0_u8; 0], "the driver served it");
    pull.deregister(poll.registry()).unwrap();
    first.read_exact(64);
    eventually("the handshake", || pull.counters().handshakes == 1);
}

#[test]
fn a_panic_of_the_resolver_counts_as_a_name_without_address() {
    let context = driven();
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let resolver = std::sync::Arc::new(|_: &str, _: u16| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        panic!("of the test")
    });
    let builder = Push::builder().context(&context).resolver(resolver);
    let _push = builder.connect("tcp://no.such.host:1").unwrap();
    eventually("a second call", || CALLS.load(Ordering::Relaxed) >= 2);
    // The driver still runs.
    let pull = Pull::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = half_ready(&pull.endpoints().next().unwrap().to_string(), "PUSH");
    peer.read_exact(64);
    eventually("the handshake", || pull.counters().handshakes == 1);
}

#[test]
fn a_panic_in_one_socket_leaves_the_others_to_the_driver() {
    let context = driven();
    let mut options = zmtp_mio::Options::default();
    options.context = context.clone();
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    options.mechanism = Some(std::sync::Arc::new(|| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        panic!("of the test")
    }));
    let failing = Pull::builder().options(options).bind("tcp://127.0.0.1:*").unwrap();
    let pull = Pull::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
    let _peer = RawPeer::connect(&failing.endpoints().next().unwrap().to_string());
    eventually("the panic of the driver", || CALLS.load(Ordering::Relaxed) == 1);
    let mut peer = half_ready(&pull.endpoints().next().unwrap().to_string(), "PUSH");
    peer.read_exact(64);
    eventually("the handshake", || pull.counters().handshakes == 1);
}
