//! `zmq_setsockopt` and `zmq_getsockopt`.

use std::ffi::{c_int, c_void};

use super::arguments::bytes;
use super::border;
use super::socket::socket;
use crate::errno::{Errno, Outcome};
use crate::options::{Settings, Value};

/// The length of a buffer of the program.
///
/// # Safety
///
/// `len` is null or the address of a number.
unsafe fn room(len: *const usize) -> Outcome<usize> {
    match len.is_null() {
        true => Err(Errno::EFAULT),
        // SAFETY: the number can be read.
        false => Ok(unsafe { len.read_unaligned() }),
    }
}

/// Copies bytes into a buffer of the program, sets the rest of it to 0, and sets its length; EINVAL if it is too
/// short.
///
/// # Safety
///
/// `len` is null or the address of a number, and `value` that of as many bytes, which this thread may write.
pub(super) unsafe fn write(found: &[u8], value: *mut c_void, len: *mut usize) -> Outcome<()> {
    if value.is_null() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: as the caller states.
    let room = unsafe { room(len) }?;
    let rest = room.checked_sub(found.len()).ok_or(Errno::EINVAL)?;
    // SAFETY: the buffer has room for the bytes, and is no memory of this library.
    unsafe { value.cast::<u8>().copy_from(found.as_ptr(), found.len()) };
    // SAFETY: these are the other bytes of the buffer.
    unsafe { value.cast::<u8>().add(found.len()).write_bytes(0, rest) };
    // SAFETY: the number can be written.
    unsafe { len.write_unaligned(found.len()) };
    Ok(())
}

/// Sets an option of a socket.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_setsockopt(
    handle: *mut c_void,
    option: c_int,
    value: *const c_void,
    len: usize,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        let value = match value.is_null() {
            true if len > 0 => return Err(Errno::EINVAL),
            true => None,
            // SAFETY: the program passes the address and the number of bytes.
            false => Some(unsafe { bytes(value, len) }?),
        };
        socket.set(option, Value(value))?;
        Ok(0)
    })
}

/// Returns an option of a socket.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_getsockopt(
    handle: *mut c_void,
    option: c_int,
    value: *mut c_void,
    len: *mut usize,
) -> c_int {
    border(-1, || {
        let found = socket(handle)?.get(option)?;
        // SAFETY: the program passes the address of a number.
        let found = Settings::in_form(option, found, unsafe { room(len) }?);
        // SAFETY: the program passes the address of a buffer and that of its length.
        unsafe { write(&found, value, len) }?;
        Ok(0)
    })
}
