//! The descriptor of `ZMQ_FD`.
//!
//! It is an epoll with two descriptors: that of the engine, which is readable while events of the system are not handled,
//! and a waker. The waker wakes when the driver has handled events, or a call has ended, and there is something to
//! receive, or room to send that the program does not know of. `ZMQ_EVENTS` resets it.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use zmtp_mio::libzmq::{self, SharedSocket};

use crate::errno::Outcome;
use crate::waker::Waker;

#[derive(Debug)]
pub(crate) struct Notice {
    poll: Epoll,
    shared: Arc<Shared>,
}

/// What the driver has too.
#[derive(Debug)]
struct Shared {
    waker: Waker,
    /// As far as the program or the driver knows, a send would wait.
    lacks_room: AtomicBool,
}

impl Shared {
    /// Makes the descriptor readable if there is something to receive, or room to send that the program does not know of.
    fn look(&self, readable: bool, writable: bool) {
        let lacked_room = self.lacks_room.swap(!writable, Ordering::AcqRel);
        if readable || (writable && lacked_room) {
            self.waker.wake();
        }
    }
}

impl Notice {
    pub(super) fn new(socket: &SharedSocket) -> Outcome<Self> {
        let poll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let shared = Arc::new(Shared { waker: Waker::new()?, lacks_room: AtomicBool::new(true) });
        let readable = EpollEvent::new(EpollFlags::EPOLLIN, 0);
        poll.add(shared.waker.as_fd(), readable)?;
        poll.add(libzmq::borrow_descriptor(socket)?, readable)?;
        let driver = Arc::clone(&shared);
        libzmq::watch(socket, move |readable, writable| driver.look(readable, writable));
        Ok(Self { poll, shared })
    }

    /// Makes the descriptor readable.
    pub(super) fn set(&self) {
        self.shared.waker.wake();
    }

    /// A call has ended, which may have handled events that the driver does not see.
    pub(super) fn look(&self, readable: bool, writable: bool) {
        self.shared.look(readable, writable);
    }

    /// Ends [`Self::set`], before the program looks at the socket.
    pub(super) fn reset(&self) {
        self.shared.waker.reset();
        self.await_room();
    }

    /// The next room is one that the program does not know of, until [`Self::has_room`].
    pub(super) fn await_room(&self) {
        self.shared.lacks_room.store(true, Ordering::Release);
    }

    /// The program has seen that there is room.
    pub(super) fn has_room(&self) {
        self.shared.lacks_room.store(false, Ordering::Release);
    }
}

impl AsRawFd for Notice {
    fn as_raw_fd(&self) -> RawFd {
        self.poll.0.as_raw_fd()
    }
}
