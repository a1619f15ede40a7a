//! The bytes of a message: inline, in a buffer of its own, or in a shared one.

use core::mem;
use std::sync::Arc;

use super::pool;
use crate::memory::{OutOfMemory, copied, lengthen};

/// Bytes that fit without an allocation.
pub(super) const INLINE: usize = 78;
/// The least that a buffer grows by, in bytes.
const GROWTH: usize = 512;

/// A buffer that another type owns.
type Owner = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Where the bytes are.
pub(super) enum Storage {
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    /// `len` bytes of a buffer that is initialised over its whole length.
    Heap {
        len: usize,
        buffer: Vec<u8>,
    },
    /// `len` bytes of a buffer that copies of the message share.
    Shared {
        len: usize,
        buffer: Arc<Vec<u8>>,
    },
    /// `len` bytes of a buffer that another type owns.
    Foreign {
        len: usize,
        owner: Owner,
    },
}

impl Default for Storage {
    fn default() -> Self {
        Self::Inline { len: 0, bytes: [0; INLINE] }
    }
}

impl From<Vec<u8>> for Storage {
    fn from(buffer: Vec<u8>) -> Self {
        Self::Heap { len: buffer.len(), buffer }
    }
}

impl Storage {
    /// Copies bytes that fit without an allocation.
    #[inline]
    pub(super) fn inline(body: &[u8]) -> Option<Self> {
        let mut bytes = [0; INLINE];
        bytes.get_mut(..body.len())?.copy_from_slice(body);
        Some(Self::Inline { len: body.len() as u8, bytes })
    }

    /// The first `len` bytes of a buffer.
    pub(super) const fn filled(buffer: Vec<u8>, len: usize) -> Self {
        Self::Heap { len, buffer }
    }

