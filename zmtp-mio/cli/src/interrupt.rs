//! Ctrl-C, SIGTERM, SIGHUP and SIGQUIT: the first signal stops the socket, which then cleans up; the second ends the
//! program at once.

use std::sync::{Arc, Mutex, PoisonError};

use zmtp_mio::Handle;

use crate::exit::Failure;

/// Stops the socket when a signal arrives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    signal: Option<u8>,
    /// Stops the command; false if that failed.
    stop: Option<Box<dyn FnMut() -> bool + Send>>,
}

impl core::fmt::Debug for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("State").field("signal", &self.signal).finish_non_exhaustive()
    }
}

impl Interrupt {
    /// Installs the handlers. SIGHUP and SIGQUIT stay ignored if they are, for example by `nohup`.
    #[cfg(unix)]
    pub(crate) fn install() -> Result<Self, Failure> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

        let fail = || Failure::io("install signal handlers");
        let ignored = ignored();
        let optional = [SIGHUP, SIGQUIT].into_iter().filter(|signal| !ignored(*signal));
        let signals = [SIGINT, SIGTERM].into_iter().chain(optional);
        let mut signals = signal_hook::iterator::Signals::new(signals).map_err(fail())?;
        let interrupt = Self::default();
        let told = interrupt.clone();
        let watch = move || {
            for signal in signals.forever() {
                told.raise(u8::try_from(signal).unwrap_or_default());
            }
        };
        std::thread::Builder::new().name("signals".into()).spawn(watch).map_err(fail())?;
        Ok(interrupt)
    }

    /// The system ends the process by itself.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it may fail elsewhere")]
    pub(crate) fn install() -> Result<Self, Failure> {
        Ok(Self::default())
    }

    /// From now on a signal stops this socket. Before, there is nothing to clean up.
    pub(crate) fn attach(&self, handle: Handle) {
        self.attach_with(move || handle.stop().is_ok());
    }

    /// From now on a signal calls this function, which returns whether the command will end.
    pub(crate) fn attach_with(&self, stop: impl FnMut() -> bool + Send + 'static) {
        self.state(|state| state.stop = Some(Box::new(stop)));
    }

    /// The signal that stopped the socket.
    pub(crate) fn failure(&self) -> Failure {
        const SIGINT: u8 = 2;
        Failure::Interrupted(self.state(|state| state.signal).unwrap_or(SIGINT))
    }

    #[cfg_attr(not(unix), expect(dead_code, reason = "no signals there"))]
    fn raise(&self, signal: u8) {
        let stopped = self.state(|state| {
            let first = state.signal.replace(signal).is_none();
            first && state.stop.as_mut().is_some_and(|stop| stop())
        });
        if !stopped {
            std::process::exit(Failure::Interrupted(signal).code().into());
        }
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the process ignores a signal. On systems without `/proc`, the answer is always yes.
#[cfg(unix)]
fn ignored() -> impl Fn(i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(u64::MAX);
    move |signal| mask >> (signal - 1) & 1 == 1
}
