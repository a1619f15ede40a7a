//! Versions, capabilities, Z85, keys of CURVE, counters, stopwatches and threads.

use std::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use zmtp_mio::{Certificate, SecretKey};

use super::arguments::{bytes, c_text, text};
use super::border;
use crate::errno::{EFSM, EMTHREAD, ENOCOMPATPROTO, ETERM, Errno};
use crate::thread;
use crate::z85;

/// The version of libzmq whose API this is.
const VERSION: [c_int; 3] = [4, 3, 5];
/// The stack of a thread of the program, in bytes: as much as the system gives to threads.
const STACK: usize = 8 << 20;

/// Returns the text of an error number.
#[unsafe(no_mangle)]
extern "C" fn zmq_strerror(number: c_int) -> *const c_char {
    let text = match number {
        EFSM => c"Operation cannot be accomplished in current state",
        ENOCOMPATPROTO => c"The protocol is not compatible with the socket type",
        ETERM => c"Context was terminated",
        EMTHREAD => c"No thread available",
        libc::EHOSTUNREACH => c"Host unreachable",
        // SAFETY: any number is allowed. The text is valid until this thread calls the function again.
        _ => return unsafe { libc::strerror(number) },
    };
    text.as_ptr()
}

/// Writes the version.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_version(major: *mut c_int, minor: *mut c_int, patch: *mut c_int) {
    for (to, number) in [major, minor, patch].into_iter().zip(VERSION) {
        if !to.is_null() {
            // SAFETY: the program passes the address of its variable.
            unsafe { to.write(number) }
        }
    }
}

/// Returns 1 if a transport or mechanism is available.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_has(capability: *const c_char) -> c_int {
    border(0, || {
        if capability.is_null() {
            return Ok(0);
        }
        // SAFETY: the program passes a text that ends with 0.
        Ok(match unsafe { CStr::from_ptr(capability) }.to_bytes() {
            b"ipc" | b"curve" => 1,
            b"draft" => cfg!(feature = "draft").into(),
            _ => 0,
        })
    })
}

/// Writes the characters of these bytes, and a 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_z85_encode(to: *mut c_char, data: *const u8, size: usize) -> *mut c_char {
    border(ptr::null_mut(), || {
        if !size.is_multiple_of(4) {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the program passes the address and the number of bytes.
        let text = z85::encode(unsafe { bytes(data.cast(), size) }?).ok_or(Errno::EINVAL)?;
        // SAFETY: the program has room for 5 characters for 4 bytes, and a 0.
        unsafe { write_text(to, &text) }
        Ok(to)
    })
}

/// Writes the bytes of these characters.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_z85_decode(to: *mut u8, text: *const c_char) -> *mut u8 {
    border(ptr::null_mut(), || {
        // SAFETY: the program passes a text.
        let bytes = z85::decode(unsafe { c_text(text) }?.to_bytes()).ok_or(Errno::EINVAL)?;
        if !to.is_null() {
            // SAFETY: the program has room for 4 bytes for 5 characters. They do not overlap with a new vector.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        }
        Ok(to)
    })
}

/// Writes a new pair of keys, as texts of 40 characters and a 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_curve_keypair(public: *mut c_char, secret: *mut c_char) -> c_int {
    border(-1, || {
        let keys =
            Certificate::generate().ok().and_then(|new| new.keys()).ok_or(Errno(libc::EIO))?;
        // SAFETY: the program has room for 41 bytes at both addresses.
        unsafe {
            write_text(public, &keys.public().to_z85());
            write_text(secret, &keys.secret().expose_z85());
        }
        Ok(0)
    })
}

/// Writes the public key of a secret key. Both are texts of 40 characters and a 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_curve_public(public: *mut c_char, secret: *const c_char) -> c_int {
    border(-1, || {
        // SAFETY: the program passes a text.
        let secret = SecretKey::from_z85(unsafe { text(secret) }?).ok_or(Errno::EINVAL)?;
        // SAFETY: the program has room for 41 bytes.
        unsafe { write_text(public, &secret.public_key().to_z85()) }
        Ok(0)
    })
}

/// Writes a text and a 0 to memory of the program.
///
/// # Safety
///
/// `to` is null, or the address of so many bytes that can be written.
unsafe fn write_text(to: *mut c_char, text: &[u8]) {
    if to.is_null() {
        return;
    }
    // SAFETY: the memory of the program has room for the text and a 0, and does not overlap with it.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), to, text.len());
        to.add(text.len()).write(0);
    }
}

/// Returns a new counter, which is 0.
#[unsafe(no_mangle)]
extern "C" fn zmq_atomic_counter_new() -> *mut c_void {
    border(ptr::null_mut(), || Ok(Box::into_raw(Box::new(AtomicI32::new(0))).cast()))
}

