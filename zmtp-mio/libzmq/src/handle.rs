//! Handles: what a C program holds of a context, a socket or a poller.
//!
//! A handle is the address of a small cell. Cells stay mapped for the life of the process, and a cell that was released
//! is used again late: a handle that is used after its close finds nothing. No handle is dereferenced: its address is
//! compared with those of the cells.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::context::Context;
#[cfg(feature = "draft")]
use crate::poller::Poller;
use crate::socket::Socket;

/// The number of cells that are made at once.
const CHUNK: usize = 1_024;
/// The number of cells is limited: this many chunks.
const CHUNKS: usize = 1_024;
/// A cell is used again when this many others were released after it.
const RESTING: usize = 4_096;

/// What a handle stands for.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Context(Arc<Context>),
    Socket(Arc<Socket>),
    #[cfg(feature = "draft")]
    Poller(Arc<Poller>),
}

#[derive(Debug)]
#[repr(C)]
struct Cell {
    /// CZMQ reads the first bytes of a handle, where its own objects have a tag.
    magic: u64,
    object: Mutex<Option<Object>>,
}

const MAGIC: u64 = 0x7a6d_7470_6869_6c6f;

static CELLS: [OnceLock<Box<[Cell]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
static UNUSED: Mutex<Unused> = Mutex::new(Unused { next: 0, released: VecDeque::new() });

/// The cells without an object.
struct Unused {
    /// The first cell that was never used.
    next: usize,
    /// Cells that were released, the oldest first.
    released: VecDeque<usize>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cell(index: usize) -> Option<&'static Cell> {
    let make = || (0..CHUNK).map(|_| Cell { magic: MAGIC, object: Mutex::new(None) }).collect();
    CELLS.get(index / CHUNK)?.get_or_init(make).get(index % CHUNK)
}

/// The index and the cell of a handle.
fn find(handle: *const c_void) -> Option<(usize, &'static Cell)> {
    let address = handle.addr();
    let chunks = CELLS.iter().map_while(OnceLock::get).enumerate();
    for (chunk, cells) in chunks {
        let offset = address.wrapping_sub(cells.as_ptr().addr());
        if offset < size_of_val::<[Cell]>(cells) {
            let index = offset / size_of::<Cell>();
            let is_exact = offset.is_multiple_of(size_of::<Cell>());
            return cells.get(index).filter(|_| is_exact).map(|cell| (chunk * CHUNK + index, cell));
        }
    }
    None
}

/// Makes a handle. Returns `None` if there are too many.
pub(crate) fn create(object: Object) -> Option<*mut c_void> {
    let mut unused = lock(&UNUSED);
    let rested = unused.released.len() > RESTING || unused.next == CHUNK * CHUNKS;
    let index = match rested {
        true => unused.released.pop_front()?,
        false => {
            unused.next += 1;
            unused.next - 1
        }
    };
    drop(unused);
    let cell = cell(index)?;
    *lock(&cell.object) = Some(object);
    Some(std::ptr::from_ref(cell).cast_mut().cast())
}

/// Returns what a handle stands for.
fn get(handle: *const c_void) -> Option<Object> {
    lock(&find(handle)?.1.object).clone()
}

/// Returns the context of a handle.
pub(crate) fn context(handle: *const c_void) -> Option<Arc<Context>> {
    match get(handle)? {
        Object::Context(context) => Some(context),
        _ => None,
    }
}

/// Returns the socket of a handle.
pub(crate) fn socket(handle: *const c_void) -> Option<Arc<Socket>> {
    match get(handle)? {
        Object::Socket(socket) => Some(socket),
        _ => None,
    }
}

/// Returns the poller of a handle.
#[cfg(feature = "draft")]
pub(crate) fn poller(handle: *const c_void) -> Option<Arc<Poller>> {
    match get(handle)? {
        Object::Poller(poller) => Some(poller),
        _ => None,
    }
}

/// Ends a handle. Returns whether it stood for something.
pub(crate) fn release(handle: *const c_void) -> bool {
    let Some((index, cell)) = find(handle) else { return false };
    let object = lock(&cell.object).take();
    let was_used = object.is_some();
    if was_used {
        lock(&UNUSED).released.push_back(index);
    }
    was_used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_finds_its_object_until_it_is_released() {
        let context = Arc::new(Context::new());
        let handle = create(Object::Context(Arc::clone(&context))).unwrap();
        assert!(Arc::ptr_eq(&super::context(handle).unwrap(), &context));
        assert!(socket(handle).is_none(), "it is no socket");
        assert!(release(handle));
        assert!(super::context(handle).is_none() && !release(handle));
        let next = create(Object::Context(context)).unwrap();
        assert_ne!(next, handle, "a cell rests before it is used again");
        assert!(release(next));
    }

    #[test]
    fn an_address_that_is_no_handle_finds_nothing() {
        let handle = create(Object::Context(Arc::new(Context::new()))).unwrap();
        for other in [
            std::ptr::null_mut(),
            handle.wrapping_byte_add(1),
            (&raw const CELLS).cast_mut().cast(),
        ] {
            assert!(context(other).is_none() && socket(other).is_none() && !release(other));
        }
        assert!(release(handle));
    }
}
