//! A client that does not read its replies is not served further, and loses none.

use std::time::Duration;

use crate::harness::simulated::{simulated, turns_until};
use crate::harness::{QUIET, builder, drive_until, half_ready, transports};
use zmtp_mio::testing::Simulation;
use zmtp_mio::{
    AnySocket, Context, Dealer, Error, HighWaterMark, Message, Options, Router, SocketKind,
};

const REQUESTS: u32 = 200;
const NOW: Duration = Duration::ZERO;

/// A server that echoes, with room for ten messages each way.
fn server(context: &Context, kind: SocketKind, endpoint: &str) -> AnySocket {
    let mut options = Options::default();
    let few = HighWaterMark::new(10, 1 << 20);
    (options.send_mark, options.receive_mark) = (few, few);
    let builder = AnySocket::builder(kind).options(options);
    builder.context(context).bind(endpoint).unwrap()
}

fn echo(server: &mut AnySocket) {
    server.step().unwrap();
    while let Some(request) = server.recv_timeout(NOW).unwrap() {
        server.send(request).unwrap();
    }
}

/// The body of a request. The delimiter is for REP.
fn request(n: u32) -> Message {
    Message::from_parts([&b""[..], &[&n.to_be_bytes()[..], &[1; 20_000]].concat()])
}

#[test]
fn every_request_gets_its_reply_when_the_client_reads_late() {
    for endpoint in ["tcp://127.0.0.1:*", "inproc://echo"] {
        for kind in [SocketKind::Rep, SocketKind::Router] {
            let simulation = Simulation::new();
            let context = Context::simulated(&simulation);
            let mut server = server(&context, kind, endpoint);
            let endpoint = server.endpoints().next().unwrap().clone();
            let few = HighWaterMark::new(10, 1 << 20);
            let mut dealer = Dealer::builder()
                .context(&context)
                .send_mark(HighWaterMark::UNLIMITED)
                .receive_mark(few)
                .connect(endpoint)
                .unwrap();
            for n in 0..REQUESTS {
                dealer.send(request(n)).unwrap();
            }
            // The client is served until its replies have no room.
            let mut last = (0, 0);
            turns_until(&simulation, "no more progress", || {
                for _ in 0..100 {
                    dealer.step().unwrap();
                    echo(&mut server);
                }
                let counters = server.counters();
                let now = (counters.messages_received, counters.messages_sent);
                core::mem::replace(&mut last, now) == now
            });
            assert!((1..u64::from(REQUESTS) / 2).contains(&last.0), "{last:?}");
            // Another client is served.
            let mut other = Dealer::builder()
                .context(&context)
                .connect(server.endpoints().next().unwrap().clone())
                .unwrap();
            other.send(request(7)).unwrap();
            turns_until(&simulation, "a reply to another client", || {
                echo(&mut server);
                other.recv_timeout(NOW).unwrap().is_some()
            });
            let mut got = 0;
            turns_until(&simulation, "all replies", || {
                echo(&mut server);
                while let Some(reply) = dealer.recv_timeout(NOW).unwrap() {
                    assert_eq!(reply, request(got));
                    got += 1;
                }
                got == REQUESTS
            });
            assert_eq!(server.counters().dropped.total(), 0, "{kind:?} {}", server.counters());
        }
    }
}

/// Nothing else would make room for the requests of the others.
#[test]
fn a_server_at_its_memory_limit_receives_from_clients_that_it_held_back() {
    for kind in [SocketKind::Rep, SocketKind::Router] {
        let simulation = Simulation::new();
        let context = Context::simulated(&simulation);
        let few = HighWaterMark::new(10, 1 << 20);
        let mut options = Options::default();
        (options.send_mark, options.receive_mark) = (few, HighWaterMark::UNLIMITED);
        options.max_bytes = Some(1 << 20);
        let builder = AnySocket::builder(kind).options(options).context(&context);
        let mut server = builder.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = server.endpoints().next().unwrap().clone();
        let dealer = Dealer::builder().context(&context).send_mark(HighWaterMark::UNLIMITED);
        let mut dealer = dealer.receive_mark(few).connect(endpoint.clone()).unwrap();
        for n in 0..REQUESTS {
            dealer.send(request(n)).unwrap();
        }
        let mut last = 0;
        turns_until(&simulation, "no more progress", || {
            for _ in 0..100 {
                dealer.step().unwrap();
                echo(&mut server);
            }
            core::mem::replace(&mut last, server.counters().messages_received) == last
        });
        let mut other = Dealer::builder().context(&context).connect(endpoint).unwrap();
        for n in 0..10 {
            other.send(request(n)).unwrap();
            turns_until(&simulation, "a reply to the other client", || {
                dealer.step().unwrap();
                echo(&mut server);
                other.recv_timeout(NOW).unwrap().is_some()
            });
        }
        let dropped = server.counters().dropped;
        assert!(dropped.high_water_mark > 0, "{kind:?} did not reach the limit");
        assert_eq!(dropped.total(), dropped.high_water_mark, "{kind:?}");
    }
}

