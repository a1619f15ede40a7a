//! A timer of less than a millisecond, which `mio::Poll` does not have: it rounds up to milliseconds.

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use by_poll::Timer;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use timerfd::Timer;

/// A timerfd. Its events are edge-triggered: it is not read.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod timerfd {
    use core::time::Duration;
    use std::io;
    use std::os::fd::{AsFd, AsRawFd};

    use mio::unix::SourceFd;
    use mio::{Interest, Registry};
    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

    use super::super::TIMER;

    #[derive(Debug)]
    pub(in super::super) struct Timer(TimerFd);

    impl Timer {
        /// Whether the timer ends the poll.
        pub(in super::super) const WAKES: bool = true;

        pub(in super::super) fn new(registry: &Registry) -> io::Result<Self> {
            let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
            let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
            let descriptor = timer.as_fd().as_raw_fd();
            registry.register(&mut SourceFd(&descriptor), TIMER, Interest::READABLE)?;
            Ok(Self(timer))
        }

        /// Sets it to a time from now on, instead of its earlier time.
        pub(in super::super) fn set(&self, wait: Duration) -> io::Result<()> {
            // Zero would stop it.
            let wait = TimeSpec::from(wait.max(Duration::from_nanos(1)));
            Ok(self.0.set(Expiration::OneShot(wait), TimerSetTimeFlags::empty())?)
        }
    }
}

/// The timeout of the poll.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod by_poll {
    use core::time::Duration;
    use std::io;

    use mio::Registry;

    #[derive(Debug)]
    pub(in super::super) struct Timer;

    impl Timer {
        /// Whether the timer ends the poll.
        pub(in super::super) const WAKES: bool = false;

        pub(in super::super) fn new(_registry: &Registry) -> io::Result<Self> {
            Ok(Self)
        }

        pub(in super::super) fn set(&self, _wait: Duration) -> io::Result<()> {
            Ok(())
        }
    }
}
