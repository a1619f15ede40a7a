//! The monitor of a socket.

#[cfg(feature = "draft")]
use zmtp_mio::libzmq;

use super::Socket;
use crate::errno::{Errno, Outcome};
use crate::monitor::{Format, Last, Monitor, is_allowed};

impl Socket {
    /// Begins to send the events of the socket to an endpoint of inproc, from a socket of this type; `None` ends that.
    pub(crate) fn monitor(
        &self,
        endpoint: Option<&str>,
        mask: u64,
        format: Format,
        number: libc::c_int,
    ) -> Outcome<()> {
        if format == Format::V1 && mask > u64::from(u16::MAX) {
            return Err(Errno::EINVAL);
        }
        let mut state = self.call()?;
        let kind = super::kind(number).filter(|&kind| is_allowed(kind)).ok_or(Errno::EINVAL)?;
        let inner = state.inner.as_ref().ok_or(Errno::ENOTSOCK)?;
        let monitor = match endpoint {
            None => None,
            Some(endpoint) => {
                if let Some(old) = &state.monitor {
                    old.end(inner, Last::default());
                }
                Some(Monitor::begin(&self.context, inner, endpoint, mask, format, kind)?)
            }
        };
        if let (None, Some(old)) = (&monitor, &state.monitor) {
            old.end(inner, Last::default());
        }
        state.monitor = monitor;
        Ok(())
    }

    /// Reports the sizes of the queues of each peer to the monitor, which must have been asked for them.
    #[cfg(feature = "draft")]
    pub(crate) fn report_queues(&self) -> Outcome<()> {
        let state = self.call()?;
        if !state.monitor.as_ref().is_some_and(Monitor::has_sizes) {
            return Err(Errno::EINVAL);
        }
        match libzmq::report_queues(state.inner()?)? {
            0 => Err(Errno::EAGAIN),
            _ => Ok(()),
        }
    }
}

/// The number of a PAIR, which monitors of version 1 have.
pub(crate) const PAIR: libc::c_int = 0;
