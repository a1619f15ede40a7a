//! Bytes of the program, and its function that frees them.

use std::ffi::c_void;
use std::slice;

/// A function of the program that frees bytes: the address of the bytes, and the value that came with it.
pub(super) type Free = unsafe extern "C" fn(*mut c_void, *mut c_void);

/// Bytes of the program, which are freed when this is dropped, on whichever thread that happens.
pub(super) struct Foreign {
    data: *mut c_void,
    len: usize,
    free: Option<Free>,
    hint: *mut c_void,
}

// SAFETY: the program agrees that its function is called by any thread (`zmq_msg_init_data`), and the bytes are only
// read here.
unsafe impl Send for Foreign {}
// SAFETY: as above; nothing changes behind a shared reference.
unsafe impl Sync for Foreign {}

impl Foreign {
    /// Takes over bytes of the program. Without a function they are never freed.
    ///
    /// # Safety
    ///
    /// Until this is dropped, `data` is the address of `len` bytes that can be read, and that do not change while they
    /// are read. `free` can be called once with `data` and `hint`, by any thread.
    pub(super) const unsafe fn new(
        data: *mut c_void,
        len: usize,
        free: Option<Free>,
        hint: *mut c_void,
    ) -> Self {
        Self { data, len, free, hint }
    }
}

impl AsRef<[u8]> for Foreign {
    fn as_ref(&self) -> &[u8] {
        if self.data.is_null() || self.len > isize::MAX as usize {
            return &[];
        }
        // SAFETY: `new` requires that these bytes can be read until this is dropped; the address is not null, and the
        // length is one that a slice can have.
        unsafe { slice::from_raw_parts(self.data.cast(), self.len) }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: `new` requires that the function can be called once with these values by any thread; a value is
            // dropped once, and no reference to the bytes is left.
            unsafe { free(self.data, self.hint) }
        }
    }
}