    /// Keeps the bytes in their owner's buffer.
    pub(super) fn owned_by(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        let owner: Owner = Arc::new(owner);
        Self::Foreign { len: (*owner).as_ref().len(), owner }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Self::Heap { len, buffer } => &buffer[..*len],
            Self::Shared { len, buffer } => &buffer[..*len],
            Self::Foreign { len, owner } => &(**owner).as_ref()[..*len],
        }
    }

    /// The bytes to be changed; none while they are shared, see [`Storage::spare`].
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Inline { len, bytes } => &mut bytes[..usize::from(*len)],
            Self::Heap { len, buffer } => &mut buffer[..*len],
            Self::Shared { .. } | Self::Foreign { .. } => &mut [],
        }
    }

    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Inline { len, .. } => *len as usize,
            Self::Heap { len, .. } | Self::Shared { len, .. } | Self::Foreign { len, .. } => *len,
        }
    }

    /// Whether it owns no memory besides itself.
    #[inline]
    pub(super) const fn is_inline(&self) -> bool {
        matches!(self, Self::Inline { .. })
    }

    /// Removes all bytes, and keeps a buffer that is not shared.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Inline { .. } | Self::Heap { .. } => self.truncate(0),
            Self::Shared { .. } | Self::Foreign { .. } => *self = Self::default(),
        }
    }

    /// Replaces all bytes by these. The buffer fits them.
    #[inline(always)]
    pub(super) fn fill(&mut self, first: &[u8], second: &[u8]) {
        let total = first.len() + second.len();
        match self {
            Self::Inline { len, bytes } if total <= INLINE => {
                bytes[..first.len()].copy_from_slice(first);
                bytes[first.len()..total].copy_from_slice(second);
                *len = total as u8;
            }
            _ => self.fill_heap(first, second),
        }
    }

    #[inline(never)]
    fn fill_heap(&mut self, first: &[u8], second: &[u8]) {
        match Self::heap(first, second) {
            Ok(storage) => *self = storage,
            Err(error) => error.abort(first.len() + second.len()),
        }
    }

    /// A copy of these bytes in a buffer.
    pub(super) fn heap(first: &[u8], second: &[u8]) -> Result<Self, OutOfMemory> {
        let len = first.len() + second.len();
        let mut buffer = pool::take_fitting(len);
        if buffer.len() >= len {
            buffer[..first.len()].copy_from_slice(first);
            buffer[first.len()..len].copy_from_slice(second);
        } else {
            buffer.clear();
            buffer.try_reserve_exact(len.max(GROWTH))?;
            buffer.extend_from_slice(first);
            buffer.extend_from_slice(second);
        }
        Ok(Self::Heap { len, buffer })
    }

    /// Keeps the first `n` bytes.
    pub(super) fn truncate(&mut self, n: usize) {
        match self {
            Self::Inline { len, .. } => *len = (*len).min(n as u8),
            Self::Heap { len, .. } | Self::Shared { len, .. } | Self::Foreign { len, .. } => {
                *len = (*len).min(n);
            }
        }
    }

    /// Returns the bytes as a vector, without a copy if the buffer is not shared and not inline.
    pub(super) fn into_vec(mut self) -> Vec<u8> {
        match &mut self {
            Self::Heap { len, buffer } => {
                buffer.truncate(*len);
                mem::take(buffer)
            }
            Self::Shared { len, buffer } => match Arc::get_mut(buffer) {
                Some(buffer) => {
                    buffer.truncate(*len);
                    mem::take(buffer)
                }
                None => buffer[..*len].to_vec(),
            },
            Self::Inline { .. } | Self::Foreign { .. } => self.bytes().to_vec(),
        }
    }

    /// Lets clones share the bytes from now on, unless these are inline.
    pub(super) fn share(&mut self) {
        if let Self::Heap { len, buffer } = self {
            *self = Self::Shared { len: *len, buffer: Arc::new(mem::take(buffer)) };
        }
    }

    /// Returns at least `n` bytes behind the last one, to be filled and then
    /// [committed](Self::commit). Afterwards the bytes are not shared.
    pub(super) fn spare(&mut self, n: usize) -> &mut [u8] {
        match self.try_spare(n, usize::MAX) {
            Ok(place) => place,
            Err(error) => error.abort(n),
        }
    }

    /// As [`Storage::spare`], for a message that will have no more than `most` bytes.
    pub(super) fn try_spare(&mut self, n: usize, most: usize) -> Result<&mut [u8], OutOfMemory> {
        let needed = self.len() + n;
        if let Self::Shared { .. } | Self::Foreign { .. } = self {
            let mut own = pool::take(needed);
            own.clear();
            own.try_reserve(self.len())?;
            own.extend_from_slice(self.bytes());
            *self = Self::from(own);
        }
        if let Self::Inline { len, bytes } = self
            && needed > INLINE
        {
            let len = usize::from(*len);
            let mut buffer = pool::take(needed);
            if buffer.len() < needed {
                lengthen(&mut buffer, needed.max(GROWTH))?;
            }
            buffer[..len].copy_from_slice(&bytes[..len]);
            *self = Self::Heap { len, buffer };
        }
        Ok(match self {
            Self::Inline { len, bytes } => &mut bytes[usize::from(*len)..],
            Self::Heap { len, buffer } => {
                if buffer.len() < needed {
                    // Doubling keeps the copies of a growing body linear.
                    lengthen(buffer, needed.max((buffer.len() * 2).max(GROWTH).min(most)))?;
                }
                &mut buffer[*len..]
            }
            Self::Shared { .. } | Self::Foreign { .. } => &mut [],
        })
    }

    /// Moves the bytes to a buffer of the pool that fits `n` more, if there is one.
    pub(super) fn adopt(&mut self, n: usize) {
        let needed = self.len().saturating_add(n);
        if needed <= pool::SMALL {
            return;
        }
        let mut buffer = pool::take_fitting(needed);
        if buffer.capacity() == 0 {
            return;
        }
        if buffer.len() < needed {
            buffer.resize(needed, 0);
        }
        let len = self.len();
        buffer[..len].copy_from_slice(self.bytes());
        *self = Self::Heap { len, buffer };
    }

    /// Returns how many bytes can be appended without an allocation.
    pub(super) fn room(&self) -> usize {
        match self {
            Self::Inline { len, .. } => INLINE - usize::from(*len),
            Self::Heap { len, buffer } => buffer.len() - len,
            Self::Shared { .. } | Self::Foreign { .. } => 0,
        }
    }

    /// Adds the first `n` spare bytes, which were filled.
    pub(super) fn commit(&mut self, n: usize) {
        match self {
            Self::Inline { len, .. } => *len += n as u8,
            Self::Heap { len, .. } | Self::Shared { len, .. } | Self::Foreign { len, .. } => {
                *len += n;
            }
        }
    }

    /// Replaces a buffer of more than twice the necessary size and more than a few KiB, if there is memory for the copy.
    pub(super) fn settle(&mut self) {
        if let Self::Heap { len, buffer } = self
            && buffer.capacity() / 2 > (*len).max(pool::SMALL / 2)
            && let Ok(fitting) = copied(&buffer[..*len])
        {
            pool::give(mem::replace(buffer, fitting.into()));
        }
    }
}

impl Drop for Storage {
    #[inline]
    fn drop(&mut self) {
        match self {
            Self::Inline { .. } | Self::Foreign { .. } => {}
            Self::Heap { buffer, .. } => pool::give(mem::take(buffer)),
            Self::Shared { buffer, .. } => {
                if let Some(buffer) = Arc::get_mut(buffer) {
                    pool::give(mem::take(buffer));
                }
            }
        }
    }
}

/// Shares a shared buffer and copies others.
impl Clone for Storage {
    fn clone(&self) -> Self {
        match self {
            Self::Inline { len, bytes } => Self::Inline { len: *len, bytes: *bytes },
            Self::Heap { .. } => {
                let mut copy = Self::default();
                let len = self.len();
                copy.spare(len)[..len].copy_from_slice(self.bytes());
                copy.commit(len);
                copy
            }
            Self::Shared { len, buffer } => Self::Shared { len: *len, buffer: Arc::clone(buffer) },
            Self::Foreign { len, owner } => Self::Foreign { len: *len, owner: Arc::clone(owner) },
        }
    }
}
