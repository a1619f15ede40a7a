//! Proxies: forwarding, back-pressure and control.
#![cfg(unix)]

use std::thread;

use crate::harness::processes::blocked;
use crate::harness::{LIMIT, QUIET, drive_until, eventually, never};
use zmtp_core::wire::RoutingId;
use zmtp_mio::{
    Dealer, Error, HighWaterMark, Message, Pair, Proxy, ProxyHandle, ProxyState, ProxyStatistics,
    ProxyTraffic, Pub, Pull, Push, Rep, Req, Router, Sub, Xpub, Xsub, proxy,
};

/// Binds a socket, and returns it with its endpoint.
macro_rules! bound {
    ($builder:expr) => {{
        let socket = $builder.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = socket.endpoints().next().unwrap().to_string();
        (socket, endpoint)
    }};
}

/// Runs a proxy on a thread that ends with it.
fn run(
    mut proxy: Proxy<'static>,
) -> (ProxyHandle, thread::JoinHandle<Result<ProxyStatistics, Error>>) {
    let steering = proxy.handle();
    (steering, thread::spawn(move || proxy.run()))
}

fn small() -> HighWaterMark {
    HighWaterMark::new(10, 1 << 20)
}

#[test]
fn a_queue_passes_requests_and_replies_and_counts_parts_as_libzmq_does() {
    let (frontend, clients) = bound!(crate::harness::builder::<Router>());
    let (backend, workers) = bound!(crate::harness::builder::<Dealer>());
    let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap());
    let worker = thread::spawn(move || {
        let mut rep = crate::harness::builder::<Rep>().connect(&workers).unwrap();
        for _ in 0..30 {
            let request = rep.recv_timeout(LIMIT).unwrap().expect("a request");
            rep.send(request).unwrap();
        }
        // Its last reply is being sent when it is dropped.
    });
    let clients: Vec<_> = (0..3)
        .map(|client: u8| {
            let endpoint = clients.clone();
            thread::spawn(move || {
                let mut req = crate::harness::builder::<Req>().connect(&endpoint).unwrap();
                for round in 0..10 {
                    let reply = req.request([client, round].as_slice(), LIMIT).unwrap();
                    assert_eq!(reply.expect("a reply").bytes().unwrap(), [client, round]);
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    worker.join().unwrap();
    steering.terminate().unwrap();
    let statistics = proxy.join().unwrap().unwrap();
    // Routing id, delimiter and body.
    let all = ProxyTraffic { parts: 90, bytes: 30 * 7 };
    assert_eq!((statistics.frontend.received, statistics.frontend.sent), (all, all));
    assert_eq!((statistics.backend.received, statistics.backend.sent), (all, all));
    assert_eq!(statistics, steering.statistics());
}

#[test]
fn a_forwarder_passes_subscriptions_up_and_messages_down() {
    let (frontend, publishers) = bound!(crate::harness::builder::<Xsub>());
    let (backend, subscribers) = bound!(crate::harness::builder::<Xpub>());
    let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap());
    let mut publisher = crate::harness::builder::<Pub>().connect(&publishers).unwrap();
    let subscriber = thread::spawn(move || {
        let mut sub = crate::harness::builder::<Sub>().topic("b").connect(&subscribers).unwrap();
        (0..2).map(|_| sub.recv_timeout(LIMIT).unwrap().expect("a message")).collect::<Vec<_>>()
    });
    assert!(publisher.wait_for_subscribers(1, LIMIT).unwrap());
    assert_eq!(publisher.topic_count(), 1);
    for text in ["a1", "b1", "c1", "b2"] {
        publisher.send(text).unwrap();
    }
    let got: Vec<_> = subscriber.join().unwrap();
    assert_eq!(got, [Message::from("b1"), Message::from("b2")]);
    steering.terminate().unwrap();
    let statistics = proxy.join().unwrap().unwrap();
    assert_eq!(statistics.frontend.received.parts, 2, "the publisher filters");
}

#[test]
fn a_full_side_pauses_reading_from_the_other() {
    let (frontend, sources) = bound!(crate::harness::builder::<Pull>().receive_mark(small()));
    let (backend, sinks) = bound!(crate::harness::builder::<Push>().send_mark(small()));
    let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap());
    let mut push = crate::harness::builder::<Push>().send_mark(small()).connect(&sources).unwrap();
    // Bodies too large for a thousand of them to fit into kernel buffers.
    let body = vec![7; 64 << 10];
    let mut sent = 0;
    while push.send_timeout(body.clone(), QUIET * 3).is_ok() {
        sent += 1;
        assert!(sent < 10_000, "there is no receiver, but sending does not block");
    }
    assert_eq!(steering.statistics().frontend.received.parts, 0, "nothing was read");
    let mut pull = crate::harness::builder::<Pull>().connect(&sinks).unwrap();
    let sender = thread::spawn(move || {
        push.send("last").unwrap();
    });
    for at in 0..sent {
        let message = pull.recv_timeout(LIMIT).unwrap().expect("what was sent");
        assert!(message.bytes().unwrap() == body, "message {at}");
    }
    assert_eq!(pull.recv_timeout(LIMIT).unwrap().expect("the last").text(), Ok("last"));
    sender.join().unwrap();
    steering.terminate().unwrap();
    let statistics = proxy.join().unwrap().unwrap();
    assert_eq!(statistics.backend.sent.parts, sent + 1);
}

#[test]
fn bodies_are_moved_and_the_capture_socket_shares_them() {
    let (frontend, sources) = bound!(crate::harness::builder::<Pull>());
    let (backend, sinks) = bound!(crate::harness::builder::<Push>());
    let (capture, captured) = bound!(crate::harness::builder::<Push>());
    let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap().capture(capture));
    let receive = |endpoint: String| {
        thread::spawn(move || {
            let mut pull = crate::harness::builder::<Pull>().connect(&endpoint).unwrap();
            (0..20).map(|_| pull.recv_timeout(LIMIT).unwrap().unwrap()).collect::<Vec<_>>()
        })
    };
    let mut push = crate::harness::builder::<Push>().connect(&sources).unwrap();
    let all: Vec<_> =
        (0..20).map(|at| Message::from_parts([vec![at; 10], vec![at; 100_000]])).collect();
    for message in &all {
        push.send(message).unwrap();
    }
    let push = thread::spawn(move || {
        drive_until!(push, push.counters().messages_sent == 20);
        push
    });
    let sinks = receive(sinks);
    // The backend has a peer. The capture socket has none, which pauses the proxy.
    never("the proxy moves a message", || steering.statistics() != ProxyStatistics::default());
    let captured = receive(captured);
    assert_eq!(sinks.join().unwrap(), all);
    assert_eq!(captured.join().unwrap(), all);
    drop(push.join().unwrap());
    steering.terminate().unwrap();
    proxy.join().unwrap().unwrap();
}

#[test]
fn a_handle_pauses_resumes_and_terminates_the_proxy() {
    let (frontend, sources) = bound!(crate::harness::builder::<Pull>());
    let (backend, sinks) = bound!(crate::harness::builder::<Push>());
    let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap());
    let mut push = crate::harness::builder::<Push>().connect(&sources).unwrap();
    let mut pull = crate::harness::builder::<Pull>().connect(&sinks).unwrap();
    push.send("1").unwrap();
    drive_until!(push, push.counters().messages_sent == 1);
    assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("1"));
    steering.pause().unwrap();
    assert_eq!(steering.state(), ProxyState::Paused);
    push.send("2").unwrap();
    assert_eq!(pull.recv_timeout(QUIET).unwrap(), None);
    steering.resume().unwrap();
    assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("2"));
    steering.terminate().unwrap();
    assert_eq!(proxy.join().unwrap().unwrap().backend.sent, ProxyTraffic { parts: 2, bytes: 2 });
}

