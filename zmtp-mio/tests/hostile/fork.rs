//! `fork` in the host process: a child that uses its copies of sockets, or exits, does not affect
//! the parent.
#![cfg(unix)]
#![allow(unsafe_code, reason = "fork is what is tested")]

use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::processes::{alone_with, assert_idle, this_test};
use crate::harness::{LIMIT, RawPeer, builder, drive_until, eventually, half_ready, ipc};
use zmtp_mio::kind::{self, StaticKind};
use zmtp_mio::{Builder, Context, Error, Interest, Item, Poller, Pull, Push, Rep, Req};

/// Sockets on both transports, with a connection each way.
struct Parent {
    rep: Rep,
    req: Req,
    peers: [RawPeer; 2],
    path: String,
    endpoints: [String; 2],
    /// New peers that closed again.
    gone: u64,
}

impl Parent {
    fn new() -> Self {
        Self::with(builder::<Rep>(), builder::<Req>())
    }

    fn with(rep: Builder<kind::Rep>, req: Builder<kind::Req>) -> Self {
        let local = ipc();
        let path = local.strip_prefix("ipc://").unwrap().to_owned();
        let mut rep = rep.bind(&local).unwrap();
        let tcp = rep.bind("tcp://127.0.0.1:*").unwrap().to_string();
        let mut req = req.connect(&local).unwrap();
        let mut peers = [RawPeer::connect(&local), RawPeer::connect(&tcp)];
        for peer in &mut peers {
            peer.send(&wire::burst("REQ", &[]));
        }
        drive_until!(rep, {
            req.step().unwrap();
            rep.counters().handshakes == 3 && req.counters().handshakes == 1
        });
        for peer in &mut peers {
            peer.read_exact(64 + 27);
        }
        Self { rep, req, peers, path, endpoints: [local, tcp], gone: 0 }
    }

    /// The driver serves old and new connections between calls.
    fn assert_driven(&mut self) {
        for endpoint in &self.endpoints {
            let mut newcomer = half_ready(endpoint, "REQ");
            newcomer.read_exact(64);
            assert!(newcomer.read_frame().1.starts_with(b"\x05READY"));
            drop(newcomer);
            self.gone += 1;
            eventually("its end", || self.rep.counters().disconnects == self.gone);
        }
        for peer in &mut self.peers {
            peer.send(&wire::ping(b"driven?"));
            assert_eq!(peer.read_frame(), (4, b"\x04PONGdriven?".to_vec()));
        }
    }

    /// Everything still works: the old connections, both ways, and new ones.
    fn assert_undisturbed(mut self) {
        let disconnects = self.rep.counters().disconnects + self.req.counters().disconnects;
        assert_eq!(disconnects, self.gone, "a connection was closed");
        assert!(Path::new(&self.path).exists(), "the ipc file is gone");
        let mut newer = self.endpoints.each_ref().map(|endpoint| RawPeer::connect(endpoint));
        for peer in &mut newer {
            peer.send(&wire::burst("REQ", &[b"new"]));
        }
        for peer in &mut self.peers {
            peer.send(&wire::delimited(b"old"));
        }
        self.req.send("dialled").unwrap();
        for _ in 0..5 {
            self.req.step().unwrap();
            let request = self.rep.recv_timeout(LIMIT).unwrap().expect("a request");
            self.rep.send(request).unwrap();
        }
        drive_until!(self.rep, self.rep.counters().messages_sent == 5);
        for peer in &mut self.peers {
            assert_eq!(peer.read_message()[1], b"old");
        }
        for peer in &mut newer {
            peer.read_exact(64);
            assert_eq!(peer.read_message()[1], b"new");
        }
        let reply = self.req.recv_timeout(LIMIT).unwrap().expect("a reply");
        assert_eq!(reply.bytes().unwrap(), b"dialled");
        assert_idle();
        let path = self.path.clone();
        drop(self);
        assert!(!Path::new(&path).exists(), "its maker removes the file");
    }
}

