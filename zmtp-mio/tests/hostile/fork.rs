//! `fork` in the host process: a child that uses its copies of sockets, or exits, does not affect
//! the parent.
#![cfg(unix)]
#![allow(unsafe_code, reason = "fork is what is tested")]

use std::path::Path;

use crate::harness::processes::{alone_with, assert_idle, this_test};
use crate::harness::{LIMIT, RawPeer, builder, drive_until, eventually, half_ready, ipc};
use zmtp_mio::kind::{self, StaticKind};
use zmtp_mio::{Builder, Context, Rep, Req};

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
fn forked(child: impl FnOnce()) {
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
