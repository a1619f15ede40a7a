//! Options of a socket: those that are its state, and the calls.

use std::os::fd::AsRawFd;

use libc::c_int;
use zmtp_mio::libzmq;

use super::notice::Notice;
use super::{Socket, number};
use crate::errno::{Errno, Outcome};
use crate::options::{Request, Value};

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
        let before = (state.settings.options.clone(), state.settings.own.clone());
        let request = state.settings.set(option, value)?;
        let (options, own) = (state.settings.options.clone(), state.settings.own.clone());
        let is_xpub = self.kind == zmtp_mio::SocketKind::Xpub;
        let inner = state.inner()?;
        let topic = value.bytes();
        match (request, is_xpub) {
            (None, _) => {
                if let Err(error) = libzmq::set_options(inner, options, own) {
                    // The next option is not refused for this value.
                    (state.settings.options, state.settings.own) = before;
                    return Err(error.into());
                }
            }
            (Some(Request::Subscribe), true) => {
                libzmq::grant(inner, topic)?;
            }
            (Some(Request::Unsubscribe), true) => {
                libzmq::revoke(inner, topic)?;
            }
            (Some(Request::Subscribe), false) => libzmq::subscribe(inner, topic)?,
            (Some(Request::Unsubscribe), false) => libzmq::unsubscribe(inner, topic)?,
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
            LAST_ENDPOINT => {
                let mut text = state.endpoints.last().as_bytes().to_vec();
                text.push(0);
                text
            }
            THREAD_SAFE => int(self.kind.is_thread_safe().into()),
            TOPICS_COUNT => {
                int(c_int::try_from(libzmq::topic_count(state.inner()?)).unwrap_or(c_int::MAX))
            }
            _ => return state.settings.get(option),
        })
    }
}
