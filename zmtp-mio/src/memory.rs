//! Memory for what peers send: if there is none, that is an error, which ends the connection and not the process.

use core::alloc::Layout;
use std::collections::TryReserveError;
use std::io;

/// The system has no memory for what a peer sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OutOfMemory;

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

impl From<OutOfMemory> for io::Error {
    fn from(_: OutOfMemory) -> Self {
        io::ErrorKind::OutOfMemory.into()
    }
}

impl OutOfMemory {
    /// Ends the process, as other allocations of the application do.
    #[cold]
    pub(crate) fn abort(self, bytes: usize) -> ! {
        let layout = Layout::array::<u8>(bytes).unwrap_or(Layout::new::<u8>());
        std::alloc::handle_alloc_error(layout)
    }
}

/// Makes a buffer at least `len` bytes long. The new bytes are 0.
pub(crate) fn lengthen(buffer: &mut Vec<u8>, len: usize) -> Result<(), OutOfMemory> {
    if buffer.len() < len {
        buffer.try_reserve_exact(len - buffer.len())?;
        buffer.resize(len, 0);
    }
    Ok(())
}
