//! Start order, and servers that are killed and restarted, each in its own process.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::server::Server;
use common::{LONG, OurRep, Place, libzmq_req};
use zmtp_interop::libzmq::{Context, Kind, Monitor};
use zmtp_mio::{Error, Req};

/// Sends a request, which the server answers.
fn ask(req: &mut Req, body: &str) {
    assert_eq!(req.request(body, LONG).unwrap().expect("an answer").text(), Ok(body));
}

/// Sends requests until one is answered; returns how often the peer was lost or silent before.
fn ask_until_answered(req: &mut Req, body: &str) -> usize {
    let end = Instant::now() + LONG;
    for failures in 0.. {
        assert!(Instant::now() < end, "no answer after {failures} requests");
        match req.request(body, Duration::from_secs(2)) {
            Ok(Some(reply)) => {
                assert_eq!(reply.text(), Ok(body));
                return failures;
            }
            Ok(None) | Err(Error::PeerLost) => {}
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("the loop returns or panics")
}

#[test]
fn our_req_survives_a_kill_of_its_server() {
    for place in [Place::free_port(), Place::ipc()] {
        let (server, endpoint) = Server::rep(&place.endpoint);
        let mut req = common::builder::<Req>().connect(&endpoint).unwrap();
        for round in 0..20 {
            ask(&mut req, &round.to_string());
        }
        drop(server);
        let (_server, _) = Server::rep(&endpoint);
        // The request on the dead connection is lost, and its loss is reported.
        assert!(ask_until_answered(&mut req, "after") <= 3);
        for round in 0..20 {
            ask(&mut req, &round.to_string());
        }
    }
}

#[test]
fn our_req_reports_a_killed_server_while_it_waits_for_a_reply() {
    for place in Place::both() {
        let context = Context::new().unwrap();
        let rep = context.socket(Kind::Rep).unwrap();
        rep.bind(&place.endpoint).unwrap();
        let mut req = common::builder::<Req>().connect(rep.last_endpoint()).unwrap();
        req.send("ping").unwrap();
        let server = thread::spawn(move || {
            assert_eq!(rep.recv().unwrap(), [b"ping"]);
            // Close without a reply.
        });
        assert!(matches!(req.recv_timeout(LONG), Err(Error::PeerLost)));
        server.join().unwrap();
        req.send("a new request may be sent").unwrap();
    }
}

#[test]
fn a_client_may_start_before_its_server() {
    for place in [Place::free_port(), Place::ipc()] {
        let endpoint = place.endpoint.clone();
        let theirs = libzmq_req(&endpoint);
        theirs.send(&[b"early"]).unwrap();
        assert!(!theirs.readable(Duration::from_millis(300)).unwrap());
        let rep = OurRep::echo(&endpoint);
        assert_eq!(theirs.recv().unwrap(), [b"early"]);
        drop(rep);

        let mut ours = common::builder::<Req>().connect(&endpoint).unwrap();
        ours.send("early").unwrap();
        assert!(ours.recv_timeout(Duration::from_millis(300)).unwrap().is_none());
        let (_server, _) = Server::rep(&endpoint);
        assert_eq!(ours.recv_timeout(LONG).unwrap().unwrap().text(), Ok("early"));
    }
}

#[test]
fn libzmqs_client_reconnects_to_our_restarted_server() {
    for place in [Place::free_port(), Place::ipc()] {
        let rep = OurRep::echo(&place.endpoint);
        let endpoint = rep.endpoint.clone();
        let req = libzmq_req(&endpoint);
        let monitor = req.monitor().unwrap();
        req.send(&[b"one"]).unwrap();
        assert_eq!(req.recv().unwrap(), [b"one"]);
        drop(rep);
        // A request on the old connection would be lost.
        monitor.wait_for(Monitor::DISCONNECTED).unwrap();
        let _rep = OurRep::echo(&endpoint);
        req.send(&[b"two"]).unwrap();
        assert_eq!(req.recv().unwrap(), [b"two"]);
    }
}
