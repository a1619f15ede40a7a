//! Buffers of messages that were dropped, kept for the next ones of this thread.
//!
//! A loop that receives, looks and drops would otherwise allocate and free once per message. Each
//! thread keeps a bounded few, in two classes, and gives none out that is more than twice too large: a
//! message is weighed by its octets, not by its buffer.

use core::cell::RefCell;

/// Buffers up to this many octets are small.
const SMALL: usize = 4 << 10;
/// Larger ones than this are not kept.
const LARGE: usize = 256 << 10;
/// How many of each class a thread keeps: at most 64 × 4 KiB + 8 × 256 KiB = 2.25 MiB.
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

/// A buffer for about `len` octets, best effort: its octets are initialised up to its length,
/// and whatever they hold is to be overwritten.
pub(crate) fn take(len: usize) -> Vec<u8> {
    POOL.try_with(|pool| {
        let pool = &mut *pool.borrow_mut();
        if len <= SMALL {
            return pool.small.pop();
        }
        let sizes = pool.large.iter().map(Vec::capacity).enumerate();
        let (at, _) = sizes.filter(|(_, size)| size / 2 <= len).max_by_key(|(_, size)| *size)?;
        Some(pool.large.swap_remove(at))
    })
    .ok()
    .flatten()
    .unwrap_or_default()
}

/// Keeps a buffer for later, or frees it.
pub(crate) fn give(buffer: Vec<u8>) {
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
    fn a_message_gets_no_buffer_that_is_more_than_twice_too_large() {
        for octets in [LARGE, 20_000, 9_000] {
            give(vec![0; octets]);
        }
        assert_eq!(take(5_000).capacity(), 9_000);
        assert_eq!(take(5_000).capacity(), 0);
        assert_eq!(take(LARGE / 2).capacity(), LARGE);
        assert_eq!(take(100_000).capacity(), 20_000, "which grows");
    }
}
