//! Closing on request: flushes, what was not sent, and the shutdown of a context.
#![cfg(unix)]

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::processes::blocked;
use crate::harness::simulated::{simulated, simulated_peer, simulated_time, turns_until};
use crate::harness::{LIMIT, RawPeer, RawServer, builder, context, drive_until, eventually};
use zmtp_mio::kind::StaticKind;
use zmtp_mio::testing::Simulation;
use zmtp_mio::{
    Builder, Context, Dealer, Error, EventKind, Linger, Message, Pair, Pub, Pull, Push, Rep, Req,
    Router, Sub, kind,
};

const SECOND: Duration = Duration::from_secs(1);

fn texts(messages: &[Message]) -> Vec<Vec<&[u8]>> {
    messages.iter().map(|message| message.parts().collect()).collect()
}

#[test]
fn a_flush_waits_until_everything_is_written() {
    let simulation = Simulation::new();
    let closed_port = simulation.listen().endpoint().to_string();
    let mut push = simulated::<Push>(&simulation).connect(&closed_port).unwrap();
    assert!(push.flush(SECOND).unwrap(), "nothing is queued");
    push.send("waits").unwrap();
    let time = simulated_time(&simulation, || assert!(!push.flush(3 * SECOND).unwrap()));
    assert!((3 * SECOND..4 * SECOND).contains(&time), "{time:?}");
    assert!(!push.flush(Duration::ZERO).unwrap());

    let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let mut push = builder::<Push>().connect(pull.last_endpoint().unwrap()).unwrap();
    for n in 0..100_u8 {
        push.send(&[n]).unwrap();
    }
    drive_until!(pull, push.flush(Duration::ZERO).unwrap());
    assert_eq!(push.counters().messages_sent, 100);
    for n in 0..100_u8 {
        assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), [n]);
    }
}

#[test]
fn a_flush_writes_what_is_corked() {
    let mut pull = builder::<Pull>().bind("inproc://flushed").unwrap();
    let mut push = builder::<Push>().connect("inproc://flushed").unwrap();
    assert!(push.wait_for_peers(1, LIMIT).unwrap() && pull.wait_for_peers(1, LIMIT).unwrap());
    push.cork();
    push.send("corked").unwrap();
    assert!(push.flush(Duration::ZERO).unwrap());
    assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("corked"));
}

#[test]
fn close_returns_the_messages_that_wait_for_a_connection() {
    let simulation = Simulation::new();
    let closed_port = simulation.listen().endpoint().to_string();
    fn of<K: StaticKind>(simulation: &Simulation) -> Builder<K> {
        Builder::default().context(&Context::simulated(simulation))
    }

    let mut push = of::<kind::Push>(&simulation).connect(&closed_port).unwrap();
    push.send(["one", "more"]).unwrap();
    push.send("two").unwrap();
    let unsent = push.close(SECOND);
    assert_eq!(texts(&unsent.messages), [vec![&b"one"[..], b"more"], vec![b"two"]]);
    assert_eq!((unsent.count(), unsent.others), (2, 0));

    let mut req = of::<kind::Req>(&simulation).connect(&closed_port).unwrap();
    req.send(["", "a request"]).unwrap();
    assert_eq!(texts(&req.close(SECOND).messages), [[&b""[..], b"a request"]]);

    let mut router = of::<kind::Router>(&simulation).build().unwrap();
    let id = zmtp_mio::RoutingId::new(b"id").unwrap();
    router.connect_as(&*closed_port, id).unwrap();
    router.send(["id", "", "x"]).unwrap();
    assert_eq!(texts(&router.close(SECOND).messages), [[&b"id"[..], b"", b"x"]]);

    assert!(of::<kind::Rep>(&simulation).build().unwrap().close(None).is_empty());
}

