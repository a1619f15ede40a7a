//! What wakes the task of a socket.

#[cfg(feature = "tokio")]
use core::task::{Poll, Waker};
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Instant;

use crate::driver::{self, Watch};
use crate::engine::Lease;
#[cfg(feature = "tokio")]
use crate::error::Error;

#[derive(Debug)]
pub(super) enum Reactor {
    /// The background driver.
    Driver(Watch),
    /// The reactor of a tokio runtime.
    #[cfg(feature = "tokio")]
    Tokio(tokio::Tokio),
}

impl Reactor {
    pub(super) fn driver(driver: Arc<driver::Shared>) -> Self {
        Self::Driver(Watch::new(driver))
    }

    /// `waker` is that of the socket's lease.
    #[cfg(feature = "tokio")]
    pub(super) fn tokio(descriptor: RawFd, waker: Waker) -> Result<Self, Error> {
        Ok(Self::Tokio(tokio::Tokio::new(descriptor, waker)?))
    }

    /// The task is woken, or polled for another reason, and turns the socket next: the event that woke it is over then.
    pub(super) fn resume(&self) {
        match self {
            Self::Driver(_) => {}
            #[cfg(feature = "tokio")]
            Self::Tokio(tokio) => tokio.resume(),
        }
    }

    /// Ends the lease when the descriptor of its socket is readable, and at `due`, and wakes its tasks. Returns `false` if
    /// the socket is to be turned again before.
    pub(super) fn arm(
        &mut self,
        lease: &Arc<Lease>,
        descriptor: RawFd,
        due: Option<Instant>,
    ) -> io::Result<bool> {
        match self {
            Self::Driver(watch) => watch.arm(descriptor, lease, due),
            #[cfg(feature = "tokio")]
            Self::Tokio(tokio) => match tokio.arm(descriptor, due) {
                Poll::Pending => Ok(true),
                Poll::Ready(armed) => armed.map(|()| false),
            },
        }
    }

    /// Whether events of the socket cause work while the task does not wait.
    #[cfg(feature = "tokio")]
    pub(super) const fn is_attached(&self) -> bool {
        match self {
            Self::Driver(_) => false,
            Self::Tokio(tokio) => tokio.is_attached(),
        }
    }

    /// The task does not wait for now: events of the socket are to cause no work before the next [`Self::arm`].
    #[cfg(feature = "tokio")]
    pub(super) fn detach(&mut self, descriptor: RawFd) {
        match self {
            Self::Driver(_) => {}
            Self::Tokio(tokio) => tokio.detach(descriptor),
        }
    }

    /// Ends [`Self::arm`].
    pub(super) fn disarm(&mut self) {
        match self {
            Self::Driver(watch) => watch.disarm(),
            #[cfg(feature = "tokio")]
            Self::Tokio(_) => {}
        }
    }
}

#[cfg(feature = "tokio")]
mod tokio {
    use core::pin::Pin;
    use core::task::{Context, Poll, Waker};
    use std::io;
    use std::os::fd::RawFd;
    use std::time::Instant;

    use mio::unix::SourceFd;
    use mio::{Interest, Token};
    use tokio::io::unix::AsyncFd;
    use tokio::time::Sleep;

    use crate::error::Error;
    use crate::process::Process;

    #[derive(Debug)]
    pub(in super::super) struct Tokio {
        /// The process of the runtime.
        process: Process,
        /// Readable when the socket is, unless it is detached. The reactor has this poll instead of the socket, so that
        /// detaching the socket needs nothing of the runtime. Always there until the drop.
        poll: Option<AsyncFd<mio::Poll>>,
        /// Whether the socket is attached to the poll.
        attached: bool,
        waker: Waker,
        timer: Option<Pin<Box<Sleep>>>,
    }

    impl Tokio {
        #[allow(deprecated, reason = "it owns the poll; the replacement is unsafe")]
        pub(super) fn new(descriptor: RawFd, waker: Waker) -> Result<Self, Error> {
            let process = Process::this()?;
            let poll = mio::Poll::new()
                .and_then(|poll| AsyncFd::with_interest(poll, tokio::io::Interest::READABLE))
                .map_err(Error::io("register a socket"))?;
            let mut reactor =
                Self { process, poll: Some(poll), attached: false, waker, timer: None };
            reactor.attach(descriptor).map_err(Error::io("register a socket"))?;
            Ok(reactor)
        }

        pub(super) const fn is_attached(&self) -> bool {
            self.attached
        }

        /// Before a turn, so that the event that it handles does not cause another turn. One that arrives later stays.
        pub(super) fn resume(&self) {
            if let Some(poll) = &self.poll
                && let Poll::Ready(Ok(mut guard)) =
                    poll.poll_read_ready(&mut Context::from_waker(&self.waker))
            {
                guard.clear_ready();
            }
        }

        /// The reactor gets no events of the socket until the next [`Self::arm`].
        pub(super) fn detach(&mut self, descriptor: RawFd) {
            if let Some(poll) = &self.poll
                && self.attached
                && self.process.is_this()
                && poll.get_ref().registry().deregister(&mut SourceFd(&descriptor)).is_ok()
            {
                self.attached = false;
            }
        }

        pub(super) fn arm(
            &mut self,
            descriptor: RawFd,
            due: Option<Instant>,
        ) -> Poll<io::Result<()>> {
            if !self.attached {
                // What this turn has left causes an event at once.
                self.resume();
                self.attach(descriptor)?;
            }
            let task = &mut Context::from_waker(&self.waker);
            if let Some(poll) = &self.poll
                && let Poll::Ready(guard) = poll.poll_read_ready(task)
            {
                // An event since the last turn, or one that this turn has handled.
                guard?.clear_ready();
                return Poll::Ready(Ok(()));
            }
            let Some(due) = due else { return Poll::Pending };
            let due = due.into();
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            timer.as_mut().poll(task).map(Ok)
        }

        fn attach(&mut self, descriptor: RawFd) -> io::Result<()> {
            if let Some(poll) = &self.poll {
                let registry = poll.get_ref().registry();
                registry.register(&mut SourceFd(&descriptor), Token(0), Interest::READABLE)?;
                self.attached = true;
            }
            Ok(())
        }
    }

    impl Drop for Tokio {
        fn drop(&mut self) {
            if !self.process.is_this() {
                // In a forked child, this would change the poll of the parent, and might wait for a lock that another
                // thread of the parent held. The end of the child closes its copy.
                core::mem::forget((self.poll.take(), self.timer.take()));
            }
        }
    }
}
