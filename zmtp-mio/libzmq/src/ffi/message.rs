//! `zmq_msg_*`: the messages of C programs.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

#[cfg(feature = "draft")]
use super::arguments::bytes;
use super::arguments::text;
use super::border;
use super::foreign::{Foreign, Free};
use crate::errno::{Errno, Outcome};
use crate::message::Part;

/// A message of the C API, in memory of the program. It contains a [`Part`] once it is initialised, until it is closed.
pub(super) type Msg = *mut Part;

const ENOMEM: Errno = Errno(libc::ENOMEM);

const ZMQ_MORE: c_int = 1;
const ZMQ_SRCFD: c_int = 2;
const ZMQ_SHARED: c_int = 3;

/// Returns the part in a message of the program; EFAULT if it is not initialised, or closed.
///
/// # Safety
///
/// `msg` is null or the address of 64 bytes, which this thread may use alone while the result exists. If `zmq_msg_init`
/// or one of its kind has initialised them, only functions of this library have changed them since.
pub(super) unsafe fn part<'a>(msg: Msg) -> Outcome<&'a mut Part> {
    if msg.is_null() || !msg.is_aligned() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: the bytes can be read; the first field is at their beginning, and has no invalid value.
    let magic = unsafe { msg.cast::<u16>().read() };
    if !Part::is_magic(magic) {
        return Err(Errno::EFAULT);
    }
    // SAFETY: the first bytes are those of a part, and only this library writes them.
    Ok(unsafe { &mut *msg })
}

/// Writes a part into a message that contains none.
///
/// # Safety
///
/// `msg` is null or the address of 64 bytes that this thread may write. What they contain is not dropped.
unsafe fn put(msg: Msg, part: Part) -> Outcome<c_int> {
    if msg.is_null() || !msg.is_aligned() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: the bytes can be written, and are aligned as checked.
    unsafe { msg.write(part) }
    Ok(0)
}

/// Allocates bytes for the program to write. Their values are not defined before: `zmq_msg_init_size(3)` promises that
/// the bytes are not cleared.
fn unwritten(len: usize) -> Outcome<Box<[u8]>> {
    let layout = std::alloc::Layout::array::<u8>(len).map_err(|_| ENOMEM)?;
    if len == 0 {
        return Ok(Box::default());
    }
    // SAFETY: the layout is not empty.
    let bytes = unsafe { std::alloc::alloc(layout) };
    if bytes.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: the allocation has `len` bytes, the layout of such a slice, and no other owner. zmq_msg_init_size(3)
    // demands that the program writes the bytes: it gets their address, and nothing reads them before it sends them.
    Ok(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(bytes, len)) })
}

/// Initialises an empty message.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_init(msg: Msg) -> c_int {
    // SAFETY: the program passes the address of a `zmq_msg_t`.
    border(-1, || unsafe { put(msg, Part::default()) })
}

/// Initialises a message of `size` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_init_size(msg: Msg, size: usize) -> c_int {
    border(-1, || {
        let part = match Part::small(size) {
            Some(part) => part,
            None => Part::from(unwritten(size)?),
        };
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        unsafe { put(msg, part) }
    })
}

/// Initialises a message with a copy of these bytes.
#[cfg(feature = "draft")]
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_init_buffer(msg: Msg, data: *const c_void, size: usize) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address and the number of bytes.
        let bytes = unsafe { bytes(data, size) }?;
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        unsafe { put(msg, Part::from(bytes)) }
    })
}

/// Initialises a message with bytes of the program. Its function is called when they are no longer used.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_init_data(
    msg: Msg,
    data: *mut c_void,
    size: usize,
    free: Option<Free>,
    hint: *mut c_void,
) -> c_int {
    border(-1, || {
        if msg.is_null() || !msg.is_aligned() {
            return Err(Errno::EFAULT);
        }
        // SAFETY: the program leaves the bytes to the message until its function is called.
        let foreign = unsafe { Foreign::new(data, size, free, hint) };
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        unsafe { put(msg, Part::owned_by(foreign, free.is_none())) }
    })
}