/// A worker may wait to send its results while the queue of its tasks is full.
#[test]
fn a_worker_that_gets_more_than_it_sends_is_received_from() {
    let simulation = Simulation::new();
    let mut router =
        server(&Context::simulated(&simulation), SocketKind::Router, "tcp://127.0.0.1:*");
    let endpoint = router.endpoints().next().unwrap().clone();
    let mut worker = simulated::<Dealer>(&simulation).connect(endpoint).unwrap();
    worker.send("ready").unwrap();
    let mut id = Vec::new();
    turns_until(&simulation, "the worker", || {
        worker.step().unwrap();
        let message = router.recv_timeout(NOW).unwrap();
        message.is_some_and(|message| {
            id = message.part(0).unwrap().to_vec();
            true
        })
    });
    for n in 0..REQUESTS {
        router.send(Message::from_parts([&id[..], &[n as u8; 20_000]])).unwrap();
    }
    assert!(router.counters().dropped.high_water_mark > 0, "the queue of tasks is full");
    worker.send("a result").unwrap();
    turns_until(&simulation, "a result", || {
        worker.step().unwrap();
        router.recv_timeout(NOW).unwrap().is_some()
    });
}

/// A send of a mandatory ROUTER fails if there is no room, and drops nothing.
#[test]
fn a_mandatory_router_receives_from_a_client_whose_replies_have_no_room() {
    let simulation = Simulation::new();
    let few = HighWaterMark::new(10, 1 << 20);
    let mut router = simulated::<Router>(&simulation)
        .mandatory(true)
        .send_mark(few)
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = router.endpoints().next().unwrap().clone();
    let mut dealer = simulated::<Dealer>(&simulation).receive_mark(few).connect(endpoint).unwrap();
    for n in 0..100 {
        dealer.send(request(n)).unwrap();
    }
    let (mut got, mut failed) = (0, 0);
    turns_until(&simulation, "all requests", || {
        dealer.step().unwrap();
        while let Some(request) = router.recv_timeout(NOW).unwrap() {
            got += 1;
            if let Err(error) = router.send_timeout(request, NOW) {
                assert!(matches!(error.error, Error::WouldBlock), "{error}");
                failed += 1;
            }
        }
        got == 100
    });
    assert!(failed > 0, "every reply had room");
    assert_eq!(router.counters().dropped.total(), 0, "{}", router.counters());
}

/// Its replies may never have room, so that the rest of its requests must be received without it.
#[test]
fn a_client_that_has_ended_is_not_held_back() {
    let few = HighWaterMark::new(1, 1 << 30);
    // Closed with bytes that it did not read, its system resets the connection. Otherwise the end is all that arrives.
    for resets in [true, false] {
        for endpoint in transports() {
            let router = builder::<Router>().send_mark(few).receive_mark(few);
            let mut router = router.bind(&endpoint).unwrap();
            let endpoint = router.endpoints().next().unwrap().to_string();
            let mut client = half_ready(&endpoint, "DEALER");
            for n in 0..10 {
                client.send_frames(&[&[n]]);
            }
            let mut requests = 0;
            while let Some(request) = router.recv_timeout(2 * QUIET).unwrap() {
                requests += 1;
                let id = request.part(0).unwrap();
                router.send(Message::from_parts([id, &[7; 8 << 20]])).unwrap();
            }
            assert!(requests < 10, "{endpoint}: the client is not held back");
            let open = (!resets).then(|| client.again());
            client.finish();
            drop(client);
            drive_until!(router, {
                requests += u32::from(router.try_recv().unwrap().is_some());
                router.counters().disconnects == 1
            });
            while router.try_recv().unwrap().is_some() {
                requests += 1;
            }
            assert_eq!(requests, 10, "{endpoint}: {}", router.counters());
            drop(open);
        }
    }
}

#[test]
fn an_inproc_client_that_is_gone_is_not_held_back() {
    let few = HighWaterMark::new(1, 1 << 30);
    let router = builder::<Router>().send_mark(few).receive_mark(few);
    let mut router = router.bind("inproc://a-held-client").unwrap();
    let client = builder::<Dealer>().receive_mark(few);
    let mut client = client.connect("inproc://a-held-client").unwrap();
    for n in 0..10 {
        client.send(vec![n]).unwrap();
        client.step().unwrap();
        router.step().unwrap();
    }
    let mut requests = 0;
    while let Some(request) = router.recv_timeout(QUIET).unwrap() {
        requests += 1;
        router.send(request).unwrap();
    }
    assert!((1..10).contains(&requests), "{requests}: the client is not held back");
    drop(client);
    drive_until!(router, {
        let _ = router.try_recv().unwrap();
        router.counters().disconnects == 1
    });
}
