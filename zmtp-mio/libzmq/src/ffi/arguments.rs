//! Bytes and texts that a program passes.

use std::ffi::{CStr, c_char, c_void};

use crate::errno::{Errno, Outcome};

/// Returns the bytes of an argument.
///
/// # Safety
///
/// `data` is the address of `len` bytes that do not change while the result exists, or `len` is 0.
pub(super) unsafe fn bytes<'a>(data: *const c_void, len: usize) -> Outcome<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() || len > isize::MAX as usize {
        return Err(Errno::EFAULT);
    }
    // SAFETY: the bytes can be read, and their number is one that a slice can have.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) })
}

/// Returns a text of any bytes; EINVAL if the pointer is null.
///
/// # Safety
///
/// `text` is null or the address of bytes that end with 0, which do not change while the result exists.
pub(super) unsafe fn c_text<'a>(text: *const c_char) -> Outcome<&'a CStr> {
    match text.is_null() {
        true => Err(Errno::EINVAL),
        // SAFETY: passed on.
        false => Ok(unsafe { CStr::from_ptr(text) }),
    }
}

/// Returns a text; EINVAL if the pointer is null, and if it is not UTF-8.
///
/// # Safety
///
/// As for [`c_text`].
pub(super) unsafe fn text<'a>(text: *const c_char) -> Outcome<&'a str> {
    // SAFETY: passed on.
    unsafe { c_text(text) }?.to_str().map_err(|_| Errno::EINVAL)
}
