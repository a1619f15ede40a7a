//! Buffers of dropped messages, kept for the next messages of the same thread.
//!
//! Without the pool, a loop that receives and drops messages would allocate and free memory for each
//! of them. Each thread keeps a bounded number of buffers in three classes, so that a small message
//! does not take a large buffer.

use core::cell::RefCell;

/// The largest buffer of the small class, in bytes.
pub(super) const SMALL: usize = 4 << 10;
/// The largest buffer of the large class, in bytes.
const LARGE: usize = 256 << 10;
/// The number of buffers of the small class that a thread keeps: at most 64 × 4 KiB = 256 KiB.
const SMALL_COUNT: usize = 64;
/// The number of buffers of the large class that a thread keeps, and their bytes. A turn reads up to 1 MiB from a
/// peer: its messages find their buffers here.
const LARGE_COUNT: usize = 32;
const LARGE_BYTES: usize = 2 << 20;
/// The bytes of all larger buffers that a thread keeps. Memory of this size that is allocated anew costs a
/// page fault for every 4 KiB.
const HUGE_BYTES: usize = 4 << 20;

#[derive(Default)]
struct Pool {
    small: Vec<Vec<u8>>,
    large: Vec<Vec<u8>>,
    huge: Vec<Vec<u8>>,
}

impl Pool {
    /// The class of buffers of this size.
    const fn class(&mut self, size: usize) -> &mut Vec<Vec<u8>> {
        if size <= SMALL {
            &mut self.small
        } else if size <= LARGE {
            &mut self.large
        } else {
            &mut self.huge
        }
    }
}

fn bytes(class: &[Vec<u8>]) -> usize {
    class.iter().map(Vec::capacity).sum()
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// Returns a buffer for about `len` bytes. It may be smaller. It is initialised up to its length;
/// its content has no meaning.
pub(super) fn take(len: usize) -> Vec<u8> {
    POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        let class = pool.class(len);
        if len <= SMALL {
            return class.pop();
        }
        // The smallest that is large enough; otherwise the largest.
        let fit = |size: usize| if size < len { (1, usize::MAX - size) } else { (0, size) };
        let sizes = class.iter().map(Vec::capacity).enumerate();
        let (at, _) = sizes.min_by_key(|(_, size)| fit(*size))?;
        Some(class.swap_remove(at))
    })
    .ok()
    .flatten()
    .unwrap_or_default()
}

/// Returns a buffer that is large enough for `len` bytes, and not more than twice as large unless it is
/// small; otherwise an empty one.
pub(super) fn take_fitting(len: usize) -> Vec<u8> {
    POOL.try_with(|pool| {
        let pool = &mut *pool.borrow_mut();
        if len <= SMALL {
            return pool.small.pop();
        }
        let fits = |buffer: &Vec<u8>| (len..=len.saturating_mul(2)).contains(&buffer.capacity());
        for class in [&mut pool.large, &mut pool.huge] {
            if let Some(at) = class.iter().position(fits) {
                return Some(class.swap_remove(at));
            }
        }
        None
    })
    .ok()
    .flatten()
    .unwrap_or_default()
}

/// Puts a buffer into the pool, or frees it if the pool is full or there is no memory for it to grow.
pub(super) fn give(buffer: Vec<u8>) {
    let capacity = buffer.capacity();
    if capacity == 0 || capacity > HUGE_BYTES {
        return;
    }
    // At thread exit the pool may be gone: the buffer is freed then.
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        let class = pool.class(capacity);
        let has_room = if capacity <= SMALL {
            class.len() < SMALL_COUNT
        } else if capacity <= LARGE {
            class.len() < LARGE_COUNT && bytes(class) + capacity <= LARGE_BYTES
        } else {
            bytes(class) + capacity <= HUGE_BYTES
        };
        if has_room && class.try_reserve(1).is_ok() {
            class.push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_that_fits_best_is_given() {
        for bytes in [LARGE, 20_000, 9_000] {
            give(vec![0; bytes]);
        }
        let sizes = [5_000, 100_000, 100_000, 100_000].map(|len| take(len).capacity());
        assert_eq!(sizes, [9_000, LARGE, 20_000, 0]);
    }

    #[test]
    fn the_bytes_of_huge_buffers_are_bounded() {
        (0..6).for_each(|_| give(vec![0; 1 << 20]));
        let sizes: Vec<usize> = (0..6).map(|_| take_fitting(600_000).capacity()).collect();
        assert_eq!(sizes, [1 << 20, 1 << 20, 1 << 20, 1 << 20, 0, 0]);
        give(vec![0; 5 << 20]);
        assert_eq!(take(5 << 20).capacity(), 0);
    }
}
