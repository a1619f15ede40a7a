//! One transfer over a slow link.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::relay::{Lane, Link, Relay};
use crate::harness::{LIMIT, builder, ipc};
use zmtp_mio::{
    Builder, Counters, Dealer, Heartbeat, HighWaterMark, Linger, Message, Options, Rep, Req,
    Router, Socket, Sub, UnsentMessages, Xpub, kind,
};

/// The sender of the large messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sender {
    Push,
    Dealer,
    Req,
    Rep,
    Router,
    MandatoryRouter,
    Pair,
    NoDropXpub,
}

pub(crate) const SENDERS: [Sender; 8] = [
    Sender::Push,
    Sender::Dealer,
    Sender::Req,
    Sender::Rep,
    Sender::Router,
    Sender::MandatoryRouter,
    Sender::Pair,
    Sender::NoDropXpub,
];

/// The time in which a receiver that pauses makes no call.
const PAUSE: Duration = Duration::from_secs(3);

/// Whether the sockets of this run have a driver.
pub(crate) fn is_driven() -> bool {
    std::env::var_os("ZMTP_TEST_DRIVER").is_none_or(|value| value != "0")
}

/// A transfer. The background driver is on or off for all cases of a run of the tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) sender: Sender,
    pub(crate) ipc: bool,
    pub(crate) link: Link,
    /// Bytes of all messages, and of each.
    pub(crate) total: usize,
    pub(crate) len: usize,
    pub(crate) heartbeats: bool,
    /// The receiver reads nothing for the time of [`PAUSE`].
    pub(crate) pauses: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sender, ipc, link, total, len, heartbeats, pauses } = self;
        let transport = if *ipc { "ipc" } else { "tcp" };
        let beats = if *heartbeats { ", heartbeats" } else { "" };
        let pause = if *pauses { ", a pause" } else { "" };
        write!(
            f,
            "{sender:?} {transport} {} kB/s {} ms",
            link.rate / 1_000,
            link.delay.as_millis()
        )?;
        write!(f, " {} kB in messages of {} kB{beats}{pause}", total / 1_000, len / 1_000)
    }
}

/// What the sending end counted, before and after its close.
type Sent = (Counters, UnsentMessages);

impl Case {
    fn options(&self) -> Options {
        let mut options = Options::default();
        // The default without a limit in all: 100 MB at 400 kB/s take minutes.
        options.linger = Linger::new(Linger::default().idle, None);
        if self.sender == Sender::Router {
            // At the mark this type drops messages.
            options.send_mark = HighWaterMark::UNLIMITED;
        }
        if self.heartbeats {
            let beat = Heartbeat::every(Duration::from_millis(500));
            // Without a driver, a socket answers no PING while its application pauses.
            let silent = self.pauses && !is_driven();
            let timeout = if silent { 2 * PAUSE } else { Duration::from_millis(1_500) };
            options.heartbeat = Some(beat.timeout(timeout));
        }
        options
    }

    const fn count(&self) -> usize {
        self.total / self.len
    }

    fn body(&self, n: usize) -> Vec<u8> {
        let mut body = vec![n as u8; self.len];
        body[..8].copy_from_slice(&(n as u64).to_be_bytes());
        body
    }

    /// Carries out the transfer, and returns its time. Panics if a message is lost, or a connection is.
    pub(crate) fn run(self) -> Duration {
        let _lane = Lane::take();
        let start = Instant::now();
        let (counters, unsent) = match self.sender {
            Sender::Push => self.one_way::<kind::Push, kind::Pull>(),
            Sender::Dealer => self.one_way::<kind::Dealer, kind::Router>(),
            Sender::Pair => self.one_way::<kind::Pair, kind::Pair>(),
            Sender::Router | Sender::MandatoryRouter => self.route(),
            Sender::NoDropXpub => self.publish(),
            Sender::Req => self.request(),
            Sender::Rep => self.reply(),
        };
        let what = || format!("{self}: {counters}; {unsent:?}");
        // What an ipc peer has not read when the sender closes, it can read afterwards.
        assert!(unsent.is_empty() && (self.ipc || unsent.in_doubt == 0), "{}", what());
        assert_eq!(counters.dropped.total(), 0, "{}", what());
        assert_eq!((counters.disconnects, counters.in_doubt), (0, 0), "{}", what());
        start.elapsed()
    }

    fn endpoint(&self) -> String {
        if self.ipc { ipc() } else { "tcp://127.0.0.1:*".into() }
    }

    fn relay<K: kind::Kind>(&self, bound: &Socket<K>) -> Relay {
        Relay::new(&bound.endpoints().next().unwrap().to_string(), self.link)
    }

