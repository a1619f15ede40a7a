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

/// Copies bytes.
pub(crate) fn copied(bytes: &[u8]) -> Result<Box<[u8]>, OutOfMemory> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy.into())
}

/// A buffer of `len` bytes that are 0.
pub(crate) fn zeroed(len: usize) -> Result<Vec<u8>, OutOfMemory> {
    /// Longer ones are set by glibc with a single instruction, which callgrind counts once per byte: the counts of
    /// `.ci/instructions.sh` would depend on the number of buffers.
    const BLOCK: [u8; 2_048] = [0; 2_048];
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(len)?;
    while buffer.len() < len {
        buffer.extend_from_slice(&BLOCK[..BLOCK.len().min(len - buffer.len())]);
    }
    Ok(buffer)
}

/// Makes a buffer at least `len` bytes long. The new bytes are 0.
pub(crate) fn lengthen(buffer: &mut Vec<u8>, len: usize) -> Result<(), OutOfMemory> {
    if buffer.len() < len {
        buffer.try_reserve_exact(len - buffer.len())?;
        buffer.resize(len, 0);
    }
    Ok(())
}