/// Runs `child` in a fork and waits for its end.
pub(crate) fn forked(child: impl FnOnce()) {
    // SAFETY: this process was started for this test alone. libtest's main thread only waits, and no
    // child waits for a lock of a driver's thread. The child ends in `_exit`.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no fork");
    if pid == 0 {
        // SAFETY: a child that hangs is ended.
        unsafe { libc::alarm(LIMIT.as_secs() as u32) };
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
        // SAFETY: ends the child at once, without the parent's exit handlers.
        unsafe { libc::_exit(i32::from(result.is_err())) };
    }
    let mut status = 0;
    // SAFETY: our own child, and a place for its status.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_ne!(status, libc::SIGALRM, "the child hung");
    assert_eq!(status, 0, "the child failed");
}

/// How many sockets this process has.
fn sockets() -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    let links = links.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
}

/// Drops the copies of a child, and returns how many sockets that closed.
fn drop_copies(parent: Parent) -> usize {
    let before = sockets();
    let Parent { rep, req, peers, .. } = parent;
    drop(req);
    drop(rep);
    let after = sockets();
    drop(peers);
    before - after
}

/// Two listeners, their three connections, and an outgoing one.
const COPIES: usize = 6;

#[test]
fn a_child_that_drops_its_copies_does_not_affect_the_parent() {
    alone_with(this_test!(), 256, || {
        let mut held = Some(Parent::new());
        assert_idle();
        forked(|| assert_eq!(drop_copies(held.take().unwrap()), COPIES, "not closed"));
        held.take().unwrap().assert_undisturbed();
    });
}

#[test]
fn a_child_that_exits_does_not_affect_the_parent() {
    alone_with(this_test!(), 256, || {
        let parent = Parent::new();
        forked(|| {});
        parent.assert_undisturbed();
    });
}

/// The child has no driver thread; the parent's goes on.
#[test]
fn a_child_without_the_driver_thread_does_not_affect_the_parent() {
    alone_with(this_test!(), 256, || {
        let driven = || Context::builder().driver(true).build();
        let (context, unused) = (driven(), driven());
        fn of<K: StaticKind>(context: &Context) -> Builder<K> {
            Builder::default().context(context)
        }
        let mut parent = Parent::with(of(&context), of(&context));
        parent.assert_driven();
        let mut held = Some((parent, context, unused));
        forked(|| {});
        held.as_mut().unwrap().0.assert_driven();
        for round in 0..20 {
            let is_idle = round % 10 == 9;
            if is_idle {
                assert_idle();
            }
            forked(|| {
                let (parent, context, unused) = held.take().unwrap();
                // A socket that the driver held during the fork stays open in the child.
                let closed = drop_copies(parent);
                assert!(closed == COPIES || !is_idle, "only {closed} of {COPIES} were closed");
                drop((context, unused));
            });
            // The application makes no call meanwhile.
            held.as_mut().unwrap().0.assert_driven();
        }
        let (parent, context, unused) = held.take().unwrap();
        parent.assert_undisturbed();
        drop((context, unused));
    });
}

/// An exchange between new sockets.
fn assert_exchange(context: &Context) {
    let name = "inproc://in a child";
    let mut rep = Rep::builder().context(context).bind("tcp://127.0.0.1:*").unwrap();
    rep.bind(name).unwrap();
    let tcp = rep.endpoints().next().unwrap().to_string();
    for endpoint in [&tcp, name] {
        let mut req = Req::builder().context(context).connect(endpoint).unwrap();
        req.send("new").unwrap();
        // A driver sends and receives while this thread waits for the other socket.
        let request = loop {
            req.step().unwrap();
            match rep.recv_timeout(Duration::from_millis(5)).unwrap() {
                Some(request) => break request,
                None => continue,
            }
        };
        rep.send(request).unwrap();
        rep.flush(LIMIT).unwrap();
        assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("new"));
    }
}

