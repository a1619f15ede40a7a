//! Look-ups of host names.
//!
//! The look-up of the system blocks, for half a minute if the name server does not answer, and cannot be cancelled.
//! Therefore a few threads do the look-ups of a whole process. They start when they are needed, and end when there
//! is nothing to do. Two look-ups of the same name at the same time are one. A look-up that has not begun is
//! dropped when its result is not needed any more.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic::catch_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use crate::process::PerProcess;
use crate::signals;

/// The most threads of a process.
const THREADS: usize = 8;
/// A thread without work ends after this time.
const IDLE: Duration = Duration::from_secs(2);

/// The addresses of a name, with port 0.
pub(crate) type Found = Result<Vec<SocketAddr>, Arc<io::Error>>;

/// The recipient of a result.
pub(crate) trait Recipient: Send {
    /// Whether the result is still needed.
    fn is_waiting(&self) -> bool;

    fn receive(&self, found: &Found);
}

/// Begins to look a name up. The recipient gets the result in another thread.
///
/// # Errors
///
/// The error of the system if there is no thread and none can start.
pub(crate) fn begin(name: &str, recipient: Box<dyn Recipient>) -> io::Result<()> {
    static POOL: PerProcess<Pool> = PerProcess::new();
    let pool = POOL.get(|| {
        Ok::<_, io::Error>(Pool::new(IDLE, |name| Ok((name, 0).to_socket_addrs()?.collect())))
    })?;
    pool.begin(name, recipient)
}

/// Looks a name up, within `limit`.
///
/// # Errors
///
/// The error of the look-up, [`io::ErrorKind::TimedOut`] after `limit`, or the error of [`begin`].
pub(crate) fn wait(name: &str, limit: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
    Call::begin(|recipient| begin(name, recipient), limit)
}

/// A call that waits for the result.
struct Call {
    sender: SyncSender<Found>,
    waits: Weak<()>,
}

impl Call {
    fn begin(
        begin: impl FnOnce(Box<dyn Recipient>) -> io::Result<()>,
        limit: Option<Duration>,
    ) -> io::Result<Vec<SocketAddr>> {
        let (sender, receiver) = sync_channel(1);
        let waits = Arc::new(());
        begin(Box::new(Self { sender, waits: Arc::downgrade(&waits) }))?;
        let found = match limit {
            Some(limit) => receiver.recv_timeout(limit).ok(),
            None => receiver.recv().ok(),
        };
        match found {
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(error)) => Err(io::Error::new(error.kind(), error)),
            None => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "the look-up of the name timed out"))
            }
        }
    }
}

impl Recipient for Call {
    fn is_waiting(&self) -> bool {
        self.waits.strong_count() > 0
    }

    fn receive(&self, found: &Found) {
        // If the call has timed out, there is no receiver.
        let _ = self.sender.try_send(found.clone());
    }
}

type LookUp = fn(&str) -> io::Result<Vec<SocketAddr>>;

struct Pool {
    state: Mutex<State>,
    /// Notified when a name is queued.
    queued: Condvar,
    idle: Duration,
    look_up: LookUp,
}

#[derive(Default)]
struct State {
    /// Names that are queued or looked up, and the sockets that wait for their addresses.
    names: HashMap<String, Vec<Box<dyn Recipient>>>,
    /// Names whose look-up has not begun.
    queue: VecDeque<String>,
    threads: usize,
    /// Threads that wait for a name.
    idle_threads: usize,
}

impl Pool {
    fn new(idle: Duration, look_up: LookUp) -> Self {
        Self { state: Mutex::default(), queued: Condvar::new(), idle, look_up }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>, name: &str, recipient: Box<dyn Recipient>) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(recipients) = state.names.get_mut(name) {
            // Now and then, so that the cost of one call does not grow.
            if recipients.len().is_power_of_two() {
                recipients.retain(|one| one.is_waiting());
            }
            recipients.push(recipient);
            return Ok(());
        }
        if state.queue.len().is_power_of_two() {
            state.drop_unneeded();
        }
        state.names.insert(name.into(), vec![recipient]);
        state.queue.push_back(name.into());
        if state.queue.len() <= state.idle_threads || state.threads == THREADS {
            self.queued.notify_one();
            return Ok(());
        }
        let pool = Arc::clone(self);
        let work = move || pool.work();
        let spawn = || thread::Builder::new().name("zmtp-resolver".into()).spawn(work);
        match signals::blocked(spawn) {
            Ok(_) => state.threads += 1,
            // Another thread takes the name.
            Err(_) if state.threads > 0 => self.queued.notify_one(),
            Err(error) => {
                state.queue.pop_back();
                state.names.remove(name);
                return Err(error);
            }
        }
        Ok(())
    }

    /// One thread: looks names up until there was none for a while.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(name) = state.queue.pop_front() {
                if !state.is_needed(&name) {
                    state.names.remove(&name);
                    continue;
                }
                drop(state);
                let found = catch_unwind(|| (self.look_up)(&name))
                    .unwrap_or_else(|_| Err(io::Error::other("the look-up panicked")))
                    .map_err(Arc::new);
                let recipients = self.lock().names.remove(&name).unwrap_or_default();
                recipients.iter().for_each(|one| one.receive(&found));
                state = self.lock();
                continue;
            }
            state.idle_threads += 1;
            let (guard, waited) =
                self.queued.wait_timeout(state, self.idle).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.idle_threads -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

