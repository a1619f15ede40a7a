//! Contexts: the sockets that belong together, and their options.

mod options;

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use libc::c_int;
use zmtp_mio::libzmq;

use crate::environment::Environment;
use crate::errno::{Errno, Outcome};
use crate::ffi;
use crate::waker::Waker;
use options::Options;

/// A context.
#[derive(Debug)]
pub(crate) struct Context {
    inner: zmtp_mio::Context,
    state: Mutex<State>,
    environment: Environment,
    /// No calls wait from now on.
    is_shut_down: AtomicBool,
    /// [`ffi::forks`] of the process that made it.
    forks: u32,
}

#[derive(Debug)]
struct State {
    options: Options,
    /// The sockets that the program has not closed.
    open: usize,
    /// The sockets that are closed and continue to send.
    lingering: usize,
    /// Readable when there are no sockets, once the end waits for that.
    idle: Option<Arc<Waker>>,
    /// The threads that end with sockets.
    threads: Vec<JoinHandle<()>>,
}

impl State {
    const fn is_idle(&self) -> bool {
        self.open == 0 && self.lingering == 0
    }
}

impl Context {
    /// A context without variables of the environment.
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self::with(Environment::default())
    }

    pub(crate) fn with(environment: Environment) -> Self {
        Self {
            inner: zmtp_mio::Context::builder().build(),
            state: Mutex::new(State {
                options: Options::default(),
                open: 0,
                lingering: 0,
                idle: None,
                threads: Vec::new(),
            }),
            environment,
            is_shut_down: AtomicBool::new(false),
            forks: ffi::forks(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state for a call, which a forked child may not make.
    fn enter(&self) -> Outcome<MutexGuard<'_, State>> {
        match self.is_inherited() {
            true => Err(Errno::ETERM),
            false => Ok(self.lock()),
        }
    }

    /// The context of the Rust sockets.
    pub(crate) const fn inner(&self) -> &zmtp_mio::Context {
        &self.inner
    }

    /// What the user has set.
    pub(crate) const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether it belongs to the process that this one was forked from. Its threads do not exist here, and the locks that they
    /// had stay locked.
    pub(crate) fn is_inherited(&self) -> bool {
        self.forks != ffi::forks()
    }

    /// Fails if the context is shut down, and in a forked child.
    pub(crate) fn check(&self) -> Outcome<()> {
        match self.is_shut_down.load(Ordering::Acquire) || self.is_inherited() {
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
        if let (true, Some(idle)) = (state.is_idle(), &state.idle) {
            idle.wake();
        }
    }

    /// A thread has begun that ends with a socket.
    pub(crate) fn keep(&self, thread: JoinHandle<()>) {
        let mut state = self.lock();
        state.threads.retain(|thread| !thread.is_finished());
        state.threads.push(thread);
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
        if !self.is_shut_down.swap(true, Ordering::AcqRel) && !self.is_inherited() {
            libzmq::stop(&self.inner);
        }
    }

    /// Waits until all sockets are closed and have sent, and ends the driver (`zmq_ctx_term`). Fails if a signal ends the
    /// wait.
    pub(crate) fn end(&self) -> Outcome<()> {
        self.shut_down();
        if self.is_inherited() {
            return Ok(());
        }
        while let Some(idle) = self.busy()? {
            let (fd, events) = (idle.as_raw_fd(), libc::POLLIN);
            ffi::system_poll(&mut [libc::pollfd { fd, events, revents: 0 }], None, None)?;
        }
        let threads = std::mem::take(&mut self.lock().threads);
        for thread in threads {
            // A thread that has panicked has ended too.
            let _ = thread.join();
        }
        libzmq::end_driver(&self.inner);
        Ok(())
    }

    /// Returns what is readable when there are no sockets, if there are some.
    fn busy(&self) -> Outcome<Option<Arc<Waker>>> {
        let mut state = self.lock();
        if state.is_idle() {
            return Ok(None);
        }
        if let Some(idle) = &state.idle {
            idle.reset();
            return Ok(Some(Arc::clone(idle)));
        }
        Ok(Some(Arc::clone(state.idle.insert(Arc::new(Waker::new()?)))))
    }

    /// Sets an option (`zmq_ctx_set`, `zmq_ctx_set_ext`).
    pub(crate) fn set(&self, option: c_int, value: &[u8]) -> Outcome<()> {
        self.enter()?.options.set(option, value)
    }

    /// Returns an option (`zmq_ctx_get`).
    pub(crate) fn get(&self, option: c_int) -> Outcome<c_int> {
        self.enter()?.options.get(option)
    }

    /// Returns the text of an option (`zmq_ctx_get_ext`).
    #[cfg(feature = "draft")]
    pub(crate) fn get_text(&self, option: c_int) -> Outcome<Vec<u8>> {
        self.enter()?.options.get_text(option)
    }
}

/// A context whose last socket is closed ends its driver.
impl Drop for Context {
    fn drop(&mut self) {
        if !self.is_inherited() {
            libzmq::end_driver(&self.inner);
        }
    }
}

/// One more reference, which ends a socket when it is dropped.
pub(crate) fn ended_later(context: &Arc<Context>) -> impl FnOnce() + Send + use<> {
    let context = Arc::clone(context);
    move || context.ended()
}