/// Closes a message.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_close(msg: Msg) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address of a `zmq_msg_t` that it does not use elsewhere.
        *unsafe { part(msg) }? = Part::default();
        // SAFETY: the message is initialised. The empty part that stays in it owns nothing.
        unsafe { msg.cast::<u16>().write(0) }
        Ok(0)
    })
}

/// Replaces a message by what is made from another one. The same message stays as it is.
///
/// # Safety
///
/// As for [`part`], for both.
unsafe fn replace(to: Msg, from: Msg, make: impl FnOnce(&mut Part) -> Part) -> c_int {
    border(-1, || {
        // SAFETY: passed on.
        let source = unsafe { part(from) }?;
        if to != from {
            // SAFETY: passed on. The two differ.
            *unsafe { part(to) }? = make(source);
        }
        Ok(0)
    })
}

/// Moves a message into another one, whose former content is freed. The source is empty afterwards.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_move(to: Msg, from: Msg) -> c_int {
    // SAFETY: the program passes the addresses of two `zmq_msg_t` that it does not use elsewhere.
    unsafe { replace(to, from, std::mem::take) }
}

/// Copies a message into another one, whose former content is freed. Both share the bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_copy(to: Msg, from: Msg) -> c_int {
    // SAFETY: the program passes the addresses of two `zmq_msg_t` that it does not use elsewhere.
    unsafe { replace(to, from, Part::share) }
}

/// Returns the address of the bytes of a message.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_data(msg: Msg) -> *mut c_void {
    border(ptr::null_mut(), || {
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        Ok(unsafe { part(msg) }?.as_mut_ptr().cast())
    })
}

/// Returns the number of bytes of a message.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_size(msg: Msg) -> usize {
    border(0, || {
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        Ok(unsafe { part(msg) }?.bytes().len())
    })
}

/// Returns 1 if another part of the same message follows.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_more(msg: Msg) -> c_int {
    // SAFETY: the program passes the address of a `zmq_msg_t`.
    border(0, || Ok(unsafe { part(msg) }?.more.into()))
}

/// Returns a property of a message.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_get(msg: Msg, property: c_int) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        let part = unsafe { part(msg) }?;
        match property {
            ZMQ_MORE => Ok(part.more.into()),
            ZMQ_SHARED => Ok(part.is_shared().into()),
            ZMQ_SRCFD => part.metadata.as_ref().and_then(|of| of.descriptor()).ok_or(Errno::EINVAL),
            _ => Err(Errno::EINVAL),
        }
    })
}

/// Sets a property of a message. There is none that can be set.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_set(_msg: Msg, _property: c_int, _value: c_int) -> c_int {
    border(-1, || Err(Errno::EINVAL))
}

/// Returns a property of the connection that a message was received on.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_gets(msg: Msg, property: *const c_char) -> *const c_char {
    border(ptr::null(), || {
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        let part = unsafe { part(msg) }?;
        // SAFETY: the program passes a text.
        let name = unsafe { text(property) }?;
        let metadata = part.metadata.as_ref().ok_or(Errno::EINVAL)?;
        Ok(metadata.get(name).ok_or(Errno::EINVAL)?.as_ptr())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_not_initialised_or_closed_has_no_bytes() {
        let mut memory = std::mem::MaybeUninit::<Part>::zeroed();
        let msg = memory.as_mut_ptr();
        for _ in 0..2 {
            // SAFETY: this thread alone uses the 64 bytes, and the message is not initialised, or closed.
            unsafe {
                assert!(zmq_msg_data(msg).is_null());
                assert_eq!((zmq_msg_size(msg), zmq_msg_close(msg)), (0, -1));
                assert_eq!((zmq_msg_init_size(msg, 100), zmq_msg_size(msg)), (0, 100));
                assert_eq!(zmq_msg_close(msg), 0);
            }
        }
    }
}
