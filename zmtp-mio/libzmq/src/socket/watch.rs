//! The monitor of a socket.

#[cfg(feature = "draft")]
use zmtp_mio::libzmq;

use super::{Socket, State};
use crate::errno::{Errno, Outcome};
use crate::monitor::{Format, Last, Monitor, check, is_allowed};

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
        let mut state = self.enter()?;
        let kind = super::kind(number).filter(|&kind| is_allowed(kind)).ok_or(Errno::EINVAL)?;
        endpoint.map_or(Ok(()), check)?;
        let State { inner, monitor, .. } = &mut *state;
        let inner = inner.as_ref().ok_or(Errno::ENOTSOCK)?;
        if let Some(old) = monitor.take() {
            old.end(inner, Last::default());
        }
        if let Some(endpoint) = endpoint {
            *monitor = Some(Monitor::begin(&self.context, inner, endpoint, mask, format, kind)?);
        }
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
