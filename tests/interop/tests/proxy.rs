//! Our proxy between libzmq sockets.

mod common;

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{LONG, Place, body, libzmq_req};
use zmtp_interop::libzmq::{Context, Kind, Socket, option};
use zmtp_mio::{Dealer, Error, Proxy, ProxyHandle, ProxyStatistics, Rep, Router, Xpub, Xsub};

fn run(
    mut proxy: Proxy<'static>,
) -> (ProxyHandle, thread::JoinHandle<Result<ProxyStatistics, Error>>) {
    let steering = proxy.handle();
    (steering, thread::spawn(move || proxy.run()))
}

fn connected(kind: Kind, endpoint: &str) -> Socket {
    let socket = Context::new().unwrap().socket(kind).unwrap();
    socket.set_timeout(Some(LONG)).unwrap();
    if kind == Kind::Sub {
        socket.set_bytes(option::SUBSCRIBE, b"b").unwrap();
    }
    socket.connect(endpoint).unwrap();
    socket
}

#[test]
fn requests_of_libzmq_reach_workers_of_libzmq_in_turn() {
    for place in Place::both() {
        let frontend = common::builder::<Router>().bind(&place.endpoint).unwrap();
        let backend = common::builder::<Dealer>().bind("tcp://127.0.0.1:*").unwrap();
        let clients = frontend.endpoints().next().unwrap().to_string();
        let workers = backend.endpoints().next().unwrap().to_string();
        let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap());
        let done = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let rep = connected(Kind::Rep, &workers);
                let done = Arc::clone(&done);
                thread::spawn(move || {
                    let mut count = 0;
                    while !done.load(Ordering::Relaxed) {
                        if !rep.readable(Duration::from_millis(10)).unwrap() {
                            continue;
                        }
                        let request = rep.recv().unwrap();
                        let parts: Vec<_> = request.iter().map(Vec::as_slice).collect();
                        rep.send(&parts).unwrap();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let req = libzmq_req(&clients);
        for size in [0, 1, 255, 256, 65_536, 5_000_000] {
            let body = body(size);
            for _ in 0..10 {
                req.send(&[b"head", &body]).unwrap();
                let reply = req.recv().unwrap();
                assert!(reply == [b"head".to_vec(), body.clone()], "{size} bytes");
            }
        }
        done.store(true, Ordering::Relaxed);
        let counts: Vec<i32> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        assert_eq!(counts.iter().sum::<i32>(), 60);
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
        steering.terminate().unwrap();
        // Routing id, delimiter, two parts.
        assert_eq!(proxy.join().unwrap().unwrap().backend.sent.parts, 240);
    }
}

#[test]
fn publishers_and_subscribers_of_libzmq_exchange_messages() {
    let frontend = common::builder::<Xsub>().bind("tcp://127.0.0.1:*").unwrap();
    let backend = common::builder::<Xpub>().bind("tcp://127.0.0.1:*").unwrap();
    let publishers = frontend.endpoints().next().unwrap().to_string();
    let subscribers = backend.endpoints().next().unwrap().to_string();
    let (steering, proxy) = run(Proxy::new(frontend, backend).unwrap());
    let publisher = connected(Kind::Xpub, &publishers);
    let subscriber = connected(Kind::Sub, &subscribers);
    assert_eq!(publisher.recv().unwrap(), [b"\x01b".to_vec()], "the subscription comes upstream");
    for at in 0..1_000_u32 {
        let name = if at % 2 == 0 { b"a" } else { b"b" };
        publisher.send(&[name, &at.to_be_bytes()]).unwrap();
    }
    for at in (1..1_000_u32).step_by(2) {
        assert_eq!(subscriber.recv().unwrap(), [b"b".to_vec(), at.to_be_bytes().to_vec()]);
    }
    drop(subscriber);
    assert_eq!(publisher.recv().unwrap(), [b"\x00b".to_vec()], "and so does its end");
    steering.terminate().unwrap();
    proxy.join().unwrap().unwrap();
}

#[test]
fn a_libzmq_req_controls_the_proxy() {
    let frontend = common::builder::<Router>().bind("tcp://127.0.0.1:*").unwrap();
    let backend = common::builder::<Dealer>().bind("tcp://127.0.0.1:*").unwrap();
    let control = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = control.endpoints().next().unwrap().to_string();
    let (_, proxy) = run(Proxy::new(frontend, backend).unwrap().control(control));
    let req = libzmq_req(&endpoint);
    for (word, parts) in [("PAUSE", 1), ("STATISTICS", 8), ("RESUME", 1), ("TERMINATE", 1)] {
        req.send(&[word.as_bytes()]).unwrap();
        assert_eq!(req.recv().unwrap().len(), parts, "{word}");
    }
    proxy.join().unwrap().unwrap();
}