    /// Receives all messages. The body is the last part.
    fn take(&self, mut recv: impl FnMut() -> Option<Message>) {
        for n in 0..self.count() {
            if self.pauses && n == self.count() / 3 {
                thread::sleep(PAUSE);
            }
            let message = recv().unwrap_or_else(|| panic!("{self}: {n} is lost"));
            let body = message.part(message.part_count() - 1).unwrap();
            assert!(body == self.body(n), "{self}: message {n}");
        }
    }

    fn close<K: kind::Kind>(&self, socket: Socket<K>) -> Sent {
        let counters = socket.counters();
        (counters, socket.close(self.options().linger))
    }

    /// The sender connects, sends, and closes at once.
    fn one_way<S, R>(&self) -> Sent
    where
        S: kind::StaticKind + kind::CanSend,
        R: kind::StaticKind + kind::CanReceive,
    {
        let context = crate::harness::context();
        let bound = Builder::<R>::default().options(self.options()).context(&context);
        let mut receiver = bound.bind(self.endpoint()).unwrap();
        let relay = self.relay(&receiver);
        let sender = Builder::<S>::default().options(self.options()).context(&context);
        let mut sender = sender.connect(&relay.endpoint).unwrap();
        let case = *self;
        let sending = thread::spawn(move || {
            (0..case.count()).for_each(|n| sender.send(case.body(n)).unwrap());
            case.close(sender)
        });
        self.take(|| receiver.recv_timeout(4 * LIMIT).unwrap());
        sending.join().unwrap()
    }

    fn route(&self) -> Sent {
        let mandatory = self.sender == Sender::MandatoryRouter;
        let router = builder::<Router>().options(self.options()).mandatory(mandatory);
        let mut router = router.bind(self.endpoint()).unwrap();
        let relay = self.relay(&router);
        let mut dealer =
            builder::<Dealer>().options(self.options()).connect(&relay.endpoint).unwrap();
        dealer.send("here").unwrap();
        let case = *self;
        let sending = thread::spawn(move || {
            let id = router.recv_timeout(LIMIT).unwrap().unwrap().part(0).unwrap().to_vec();
            for n in 0..case.count() {
                router.send(Message::from_parts([&id[..], &case.body(n)])).unwrap();
            }
            case.close(router)
        });
        self.take(|| dealer.recv_timeout(4 * LIMIT).unwrap());
        sending.join().unwrap()
    }

    fn publish(&self) -> Sent {
        let mut xpub =
            builder::<Xpub>().options(self.options()).no_drop(true).bind(self.endpoint()).unwrap();
        let relay = self.relay(&xpub);
        let mut sub = builder::<Sub>().options(self.options()).connect(&relay.endpoint).unwrap();
        sub.subscribe("");
        let case = *self;
        let sending = thread::spawn(move || {
            assert!(xpub.wait_for_subscribers(1, LIMIT).unwrap());
            (0..case.count()).for_each(|n| xpub.send(case.body(n)).unwrap());
            case.close(xpub)
        });
        self.take(|| sub.recv_timeout(4 * LIMIT).unwrap());
        sending.join().unwrap()
    }

    fn req_and_rep(&self) -> (Req, Rep, Relay) {
        let rep = builder::<Rep>().options(self.options()).bind(self.endpoint()).unwrap();
        let relay = self.relay(&rep);
        let req = builder::<Req>().options(self.options()).connect(&relay.endpoint).unwrap();
        (req, rep, relay)
    }

    /// Large requests and small replies.
    fn request(&self) -> Sent {
        let (mut req, mut rep, _relay) = self.req_and_rep();
        let case = *self;
        let sending = thread::spawn(move || {
            for n in 0..case.count() {
                req.send(case.body(n)).unwrap();
                if n + 1 < case.count() {
                    assert!(req.recv_timeout(4 * LIMIT).unwrap().is_some());
                }
            }
            case.close(req)
        });
        self.take(|| {
            let request = rep.recv_timeout(4 * LIMIT).unwrap()?;
            rep.send("").unwrap();
            Some(request)
        });
        sending.join().unwrap()
    }

    /// Small requests and large replies.
    fn reply(&self) -> Sent {
        let (mut req, mut rep, _relay) = self.req_and_rep();
        let case = *self;
        let sending = thread::spawn(move || {
            for n in 0..case.count() {
                rep.recv_timeout(4 * LIMIT).unwrap().unwrap();
                rep.send(case.body(n)).unwrap();
            }
            case.close(rep)
        });
        self.take(|| {
            req.send("more").unwrap();
            req.recv_timeout(4 * LIMIT).unwrap()
        });
        sending.join().unwrap()
    }
}
