//! The subscriptions that an XPUB reports add up, also behind forwarders and after a connection was lost.
#![cfg(unix)]

use std::thread;

use crate::harness::{LIMIT, QUIET, builder, half_ready};
use zmtp_core::pattern::Reports;
use zmtp_mio::{Error, Handle, Proxy, Sub, Xpub, Xsub};

/// The reports that an XPUB has received: subscriptions, and cancellations.
#[derive(Debug)]
struct Publisher {
    xpub: Xpub,
    subscribed: usize,
    cancelled: usize,
}

impl Publisher {
    fn new(reports: Reports, endpoint: &str) -> Self {
        let xpub = builder::<Xpub>().reports(reports).bind(endpoint).unwrap();
        Self { xpub, subscribed: 0, cancelled: 0 }
    }

    fn endpoint(&self) -> String {
        self.xpub.endpoints().next().unwrap().to_string()
    }

    /// Receives reports until their numbers are these, and asserts that there are no others.
    fn expect(&mut self, subscribed: usize, cancelled: usize, what: &str) {
        while (self.subscribed, self.cancelled) != (subscribed, cancelled) {
            let Some(report) = self.xpub.recv_timeout(LIMIT).unwrap() else {
                panic!("{what}: {self:?}, not {subscribed} and {cancelled}");
            };
            match report.bytes().unwrap() {
                b"\x01t" => self.subscribed += 1,
                b"\x00t" => self.cancelled += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(self.xpub.recv_timeout(QUIET).unwrap(), None, "{what}");
    }
}

/// A proxy of an XSUB, which connects to a publisher, and an XPUB.
struct Forwarder {
    endpoint: String,
    stop: Handle,
    thread: Option<thread::JoinHandle<Result<(), Error>>>,
}

impl Forwarder {
    fn new(publisher: &str, reports: Reports) -> Self {
        let xsub = builder::<Xsub>().connect(publisher).unwrap();
        let xpub = builder::<Xpub>().reports(reports);
        let mut xpub = xpub.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = xpub.endpoints().next().unwrap().to_string();
        let stop = xpub.handle().unwrap();
        let thread = thread::spawn(move || Proxy::new(xsub, xpub)?.run().map(drop));
        Self { endpoint, stop, thread: Some(thread) }
    }

    fn subscriber(&self) -> Sub {
        builder::<Sub>().topic("t").connect(&self.endpoint).unwrap()
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop.stop().unwrap();
        let ended = self.thread.take().unwrap().join().unwrap();
        assert!(matches!(ended, Err(Error::Stopped)), "{ended:?}");
    }
}

/// A SUB without a driver takes part only in calls.
fn settle(subs: &mut [Sub]) {
    for sub in subs {
        assert!(sub.wait_for_peers(1, LIMIT).unwrap());
    }
}

#[test]
fn the_publisher_receives_the_end_of_all_subscriptions_behind_a_forwarder() {
    for upstream in [Reports::Changes, Reports::Subscriptions, Reports::All] {
        for downstream in [Reports::Changes, Reports::Subscriptions, Reports::All] {
            let what = format!("upstream {upstream:?}, downstream {downstream:?}");
            let mut publisher = Publisher::new(upstream, "tcp://127.0.0.1:*");
            let forwarder = Forwarder::new(&publisher.endpoint(), downstream);
            let mut subs: Vec<_> = (0..3).map(|_| forwarder.subscriber()).collect();
            settle(&mut subs);
            let one = upstream == Reports::Changes || downstream == Reports::Changes;
            let count = if one { 1 } else { 3 };
            publisher.expect(count, 0, &what);
            // The others still receive when one has left.
            drop(subs.pop());
            publisher.expect(count, 0, &what);
            publisher.xpub.send("to the others").unwrap();
            for sub in &mut subs {
                let message = sub.recv_timeout(LIMIT).unwrap().expect("it is published");
                assert_eq!(message.text(), Ok("to the others"), "{what}");
            }
            drop(subs);
            let ends = if upstream == Reports::All { count } else { 1 };
            publisher.expect(count, ends, &what);
        }
    }
}

#[test]
fn a_forwarder_that_reconnects_repeats_as_many_subscriptions_as_there_are() {
    let mut first = Publisher::new(Reports::All, "tcp://127.0.0.1:*");
    let endpoint = first.endpoint();
    let forwarder = Forwarder::new(&endpoint, Reports::All);
    let mut subs: Vec<_> = (0..3).map(|_| forwarder.subscriber()).collect();
    settle(&mut subs);
    first.expect(3, 0, "before");
    drop(subs.pop());
    drop(first);
    let mut second = Publisher::new(Reports::All, &endpoint);
    second.expect(2, 0, "after");
    drop(subs);
    second.expect(2, 2, "at the end");
}

#[test]
fn one_cancellation_of_a_peer_ends_its_repeated_subscriptions_and_the_reports_add_up() {
    for (reports, ends) in [(Reports::Subscriptions, 1), (Reports::All, 3)] {
        let mut publisher = Publisher::new(reports, "tcp://127.0.0.1:*");
        let mut peer = half_ready(&publisher.endpoint(), "SUB");
        for _ in 0..3 {
            peer.send(&wire::command("SUBSCRIBE", b"t"));
        }
        publisher.expect(3, 0, "subscribed");
        peer.send(&wire::command("CANCEL", b"t"));
        publisher.expect(3, ends, "cancelled");
        assert_eq!(publisher.xpub.topic_count(), 0);
        for _ in 0..3 {
            peer.send(&wire::command("SUBSCRIBE", b"t"));
        }
        publisher.expect(6, ends, "subscribed again");
        drop(peer);
        publisher.expect(6, 2 * ends, "gone");
    }
}

#[test]
fn repeated_subscriptions_that_are_counted_count_towards_the_limit() {
    let xpub = builder::<Xpub>().reports(Reports::All).max_subscriptions(4, 1_000);
    let xpub = xpub.bind("tcp://127.0.0.1:*").unwrap();
    let mut publisher = Publisher { xpub, subscribed: 0, cancelled: 0 };
    let mut peer = half_ready(&publisher.endpoint(), "SUB");
    for _ in 0..10 {
        peer.send(&wire::command("SUBSCRIBE", b"t"));
    }
    publisher.expect(4, 0, "subscribed");
    assert_eq!(publisher.xpub.counters().refused_subscriptions, 6);
    drop(peer);
    publisher.expect(4, 4, "gone");
}