/// Each command is answered, also by a PAIR.
fn steered_by(mut ask: impl FnMut(&str) -> Message, proxy: Proxy<'static>, sources: &str) {
    let (steering, proxy) = run(proxy);
    let mut push = crate::harness::builder::<Push>().connect(sources).unwrap();
    push.send("bytes").unwrap();
    drive_until!(push, push.counters().messages_sent == 1);
    eventually("it goes through", || steering.statistics().backend.sent.parts == 1);
    assert_eq!(ask("PAUSE"), Message::from(""));
    assert_eq!(steering.state(), ProxyState::Paused);
    assert_eq!(ask("DANCE"), Message::from(""));
    assert_eq!(steering.state(), ProxyState::Paused);
    let statistics = ask("STATISTICS");
    let numbers: Vec<_> =
        statistics.parts().map(|part| u64::from_ne_bytes(part.try_into().unwrap())).collect();
    assert_eq!(numbers, [1, 5, 0, 0, 0, 0, 1, 5]);
    assert_eq!(ask("RESUME"), Message::from(""));
    assert_eq!(steering.state(), ProxyState::Active);
    assert_eq!(ask("TERMINATE"), Message::from(""));
    proxy.join().unwrap().unwrap();
}

#[test]
fn a_rep_or_a_pair_controls_the_proxy() {
    let sides = || {
        let (frontend, sources) = bound!(crate::harness::builder::<Pull>());
        let (backend, sinks) = bound!(crate::harness::builder::<Push>());
        let pull = crate::harness::builder::<Pull>().connect(&sinks).unwrap();
        // It receives the one message and stays, until the test ends.
        let receiving = thread::spawn(move || {
            let mut pull = pull;
            let _ = pull.recv_timeout(LIMIT);
            pull
        });
        (Proxy::new(frontend, backend).unwrap(), sources, receiving)
    };
    let (proxy, sources, _receiving) = sides();
    let (control, endpoint) = bound!(crate::harness::builder::<Rep>());
    let mut req = crate::harness::builder::<Req>().connect(&endpoint).unwrap();
    let ask = |word: &str| req.request(word, LIMIT).unwrap().expect("an answer");
    steered_by(ask, proxy.control(control), &sources);

    let (proxy, sources, _receiving) = sides();
    let (control, endpoint) = bound!(crate::harness::builder::<Pair>());
    let mut pair = crate::harness::builder::<Pair>().connect(&endpoint).unwrap();
    let ask = |word: &str| {
        pair.send(word).unwrap();
        pair.recv_timeout(LIMIT).unwrap().expect("an answer")
    };
    steered_by(ask, proxy.control(control), &sources);
}

