//! A request queued for an endpoint that is not reached goes to a connected one.

use std::time::{Duration, Instant};

use zmtp_mio::{Rep, Req};

#[test]
fn the_first_request_of_a_fresh_client_does_not_wait_for_a_dead_endpoint() {
    for _ in 0..5 {
        let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
        let live = rep.endpoints().next().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let request = rep.recv_timeout(Duration::from_secs(5)).unwrap().expect("a request");
            rep.send(request).unwrap();
        });
        // Port 1 is closed; the request is first assigned to it.
        let mut req = crate::harness::builder::<Req>().connect("tcp://127.0.0.1:1").unwrap();
        req.connect(&live).unwrap();
        let reply = req.request("ping", Duration::from_secs(5)).unwrap();
        assert_eq!(reply.expect("a reply").text(), Ok("ping"));
        server.join().unwrap();
    }
}

#[test]
fn a_stepped_client_does_not_wait_for_a_dead_endpoint() {
    let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let live = rep.endpoints().next().unwrap().to_string();
    let mut req = crate::harness::builder::<Req>().connect("tcp://127.0.0.1:1").unwrap();
    req.connect(&live).unwrap();
    req.send("ping").unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    while !req.step().unwrap().readable {
        assert!(Instant::now() < end, "no reply");
        if let Some(request) = rep.recv_timeout(Duration::from_millis(5)).unwrap() {
            rep.send(request).unwrap();
        }
    }
    assert_eq!(req.try_recv().unwrap().expect("a reply").text(), Ok("ping"));
}
