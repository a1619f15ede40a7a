//! Sockets: what the functions of the C API do with one.

pub(crate) mod endpoint;
mod endpoints;
mod notice;
mod options;
#[cfg(feature = "draft")]
mod peers;
mod receive;
mod send;
#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "draft"))]
mod thread_safe_tests;
mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libc::c_int;
use zmtp_mio::libzmq::{self, SharedSocket};
use zmtp_mio::{Message, SocketKind};

use crate::context::{Context, ended_later};
use crate::errno::{Errno, Outcome};
use crate::message::{Incoming, MetadataCache};
use crate::monitor::{Last, Monitor};
use crate::options::Settings;
use crate::waker::{Waker, Wakers};
use endpoints::Endpoints;

pub(crate) use notice::Notice;
pub(crate) use send::Given;
pub(crate) use watch::PAIR;

/// The flag of a call that does not wait.
pub(crate) const DONTWAIT: c_int = 1;
/// The flag of a part that is not the last one of its message.
pub(crate) const SNDMORE: c_int = 2;

/// The events of a socket: a receive, and a send, would not wait.
pub(crate) const POLLIN: c_int = 1;
pub(crate) const POLLOUT: c_int = 2;

/// A socket of the C API.
#[derive(Debug)]
pub(crate) struct Socket {
    context: Arc<Context>,
    kind: SocketKind,
    /// If the socket is thread-safe, no call holds it while it waits.
    state: Mutex<State>,
    /// Those of waits for the socket in other threads, if it is thread-safe.
    wakers: Arc<Wakers>,
}

#[derive(Debug)]
struct State {
    /// `None` after the close.
    inner: Option<Arc<SharedSocket>>,
    settings: Settings,
    endpoints: Endpoints,
    /// The parts of a message whose last part is not known.
    outgoing: Message,
    /// The message whose parts the program receives.
    incoming: Incoming,
    cache: MetadataCache,
    /// The descriptor of `ZMQ_FD`, once the program has asked for it.
    notice: Option<Notice>,
    /// The wakers get the changes of the socket.
    has_wakers: bool,
    monitor: Option<Monitor>,
}

/// The socket type of a number.
fn kind(number: c_int) -> Option<SocketKind> {
    use SocketKind::{Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Stream, Sub, Xpub, Xsub};

    let stable = [Pair, Pub, Sub, Req, Rep, Dealer, Router, Pull, Push, Xpub, Xsub, Stream];
    let index = usize::try_from(number).ok()?;
    #[cfg(feature = "draft")]
    {
        use SocketKind::{Channel, Client, Dgram, Dish, Gather, Peer, Radio, Scatter, Server};
        let draft = [Server, Client, Radio, Dish, Gather, Scatter, Dgram, Peer, Channel];
        stable.into_iter().chain(draft).nth(index)
    }
    #[cfg(not(feature = "draft"))]
    stable.get(index).copied()
}

/// The number of a socket type.
pub(crate) fn number(kind: SocketKind) -> c_int {
    (0..32).find(|&number| self::kind(number) == Some(kind)).unwrap_or(-1)
}

impl Socket {
    /// Creates a socket of a type, by the number of the C API.
    pub(crate) fn open(context: &Arc<Context>, number: c_int) -> Outcome<Arc<Self>> {
        context.check()?;
        let kind = kind(number).ok_or(Errno::EINVAL)?;
        context.open()?;
        let settings = Settings::new(kind, context);
        match libzmq::build(kind, settings.options.clone(), settings.own.clone()) {
            Ok(inner) => {
                let state = State {
                    inner: Some(Arc::new(libzmq::for_any_thread(inner))),
                    settings,
                    endpoints: Endpoints::default(),
                    outgoing: Message::new(),
                    incoming: Incoming::default(),
                    cache: MetadataCache::default(),
                    notice: None,
                    has_wakers: false,
                    monitor: None,
                };
                let context = Arc::clone(context);
                let (state, wakers) = (Mutex::new(state), Arc::default());
                Ok(Arc::new(Self { context, kind, state, wakers }))
            }
            Err(error) => {
                context.closed();
                context.ended();
                Err(error.into())
            }
        }
    }

    /// Closes the socket. What is queued is sent within the linger.
    pub(crate) fn close(&self) -> Outcome<()> {
        if self.context.is_inherited() {
            self.close_copy();
            return Ok(());
        }
        let mut state = self.state();
        let inner = state.inner.take().ok_or(Errno::ENOTSOCK)?;
        let linger = state.settings.options.linger;
        let notice = state.notice.take();
        if let Some(monitor) = state.monitor.take() {
            monitor.end(&inner, Last { unbound: state.endpoints.bound(&inner), notice });
        }
        drop(state);
        self.context.closed();
        libzmq::close_shared(&inner, linger, ended_later(&self.context));
        self.wakers.wake();
        Ok(())
    }

