//! Waiting for sockets and descriptors.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libc::{c_int, c_short};

use crate::errno::Outcome;
use crate::ffi;
use crate::socket::{self, POLLIN, POLLOUT, Socket};
use crate::waker::Waker;

/// The descriptor has an error, and it has urgent data.
pub(crate) const POLLERR: c_int = 4;
pub(crate) const POLLPRI: c_int = 8;

/// What a wait is for.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Socket(Arc<Socket>),
    Descriptor(c_int),
}

impl Source {
    /// The socket, if other threads may use it during a wait.
    pub(crate) fn thread_safe(&self) -> Option<&Arc<Socket>> {
        match self {
            Self::Socket(socket) => Some(socket).filter(|socket| socket.is_thread_safe()),
            Self::Descriptor(_) => None,
        }
    }
}

/// A socket or descriptor, the events to wait for, and those that the last wait has found.
#[derive(Debug)]
pub(crate) struct Polled {
    source: Source,
    /// The driver leaves the socket to this thread.
    held: Option<socket::Held>,
    wanted: c_int,
    pub(crate) found: c_int,
}

impl Polled {
    pub(crate) const fn new(source: Source, wanted: c_int) -> Self {
        Self { source, held: None, wanted, found: 0 }
    }

    pub(crate) fn socket(socket: &Arc<Socket>, wanted: c_int) -> Self {
        Self::new(Source::Socket(Arc::clone(socket)), wanted)
    }

    /// What the system polls.
    fn entry(&self) -> Outcome<libc::pollfd> {
        let (fd, events) = match &self.source {
            Source::Socket(socket) => (socket.descriptor()?, libc::POLLIN),
            Source::Descriptor(fd) => (*fd, events(self.wanted)),
        };
        Ok(libc::pollfd { fd, events, revents: 0 })
    }

    /// Looks at a socket. Returns the longest time to the next look.
    fn look(&mut self) -> Outcome<Option<Duration>> {
        self.found = 0;
        let Source::Socket(socket) = &self.source else { return Ok(None) };
        let (events, next) = socket.look()?;
        self.found = events & self.wanted;
        Ok(next)
    }
}

/// Sockets that the driver leaves to this thread while this exists.
struct Held<'a>(&'a mut [Polled]);

impl<'a> Held<'a> {
    fn new(polled: &'a mut [Polled]) -> Self {
        for each in &mut *polled {
            if let Source::Socket(socket) = &each.source {
                each.held = socket.hold();
            }
        }
        Self(polled)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        for each in &mut *self.0 {
            each.held = None;
        }
    }
}

/// The events of the C API, as the system has them.
const PAIRS: [(c_int, c_short); 3] =
    [(POLLIN, libc::POLLIN), (POLLOUT, libc::POLLOUT), (POLLPRI, libc::POLLPRI)];

fn events(wanted: c_int) -> c_short {
    PAIRS.iter().filter(|(ours, _)| wanted & ours != 0).map(|(_, theirs)| theirs).sum()
}

fn found(revents: c_short) -> c_int {
    let known = PAIRS.iter().filter(|(_, theirs)| revents & theirs != 0);
    let others = revents & !(libc::POLLIN | libc::POLLOUT | libc::POLLPRI);
    known.map(|(ours, _)| ours).sum::<c_int>() | if others != 0 { POLLERR } else { 0 }
}

/// Waits until one of them is ready, up to `limit`. Returns the number of those that are. The signals of `mask` are
/// blocked during the wait.
pub(crate) fn wait(
    polled: &mut [Polled],
    limit: Option<Duration>,
    mask: Option<&libc::sigset_t>,
) -> Outcome<usize> {
    let mut shared = polled.iter().filter_map(|each| each.source.thread_safe()).peekable();
    if shared.peek().is_none() {
        return wait_with(polled, limit, mask, None);
    }
    let waker = Arc::new(Waker::new()?);
    shared.for_each(|socket| socket.add_waker(&waker));
    wait_with(polled, limit, mask, Some(&waker))
}

/// As [`wait`], with the waker that the thread-safe sockets have.
pub(crate) fn wait_with(
    polled: &mut [Polled],
    limit: Option<Duration>,
    mask: Option<&libc::sigset_t>,
    waker: Option<&Waker>,
) -> Outcome<usize> {
    let held = Held::new(polled);
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut entries = held.0.iter().map(Polled::entry).collect::<Outcome<Vec<_>>>()?;
    entries.extend(waker.map(|waker| libc::pollfd {
        fd: waker.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    }));
    loop {
        waker.into_iter().for_each(Waker::reset);
        let mut wait = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        for each in &mut *held.0 {
            if let Some(next) = each.look()? {
                wait = Some(wait.map_or(next, |wait| wait.min(next)));
            }
        }
        if held.0.iter().any(|each| each.found != 0) {
            wait = Some(Duration::ZERO);
        }
        ffi::system_poll(&mut entries, wait, mask)?;
        for (each, entry) in held.0.iter_mut().zip(&entries) {
            if matches!(each.source, Source::Descriptor(_)) {
                each.found = found(entry.revents);
            }
        }
        let ready = held.0.iter().filter(|each| each.found != 0).count();
        if ready > 0 || deadline.is_some_and(|end| Instant::now() >= end) {
            return Ok(ready);
        }
    }
}
