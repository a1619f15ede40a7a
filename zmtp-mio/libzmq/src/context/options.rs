//! The options of a context.

use std::collections::BTreeSet;

use libc::c_int;

use crate::errno::{Errno, Outcome};

const IO_THREADS: c_int = 1;
const MAX_SOCKETS: c_int = 2;
const SOCKET_LIMIT: c_int = 3;
const THREAD_SCHED_POLICY: c_int = 4;
const MAX_MSGSZ: c_int = 5;
const MSG_T_SIZE: c_int = 6;
const THREAD_AFFINITY_CPU_ADD: c_int = 7;
const THREAD_AFFINITY_CPU_REMOVE: c_int = 8;
const THREAD_NAME_PREFIX: c_int = 9;
const ZERO_COPY_RECV: c_int = 10;
const IPV6: c_int = 42;
const BLOCKY: c_int = 70;

/// The most sockets that a context may have.
const MOST_SOCKETS: c_int = 65_535;

/// The options of a context.
#[derive(Clone, Debug)]
pub(super) struct Options {
    io_threads: c_int,
    pub(super) max_sockets: c_int,
    max_message: c_int,
    pub(super) ipv6: bool,
    pub(super) blocky: bool,
    zero_copy: bool,
    /// The prefix of the names of threads: a number, or a text.
    name_prefix: Vec<u8>,
    sched_policy: c_int,
    /// The processors on which threads may run; none stands for all.
    affinity: BTreeSet<c_int>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            io_threads: 1,
            max_sockets: 1_023,
            max_message: c_int::MAX,
            ipv6: false,
            blocky: true,
            zero_copy: true,
            name_prefix: 0_i32.to_ne_bytes().to_vec(),
            sched_policy: -1,
            affinity: BTreeSet::new(),
        }
    }
}

impl Options {
    /// Sets an option (`zmq_ctx_set`, `zmq_ctx_set_ext`).
    pub(super) fn set(&mut self, option: c_int, value: &[u8]) -> Outcome<()> {
        if option == THREAD_NAME_PREFIX {
            return match value.len() {
                0..=16 => {
                    self.name_prefix = value.to_vec();
                    Ok(())
                }
                _ => Err(Errno::EINVAL),
            };
        }
        let value = <[u8; 4]>::try_from(value).map_err(|_| Errno::EINVAL)?;
        let value = c_int::from_ne_bytes(value);
        match option {
            IO_THREADS if value >= 0 => self.io_threads = value,
            MAX_SOCKETS if (1..=MOST_SOCKETS).contains(&value) => {
                self.max_sockets = value;
            }
            MAX_MSGSZ if value >= 0 => self.max_message = value,
            IPV6 if value >= 0 => self.ipv6 = value != 0,
            BLOCKY if value >= 0 => self.blocky = value != 0,
            ZERO_COPY_RECV if value >= 0 => self.zero_copy = value != 0,
            // The thread of the driver has the settings of the process: these have no effect. The priority has the number of
            // the limit, which cannot be set.
            SOCKET_LIMIT if value >= 0 => {}
            THREAD_SCHED_POLICY if value >= 0 => self.sched_policy = value,
            THREAD_AFFINITY_CPU_ADD if value >= 0 => {
                self.affinity.insert(value);
            }
            THREAD_AFFINITY_CPU_REMOVE if self.affinity.remove(&value) => {}
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    /// Returns an option (`zmq_ctx_get`).
    pub(super) fn get(&self, option: c_int) -> Outcome<c_int> {
        Ok(match option {
            IO_THREADS => self.io_threads,
            MAX_SOCKETS => self.max_sockets,
            SOCKET_LIMIT => MOST_SOCKETS,
            MAX_MSGSZ => self.max_message,
            MSG_T_SIZE => 64,
            IPV6 => self.ipv6.into(),
            BLOCKY => self.blocky.into(),
            THREAD_SCHED_POLICY => self.sched_policy,
            THREAD_NAME_PREFIX => {
                let number = <[u8; 4]>::try_from(self.name_prefix.as_slice());
                number.map(c_int::from_ne_bytes).unwrap_or(0)
            }
            ZERO_COPY_RECV => self.zero_copy.into(),
            _ => return Err(Errno::EINVAL),
        })
    }

    /// Returns the text of an option (`zmq_ctx_get_ext`).
    #[cfg(feature = "draft")]
    pub(super) fn get_text(&self, option: c_int) -> Outcome<Vec<u8>> {
        match option {
            THREAD_NAME_PREFIX => Ok(self.name_prefix.clone()),
            _ => self.get(option).map(|value| value.to_ne_bytes().to_vec()),
        }
    }
}