    /// Closes the descriptors of a socket of the parent, without a lock that one of its threads had during the fork.
    fn close_copy(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            state.notice = None;
            drop(state.inner.take());
        }
    }

    /// Whether the socket replies to each message.
    pub(crate) fn is_rep(&self) -> bool {
        self.kind == SocketKind::Rep
    }

    /// Whether several threads may use the socket at the same time.
    pub(crate) const fn is_thread_safe(&self) -> bool {
        self.kind.is_thread_safe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state for a call that does not depend on the context, which may be shut down. Fails in a forked child.
    fn enter(&self) -> Outcome<MutexGuard<'_, State>> {
        match self.context.is_inherited() {
            true => Err(Errno::ETERM),
            false => Ok(self.state()),
        }
    }

    /// The state for a call. Fails after a shutdown of the context, and in a forked child.
    fn call(&self) -> Outcome<MutexGuard<'_, State>> {
        self.context.check()?;
        Ok(self.state())
    }

    /// The error of a call that waited while other threads used the socket: one of them may have closed it.
    fn waited(&self, error: Errno) -> Errno {
        if error == Errno::ETERM && self.context.check().is_ok() { Errno::ENOTSOCK } else { error }
    }

    /// The events of the socket, and the longest time to the next look at them.
    pub(crate) fn look(&self) -> Outcome<(c_int, Option<Duration>)> {
        let looked = self.call()?.look()?;
        // The turn may have taken the event of a shutdown, for which the caller would wait next.
        self.context.check()?;
        Ok(looked)
    }

    /// The events of the socket (`ZMQ_EVENTS`).
    fn events(&self) -> Outcome<c_int> {
        let state = self.call()?;
        if let Some(notice) = &state.notice {
            notice.reset();
        }
        let (events, _) = state.look()?;
        // As in `look`.
        self.context.check()?;
        if let Some(notice) = &state.notice
            && events & POLLOUT != 0
        {
            notice.has_room();
        }
        Ok(events)
    }

    /// The descriptor that is readable while the socket has events of the system to handle.
    pub(crate) fn descriptor(&self) -> Outcome<c_int> {
        let state = self.call()?;
        Ok(libzmq::descriptor(state.inner()?)?)
    }

    /// Lets the driver leave the socket to this thread while the result exists; `None` if the socket is closed, and in a
    /// forked child.
    pub(crate) fn hold(&self) -> Option<Held> {
        if self.context.is_inherited() {
            return None;
        }
        let inner = Arc::clone(self.state().inner.as_ref()?);
        libzmq::hold(&*inner);
        Some(Held(inner))
    }

    /// Wakes a wait for a thread-safe socket from now on, whenever another thread may have changed its events.
    pub(crate) fn add_waker(&self, waker: &Arc<Waker>) {
        if self.context.is_inherited() {
            return;
        }
        self.wakers.add(waker);
        let mut state = self.state();
        let State { inner: Some(inner), has_wakers: false, .. } = &*state else { return };
        let wakers = Arc::clone(&self.wakers);
        libzmq::watch_calls(&**inner, move |_, _| wakers.wake());
        state.has_wakers = true;
    }

    /// Ends [`Self::add_waker`].
    #[cfg(feature = "draft")]
    pub(crate) fn remove_waker(&self, waker: &Arc<Waker>) {
        if !self.context.is_inherited() {
            self.wakers.remove(waker);
        }
    }
}

/// A socket that the driver leaves to a thread.
#[derive(Debug)]
pub(crate) struct Held(Arc<SharedSocket>);

impl Drop for Held {
    fn drop(&mut self) {
        libzmq::release(&*self.0);
    }
}

impl State {
    fn inner(&self) -> Outcome<&SharedSocket> {
        self.inner.as_deref().ok_or(Errno::ENOTSOCK)
    }

    /// The socket for a wait without the lock of this state.
    fn shared(&self) -> Outcome<Arc<SharedSocket>> {
        self.inner.clone().ok_or(Errno::ENOTSOCK)
    }

    /// The time limit of a call: `None` is no limit.
    fn limit(millis: c_int, flags: c_int) -> Option<Duration> {
        match flags & DONTWAIT {
            0 => u64::try_from(millis).ok().map(Duration::from_millis),
            _ => Some(Duration::ZERO),
        }
    }

    /// Whether there are parts of a message that the program has begun to receive.
    fn has_part(&self) -> bool {
        !self.incoming.is_empty()
    }

    /// The events of the socket, and the longest time to the next look at them.
    fn look(&self) -> Outcome<(c_int, Option<Duration>)> {
        let ready = libzmq::step(self.inner()?)?;
        let mut events = 0;
        if ready.readable || self.has_part() {
            events |= POLLIN;
        }
        // As in libzmq: a send by a STREAM fails at once if there is no such connection.
        let is_stream = self.settings.inner_kind() == SocketKind::Stream;
        if ready.writable || is_stream || self.outgoing.part_count() > 0 {
            events |= POLLOUT;
        }
        let next = if ready.readable { None } else { ready.next };
        Ok((events, next))
    }

    /// A call that may have handled events has ended: the descriptor of `ZMQ_FD` is readable if there is something to
    /// receive, or room to send that the program does not know of.
    fn end_call(&self) {
        if let (Some(notice), Some(inner)) = (&self.notice, &self.inner) {
            let (readable, writable) = libzmq::readiness(&**inner);
            notice.look(readable || self.has_part(), writable);
        }
    }

    /// A send had no room: the descriptor of `ZMQ_FD` is readable when there is some, from the end of the call on.
    fn await_room(&self) {
        let (Some(notice), Some(inner)) = (&self.notice, &self.inner) else { return };
        notice.await_room();
        // There may be some since.
        let _ = libzmq::step(&**inner);
    }
}
