//! Contexts: the sockets that belong together, and their options.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use libc::c_int;
use zmtp_mio::libzmq;

use crate::errno::{Errno, Outcome};

/// The options of a context, by the numbers of the C API.
mod number {
    use libc::c_int;

    pub(super) const IO_THREADS: c_int = 1;
    pub(super) const MAX_SOCKETS: c_int = 2;
    pub(super) const SOCKET_LIMIT: c_int = 3;
    pub(super) const THREAD_SCHED_POLICY: c_int = 4;
    pub(super) const MAX_MSGSZ: c_int = 5;
    pub(super) const MSG_T_SIZE: c_int = 6;
    pub(super) const THREAD_AFFINITY_CPU_ADD: c_int = 7;
    pub(super) const THREAD_AFFINITY_CPU_REMOVE: c_int = 8;
    pub(super) const THREAD_NAME_PREFIX: c_int = 9;
    pub(super) const ZERO_COPY_RECV: c_int = 10;
    pub(super) const IPV6: c_int = 42;
    pub(super) const BLOCKY: c_int = 70;
}

/// The most sockets that a context may have.
const SOCKET_LIMIT: c_int = 65_535;

/// A context.
#[derive(Debug)]
pub(crate) struct Context {
    inner: zmtp_mio::Context,
    state: Mutex<State>,
    /// A socket has ended, or was closed.
    changed: Condvar,
    /// No calls wait from now on.
    is_shut_down: AtomicBool,
    /// The process that made it.
    process: u32,
}

#[derive(Debug)]
struct State {
    options: Options,
    /// The sockets that the program has not closed.
    open: usize,
    /// The sockets that are closed and continue to send.
    lingering: usize,
}

/// The options of a context.
#[derive(Clone, Debug)]
struct Options {
    io_threads: c_int,
    max_sockets: c_int,
    max_message: c_int,
    ipv6: bool,
    blocky: bool,
    zero_copy: bool,
    /// The prefix of the names of threads: a number, or a text.
    name_prefix: Vec<u8>,
    sched_policy: c_int,
    /// The processors on which threads may run; none stands for all.
    affinity: BTreeSet<c_int>,
}

