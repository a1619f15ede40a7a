//! The descriptor of `ZMQ_FD`.
//!
//! It is an epoll with two descriptors: that of the engine, which is readable while events of the system are not handled,
//! and a counter. The counter is set when the driver has handled events and a receive or send would not wait, and at
//! the end of a call after which there is more to receive. `ZMQ_EVENTS` resets it.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use zmtp_mio::{AnySocket, libzmq};

use crate::errno::{Errno, Outcome};

impl From<nix::Error> for Errno {
    fn from(error: nix::Error) -> Self {
        Self(error as i32)
    }
}

#[derive(Debug)]
pub(super) struct Notice {
    poll: Epoll,
    counter: Arc<EventFd>,
}

impl Notice {
    pub(super) fn new(socket: &AnySocket) -> Outcome<Self> {
        let poll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let counter = Arc::new(EventFd::from_value_and_flags(0, flags)?);
        let readable = EpollEvent::new(EpollFlags::EPOLLIN, 0);
        poll.add(counter.as_fd(), readable)?;
        poll.add(libzmq::borrow_descriptor(socket)?, readable)?;
        let other = Arc::clone(&counter);
        let mut was_writable = false;
        libzmq::watch(socket, move |readable, writable| {
            if readable || (writable && !was_writable) {
                let _ = other.write(1);
            }
            was_writable = writable;
        });
        Ok(Self { poll, counter })
    }

    /// Makes the descriptor readable.
    pub(super) fn set(&self) {
        // It fails if the counter is at its largest value: the descriptor is readable then.
        let _ = self.counter.write(1);
    }

    /// Ends [`Self::set`].
    pub(super) fn clear(&self) {
        // It fails if the counter is 0.
        let _ = self.counter.read();
    }
}

impl AsRawFd for Notice {
    fn as_raw_fd(&self) -> RawFd {
        self.poll.0.as_raw_fd()
    }
}