/// The kernel has a part of what was sent, the peer reads nothing.
#[test]
fn close_returns_the_messages_that_a_peer_does_not_read() {
    let body = |n: u32| [n.to_be_bytes().to_vec(), vec![0; 200_000]].concat();
    let simulation = Simulation::new();

    let mut dealer = simulated::<Dealer>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = dealer.last_endpoint().unwrap().to_string();
    let _peer = simulated_peer(&simulation, &endpoint, "DEALER");
    assert!(dealer.wait_for_peers(1, SECOND).unwrap());
    let mut sent = 0;
    while dealer.send_timeout(body(sent), Duration::ZERO).is_ok() {
        sent += 1;
    }
    let written = dealer.counters().messages_sent as u32;
    let unsent = dealer.close(SECOND);
    assert_eq!(unsent.others, 1, "one is written in part");
    let first = sent - unsent.messages.len() as u32;
    assert!(first > written && unsent.messages.len() > 10, "{first} {written}");
    for (message, n) in unsent.messages.iter().zip(first..) {
        assert!(message.bytes().unwrap() == body(n), "{n}");
    }

    let mut router = simulated::<Router>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.last_endpoint().unwrap().to_string();
    let _peer = simulated_peer(&simulation, &endpoint, "REQ");
    assert!(router.wait_for_peers(1, SECOND).unwrap());
    let id = router.peers().next().unwrap().routing_id;
    for n in 0..60 {
        router.send([&id[..], b"", &body(n)]).unwrap();
    }
    let unsent = router.close(SECOND);
    let last = unsent.messages.last().expect("there are some");
    assert_eq!(last.parts().collect::<Vec<_>>(), [&id[..], b"", &body(59)]);

    let mut rep = simulated::<Rep>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.last_endpoint().unwrap().to_string();
    let mut peer = simulated_peer(&simulation, &endpoint, "REQ");
    for n in 0..60 {
        std::io::Write::write_all(&mut peer, &wire::delimited(b"question")).unwrap();
        assert!(rep.recv_timeout(SECOND).unwrap().is_some(), "{n}");
        rep.send([&body(n)[..], b"", b"end"]).unwrap();
    }
    let unsent = rep.close(SECOND);
    let last = unsent.messages.last().expect("there are some");
    assert_eq!(last.parts().collect::<Vec<_>>(), [&body(59)[..], b"", b"end"]);
}

#[test]
fn close_counts_copies_of_a_publisher() {
    let simulation = Simulation::new();
    let mut publisher = simulated::<Pub>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.last_endpoint().unwrap().to_string();
    let mut subs: Vec<Sub> = (0..3)
        .map(|_| simulated::<Sub>(&simulation).topic("").connect(&endpoint).unwrap())
        .collect();
    turns_until(&simulation, "subscriptions", || {
        for sub in &mut subs {
            sub.step().unwrap();
        }
        publisher.wait_for_subscribers(3, Duration::ZERO).unwrap()
    });
    for _ in 0..100 {
        publisher.send(vec![0; 100_000]).unwrap();
    }
    let sent = publisher.counters().messages_sent;
    let events = publisher.events();
    let unsent = publisher.close(SECOND);
    assert!(unsent.messages.is_empty());
    assert!((100..=300 - sent).contains(&unsent.others), "{} of 300, {sent} sent", unsent.others);
    let counts = std::iter::from_fn(|| events.next_timeout(Duration::ZERO)).map(|event| {
        let EventKind::UnsentMessages(count) = event.kind else { return 0 };
        count
    });
    assert_eq!(counts.sum::<u64>(), unsent.others, "each is in one event");
}

#[test]
fn the_number_of_unsent_messages_of_a_dropped_socket_is_an_event() {
    let gone = RawServer::tcp().endpoint();
    let mut push = builder::<Push>().connect(&gone).unwrap();
    let events = push.events();
    push.send("one").unwrap();
    push.send("two").unwrap();
    push.set_linger(Duration::ZERO).unwrap();
    assert_eq!(push.linger().unwrap(), Linger::from(Duration::ZERO));
    drop(push);
    let event = std::iter::from_fn(|| events.next_timeout(Duration::ZERO))
        .find(|event| event.kind == EventKind::UnsentMessages(2));
    let event = event.expect("an event");
    assert_eq!(event.endpoint.to_string(), gone);
    assert!(event.to_string().ends_with("closed before 2 messages were sent"), "{event}");
}

