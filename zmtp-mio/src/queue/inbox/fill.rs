//! Reading into an inbox.

use std::io::{self, IoSliceMut};

use super::Inbox;
use crate::memory::OutOfMemory;
use crate::queue::chunk::{Chunk, READ, SMALL};

impl Inbox {
    /// Reads bytes and appends them to those that were read before. Returns the number of bytes, and the number that
    /// had room. At least `missing` bytes follow.
    pub(crate) fn read(
        &mut self,
        missing: usize,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<(usize, usize)> {
        let kept = self.undecoded_len();
        let mut large = Chunk::new(READ.max(kept + READ / 2))?;
        // The bytes that are not decoded come first, if the chunk is used.
        large.commit(kept);
        let room = large.room();
        let len = room.len();
        let n = match read(room) {
            Ok(n) if n > 0 => n,
            other => {
                Chunk::give(large);
                return other.map(|n| (n, len));
            }
        };
        self.changed = true;
        let bytes = &large.room()[..n];
        if let Some(chunk) = &mut self.chunk
            && chunk.room().len() >= n
        {
            chunk.append(bytes);
            Chunk::give(large);
        } else if kept + n + missing <= SMALL {
            let mut few = Chunk::new(kept + n)?;
            if let Some(chunk) = &mut self.chunk {
                few.append(chunk.undecoded());
            }
            few.append(bytes);
            Chunk::give(large);
            self.begin(few)?;
        } else {
            large.commit(n);
            if let Some(chunk) = &mut self.chunk {
                large.undecoded()[..kept].copy_from_slice(chunk.undecoded());
            }
            self.begin(large)?;
        }
        Ok((n, len))
    }

    /// Fills `first`, and reads up to a few KiB behind it. All bytes that were read before are decoded. Returns the
    /// number of bytes, and the number that had room. Those in `first` are not the inbox's.
    pub(crate) fn read_few(
        &mut self,
        first: &mut [u8],
        read: impl FnOnce(&mut [IoSliceMut<'_>]) -> io::Result<usize>,
    ) -> io::Result<(usize, usize)> {
        let mut few = Chunk::new(SMALL)?;
        let len = first.len();
        let slices = &mut [IoSliceMut::new(first), IoSliceMut::new(few.room())];
        let room = len + slices[1].len();
        let result = read(if len == 0 { &mut slices[1..] } else { slices });
        match result {
            Ok(n) if n > len => {
                few.commit(n - len);
                self.begin(few)?;
                self.changed = true;
            }
            _ => Chunk::give(few),
        }
        result.map(|n| (n, room))
    }

    /// Reads up to `room` bytes behind those that were read before and are not decoded, into one buffer
    /// with these. No more than `most` bytes of the frame are missing. Returns the number of bytes.
    pub(crate) fn read_on(
        &mut self,
        room: usize,
        most: usize,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.chunk.as_ref().is_none_or(|chunk| !chunk.is_taken()) {
            let mut next = Chunk::new(self.undecoded_len() + room)?;
            if let Some(chunk) = &mut self.chunk {
                next.append(chunk.undecoded());
            }
            self.begin(next)?;
        }
        let Some(chunk) = &mut self.chunk else { return Ok(0) };
        chunk.grow(room, most)?;
        let result = read(&mut chunk.room()[..room]);
        chunk.commit(*result.as_ref().unwrap_or(&0));
        self.changed = true;
        result
    }

    /// Replaces the chunk that bytes are read into. Bytes that are not decoded were copied to the new one.
    fn begin(&mut self, next: Box<Chunk>) -> Result<(), OutOfMemory> {
        if self.chunk.as_ref().is_some_and(|chunk| !chunk.is_taken()) {
            self.before.try_reserve(1)?;
        }
        let Some(mut old) = self.chunk.replace(next) else { return Ok(()) };
        if old.is_taken() {
            Chunk::give(old);
            return Ok(());
        }
        old.discard_undecoded();
        self.before_size += old.size();
        self.before.push_back(old);
        Ok(())
    }
}
