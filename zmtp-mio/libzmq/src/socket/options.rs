//! Options of a socket: those that are its state, and the calls.

use std::os::fd::AsRawFd;
use std::sync::Arc;

use libc::c_int;
use zmtp_mio::{SocketKind, libzmq};

use super::notice::Notice;
use super::{Socket, State, number};
use crate::errno::{Errno, Outcome};
use crate::options::{Request, Value, text};

const RCVMORE: c_int = 13;
const FD: c_int = 14;
const EVENTS: c_int = 15;
const TYPE: c_int = 16;
const LAST_ENDPOINT: c_int = 32;
const THREAD_SAFE: c_int = 81;
const TOPICS_COUNT: c_int = 116;

impl Socket {
    /// Sets an option.
    pub(crate) fn set(&self, option: c_int, value: Value<'_>) -> Outcome<()> {
        let mut state = self.enter()?;
        let is_xpub = self.kind == SocketKind::Xpub;
        let topic = value.bytes();
        match (state.settings.request(option)?, is_xpub) {
            (None, _) => state.set(option, value)?,
            (Some(Request::Subscribe), true) => {
                libzmq::grant(state.inner()?, topic)?;
            }
            (Some(Request::Unsubscribe), true) => {
                libzmq::revoke(state.inner()?, topic)?;
            }
            (Some(Request::Subscribe), false) => libzmq::subscribe(state.inner()?, topic)?,
            (Some(Request::Unsubscribe), false) => libzmq::unsubscribe(state.inner()?, topic)?,
        }
        state.end_call();
        Ok(())
    }

    /// Returns the bytes of an option.
    pub(crate) fn get(&self, option: c_int) -> Outcome<Vec<u8>> {
        let int = |value: c_int| value.to_ne_bytes().to_vec();
        if option == EVENTS {
            return self.events().map(int);
        }
        let mut state = self.enter()?;
        Ok(match option {
            RCVMORE => int(state.has_part().into()),
            FD if self.kind.is_thread_safe() => return Err(Errno::EINVAL),
            FD => {
                if state.notice.is_none() {
                    let notice = Notice::new(state.inner()?)?;
                    // The program has not looked yet.
                    notice.set();
                    state.notice = Some(notice);
                }
                int(state.notice.as_ref().map_or(-1, AsRawFd::as_raw_fd))
            }
            TYPE => int(number(self.kind)),
            LAST_ENDPOINT => text(state.endpoints.last()),
            THREAD_SAFE => int(self.kind.is_thread_safe().into()),
            TOPICS_COUNT => {
                int(c_int::try_from(libzmq::topic_count(state.inner()?)).unwrap_or(c_int::MAX))
            }
            _ => return state.settings.get(option),
        })
    }
}

impl State {
    /// Sets an option of the settings, and of the Rust socket.
    fn set(&mut self, option: c_int, value: Value<'_>) -> Outcome<()> {
        let (raw, kind) = (self.settings.raw, self.settings.inner_kind());
        let before = (self.settings.options.clone(), self.settings.own.clone());
        self.settings.set(option, value)?;
        let (options, own) = (self.settings.options.clone(), self.settings.own.clone());
        let done = match self.settings.inner_kind() == kind {
            true => libzmq::set_options(self.inner()?, options, own).map_err(Errno::from),
            false => self.replace_inner(),
        };
        done.inspect_err(|_| {
            // The next option is not refused for this value.
            (self.settings.options, self.settings.own) = before;
            self.settings.raw = raw;
        })
    }

    /// Replaces the Rust socket, which is of another kind from now on. Fails if it was used.
    fn replace_inner(&mut self) -> Outcome<()> {
        let settings = &self.settings;
        self.inner()?;
        if self.endpoints.is_used() || self.notice.is_some() || self.monitor.is_some() {
            return Err(Errno::EINVAL);
        }
        let (options, own) = (settings.options.clone(), settings.own.clone());
        let inner = libzmq::build(settings.inner_kind(), options, own)?;
        self.inner = Some(Arc::new(libzmq::for_any_thread(inner)));
        Ok(())
    }
}
