//! The embedded sockets against libzmq over TCP: each type, connecting and accepting.

#[path = "../common/mod.rs"]
mod common;
mod single;
mod stream;
mod udp;

use core::time::Duration;
use std::net::{TcpListener, TcpStream};

use common::libzmq;
use stream::{DEADLINE, Stream, now};
use zmtp_core::Config;
use zmtp_core::wire::{More, SocketType};
use zmtp_embedded::blocking::{Dealer, Pub, Pull, Push, Rep, Req, Retry, Sub};
use zmtp_embedded::size;
use zmtp_interop::libzmq::{Context, Kind, Socket, option};

/// A libzmq socket of this kind, and a stream to it: connected by us, then by libzmq.
fn both_ways(kind: Kind, mut exchange: impl FnMut(&Socket, Stream)) {
    let context = Context::new().unwrap();
    let peer = libzmq(&context, kind);
    peer.bind("tcp://127.0.0.1:*").unwrap();
    let address = peer.last_endpoint();
    let address = address.strip_prefix("tcp://").unwrap();
    exchange(&peer, Stream::new(TcpStream::connect(address).unwrap()));

    let peer = libzmq(&context, kind);
    // The longest routing id, which some types announce in READY.
    peer.set_bytes(option::ROUTING_ID, &[7; 255]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    peer.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    exchange(&peer, Stream::new(listener.accept().unwrap().0));
}

const fn config(socket_type: SocketType) -> Config {
    Config::new(socket_type)
}

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + len) as u8).collect()
}

#[test]
fn req_asks_rep() {
    static CONFIG: Config = config(SocketType::Req);
    both_ways(Kind::Rep, |rep, stream| {
        let mut receive = [0; size::receive(SocketType::Req, 4_096, 2)];
        let mut send = [0; size::smallest_send(&CONFIG)];
        let mut req = Req::new(&CONFIG, &mut receive, &mut send, 1);
        req.connect(stream, now());
        for len in [0, 1, 40, 255, 256, 4_096] {
            let (request, part) = (body(len), body(len / 2));
            req.send(&[&request, &part], DEADLINE, now).unwrap();
            req.flush(DEADLINE, now).unwrap();
            let asked = rep.recv().unwrap();
            assert_eq!(asked, [&request[..], &part]);
            rep.send(&[&asked[1], &asked[0][..len / 2]]).unwrap();
            let reply = req.receive(DEADLINE, now).unwrap();
            assert_eq!(reply.parts().collect::<Vec<_>>(), [&part[..], &request[..len / 2]]);
        }
    });
}

#[test]
fn rep_answers_req() {
    static CONFIG: Config = config(SocketType::Rep);
    both_ways(Kind::Req, |req, stream| {
        let mut receive = [0; size::receive(SocketType::Rep, 4_096, 3)];
        let mut send = [0; size::smallest_send(&CONFIG)];
        let mut rep = Rep::new(&CONFIG, &mut receive, &mut send);
        rep.connect(stream, now());
        // libzmq sends after the handshake only.
        rep.handshake(DEADLINE, now).unwrap();
        for len in [0, 1, 40, 255, 256, 4_000] {
            let request = body(len);
            req.send(&[&request, b"more"]).unwrap();
            let asked = rep.receive(DEADLINE, now).unwrap();
            assert_eq!(asked.parts().collect::<Vec<_>>(), [&request[..], b"more"]);
            rep.reply(&[&request, b""], DEADLINE, now).unwrap();
            assert_eq!(req.recv().unwrap(), [&request[..], b""]);
        }
    });
}