impl Context {
    pub(crate) fn new() -> Self {
        let options = Options {
            io_threads: 1,
            max_sockets: 1_023,
            max_message: c_int::MAX,
            ipv6: false,
            blocky: true,
            zero_copy: true,
            name_prefix: 0_i32.to_ne_bytes().to_vec(),
            sched_policy: -1,
            affinity: BTreeSet::new(),
        };
        Self {
            inner: zmtp_mio::Context::builder().build(),
            state: Mutex::new(State { options, open: 0, lingering: 0 }),
            changed: Condvar::new(),
            is_shut_down: AtomicBool::new(false),
            process: std::process::id(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The context of the Rust sockets.
    pub(crate) const fn inner(&self) -> &zmtp_mio::Context {
        &self.inner
    }

    /// Fails if the context is shut down.
    pub(crate) fn check(&self) -> Outcome<()> {
        match self.is_shut_down.load(Ordering::Acquire) {
            true => Err(Errno::ETERM),
            false => Ok(()),
        }
    }

    /// Counts a new socket. Fails if there are too many.
    pub(crate) fn open(&self) -> Outcome<()> {
        self.check()?;
        let mut state = self.lock();
        if state.open >= usize::try_from(state.options.max_sockets).unwrap_or(0) {
            return Err(Errno(libc::EMFILE));
        }
        state.open += 1;
        Ok(())
    }

    /// The program has closed a socket, which continues to send until [`Self::ended`].
    pub(crate) fn closed(&self) {
        let mut state = self.lock();
        state.open = state.open.saturating_sub(1);
        state.lingering += 1;
    }

    /// A socket of the library has begun, which continues until [`Self::ended`].
    pub(crate) fn began(&self) {
        self.lock().lingering += 1;
    }

    /// A socket that was not built, or that was closed, has ended.
    pub(crate) fn ended(&self) {
        let mut state = self.lock();
        state.lingering = state.lingering.saturating_sub(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Whether sockets have IPv6 by default.
    pub(crate) fn ipv6(&self) -> bool {
        self.lock().options.ipv6
    }

    /// Whether sockets linger by default.
    pub(crate) fn is_blocky(&self) -> bool {
        self.lock().options.blocky
    }

    /// Ends the calls of all sockets (`zmq_ctx_shutdown`).
    pub(crate) fn shut_down(&self) {
        if !self.is_shut_down.swap(true, Ordering::AcqRel) && self.process == std::process::id() {
            libzmq::stop(&self.inner);
        }
    }

    /// Waits until all sockets are closed and have sent, and ends the driver (`zmq_ctx_term`).
    pub(crate) fn end(&self) {
        self.shut_down();
        if self.process != std::process::id() {
            // The sockets belong to the parent.
            return;
        }
        let is_busy = |state: &mut State| state.open > 0 || state.lingering > 0;
        let ended = self.changed.wait_while(self.lock(), is_busy);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
        libzmq::end_driver(&self.inner);
    }

    /// Sets an option (`zmq_ctx_set`, `zmq_ctx_set_ext`).
    pub(crate) fn set(&self, option: c_int, value: &[u8]) -> Outcome<()> {
        let mut state = self.lock();
        let options = &mut state.options;
        if option == number::THREAD_NAME_PREFIX {
            return match value.len() {
                0..=16 => {
                    options.name_prefix = value.to_vec();
                    Ok(())
                }
                _ => Err(Errno::EINVAL),
            };
        }
        let value = <[u8; 4]>::try_from(value).map_err(|_| Errno::EINVAL)?;
        let value = c_int::from_ne_bytes(value);
        match option {
            number::IO_THREADS if value >= 0 => options.io_threads = value,
            number::MAX_SOCKETS if (1..=SOCKET_LIMIT).contains(&value) => {
                options.max_sockets = value;
            }
            number::MAX_MSGSZ if value >= 0 => options.max_message = value,
            number::IPV6 if value >= 0 => options.ipv6 = value != 0,
            number::BLOCKY if value >= 0 => options.blocky = value != 0,
            number::ZERO_COPY_RECV if value >= 0 => options.zero_copy = value != 0,
            // The thread of the driver has the settings of the process: these have no effect.
            number::THREAD_SCHED_POLICY if value >= 0 => options.sched_policy = value,
            number::THREAD_AFFINITY_CPU_ADD if value >= 0 => {
                options.affinity.insert(value);
            }
            number::THREAD_AFFINITY_CPU_REMOVE if options.affinity.remove(&value) => {}
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    /// Returns an option (`zmq_ctx_get`).
    pub(crate) fn get(&self, option: c_int) -> Outcome<c_int> {
        let options = &self.lock().options;
        Ok(match option {
            number::IO_THREADS => options.io_threads,
            number::MAX_SOCKETS => options.max_sockets,
            number::SOCKET_LIMIT => SOCKET_LIMIT,
            number::MAX_MSGSZ => options.max_message,
            number::MSG_T_SIZE => 64,
            number::IPV6 => options.ipv6.into(),
            number::BLOCKY => options.blocky.into(),
            number::THREAD_SCHED_POLICY => options.sched_policy,
            number::THREAD_NAME_PREFIX => {
                let number = <[u8; 4]>::try_from(options.name_prefix.as_slice());
                number.map(c_int::from_ne_bytes).unwrap_or(0)
            }
            number::ZERO_COPY_RECV => options.zero_copy.into(),
            _ => return Err(Errno::EINVAL),
        })
    }

    /// Returns the text of an option (`zmq_ctx_get_ext`).
    #[cfg(feature = "draft")]
    pub(crate) fn get_text(&self, option: c_int) -> Outcome<Vec<u8>> {
        match option {
            number::THREAD_NAME_PREFIX => Ok(self.lock().options.name_prefix.clone()),
            _ => self.get(option).map(|value| value.to_ne_bytes().to_vec()),
        }
    }
}

/// A context whose last socket is closed ends its driver.
impl Drop for Context {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            libzmq::end_driver(&self.inner);
        }
    }
}

/// One more reference, which ends a socket when it is dropped.
pub(crate) fn ended_later(context: &Arc<Context>) -> impl FnOnce() + Send + use<> {
    let context = Arc::clone(context);
    move || context.ended()
}
