//! Sending and receiving.

use std::thread;

use futures_util::future::join;
use zmtp_mio::{
    Client, Dealer, Dgram, Dish, Pub, Pull, Push, Radio, Rep, Req, Router, Server, Sub,
};

use super::{Reactor, with_each};
use crate::harness::{LIMIT, bound, builder, ipc, transports};

/// The endpoints of a test: one for each transport.
fn endpoints() -> [String; 3] {
    let [tcp, ipc] = transports();
    [tcp, ipc, format!("inproc://{:?}", thread::current().id())]
}

#[test]
fn requests_are_answered_on_every_transport() {
    with_each(async |reactor| {
        for endpoint in endpoints() {
            let rep = builder::<Rep>().bind(endpoint.as_str()).unwrap();
            let endpoint = rep.endpoints().next().unwrap().clone();
            let mut rep = reactor.socket(rep);
            let mut req = reactor.socket(builder::<Req>().connect(endpoint).unwrap());
            let server = async {
                for _ in 0..100 {
                    let request = rep.recv().await.unwrap();
                    rep.send(request).await.unwrap();
                }
            };
            let client = async {
                for n in 0..100_u32 {
                    let request = n.to_be_bytes();
                    let reply = req.request(request.as_slice(), LIMIT).await.unwrap().unwrap();
                    assert_eq!(reply.bytes().unwrap(), request);
                }
            };
            join(server, client).await;
        }
    });
}

#[test]
fn a_server_replies_to_a_client() {
    with_each(async |reactor| {
        for endpoint in endpoints() {
            let server = builder::<Server>().bind(endpoint.as_str()).unwrap();
            let client = builder::<Client>().connect(server.last_endpoint().unwrap()).unwrap();
            let (mut server, mut client) =
                (reactor.thread_safe(server), reactor.thread_safe(client));
            let serve = async {
                let request = server.recv().await.unwrap();
                let reply = request.reply(request.text().unwrap());
                server.send(reply).await.unwrap();
                assert!(server.flush(LIMIT).await.unwrap());
            };
            let ask = async {
                client.send("request").await.unwrap();
                let reply = client.recv_timeout(LIMIT).await.unwrap().unwrap();
                assert_eq!(reply.text(), Ok("request"));
            };
            join(serve, ask).await;
        }
    });
}

#[test]
fn datagrams_are_sent_and_received() {
    with_each(async |reactor| {
        let dgrams = [(); 2].map(|()| builder::<Dgram>().bind("udp://127.0.0.1:*").unwrap());
        let address = dgrams[1].last_endpoint().unwrap().to_string().replace("udp://", "");
        let [mut here, mut there] = dgrams.map(|dgram| reactor.socket(dgram));
        let server = async {
            for _ in 0..100 {
                let request = there.recv().await.unwrap();
                there.send(request).await.unwrap();
            }
        };
        let client = async {
            for n in 0..100_u32 {
                let request = n.to_be_bytes();
                here.send([address.as_bytes(), &request]).await.unwrap();
                let reply = here.recv().await.unwrap();
                assert_eq!(reply.part(1).unwrap(), request);
            }
        };
        join(server, client).await;
        let dish = builder::<Dish>().bind("udp://127.0.0.1:*").unwrap();
        dish.join("TV").unwrap();
        let radio = builder::<Radio>().connect(dish.last_endpoint().unwrap()).unwrap();
        let mut dish = reactor.thread_safe(dish);
        radio.send_to("TV", "a film").unwrap();
        assert!(radio.flush(LIMIT).unwrap());
        assert_eq!(dish.recv().await.unwrap().text(), Ok("a film"));
    });
}

#[test]
fn a_send_waits_for_a_peer_and_for_room() {
    with_each(async |reactor| {
        let endpoint = ipc();
        let immediate = builder::<Push>().immediate(true);
        let mut push = reactor.socket(immediate.connect(endpoint.as_str()).unwrap());
        let sender = async {
            for n in 0..5_000_u32 {
                push.send(n.to_be_bytes().as_slice()).await.unwrap();
            }
            assert!(push.flush(LIMIT).await.unwrap());
        };
        let receiver = async {
            let pull = builder::<Pull>().bind(endpoint.as_str()).unwrap();
            let mut pull = reactor.socket(pull);
            for n in 0..5_000_u32 {
                let message = pull.recv().await.unwrap();
                assert_eq!(message.bytes().unwrap(), n.to_be_bytes());
            }
        };
        join(sender, receiver).await;
    });
}

#[test]
fn a_publisher_waits_for_its_subscriber() {
    with_each(async |reactor| {
        let (publisher, endpoint) = bound(builder::<Pub>().build().unwrap());
        let mut publisher = reactor.socket(publisher);
        let subscriber = async {
            let mut sub = builder::<Sub>().connect(endpoint.as_str()).unwrap();
            sub.subscribe("news");
            let mut sub = reactor.socket(sub);
            let message = sub.recv_timeout(LIMIT).await.unwrap().unwrap();
            assert_eq!(message.text(), Ok("news at last"));
        };
        let publish = async {
            assert!(publisher.wait_for_subscribers(1, LIMIT).await.unwrap());
            publisher.send("other").await.unwrap();
            publisher.send("news at last").await.unwrap();
            assert!(publisher.flush(LIMIT).await.unwrap());
        };
        join(subscriber, publish).await;
    });
}

#[test]
fn a_router_serves_many_dealers_from_one_task() {
    with_each(async |reactor| {
        let (router, endpoint) = bound(builder::<Router>().build().unwrap());
        let mut router = reactor.socket(router);
        let server = async {
            for _ in 0..50 * 20 {
                let request = router.recv().await.unwrap();
                router.send(request).await.unwrap();
            }
            // The clients close when they have their replies.
            assert!(router.flush(LIMIT).await.unwrap());
        };
        let clients = futures_util::future::join_all((0..50_u32).map(|n| {
            let dealer = builder::<Dealer>().connect(endpoint.as_str()).unwrap();
            let mut dealer = reactor.socket(dealer);
            async move {
                for round in 0..20_u32 {
                    let request = format!("{n} {round}");
                    dealer.send(request.as_str()).await.unwrap();
                    let reply = dealer.recv_timeout(LIMIT).await.unwrap().unwrap();
                    assert_eq!(reply.text(), Ok(request.as_str()));
                }
            }
        }));
        join(server, clients).await;
    });
}

#[test]
fn large_messages_arrive_whole() {
    with_each(async |reactor: Reactor| {
        let (pull, endpoint) = bound(builder::<Pull>().build().unwrap());
        let mut pull = reactor.socket(pull);
        let mut push = reactor.socket(builder::<Push>().connect(endpoint.as_str()).unwrap());
        let body = vec![7; 20_000_000];
        let sender = async {
            push.send(body.as_slice()).await.unwrap();
            let unsent = push.close(LIMIT).await;
            assert!(unsent.messages.is_empty());
        };
        let receiver = async {
            assert!(pull.recv().await.unwrap().bytes().unwrap() == body, "another body");
        };
        join(sender, receiver).await;
    });
}
