//! `zmq_timers_*`.

use std::ffi::{c_int, c_long, c_void};
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::border;
use crate::errno::{Errno, Outcome};
use crate::timers::Timers;

/// A function of the program: the id of the timer, and the value that came with it.
type Function = unsafe extern "C" fn(c_int, *mut c_void);

/// The first bytes of a set of timers, until it is destroyed.
const MAGIC: u32 = 0x7a74_6d72;

/// What the pointer of the program leads to.
#[repr(C)]
struct Set {
    magic: AtomicU32,
    timers: Mutex<Timers<Handler>>,
}

/// What is called when a timer is due.
#[derive(Clone, Copy)]
struct Handler {
    function: Function,
    argument: *mut c_void,
}

// SAFETY: the program passes the argument to whichever thread runs the timers.
unsafe impl Send for Handler {}

impl Set {
    fn lock(&self) -> MutexGuard<'_, Timers<Handler>> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the set that a pointer leads to; EFAULT if it is none. The set is kept until the result is dropped, also if a
/// handler destroys it.
///
/// # Safety
///
/// `timers` is null, the address of a set that is not destroyed, or of four other bytes that can be read.
unsafe fn set(timers: *mut c_void) -> Outcome<Arc<Set>> {
    let timers = timers.cast_const().cast::<Set>();
    if timers.is_null() || !timers.is_aligned() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: these bytes can be read; any of their values is valid.
    if unsafe { timers.cast::<u32>().read() } != MAGIC {
        return Err(Errno::EFAULT);
    }
    // SAFETY: the pointer comes from `Arc::into_raw` in `zmq_timers_new`, whose reference exists until the set is
    // destroyed. One more is counted for the result.
    unsafe {
        Arc::increment_strong_count(timers);
        Ok(Arc::from_raw(timers))
    }
}

/// Returns a new set of timers.
#[unsafe(no_mangle)]
extern "C" fn zmq_timers_new() -> *mut c_void {
    border(ptr::null_mut(), || {
        let set = Set { magic: AtomicU32::new(MAGIC), timers: Mutex::new(Timers::new()) };
        Ok(Arc::into_raw(Arc::new(set)).cast_mut().cast())
    })
}

/// Destroys a set of timers, and sets the pointer of the program to null.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_timers_destroy(timers: *mut *mut c_void) -> c_int {
    border(-1, || {
        if timers.is_null() {
            return Err(Errno::EFAULT);
        }
        // SAFETY: the program passes the address of its pointer.
        let pointer = unsafe { mem::replace(&mut *timers, ptr::null_mut()) };
        // SAFETY: the pointer is one that the program got from `zmq_timers_new`.
        let set = unsafe { set(pointer) }?;
        set.magic.store(0, Ordering::Relaxed);
        // SAFETY: this is the reference of the program, which cannot use the set from now on.
        unsafe { Arc::decrement_strong_count(Arc::as_ptr(&set)) }
        Ok(0)
    })
}

/// Adds a timer and returns its id.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_timers_add(
    timers: *mut c_void,
    interval: usize,
    function: Option<Function>,
    argument: *mut c_void,
) -> c_int {
    border(-1, || {
        // SAFETY: the program passes what `zmq_timers_new` returned.
        let set = unsafe { set(timers) }?;
        let function = function.ok_or(Errno::EFAULT)?;
        Ok(set.lock().add(Instant::now(), ms(interval), Handler { function, argument }))
    })
}

/// Removes a timer.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_timers_cancel(timers: *mut c_void, id: c_int) -> c_int {
    // SAFETY: the program passes what `zmq_timers_new` returned.
    unsafe { change(timers, |timers| timers.cancel(id)) }
}

/// Changes the interval of a timer, and starts it again.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_timers_set_interval(
    timers: *mut c_void,
    id: c_int,
    interval: usize,
) -> c_int {
    // SAFETY: the program passes what `zmq_timers_new` returned.
    unsafe { change(timers, |timers| timers.set_interval(Instant::now(), id, ms(interval))) }
}

/// Starts a timer again.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_timers_reset(timers: *mut c_void, id: c_int) -> c_int {
    // SAFETY: the program passes what `zmq_timers_new` returned.
    unsafe { change(timers, |timers| timers.reset(Instant::now(), id)) }
}

/// Changes a timer; EINVAL if there is none with the id.
///
/// # Safety
///
/// As for [`set`].
unsafe fn change(
    timers: *mut c_void,
    change: impl FnOnce(&mut Timers<Handler>) -> Option<()>,
) -> c_int {
    border(-1, || {
        // SAFETY: passed on.
        let set = unsafe { set(timers) }?;
        change(&mut set.lock()).ok_or(Errno::EINVAL)?;
        Ok(0)
    })
}

/// Returns the milliseconds until the next timer is due; −1 and EINVAL if there is none.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_timers_timeout(timers: *mut c_void) -> c_long {
    border(-1, || {
        // SAFETY: the program passes what `zmq_timers_new` returned.
        let set = unsafe { set(timers) }?;
        let wait = set.lock().timeout(Instant::now()).ok_or(Errno::EINVAL)?;
        // Rounded up: the timer is due after a wait of this time.
        Ok(wait.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(c_long::MAX))
    })
}

/// Calls the functions of the timers that are due.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_timers_execute(timers: *mut c_void) -> c_int {
    border(-1, || {
        // SAFETY: the program passes what `zmq_timers_new` returned.
        let set = unsafe { set(timers) }?;
        let now = Instant::now();
        let due = set.lock().due(now);
        for id in due {
            // Without the lock: the function may change the timers.
            let handler = set.lock().run(now, id);
            if let Some(Handler { function, argument }) = handler {
                // SAFETY: the program passed the function with this argument, to be called here.
                unsafe { function(id, argument) }
            }
        }
        Ok(0)
    })
}

const fn ms(interval: usize) -> Duration {
    Duration::from_millis(interval as u64)
}