/// Returns the counter that a pointer leads to; `None` if it is null.
///
/// # Safety
///
/// `counter` is null, or what `zmq_atomic_counter_new` returned, and is not destroyed while the result exists.
unsafe fn counter<'a>(counter: *mut c_void) -> Option<&'a AtomicI32> {
    // SAFETY: passed on. A counter is only used through shared references.
    unsafe { counter.cast::<AtomicI32>().as_ref() }
}

/// Sets a counter.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_atomic_counter_set(pointer: *mut c_void, value: c_int) {
    // SAFETY: the program passes what `zmq_atomic_counter_new` returned.
    if let Some(counter) = unsafe { counter(pointer) } {
        counter.store(value, Ordering::SeqCst);
    }
}

/// Adds 1 to a counter, and returns the value before.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_atomic_counter_inc(pointer: *mut c_void) -> c_int {
    // SAFETY: the program passes what `zmq_atomic_counter_new` returned.
    unsafe { counter(pointer) }.map_or(0, |counter| counter.fetch_add(1, Ordering::SeqCst))
}

/// Subtracts 1 from a counter, and returns 1 unless the counter is 0 afterwards.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_atomic_counter_dec(pointer: *mut c_void) -> c_int {
    // SAFETY: the program passes what `zmq_atomic_counter_new` returned.
    let counter = unsafe { counter(pointer) };
    counter.map_or(0, |counter| (counter.fetch_sub(1, Ordering::SeqCst) != 1).into())
}

/// Returns the value of a counter.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_atomic_counter_value(pointer: *mut c_void) -> c_int {
    // SAFETY: the program passes what `zmq_atomic_counter_new` returned.
    unsafe { counter(pointer) }.map_or(0, |counter| counter.load(Ordering::SeqCst))
}

/// Destroys a counter, and sets the pointer of the program to null.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_atomic_counter_destroy(pointer: *mut *mut c_void) {
    // SAFETY: the program passes the address of its pointer.
    unsafe { destroy::<AtomicI32>(pointer) }
}

/// Drops the box that the pointer of the program leads to, and sets the pointer to null.
///
/// # Safety
///
/// `pointer` is null, or the address of a pointer that is null or comes from `Box::into_raw`, and is not used any more.
unsafe fn destroy<T>(pointer: *mut *mut c_void) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: passed on.
    let value = unsafe { std::mem::replace(&mut *pointer, ptr::null_mut()) };
    if !value.is_null() {
        // SAFETY: passed on.
        drop(unsafe { Box::from_raw(value.cast::<T>()) });
    }
}

/// Starts a stopwatch.
#[unsafe(no_mangle)]
extern "C" fn zmq_stopwatch_start() -> *mut c_void {
    border(ptr::null_mut(), || Ok(Box::into_raw(Box::new(Instant::now())).cast()))
}

/// Returns the microseconds since the start of a stopwatch.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_stopwatch_intermediate(watch: *mut c_void) -> c_ulong {
    // SAFETY: the program passes what `zmq_stopwatch_start` returned.
    let start = unsafe { watch.cast::<Instant>().as_ref() };
    start.map_or(0, |start| start.elapsed().as_micros() as c_ulong)
}

/// As `zmq_stopwatch_intermediate`, and destroys the stopwatch.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_stopwatch_stop(mut watch: *mut c_void) -> c_ulong {
    // SAFETY: the program passes what `zmq_stopwatch_start` returned, and does not use it again.
    unsafe {
        let time = zmq_stopwatch_intermediate(watch);
        destroy::<Instant>(&raw mut watch);
        time
    }
}

/// Sleeps for some seconds.
#[unsafe(no_mangle)]
extern "C" fn zmq_sleep(seconds: c_int) {
    std::thread::sleep(Duration::from_secs(seconds.try_into().unwrap_or(0)));
}

/// What a thread of the program runs.
struct Task {
    function: unsafe extern "C" fn(*mut c_void),
    argument: *mut c_void,
}

// SAFETY: the program passes the argument to be used by another thread.
unsafe impl Send for Task {}

impl Task {
    fn run(self) {
        // SAFETY: the program passed the function with this argument, to be called by this thread.
        unsafe { (self.function)(self.argument) }
    }
}

/// Starts a thread.
#[unsafe(no_mangle)]
extern "C" fn zmq_threadstart(
    function: Option<unsafe extern "C" fn(*mut c_void)>,
    argument: *mut c_void,
) -> *mut c_void {
    border(ptr::null_mut(), || {
        let task = Task { function: function.ok_or(Errno::EFAULT)?, argument };
        let thread = thread::spawn(Builder::new().stack_size(STACK), move || task.run())?;
        Ok(Box::into_raw(Box::new(thread)).cast())
    })
}

/// Waits until a thread ends.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_threadclose(thread: *mut c_void) {
    border((), || {
        if thread.is_null() {
            return Ok(());
        }
        // SAFETY: the program passes what `zmq_threadstart` returned, and does not use it again.
        let thread = unsafe { Box::from_raw(thread.cast::<JoinHandle<()>>()) };
        // A function of C does not panic.
        let _ = thread.join();
        Ok(())
    });
}