#[test]
fn a_stop_during_linger_ends_it() {
    let gone = RawServer::tcp().endpoint();
    let mut push = builder::<Push>().linger(60 * SECOND).connect(&gone).unwrap();
    let handle = push.handle().unwrap();
    push.send("never").unwrap();
    // From before: the socket lingers nevertheless.
    handle.stop().unwrap();
    let dropping = blocked(move || drop(push));
    handle.stop().unwrap();
    eventually("the drop ends", || dropping.is_finished());
    dropping.join().unwrap();
}

#[test]
fn sockets_that_are_dropped_together_share_their_linger() {
    const SOCKETS: u32 = 10;
    let gone = RawServer::tcp().endpoint();
    let linger = Linger::new(SECOND, 60 * SECOND);
    let context = Context::default();
    let sockets: Vec<_> = (0..SOCKETS)
        .map(|_| {
            let builder = Push::builder().context(&context).linger(linger);
            let mut push = builder.connect(&gone).unwrap();
            push.send("never").unwrap();
            push
        })
        .collect();
    // The driver serves them.
    thread::sleep(Duration::from_millis(300));
    let begin = Instant::now();
    drop(sockets);
    let time = begin.elapsed();
    assert!((SECOND..SOCKETS * SECOND / 2).contains(&time), "{time:?}");
}

#[test]
fn a_shutdown_lingers_for_all_sockets_at_the_same_time() {
    let simulation = Simulation::new();
    let context = Context::simulated(&simulation);
    let closed_port = simulation.listen().endpoint().to_string();
    let mut pull = simulated::<Pull>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut sockets: Vec<_> = [&closed_port, &endpoint, &closed_port, &endpoint]
        .map(|endpoint| Push::builder().context(&context).connect(&**endpoint).unwrap())
        .into();
    turns_until(&simulation, "two handshakes", || {
        for push in &mut sockets {
            push.step().unwrap();
        }
        pull.step().unwrap();
        pull.counters().handshakes == 2 && sockets[1].peers().len() == 1
    });
    sockets.iter_mut().for_each(|push| push.send("message").unwrap());
    let time = simulated_time(&simulation, || {
        let unsent = context.shutdown(5 * SECOND).unwrap();
        assert_eq!(unsent.count(), 2);
    });
    assert!((5 * SECOND..6 * SECOND).contains(&time), "{time:?}");
    // Their socket is of another context.
    for _ in 0..2 {
        assert!(pull.recv_timeout(SECOND).unwrap().is_some());
    }
    for push in &mut sockets {
        let error = push.send("no more").unwrap_err();
        assert!(matches!(error.error, Error::Stopped) && error.message.text() == Ok("no more"));
        assert!(matches!(push.step(), Err(Error::Stopped)));
        assert!(matches!(push.bind("tcp://127.0.0.1:*"), Err(Error::Stopped)));
        assert_eq!(push.peers().len(), 0);
    }
    assert_eq!(simulated_time(&simulation, || drop(sockets)), Duration::ZERO);
    assert!(matches!(Push::builder().context(&context).build(), Err(Error::Stopped)));
    assert!(context.shutdown(SECOND).unwrap().is_empty(), "again");
}