#[test]
fn dealer_and_router_exchange_messages_larger_than_the_buffers() {
    static CONFIG: Config = config(SocketType::Dealer);
    both_ways(Kind::Router, |router, stream| {
        let mut receive = [0; size::smallest_receive(SocketType::Dealer)];
        let mut send = [0; size::smallest_send(&CONFIG)];
        let mut dealer = Dealer::new(&CONFIG, &mut receive, &mut send);
        dealer.connect(stream, now());
        for len in [0, 1, 255, 256, 65_536] {
            let sent = body(len);
            dealer.begin(More::Follows, 3, DEADLINE, now).unwrap();
            dealer.push(b"one", DEADLINE, now).unwrap();
            dealer.begin(More::Last, len, DEADLINE, now).unwrap();
            for piece in sent.chunks(192) {
                dealer.push(piece, DEADLINE, now).unwrap();
            }
            dealer.flush(DEADLINE, now).unwrap();
            let parts = router.recv().unwrap();
            assert!(parts[1..] == [&b"one"[..], &sent]);
            router.send(&[&parts[0], &parts[2], b"end"]).unwrap();
            let (mut got, mut parts) = (Vec::new(), 0);
            loop {
                let chunk = dealer.receive_chunk(DEADLINE, now).unwrap();
                got.extend_from_slice(chunk.bytes);
                parts += usize::from(chunk.ends_part);
                if chunk.ends_message {
                    break;
                }
            }
            assert!(parts == 2 && got == [&sent[..], b"end"].concat(), "{len}");
        }
    });
}

#[test]
fn pub_feeds_sub() {
    static CONFIG: Config = config(SocketType::Pub);
    both_ways(Kind::Sub, |sub, stream| {
        let mut receive = [0; size::smallest_receive(SocketType::Pub)];
        let mut send = [0; size::smallest_send(&CONFIG)];
        let mut publisher = Pub::<_, 64>::new(&CONFIG, &mut receive, &mut send);
        publisher.connect(stream, now());
        sub.set_bytes(option::SUBSCRIBE, b"a").unwrap();
        while !publisher.publish(&[b"a", &body(300)], DEADLINE, now).unwrap() {
            publisher.serve(now().after(10), now).unwrap();
            // libzmq handles a new peer during calls.
            sub.readable(Duration::ZERO).unwrap();
            assert!(now() < DEADLINE);
        }
        assert_eq!(sub.recv().unwrap(), [&b"a"[..], &body(300)]);
        assert!(!publisher.publish(&[b"b"], DEADLINE, now).unwrap());
        sub.set_bytes(option::SUBSCRIBE, b"b").unwrap();
        sub.set_bytes(option::UNSUBSCRIBE, b"a").unwrap();
        while publisher.publish(&[b"a"], DEADLINE, now).unwrap() {
            publisher.serve(now().after(10), now).unwrap();
            assert!(now() < DEADLINE);
        }
        assert!(publisher.publish(&[b"b last"], DEADLINE, now).unwrap());
        // Messages for "a" that arrived before libzmq's cancellation are filtered there.
        assert_eq!(sub.recv().unwrap(), [b"b last"]);
    });
}

#[test]
fn sub_takes_from_pub() {
    static CONFIG: Config = config(SocketType::Sub);
    both_ways(Kind::Xpub, |publisher, stream| {
        let mut receive = [0; size::receive(SocketType::Sub, 300, 2)];
        let mut send = [0; size::smallest_send(&CONFIG)];
        let mut sub = Sub::<_, 64>::new(&CONFIG, &mut receive, &mut send);
        sub.subscribe(b"a").unwrap();
        sub.subscribe(b"a topic of thirty-two bytes long").unwrap();
        sub.connect(stream, now());
        sub.handshake(DEADLINE, now).unwrap();
        sub.flush(DEADLINE, now).unwrap();
        assert_eq!(publisher.recv().unwrap(), [b"\x01a"]);
        assert_eq!(publisher.recv().unwrap()[0].len(), 33);
        publisher.send(&[b"b", b"unwanted"]).unwrap();
        publisher.send(&[b"abc", &body(290)]).unwrap();
        let message = sub.receive(DEADLINE, now).unwrap();
        assert_eq!(message.parts().collect::<Vec<_>>(), [&b"abc"[..], &body(290)]);
        sub.cancel(b"a", DEADLINE, now).unwrap();
        sub.flush(DEADLINE, now).unwrap();
        assert_eq!(publisher.recv().unwrap(), [b"\x00a"]);
    });
}