#[test]
fn the_handle_of_either_socket_stops_the_proxy() {
    for backend_stops in [false, true] {
        let (mut frontend, _) = bound!(crate::harness::builder::<Router>());
        let (mut backend, _) = bound!(crate::harness::builder::<Dealer>());
        let stop: zmtp_mio::Handle = match backend_stops {
            true => backend.handle().unwrap(),
            false => frontend.handle().unwrap(),
        };
        let proxy = blocked(move || proxy(&mut frontend, &mut backend));
        stop.stop().unwrap();
        assert!(matches!(proxy.join().unwrap(), Err(Error::Stopped)));
    }
}

#[test]
fn an_unroutable_message_is_counted_and_does_not_end_the_proxy() {
    let (frontend, sources) = bound!(crate::harness::builder::<Pull>());
    let (backend, sinks) = bound!(crate::harness::builder::<Router>().mandatory(true));
    let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap());
    let mut dealer = crate::harness::builder::<Dealer>()
        .routing_id(RoutingId::new(b"ann").unwrap())
        .connect(&sinks)
        .unwrap();
    dealer.send("hello").unwrap();
    drive_until!(dealer, dealer.counters().messages_sent == 1);
    let mut push = crate::harness::builder::<Push>().connect(&sources).unwrap();
    push.send(Message::from_parts(["bob", "lost"])).unwrap();
    push.send(Message::from_parts(["ann", "found"])).unwrap();
    drive_until!(push, push.counters().messages_sent == 2);
    assert_eq!(dealer.recv_timeout(LIMIT).unwrap().expect("its message").text(), Ok("found"));
    steering.terminate().unwrap();
    assert_eq!(proxy.join().unwrap().unwrap().undeliverable, 1);
}