#[test]
fn a_shutdown_ends_the_calls_of_other_threads_and_sends_what_is_queued() {
    let driver = context().has_driver();
    let ours = Context::builder().driver(driver).build();
    let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut waiting = Vec::new();
    for n in 0..3_u8 {
        let mut pair = Pair::builder().context(&ours).bind("tcp://127.0.0.1:*").unwrap();
        waiting.push(blocked(move || pair.recv().map(drop)));
        let mut push = Push::builder().context(&ours).connect(&endpoint).unwrap();
        push.send(vec![n; 2_000_000]).unwrap();
        waiting.push(thread::spawn(move || {
            // Its queue is not full: it sends until it is stopped.
            loop {
                if let Err(error) = push.send("x") {
                    return Err(error.error);
                }
                thread::sleep(Duration::from_millis(1));
            }
        }));
    }
    let receiving = thread::spawn(move || {
        let mut large = 0;
        while large < 3 {
            let message = pull.recv_timeout(LIMIT).unwrap().expect("a message");
            large += usize::from(message.byte_len() == 2_000_000);
        }
    });
    let unsent = ours.shutdown(LIMIT).unwrap();
    receiving.join().unwrap();
    assert!(unsent.messages.iter().all(|message| message.byte_len() == 1));
    for thread in waiting {
        assert!(matches!(thread.join().unwrap(), Err(Error::Stopped)));
    }
}

#[test]
fn a_shutdown_shortens_the_linger_of_a_drop_in_another_thread() {
    let gone = RawServer::tcp().endpoint();
    let ours = Context::builder().build();
    let mut push = Push::builder().context(&ours).linger(None).connect(&gone).unwrap();
    push.send("never").unwrap();
    let dropping = blocked(move || drop(push));
    ours.shutdown(Duration::ZERO).unwrap();
    eventually("the drop ends", || dropping.is_finished());
    dropping.join().unwrap();
}

#[test]
fn a_request_is_returned_by_a_shutdown() {
    let gone = RawServer::tcp().endpoint();
    let ours = Context::builder().build();
    let mut req = Req::builder().context(&ours).connect(&gone).unwrap();
    req.send("question").unwrap();
    let unsent = ours.shutdown(Duration::ZERO).unwrap();
    assert_eq!(texts(&unsent.messages), [[b"question"]]);
    assert!(matches!(req.recv(), Err(Error::Stopped)));
}

/// A connection that fails when it is written to does not lose the messages of the next one.
#[test]
fn messages_for_a_reset_connection_are_sent_over_the_next_one() {
    let server = RawServer::tcp();
    let mut push = builder::<Push>().connect(server.endpoint()).unwrap();
    let (reset, after_reset) = mpsc::channel();
    let peer = thread::spawn(move || {
        let mut first = server.accept();
        first.handshake_as("PULL");
        let RawPeer::Tcp(stream) = &first else { unreachable!("the server listens on TCP") };
        socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(first);
        reset.send(()).unwrap();
        let mut next = server.accept();
        next.handshake_as("PULL");
        (0..5).map(|_| next.read_message().remove(0)).collect::<Vec<_>>()
    });
    drive_until!(push, after_reset.try_recv().is_ok());
    for n in 0..5_u8 {
        push.send(&[n]).unwrap();
    }
    let unsent = push.close(Linger::from(LIMIT));
    assert!(unsent.is_empty(), "{unsent:?}");
    assert_eq!(peer.join().unwrap(), [[0], [1], [2], [3], [4]]);
}

#[test]
fn a_shutdown_ends_when_everything_is_sent_to_a_silent_peer() {
    for driver in [false, true] {
        let context = Context::builder().driver(driver).build();
        let server = RawServer::tcp();
        let mut push = Push::builder().context(&context).connect(server.endpoint()).unwrap();
        push.send("the last").unwrap();
        let (end, ended) = mpsc::channel();
        let peer = thread::spawn(move || {
            let mut peer = server.accept();
            peer.handshake_as("PULL");
            assert_eq!(peer.read_message(), [b"the last"]);
            // It stays connected, and sends nothing.
            ended.recv_timeout(2 * LIMIT).unwrap();
        });
        let start = Instant::now();
        assert!(context.shutdown(2 * LIMIT).unwrap().is_empty());
        assert!(start.elapsed() < LIMIT);
        end.send(()).unwrap();
        peer.join().unwrap();
    }
}