#[test]
fn push_and_pull() {
    static PUSH: Config = config(SocketType::Push);
    static PULL: Config = config(SocketType::Pull);
    both_ways(Kind::Pull, |pull, stream| {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let mut push = Push::new(&PUSH, &mut receive, &mut send);
        push.connect(stream, now());
        for n in 0..100_usize {
            push.send(&[&body(n), &body(3 * n)], DEADLINE, now).unwrap();
        }
        push.flush(DEADLINE, now).unwrap();
        for n in 0..100 {
            assert_eq!(pull.recv().unwrap(), [body(n), body(3 * n)]);
        }
    });
    both_ways(Kind::Push, |push, stream| {
        let (mut receive, mut send) = ([0; size::receive(SocketType::Pull, 400, 2)], [0; 64]);
        let mut pull = Pull::new(&PULL, &mut receive, &mut send);
        pull.connect(stream, now());
        pull.handshake(DEADLINE, now).unwrap();
        for n in 0..100 {
            push.send(&[&body(n), &body(3 * n)]).unwrap();
        }
        for n in 0..100 {
            let message = pull.receive(DEADLINE, now).unwrap();
            assert_eq!(message.parts().collect::<Vec<_>>(), [&body(n)[..], &body(3 * n)]);
        }
    });
}

#[test]
fn the_heartbeats_of_libzmq_are_answered() {
    static CONFIG: Config = config(SocketType::Pull);
    let context = Context::new().unwrap();
    let push = libzmq(&context, Kind::Push);
    push.set_i32(option::HEARTBEAT_IVL, 20).unwrap();
    push.set_i32(option::HEARTBEAT_TIMEOUT, 2_000).unwrap();
    push.bind("tcp://127.0.0.1:*").unwrap();
    let address = push.last_endpoint();
    let stream = TcpStream::connect(address.strip_prefix("tcp://").unwrap()).unwrap();
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = Pull::new(&CONFIG, &mut receive, &mut send);
    pull.connect(Stream::new(stream), now());
    // Longer than the timeout of the peer.
    let quiet = pull.receive(now().after(4_500), now).err();
    assert_eq!(quiet, Some(zmtp_embedded::Error::TimedOut));
    push.send(&[b"still there"]).unwrap();
    let message = pull.receive(DEADLINE, now).unwrap();
    assert_eq!(message.only(), Some(&b"still there"[..]));
}

#[test]
fn a_lazy_pirate_survives_a_restart_of_its_server() {
    static CONFIG: Config = config(SocketType::Req);
    let context = Context::new().unwrap();
    let rep = libzmq(&context, Kind::Rep);
    rep.bind("tcp://127.0.0.1:*").unwrap();
    let address = rep.last_endpoint();
    let server = std::thread::spawn(move || {
        // The first request is never answered, and the second only after a restart.
        rep.recv().unwrap();
        let endpoint = rep.last_endpoint();
        drop(rep);
        let rep = libzmq(&context, Kind::Rep);
        while rep.bind(&endpoint).is_err() {
            std::thread::yield_now();
        }
        loop {
            let request = rep.recv().unwrap();
            rep.send(&[&request[0], b"answered"]).unwrap();
            if request[0] == b"last" {
                // Until it has arrived.
                let _ = rep.recv();
                return;
            }
        }
    });
    let address = address.strip_prefix("tcp://").unwrap();
    let mut connects = 0;
    let mut connect = |_| {
        connects += 1;
        let stream = TcpStream::connect(address);
        if stream.is_err() {
            // The port is free for a moment.
            std::thread::sleep(Duration::from_millis(20));
        }
        stream.ok().map(Stream::new)
    };
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&CONFIG, &mut receive, &mut send, 1);
    let retry = Retry { timeout: 300, tries: 500 };
    for ask in [&b"first"[..], b"last"] {
        let reply = req.request_with_retries(&[ask], retry, &mut connect, now).unwrap();
        assert_eq!(reply.parts().collect::<Vec<_>>(), [ask, b"answered"]);
    }
    let _ = req.send(&[b"bye"], DEADLINE, now);
    server.join().unwrap();
    assert!(connects > 1);
}
