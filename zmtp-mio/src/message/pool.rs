//! Buffers of dropped messages, kept for the next messages of the same thread.
//!
//! Without the pool, a loop that receives and drops messages would allocate and free memory for each
//! of them. Each thread keeps a bounded number of buffers in two classes, so that a small message
//! does not take a large buffer.

use core::cell::RefCell;

/// The largest buffer of the small class, in bytes.
pub(super) const SMALL: usize = 4 << 10;
/// The largest buffer that is kept, in bytes.
const LARGE: usize = 256 << 10;
/// The number of buffers of each class that a thread keeps: at most 64 × 4 KiB + 8 × 256 KiB =
/// 2.25 MiB.
const SMALL_COUNT: usize = 64;
const LARGE_COUNT: usize = 8;

#[derive(Default)]
struct Pool {
    small: Vec<Vec<u8>>,
    large: Vec<Vec<u8>>,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// Returns a buffer for about `len` bytes. It may be smaller. It is initialised up to its length;
/// its content has no meaning.
pub(super) fn take(len: usize) -> Vec<u8> {
    POOL.try_with(|pool| {
        let pool = &mut *pool.borrow_mut();
        if len <= SMALL {
            return pool.small.pop();
        }
        // The smallest that is large enough; otherwise the largest.
        let fit = |size: usize| if size < len { (1, usize::MAX - size) } else { (0, size) };
        let sizes = pool.large.iter().map(Vec::capacity).enumerate();
        let (at, _) = sizes.min_by_key(|(_, size)| fit(*size))?;
        Some(pool.large.swap_remove(at))
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
        let at =
            pool.large.iter().position(|buffer| (len..=2 * len).contains(&buffer.capacity()))?;
        Some(pool.large.swap_remove(at))
    })
    .ok()
    .flatten()
    .unwrap_or_default()
}

/// Puts a buffer into the pool, or frees it if the pool is full.
pub(super) fn give(buffer: Vec<u8>) {
    let capacity = buffer.capacity();
    if capacity == 0 || capacity > LARGE {
        return;
    }
    // At thread exit the pool may be gone: the buffer is freed then.
    let _ = POOL.try_with(|pool| {
        let pool = &mut *pool.borrow_mut();
        let (class, count) = if capacity <= SMALL {
            (&mut pool.small, SMALL_COUNT)
        } else {
            (&mut pool.large, LARGE_COUNT)
        };
        if class.len() < count {
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
}
