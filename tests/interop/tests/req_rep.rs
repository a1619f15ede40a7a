//! REQ and REP against libzmq, in both directions, over TCP and IPC.

mod common;

use std::thread;

use common::{LONG, LibzmqRep, OurRep, Place, SIZES, body, libzmq_req, parts};
use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{Message, Rep, Req};

/// Multipart messages with edge cases.
fn multiparts() -> Vec<Vec<Vec<u8>>> {
    vec![
        vec![vec![], vec![]],
        vec![b"a".to_vec(), vec![], b"ccc".to_vec()],
        vec![vec![], vec![], vec![], b"z".to_vec()],
        vec![body(255), body(256), body(70_000), vec![]],
        (0..1_000).map(body).collect(),
    ]
}

#[test]
fn our_rep_answers_bodies_of_every_size() {
    for place in Place::both() {
        let rep = OurRep::echo(&place.endpoint);
        let req = libzmq_req(&rep.endpoint);
        for size in SIZES {
            let body = body(size);
            req.send(&[&body]).unwrap();
            assert!(req.recv().unwrap() == [body], "{size} bytes on {}", rep.endpoint);
        }
    }
}

#[test]
fn our_req_is_answered_with_bodies_of_every_size() {
    for place in Place::both() {
        let rep = LibzmqRep::echo(&place.endpoint);
        let mut req = common::builder::<Req>().connect(&rep.endpoint).unwrap();
        for size in SIZES {
            let body = body(size);
            let reply = req.request(body.clone(), LONG).unwrap().expect("a reply");
            assert!(parts(&reply) == [body], "{size} bytes on {}", rep.endpoint);
        }
    }
}

#[test]
fn our_rep_answers_multipart_messages() {
    for place in Place::both() {
        let rep = OurRep::echo(&place.endpoint);
        let req = libzmq_req(&rep.endpoint);
        for sent in multiparts() {
            let slices: Vec<_> = sent.iter().map(Vec::as_slice).collect();
            req.send(&slices).unwrap();
            assert!(req.recv().unwrap() == sent, "{} parts on {}", sent.len(), rep.endpoint);
        }
    }
}

#[test]
fn our_req_is_answered_with_multipart_messages() {
    for place in Place::both() {
        let rep = LibzmqRep::echo(&place.endpoint);
        let mut req = common::builder::<Req>().connect(&rep.endpoint).unwrap();
        for sent in multiparts() {
            let reply = req.request(Message::from_parts(&sent), LONG).unwrap().expect("a reply");
            assert!(parts(&reply) == sent, "{} parts on {}", sent.len(), rep.endpoint);
        }
    }
}

#[test]
fn forty_concurrent_clients_get_100_replies_each() {
    for place in Place::both() {
        let rep = OurRep::echo(&place.endpoint);
        let clients: Vec<_> = (0..40)
            .map(|client| {
                let endpoint = rep.endpoint.clone();
                thread::spawn(move || {
                    let req = libzmq_req(&endpoint);
                    for round in 0..100 {
                        let body = format!("{client} {round}").into_bytes();
                        req.send(&[&body]).unwrap();
                        assert_eq!(req.recv().unwrap(), [body]);
                    }
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
    }
}

#[test]
fn forty_of_our_concurrent_clients_get_100_replies_each() {
    for place in Place::both() {
        let rep = LibzmqRep::echo(&place.endpoint);
        let clients: Vec<_> = (0..40)
            .map(|client| {
                let endpoint = rep.endpoint.clone();
                thread::spawn(move || {
                    let mut req = common::builder::<Req>().connect(&endpoint).unwrap();
                    for round in 0..100 {
                        let body = format!("{client} {round}");
                        let reply = req.request(body.as_str(), LONG).unwrap().expect("a reply");
                        assert_eq!(reply.text(), Ok(body.as_str()));
                    }
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
    }
}

#[test]
fn either_side_binds() {
    for place in Place::both() {
        let mut req = common::builder::<Req>().bind(&place.endpoint).unwrap();
        let endpoint = req.endpoints().next().unwrap().to_string();
        let server = thread::spawn(move || {
            let rep = Context::new().unwrap().socket(Kind::Rep).unwrap();
            rep.connect(&endpoint).unwrap();
            assert_eq!(rep.recv().unwrap(), [b"ping"]);
            rep.send(&[b"pong"]).unwrap();
            // It stays open until the reply has passed.
            assert!(rep.recv().is_err());
        });
        let reply = req.request("ping", LONG).unwrap().expect("a reply");
        assert_eq!(reply.text(), Ok("pong"));
        drop(req);
        server.join().unwrap();

        let place = if place.endpoint.starts_with("ipc") { Place::ipc() } else { Place::tcp() };
        let req = Context::new().unwrap().socket(Kind::Req).unwrap();
        req.bind(&place.endpoint).unwrap();
        let mut rep = common::builder::<Rep>().connect(req.last_endpoint()).unwrap();
        // Our side has no background thread: it connects while it receives.
        let client = thread::spawn(move || {
            req.send(&[b"ping"]).unwrap();
            assert_eq!(req.recv().unwrap(), [b"ping"]);
        });
        let request = rep.recv_timeout(LONG).unwrap().expect("a request");
        rep.send(request).unwrap();
        client.join().unwrap();
    }
}

#[test]
fn a_request_through_libzmqs_router_and_dealer_keeps_its_envelope() {
    let rep = OurRep::echo("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let front = context.socket(Kind::Router).unwrap();
    front.bind("tcp://127.0.0.1:*").unwrap();
    let back = context.socket(Kind::Dealer).unwrap();
    back.connect(&rep.endpoint).unwrap();
    let endpoint = front.last_endpoint();
    let broker = thread::spawn(move || {
        for _ in 0..2 {
            let request = front.recv().unwrap();
            assert_eq!(request.len(), 3 + 1, "routing id, delimiter, two parts");
            back.send(&request.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
            let reply = back.recv().unwrap();
            front.send(&reply.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        }
        // It stays open until the clients end.
        assert!(front.recv().is_err());
    });
    let theirs = libzmq_req(&endpoint);
    theirs.send(&[b"one", b"two"]).unwrap();
    assert_eq!(theirs.recv().unwrap(), [b"one", b"two"]);
    let mut ours = common::builder::<Req>().connect(&endpoint).unwrap();
    let reply = ours.request(Message::from_parts(["three", "four"]), LONG).unwrap().unwrap();
    assert_eq!(parts(&reply), [&b"three"[..], b"four"]);
    broker.join().unwrap();
}

#[test]
fn request_ids_of_either_side_are_returned() {
    let rep = OurRep::echo("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let theirs = context.socket(Kind::Req).unwrap();
    theirs.set_i32(option::REQ_CORRELATE, 1).unwrap();
    theirs.set_i32(option::REQ_RELAXED, 1).unwrap();
    theirs.connect(&rep.endpoint).unwrap();
    theirs.send(&[b"cancelled"]).unwrap();
    theirs.send(&[b"asked again"]).unwrap();
    assert_eq!(theirs.recv().unwrap(), [b"asked again"]);

    let rep = LibzmqRep::echo("tcp://127.0.0.1:*");
    let mut ours =
        common::builder::<Req>().correlate(true).relaxed(true).connect(&rep.endpoint).unwrap();
    for round in 0..100 {
        ours.send("cancelled").unwrap();
        let body = format!("asked again {round}");
        ours.send(body.as_str()).unwrap();
        assert_eq!(ours.recv_timeout(LONG).unwrap().unwrap().text(), Ok(body.as_str()));
    }
}
