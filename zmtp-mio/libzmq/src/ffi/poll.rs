//! `zmq_poll`, `zmq_proxy` and `zmq_socket_monitor`.

use std::ffi::{c_char, c_int, c_long, c_short, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::arguments::text;
use super::border;
use super::socket::socket;
use crate::errno::{Errno, Outcome};
use crate::monitor::{Format, mask};
use crate::poll::{Polled, Source, wait};
use crate::proxy;
use crate::socket::{PAIR, Socket};

/// An item of the C API.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Item {
    pub(super) socket: *mut c_void,
    pub(super) fd: c_int,
    pub(super) events: c_short,
    pub(super) revents: c_short,
}

/// Waits for descriptors. Fails with EINTR if a signal ends the wait.
pub(crate) fn system_poll(
    entries: &mut [libc::pollfd],
    wait: Option<Duration>,
    mask: Option<&libc::sigset_t>,
) -> Outcome<()> {
    let time = wait.map(|wait| libc::timespec {
        tv_sec: wait.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: wait.subsec_nanos().into(),
    });
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let mask = mask.map_or(std::ptr::null(), std::ptr::from_ref);
    let count = entries.len() as libc::nfds_t;
    // SAFETY: the descriptors are those of a slice of this length; the time and the mask are null or valid.
    match unsafe { libc::ppoll(entries.as_mut_ptr(), count, time, mask) } {
        0.. => Ok(()),
        _ => Err(std::io::Error::last_os_error().into()),
    }
}

/// Waits until an item is ready.
///
/// # Safety
///
/// `items` is the address of `count` items that the program does not use during the call, or `count` is 0.
unsafe fn poll(
    items: *mut Item,
    count: c_int,
    timeout: c_long,
    mask: Option<&libc::sigset_t>,
) -> Outcome<c_int> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    let limit = u64::try_from(timeout).ok().map(Duration::from_millis);
    let items = match items.is_null() {
        true if count > 0 => return Err(Errno::EFAULT),
        true => &mut [],
        // SAFETY: the program passes the address and the number of the items.
        false => unsafe { std::slice::from_raw_parts_mut(items, count) },
    };
    let source = |item: &Item| match item.socket.is_null() {
        true => Ok(Source::Descriptor(item.fd)),
        false => socket(item.socket).map(Source::Socket),
    };
    let polled = |item: &Item| Ok(Polled::new(source(item)?, item.events.into()));
    let mut polled = items.iter().map(polled).collect::<Outcome<Vec<_>>>()?;
    let ready = wait(&mut polled, limit, mask)?;
    for (item, polled) in items.iter_mut().zip(&polled) {
        item.revents = polled.found as c_short;
    }
    Ok(c_int::try_from(ready).unwrap_or(c_int::MAX))
}

/// Waits until an item is ready, up to `timeout` milliseconds; −1 is no limit.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_poll(items: *mut Item, count: c_int, timeout: c_long) -> c_int {
    // SAFETY: passed on.
    border(-1, || unsafe { poll(items, count, timeout, None) })
}

/// As `zmq_poll`, with a set of signals that are blocked during the wait.
#[cfg(feature = "draft")]
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_ppoll(
    items: *mut Item,
    count: c_int,
    timeout: c_long,
    mask: *const libc::sigset_t,
) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address of a set of signals, or null.
        let mask = unsafe { mask.as_ref() };
        // SAFETY: passed on.
        unsafe { poll(items, count, timeout, mask) }
    })
}

/// The socket of a handle that may be null.
fn optional(handle: *mut c_void) -> Outcome<Option<Arc<Socket>>> {
    if handle.is_null() { Ok(None) } else { socket(handle).map(Some) }
}

fn forward(
    frontend: *mut c_void,
    backend: *mut c_void,
    capture: *mut c_void,
    control: *mut c_void,
) -> c_int {
    border(-1, || {
        if frontend.is_null() || backend.is_null() {
            return Err(Errno::EFAULT);
        }
        let (capture, control) = (optional(capture)?, optional(control)?);
        proxy::run(&socket(frontend)?, &socket(backend)?, capture.as_ref(), control.as_ref())?;
        Ok(0)
    })
}

/// Forwards messages between two sockets until the context ends.
#[unsafe(no_mangle)]
extern "C" fn zmq_proxy(
    frontend: *mut c_void,
    backend: *mut c_void,
    capture: *mut c_void,
) -> c_int {
    forward(frontend, backend, capture, std::ptr::null_mut())
}

/// As `zmq_proxy`, with a socket that receives commands.
#[unsafe(no_mangle)]
extern "C" fn zmq_proxy_steerable(
    frontend: *mut c_void,
    backend: *mut c_void,
    capture: *mut c_void,
    control: *mut c_void,
) -> c_int {
    forward(frontend, backend, capture, control)
}

/// The older name of `zmq_proxy`. The type of the device has no effect.
#[unsafe(no_mangle)]
extern "C" fn zmq_device(_kind: c_int, frontend: *mut c_void, backend: *mut c_void) -> c_int {
    forward(frontend, backend, std::ptr::null_mut(), std::ptr::null_mut())
}

/// Sends events of a socket to an endpoint.
///
/// # Safety
///
/// As for [`text`].
unsafe fn monitor(
    handle: *mut c_void,
    endpoint: *const c_char,
    mask: u64,
    format: Format,
    kind: c_int,
) -> Outcome<c_int> {
    let socket = socket(handle)?;
    let endpoint = match endpoint.is_null() {
        true => None,
        // SAFETY: passed on.
        false => Some(unsafe { text(endpoint) }?),
    };
    socket.monitor(endpoint, mask, format, kind)?;
    Ok(0)
}

/// Sends events of a socket to an endpoint of inproc; null ends that.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_socket_monitor(
    handle: *mut c_void,
    endpoint: *const c_char,
    events: c_int,
) -> c_int {
    // SAFETY: passed on.
    border(-1, || unsafe { monitor(handle, endpoint, mask(events), Format::V1, PAIR) })
}

/// As `zmq_socket_monitor`, in a version of the format, and from a socket of a type.
#[cfg(feature = "draft")]
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_socket_monitor_versioned(
    handle: *mut c_void,
    endpoint: *const c_char,
    events: u64,
    version: c_int,
    kind: c_int,
) -> c_int {
    border(-1, || {
        let format = match version {
            1 => Format::V1,
            2 => Format::V2,
            _ => return Err(Errno::EINVAL),
        };
        // SAFETY: passed on.
        unsafe { monitor(handle, endpoint, events, format, kind) }
    })
}
