//! The background driver: one thread that serves the sockets of a context between calls.
//!
//! A call drives its socket in the calling thread, without the driver. When a socket has had no call for some
//! milliseconds, the driver begins to serve it and waits for its events, without polling at intervals. The next
//! call takes the engine back with one system call.

mod flush;
mod gate;
#[cfg(test)]
mod tests;
mod timer;
mod watch;
mod sync {
    pub(super) use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
}

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use mio::{Events, Poll, Registry, Token, Waker};
use slab::Slab;

use flush::Flushes;
pub(crate) use gate::Gate;
use gate::Look;
use watch::Watches;
pub(crate) use watch::{Wait, Wakers, Watch};

use crate::clock::Clock;
use crate::error::Error;
use crate::process::Process;
use crate::signals;

/// The driver uses the clock of the system: a socket with the clock of a test has no driver.
const CLOCK: Clock = Clock::System;

/// The time without a call after which the driver serves a socket, and the one of sockets that it serves soon.
pub(crate) const AWAY: Duration = Duration::from_millis(3);
pub(crate) const SOON: Duration = Duration::from_millis(1);
/// The time after which a socket whose poll failed is tried again.
const RETRY: Duration = Duration::from_millis(100);
const EVENTS: usize = 256;
const WAKE: Token = Token(usize::MAX);
const TIMER: Token = Token(usize::MAX - 1);

/// A socket that the driver can serve.
pub(crate) trait Member: Send + Sync {
    fn gate(&self) -> &Gate;

    /// Locks the engine and passes it to `with`. Returns `false` if it is locked already.
    fn try_drive(&self, with: &mut dyn FnMut(&mut dyn Drive)) -> bool;

    /// Writes the messages that the engine holds back. Returns `false` if the engine is locked.
    fn try_flush(&self) -> bool;
}

/// An engine that the driver has locked.
pub(crate) trait Drive {
    /// Runs one bounded turn without waiting; returns when the next is due.
    fn drive(&mut self) -> io::Result<Option<Duration>>;

    /// Registers the events of the engine.
    fn register(&mut self, driver: &Arc<Shared>, token: Token) -> io::Result<()>;
}

/// The thread and the data shared with it.
#[derive(Debug)]
pub(crate) struct Driver {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    waker: Waker,
    /// The registry to deregister engines from when the application calls again.
    registry: Registry,
    news: Mutex<Vec<News>>,
    /// Sockets without descriptors that have events.
    rung: Mutex<Vec<Token>>,
    flushes: Flushes,
    watches: Watches,
    stop: AtomicBool,
    /// The process of the thread: a forked child has no thread, and cannot use its locks and its poll.
    process: Process,
}

enum News {
    /// The time is the one without a call.
    Joined(Arc<dyn Member>, Duration),
    Left(Arc<dyn Member>),
}

impl core::fmt::Debug for News {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Joined(..) => "Joined",
            Self::Left(_) => "Left",
        })
    }
}

impl Driver {
    pub(crate) fn start() -> Result<Self, Error> {
        let process = Process::this()?;
        let start = || {
            let poll = Poll::new()?;
            let shared = Arc::new(Shared {
                waker: Waker::new(poll.registry(), WAKE)?,
                registry: poll.registry().try_clone()?,
                news: Mutex::new(Vec::new()),
                rung: Mutex::new(Vec::new()),
                flushes: Flushes::new(poll.registry())?,
                watches: Watches::default(),
                stop: AtomicBool::new(false),
                process,
            });
            let run = Run { poll, shared: Arc::clone(&shared), entries: Slab::new() };
            let thread = signals::blocked(|| {
                thread::Builder::new().name("zmtp-driver".into()).spawn(|| run.run())
            })?;
            Ok(Self { shared, thread: Mutex::new(Some(thread)) })
        };
        start()
            .map_err(Error::io("start the background driver (`Builder::driver(false)` needs none)"))
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Ends the thread. It serves no socket any more.
    pub(crate) fn end(&self) {
        let thread = self.thread.try_lock().ok().and_then(|mut thread| thread.take());
        if !self.shared.process.is_this() {
            // In a forked child the thread does not exist: neither join nor detach it.
            core::mem::forget(thread);
            return;
        }
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake();
        // The driver itself may drop the last socket of a context.
        if let Some(thread) = thread
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    /// The driver serves the socket when it has had no call for the time `away`.
    pub(crate) fn join(&self, member: Arc<dyn Member>, away: Duration) {
        self.tell(News::Joined(member, away));
    }

    pub(crate) fn part(&self, member: Arc<dyn Member>) {
        self.flushes.forget(&member);
        self.tell(News::Left(member));
    }

    fn tell(&self, news: News) {
        let mut waiting = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        // No thread takes it after the end: the socket would keep its driver, and the driver the socket.
        if !self.stop.load(Ordering::Acquire) {
            waiting.push(news);
        }
        drop(waiting);
        self.wake();
    }

    /// Drops the sockets that it has, after the stop.
    fn clear(&self) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let news = core::mem::take(&mut *news);
        self.flushes.clear();
        drop(news);
    }

    /// Plans the write of messages that a socket has begun to hold back.
    pub(crate) fn flush_soon(&self, member: &Arc<dyn Member>) {
        if self.flushes.plan(member) {
            self.wake();
        }
    }

    /// A socket without descriptors has events.
    pub(crate) fn ring(&self, token: Token) {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner).push(token);
        self.wake();
    }

