//! `zmq_poll`.

use std::ffi::{c_int, c_long, c_short, c_void};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::border;
use super::socket::socket;
use crate::errno::{Errno, Outcome};
use crate::socket::{POLLIN, POLLOUT, Socket};

const POLLERR: c_int = 4;
const POLLPRI: c_int = 8;

/// An item of the C API.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Item {
    socket: *mut c_void,
    fd: c_int,
    events: c_short,
    revents: c_short,
}

/// Sockets that the driver leaves to this thread while this exists.
struct Held(Vec<Option<Arc<Socket>>>);

impl Held {
    fn new(items: &[Item]) -> Outcome<Self> {
        let find = |item: &Item| match item.socket.is_null() {
            true => Ok(None),
            false => socket(item.socket).map(Some),
        };
        let held = Self(items.iter().map(find).collect::<Outcome<_>>()?);
        held.0.iter().flatten().for_each(|socket| socket.hold());
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.iter().flatten().for_each(|socket| socket.release());
    }
}

/// The events of a descriptor to wait for, as `poll` has them.
fn wanted(events: c_short) -> c_short {
    let events = c_int::from(events);
    let mut wanted = 0;
    for (ours, theirs) in
        [(POLLIN, libc::POLLIN), (POLLOUT, libc::POLLOUT), (POLLPRI, libc::POLLPRI)]
    {
        if events & ours != 0 {
            wanted |= theirs;
        }
    }
    wanted
}

/// The events that `poll` has reported, as the C API has them.
fn found(events: c_short) -> c_short {
    let mut found = 0;
    for (theirs, ours) in
        [(libc::POLLIN, POLLIN), (libc::POLLOUT, POLLOUT), (libc::POLLPRI, POLLPRI)]
    {
        if events & theirs != 0 {
            found |= ours;
        }
    }
    if events & !(libc::POLLIN | libc::POLLOUT | libc::POLLPRI) != 0 {
        found |= POLLERR;
    }
    found as c_short
}

/// Waits until an item is ready, up to `limit`. Returns the number of those that are.
///
/// The signals of `mask` are blocked during the wait, if it is not null.
///
/// # Safety
///
/// `mask` is null or the address of a set of signals.
pub(super) unsafe fn wait(
    items: &mut [Item],
    limit: Option<Duration>,
    mask: *const libc::sigset_t,
) -> Outcome<usize> {
    let held = Held::new(items)?;
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut polled = Vec::with_capacity(items.len());
    for (item, socket) in items.iter().zip(&held.0) {
        let (fd, events) = match socket {
            Some(socket) => (socket.descriptor()?, libc::POLLIN),
            None => (item.fd, wanted(item.events)),
        };
        polled.push(libc::pollfd { fd, events, revents: 0 });
    }
    loop {
        let mut ready = 0;
        let mut wait = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        for (item, socket) in items.iter_mut().zip(&held.0) {
            item.revents = 0;
            let Some(socket) = socket else { continue };
            let (events, next) = socket.look()?;
            item.revents = (events & c_int::from(item.events)) as c_short;
            ready += usize::from(item.revents != 0);
            if let Some(next) = next {
                wait = Some(wait.map_or(next, |wait| wait.min(next)));
            }
        }
        let wait = if ready > 0 { Some(Duration::ZERO) } else { wait };
        let time = wait.map(|wait| libc::timespec {
            tv_sec: wait.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        });
        let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let count = polled.len() as libc::nfds_t;
        // SAFETY: the descriptors are those of a vector of this length; the time and the mask are null or valid.
        let result = unsafe { libc::ppoll(polled.as_mut_ptr(), count, time, mask) };
        if result < 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        for ((item, socket), polled) in items.iter_mut().zip(&held.0).zip(&polled) {
            if socket.is_none() {
                item.revents = found(polled.revents);
                ready += usize::from(item.revents != 0);
            }
        }
        if ready > 0 || deadline.is_some_and(|end| Instant::now() >= end) {
            return Ok(ready);
        }
    }
}

/// The items of a call, and its time limit.
///
/// # Safety
///
/// `items` is null or the address of `count` items that the program does not use during the call.
pub(super) unsafe fn arguments<'a>(
    items: *mut Item,
    count: c_int,
    timeout: c_long,
) -> Outcome<(&'a mut [Item], Option<Duration>)> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    let limit = u64::try_from(timeout).ok().map(Duration::from_millis);
    if count == 0 {
        return Ok((&mut [], limit));
    }
    if items.is_null() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: the program passes the address and the number of the items.
    Ok((unsafe { std::slice::from_raw_parts_mut(items, count) }, limit))
}

/// Waits until an item is ready, up to `timeout` milliseconds; −1 is no limit.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_poll(items: *mut Item, count: c_int, timeout: c_long) -> c_int {
    border(-1, || {
        // SAFETY: passed on.
        let (items, limit) = unsafe { arguments(items, count, timeout) }?;
        // SAFETY: there is no mask.
        let ready = unsafe { wait(items, limit, std::ptr::null()) }?;
        Ok(c_int::try_from(ready).unwrap_or(c_int::MAX))
    })
}

/// As `zmq_poll`, with a set of signals that are blocked during the wait.
#[cfg(feature = "draft")]
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_ppoll(
    items: *mut Item,
    count: c_int,
    timeout: c_long,
    mask: *const c_void,
) -> c_int {
    border(-1, || {
        // SAFETY: passed on.
        let (items, limit) = unsafe { arguments(items, count, timeout) }?;
        // SAFETY: the program passes the address of a set of signals, or null.
        let ready = unsafe { wait(items, limit, mask.cast()) }?;
        Ok(c_int::try_from(ready).unwrap_or(c_int::MAX))
    })
}
