//! `zmq_poller_*`.

use std::ffi::{c_int, c_long, c_short, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::border;
use super::process::count_forks;
use super::socket::socket;
use crate::errno::{Errno, Outcome};
use crate::handle::{self, Object};
use crate::poll::{POLLERR, POLLPRI, Source};
use crate::poller::{Found, Passed, Poller};
use crate::socket::{POLLIN, POLLOUT};

const EBADF: Errno = Errno(libc::EBADF);
/// The descriptor of an event that is one of a socket, or none.
const NO_DESCRIPTOR: c_int = -1;

/// An event of the C API.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Event {
    socket: *mut c_void,
    fd: c_int,
    user_data: *mut c_void,
    events: c_short,
}

impl Event {
    const NONE: Self =
        Self { socket: ptr::null_mut(), fd: NO_DESCRIPTOR, user_data: ptr::null_mut(), events: 0 };
}

impl From<&Found> for Event {
    fn from(found: &Found) -> Self {
        let fd = match found.source {
            Source::Socket(_) => NO_DESCRIPTOR,
            Source::Descriptor(fd) => fd,
        };
        let Passed { handle, user_data } = found.passed;
        Self {
            socket: ptr::with_exposed_provenance_mut(handle),
            fd,
            user_data: ptr::with_exposed_provenance_mut(user_data),
            events: found.events as c_short,
        }
    }
}

/// The poller of a handle; EFAULT if it is none, ETERM if it belongs to the parent.
fn poller(handle: *const c_void) -> Outcome<Arc<Poller>> {
    let poller = handle::poller(handle).ok_or(Errno::EFAULT)?;
    if poller.is_inherited() { Err(Errno::ETERM) } else { Ok(poller) }
}

/// A socket as a source.
fn socket_source(handle: *mut c_void) -> Outcome<Source> {
    socket(handle).map(Source::Socket)
}

/// A descriptor as a source; EBADF if it is −1.
fn descriptor_source(fd: c_int) -> Outcome<Source> {
    if fd == NO_DESCRIPTOR { Err(EBADF) } else { Ok(Source::Descriptor(fd)) }
}

/// The events to wait for; EINVAL if there are others.
fn wanted(events: c_short) -> Outcome<c_int> {
    let events = c_int::from(events);
    match events & !(POLLIN | POLLOUT | POLLERR | POLLPRI) {
        0 => Ok(events),
        _ => Err(Errno::EINVAL),
    }
}

/// Creates a poller.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_new() -> *mut c_void {
    border(ptr::null_mut(), || {
        count_forks()?;
        let poller = Object::Poller(Arc::new(Poller::new()));
        handle::create(poller).ok_or(Errno(libc::EMFILE))
    })
}

/// Destroys a poller, and sets the pointer of the program to null.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_poller_destroy(pointer: *mut *mut c_void) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address of its pointer, or null.
        let pointer = unsafe { pointer.as_mut() }.ok_or(Errno::EFAULT)?;
        handle::poller(*pointer).ok_or(Errno::EFAULT)?;
        handle::release(*pointer);
        *pointer = ptr::null_mut();
        Ok(0)
    })
}

/// Returns the number of sockets and descriptors.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_size(handle: *mut c_void) -> c_int {
    border(-1, || Ok(poller(handle)?.len().try_into().unwrap_or(c_int::MAX)))
}

/// Adds a socket.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_add(
    handle: *mut c_void,
    socket: *mut c_void,
    user_data: *mut c_void,
    events: c_short,
) -> c_int {
    border(-1, || {
        let (poller, source) = (poller(handle)?, socket_source(socket)?);
        let (handle, user_data) = (socket.expose_provenance(), user_data.expose_provenance());
        poller.add(source, wanted(events)?, Passed { handle, user_data })?;
        Ok(0)
    })
}

/// Adds a descriptor.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_add_fd(
    handle: *mut c_void,
    fd: c_int,
    user_data: *mut c_void,
    events: c_short,
) -> c_int {
    border(-1, || {
        let (poller, source) = (poller(handle)?, descriptor_source(fd)?);
        let user_data = user_data.expose_provenance();
        poller.add(source, wanted(events)?, Passed { handle: 0, user_data })?;
        Ok(0)
    })
}

/// Replaces the events of a socket.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_modify(
    handle: *mut c_void,
    socket: *mut c_void,
    events: c_short,
) -> c_int {
    border(-1, || {
        let (poller, source) = (poller(handle)?, socket_source(socket)?);
        poller.modify(&source, wanted(events)?)?;
        Ok(0)
    })
}

/// Replaces the events of a descriptor.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_modify_fd(handle: *mut c_void, fd: c_int, events: c_short) -> c_int {
    border(-1, || {
        let (poller, source) = (poller(handle)?, descriptor_source(fd)?);
        poller.modify(&source, wanted(events)?)?;
        Ok(0)
    })
}

/// Removes a socket.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_remove(handle: *mut c_void, socket: *mut c_void) -> c_int {
    border(-1, || {
        let (poller, source) = (poller(handle)?, socket_source(socket)?);
        poller.remove(&source)?;
        Ok(0)
    })
}

/// Removes a descriptor.
#[unsafe(no_mangle)]
extern "C" fn zmq_poller_remove_fd(handle: *mut c_void, fd: c_int) -> c_int {
    border(-1, || {
        let (poller, source) = (poller(handle)?, descriptor_source(fd)?);
        poller.remove(&source)?;
        Ok(0)
    })
}

/// Waits until one of them has events, up to `timeout` milliseconds; a negative number is no limit.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_poller_wait(
    handle: *mut c_void,
    event: *mut Event,
    timeout: c_long,
) -> c_int {
    // SAFETY: the program passes the address of one event.
    let found = unsafe { zmq_poller_wait_all(handle, event, 1, timeout) };
    if found >= 0 {
        return 0;
    }
    // SAFETY: as above.
    if let Some(event) = unsafe { event.as_mut() } {
        *event = Event::NONE;
    }
    -1
}

/// Waits until some of them have events. Returns how many of the `count` events are set.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_poller_wait_all(
    handle: *mut c_void,
    events: *mut Event,
    count: c_int,
    timeout: c_long,
) -> c_int {
    border(-1, || {
        let poller = poller(handle)?;
        if events.is_null() {
            return Err(Errno::EFAULT);
        }
        let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
        // SAFETY: the program passes the address and the number of the events, which it does not use during the call.
        let events = unsafe { std::slice::from_raw_parts_mut(events, count) };
        let limit = u64::try_from(timeout).ok().map(Duration::from_millis);
        let found = poller.wait(count, limit)?;
        events.fill(Event::NONE);
        for (event, found) in events.iter_mut().zip(&found) {
            *event = found.into();
        }
        Ok(found.len().try_into().unwrap_or(c_int::MAX))
    })
}

/// Writes a descriptor that is readable when a thread-safe socket of the poller may have events.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_poller_fd(handle: *mut c_void, fd: *mut c_int) -> c_int {
    border(-1, || {
        let found = poller(handle)?.descriptor()?;
        // SAFETY: the program passes the address of its variable, or null.
        *unsafe { fd.as_mut() }.ok_or(Errno::EFAULT)? = found;
        Ok(0)
    })
}
