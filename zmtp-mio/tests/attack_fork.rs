//! `fork` in the host process: what a child does with its copy of a socket, or that it ends, does
//! not disturb the parent.
#![cfg(unix)]
#![allow(unsafe_code, reason = "fork is what is tested")]

mod common;

use std::path::Path;

use common::processes::{alone_with, assert_idle};
use common::{LIMIT, RawPeer, drive_until, ipc, wire};
use zmtp_mio::{Rep, Req};

/// Sockets on both transports, with a connection each way.
struct Parent {
    rep: Rep,
    req: Req,
    peers: [RawPeer; 2],
    path: String,
    endpoints: [String; 2],
}

impl Parent {
    fn new() -> Self {
        let local = ipc();
        let path = local.strip_prefix("ipc://").unwrap().to_owned();
        let mut rep = Rep::builder().bind(&local).unwrap();
        let tcp = rep.bind("tcp://127.0.0.1:*").unwrap().to_string();
        let mut req = Req::builder().connect(&local).unwrap();
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
        Self { rep, req, peers, path, endpoints: [local, tcp] }
    }

    /// Everything still works: the old connections, both ways, and new ones.
    fn assert_undisturbed(mut self) {
        let disconnects = self.rep.counters().disconnects + self.req.counters().disconnects;
        assert_eq!(disconnects, 0, "a connection was closed");
        assert!(Path::new(&self.path).exists(), "the ipc file is gone");
        let mut newer = self.endpoints.each_ref().map(|endpoint| RawPeer::connect(endpoint));
        for peer in &mut newer {
            peer.send(&wire::burst("REQ", &[b"new"]));
        }
        for peer in &mut self.peers {
            peer.send(&wire::plain(b"old"));
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
        assert_eq!(reply.bytes(), b"dialled");
        assert_idle();
        let path = self.path.clone();
        drop(self);
        assert!(!Path::new(&path).exists(), "its maker removes the file");
    }
}

/// Runs `child` in a fork and waits for its end.
fn forked(child: impl FnOnce()) {
    // SAFETY: this process has no other thread that holds a lock: it was started for this test
    // alone, and libtest's main thread only waits. The child ends in `_exit`.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no fork");
    if pid == 0 {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
        // SAFETY: ends the child at once, without the parent's exit handlers.
        unsafe { libc::_exit(i32::from(result.is_err())) };
    }
    let mut status = 0;
    // SAFETY: our own child, and a place for its status.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0, "the child failed");
}

#[test]
fn a_child_that_drops_its_copies_does_not_disturb_the_parent() {
    alone_with("a_child_that_drops_its_copies_does_not_disturb_the_parent", 256, || {
        let parent = Parent::new();
        let mut held = Some(parent);
        forked(|| {
            let Parent { rep, req, .. } = held.take().unwrap();
            drop(req);
            drop(rep);
        });
        held.take().unwrap().assert_undisturbed();
    });
}

#[test]
fn a_child_that_just_ends_does_not_disturb_the_parent() {
    alone_with("a_child_that_just_ends_does_not_disturb_the_parent", 256, || {
        let parent = Parent::new();
        forked(|| {});
        parent.assert_undisturbed();
    });
}