impl State {
    fn is_needed(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|all| all.iter().any(|one| one.is_waiting()))
    }

    /// Drops queued names whose addresses are not needed any more.
    fn drop_unneeded(&mut self) {
        let mut queue = core::mem::take(&mut self.queue);
        queue.retain(|name| {
            let is_needed = self.is_needed(name);
            if !is_needed {
                self.names.remove(name);
            }
            is_needed
        });
        self.queue = queue;
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::net::Ipv4Addr;
    use std::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    fn found(name: &str) -> io::Result<Vec<SocketAddr>> {
        match name {
            "missing" => Err(io::ErrorKind::NotFound.into()),
            "broken" => panic!("a resolver with a bug"),
            _ => Ok(vec![(Ipv4Addr::new(192, 0, 2, name.len() as u8), 0).into()]),
        }
    }

    fn wait_in(pool: &Arc<Pool>, name: &str) -> io::Result<Vec<SocketAddr>> {
        Call::begin(|recipient| pool.begin(name, recipient), Some(LIMIT))
    }

    fn eventually(mut done: impl FnMut() -> bool) {
        let end = Instant::now() + LIMIT;
        while !done() {
            assert!(Instant::now() < end);
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn addresses_and_errors_reach_the_caller() {
        let pool = Arc::new(Pool::new(IDLE, found));
        assert_eq!(wait_in(&pool, "four").unwrap(), [(Ipv4Addr::new(192, 0, 2, 4), 0).into()]);
        assert_eq!(wait_in(&pool, "missing").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(wait_in(&pool, "broken").unwrap_err().to_string().contains("panicked"));
        assert_eq!(wait_in(&pool, "four").unwrap().len(), 1);
        assert!(pool.lock().names.is_empty());
    }

    #[test]
    fn threads_without_work_end() {
        let pool = Arc::new(Pool::new(Duration::from_millis(1), found));
        wait_in(&pool, "one").unwrap();
        eventually(|| pool.lock().threads == 0);
        wait_in(&pool, "two").unwrap();
    }

    /// A name server that does not answer until the test opens it.
    static MUTE: Mutex<()> = Mutex::new(());
    static BEGUN: AtomicUsize = AtomicUsize::new(0);

    fn mute(_: &str) -> io::Result<Vec<SocketAddr>> {
        BEGUN.fetch_add(1, Ordering::Relaxed);
        drop(MUTE.lock());
        Ok(Vec::new())
    }

    #[test]
    fn a_name_server_that_does_not_answer_costs_a_bounded_number_of_threads_and_names() {
        let closed = MUTE.lock().unwrap();
        let pool = Arc::new(Pool::new(IDLE, mute));
        let (sender, receiver) = sync_channel(20_000);
        let waits = Arc::new(());
        let ask = |name: &str, waits: Weak<()>| {
            pool.begin(name, Box::new(Call { sender: sender.clone(), waits })).unwrap();
        };
        // Many sockets that need one name.
        for _ in 0..2_000 {
            ask("same", Arc::downgrade(&waits));
        }
        eventually(|| BEGUN.load(Ordering::Relaxed) == 1);
        // Many sockets that are closed at once, and some that stay.
        for number in 0..2_000 {
            let closed = Arc::new(());
            ask(&format!("closed-{number}"), Arc::downgrade(&closed));
            ask("same", Arc::downgrade(&closed));
            if number % 200 == 0 {
                ask(&format!("open-{number}"), Arc::downgrade(&waits));
            }
        }
        {
            let state = pool.lock();
            assert!(state.threads <= THREADS);
            assert!(state.queue.len() <= 256, "{} names", state.queue.len());
            assert!(state.names["same"].len() <= 4_096);
        }
        // A call does not wait for it without limit.
        let limit = Some(Duration::from_millis(1));
        let late = Call::begin(|recipient| pool.begin("late", recipient), limit).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);

        drop(closed);
        eventually(|| pool.lock().names.is_empty());
        // Dropped names are not looked up.
        assert!(BEGUN.load(Ordering::Relaxed) <= 1 + 10 + 2 * THREADS);
        let mut received = 0;
        // A recipient gets the result after its name is removed.
        eventually(|| {
            received += receiver.try_iter().filter(Result::is_ok).count();
            received >= 2_000 + 10
        });
    }
}