/// The threads of this process.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn inherited_sockets_fail_and_new_ones_have_a_driver_of_their_own() {
    alone_with(this_test!(), 256, || {
        for context in [Context::default(), Context::builder().build()] {
            let of =
                || (Builder::default().context(&context), Builder::default().context(&context));
            let (rep, req) = of();
            let mut parent = Parent::with(rep, req);
            let names = Rep::builder().context(&context).bind("inproc://in a child").unwrap();
            parent.assert_driven();
            let mut held = Some((parent, names));
            forked(|| {
                let (mut parent, mut names) = held.take().unwrap();
                let rep = &mut parent.rep;
                assert!(matches!(rep.recv(), Err(Error::Forked)));
                assert!(matches!(rep.send("x").unwrap_err().error, Error::Forked));
                assert!(matches!(rep.step(), Err(Error::Forked)));
                assert!(matches!(rep.bind("tcp://127.0.0.1:*"), Err(Error::Forked)));
                assert!(matches!(rep.flush(LIMIT), Err(Error::Forked)));
                assert!(matches!(rep.handle(), Err(Error::Forked)));
                assert!(matches!(names.try_recv(), Err(Error::Forked)));
                let mut items = [Item::socket(rep, Interest::READABLE)];
                let error = Poller::new().unwrap().wait(&mut items, None).unwrap_err();
                assert!(matches!(error, Error::Forked), "{error}");
                let poll = mio::Poll::new().unwrap();
                let error = poll.registry().register(rep, mio::Token(0), Interest::READABLE);
                assert_eq!(error.unwrap_err().to_string(), Error::Forked.to_string());
                assert!(poll.registry().deregister(rep).is_err());
                assert!(rep.as_raw_fd() >= 0, "it has one");
                assert!(rep.next_event().is_none());
                assert!(rep.events().next_timeout(LIMIT).is_none());
                assert_eq!(rep.kind(), zmtp_mio::SocketKind::Rep);

                assert_eq!(threads(), 1);
                assert_exchange(&context);
                assert_eq!(threads(), 2, "its driver");
                drop_copies(parent);
                assert!(names.close(None).is_empty());
                // A child of the child.
                forked(|| {
                    assert_eq!(threads(), 1);
                    assert_exchange(&context);
                });
                assert_exchange(&context);
            });
            let (mut parent, _names) = held.take().unwrap();
            parent.assert_driven();
            parent.assert_undisturbed();
        }
    });
}

/// Threads hold every lock of the sockets and contexts again and again while the process forks.
#[test]
fn a_thousand_forks_under_load_hang_nowhere() {
    const FORKS: u32 = 1_000;
    alone_with(this_test!(), 256, || {
        let stop = AtomicBool::new(false);
        let context = Context::default();
        let mut parent = Some(Parent::new());
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let (stop, context) = (&stop, &context);
                scope.spawn(move || {
                    let name = format!("inproc://{thread}");
                    let mut pull = Pull::builder().context(context).bind(&*name).unwrap();
                    pull.bind("tcp://127.0.0.1:*").unwrap();
                    let tcp = pull.endpoints().next().unwrap().to_string();
                    let mut rounds = 0_u64;
                    while !stop.load(Ordering::Relaxed) {
                        // It is made and dropped in each round, over both transports.
                        let endpoint = if rounds.is_multiple_of(2) { &name } else { &tcp };
                        let mut push =
                            Push::builder().context(context).connect(&**endpoint).unwrap();
                        for _ in 0..50 {
                            push.send("load").unwrap();
                        }
                        for _ in 0..50 {
                            assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
                        }
                        rounds += 1;
                    }
                    assert!(rounds > 10);
                });
            }
            for n in 0..FORKS {
                forked(|| {
                    let mut copy = parent.take().unwrap();
                    assert!(matches!(copy.rep.try_recv(), Err(Error::Forked)));
                    let _ = copy.rep.counters();
                    drop_copies(copy);
                    // An exchange takes time: not in each child.
                    if n % 10 == 0 {
                        assert_exchange(&context);
                    } else {
                        drop(Rep::builder().context(&context).bind("inproc://child").unwrap());
                    }
                });
            }
            stop.store(true, Ordering::Relaxed);
        });
        parent.take().unwrap().assert_undisturbed();
    });
}