    /// Wakes the driver after a long call, during which it ignored the socket.
    pub(crate) fn wake(&self) {
        // It fails only if the system has no memory for an eight-byte counter.
        let _ = self.waker.wake();
    }

    /// The registry to take an engine from.
    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }
}

/// The thread's state.
struct Run {
    poll: Poll,
    shared: Arc<Shared>,
    entries: Slab<Entry>,
}

struct Entry {
    member: Arc<dyn Member>,
    /// The time without a call after which it is served.
    away: Duration,
    /// The number of calls at the last check.
    seen: u32,
    /// When to check or drive next.
    next: Option<Instant>,
}

impl Run {
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut due = Vec::new();
        while !self.shared.stop.load(Ordering::Acquire) {
            let now = CLOCK.now();
            let visits = self.entries.iter().filter_map(|(_, seat)| seat.next);
            let others = [self.shared.flushes.next(), self.shared.watches.next()];
            let next = visits.chain(others.into_iter().flatten()).min();
            let wait = next.map(|at| at.saturating_duration_since(now));
            if let Err(error) = self.poll.poll(&mut events, wait)
                && error.kind() != io::ErrorKind::Interrupted
            {
                thread::sleep(RETRY);
            }
            let mut told = false;
            due.clear();
            for event in &events {
                match event.token() {
                    WAKE => told = true,
                    TIMER => {}
                    token if self.shared.watches.event(token, &self.shared.registry) => {}
                    Token(index) => due.push(index),
                }
            }
            if told {
                self.take_news();
                let mut rung = self.shared.rung.lock().unwrap_or_else(PoisonError::into_inner);
                due.extend(rung.drain(..).map(|token| token.0));
            }
            let now = CLOCK.now();
            self.shared.flushes.run(now);
            self.shared.watches.run(now, &self.shared.registry);
            for index in due.drain(..) {
                if let Some(seat) = self.entries.get_mut(index)
                    && seat.member.gate().is_armed()
                    && has_panicked(|| seat.serve(now))
                {
                    self.entries.remove(index);
                }
            }
            self.entries.retain(|index, seat| {
                // A wake-up does not identify the socket. A socket that the application took back may
                // still have its earlier deadline.
                let left = told
                    && seat.next.is_none_or(|at| at > now + seat.away)
                    && !seat.member.gate().is_armed();
                let visited = left || seat.next.is_some_and(|at| at <= now);
                let shared = &self.shared;
                !(visited && has_panicked(|| seat.visit(Token(index), shared, now)))
            });
        }
        self.shared.clear();
    }

    fn take_news(&mut self) {
        let mut news = self.shared.news.lock().unwrap_or_else(PoisonError::into_inner);
        for news in news.drain(..) {
            match news {
                News::Joined(member, away) => {
                    let next = Some(CLOCK.now() + away);
                    self.entries.insert(Entry { member, away, seen: 0, next });
                }
                News::Left(member) => {
                    self.entries.retain(|_, seat| !Arc::ptr_eq(&seat.member, &member));
                }
            }
        }
    }
}

impl Entry {
    fn visit(&mut self, token: Token, driver: &Arc<Shared>, now: Instant) {
        match self.member.gate().look(&mut self.seen) {
            Look::Armed if self.next.is_some_and(|at| at <= now) => self.serve(now),
            Look::Armed => {}
            Look::Asleep => self.next = None,
            Look::Busy => self.next = Some(now + self.away),
            Look::Away => {
                self.next = Some(now + self.away);
                let Self { member, next, .. } = self;
                let gate = member.gate();
                member.try_drive(&mut |engine| {
                    if gate.arm() {
                        *next = match engine.register(driver, token) {
                            Ok(()) => when(engine.drive(), now),
                            Err(_) => Some(now + RETRY),
                        };
                    }
                });
            }
        }
    }

    /// Runs one turn of a socket that the driver serves, unless a call of the application is waiting.
    fn serve(&mut self, now: Instant) {
        let Self { member, away, next, .. } = self;
        let gate = member.gate();
        let served = member.try_drive(&mut |engine| {
            *next = if gate.is_armed() { when(engine.drive(), now) } else { None };
        });
        if !served {
            // The thread with the lock wakes the driver at the end of its call, or the next event does.
            *next = Some(now + *away);
        }
    }
}

/// Catches a panic, for example of a resolver. It ends the service of this socket, not of the others.
fn has_panicked(serve: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(serve)).is_err()
}

fn when(next: io::Result<Option<Duration>>, now: Instant) -> Option<Instant> {
    match next {
        Ok(next) => next.map(|wait| now + wait),
        Err(_) => Some(now + RETRY),
    }
}
