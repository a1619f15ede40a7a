//! Handles: what a C program holds of a context, a socket or a poller.
//!
//! A handle is an address. Tables say which object it stands for, until it is released; nothing is read through a handle.
//! The program can read the memory there for the life of the process: CZMQ looks for the tag of its own objects. It
//! contains zeros. Addresses are given in order, and one that was released is given again after all the others, 134
//! million, or as many as the process may have.
//!
//! Each thread remembers the sockets that it used last, so that most calls look into no table.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::context::Context;
use crate::ffi;
#[cfg(feature = "draft")]
use crate::poller::Poller;
use crate::socket::Socket;

/// The distance of two handles.
const SIZE: usize = 8;
/// The number of addresses that are reserved at once.
const BLOCK: usize = 1 << 20;
const PER_BLOCK: usize = BLOCK / SIZE;
/// The most blocks.
const BLOCKS: usize = 1_024;
/// There are several tables, so that threads with different sockets seldom wait for each other.
const TABLES: usize = 64;

/// What a handle stands for.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Context(Arc<Context>),
    Socket(Arc<Socket>),
    #[cfg(feature = "draft")]
    Poller(Arc<Poller>),
}

type Table = BTreeMap<usize, Object>;

/// The handles of the process.
static HANDLES: Handles = Handles::new(BLOCKS);

struct Handles {
    addresses: Mutex<Addresses>,
    /// By address: what each handle stands for.
    tables: [Mutex<Table>; TABLES],
}

/// The addresses of handles, in the order in which they are given.
struct Addresses {
    most: usize,
    /// The first address of each block.
    blocks: Vec<usize>,
    /// The number of the next address.
    next: usize,
}

impl Addresses {
    fn next(&mut self) -> Option<usize> {
        if self.next == self.blocks.len() * PER_BLOCK {
            let may_grow = self.blocks.len() < self.most;
            match may_grow.then(|| ffi::reserve(BLOCK)).flatten() {
                Some(block) => self.blocks.push(block),
                None => self.next = 0,
            }
        }
        let block = *self.blocks.get(self.next / PER_BLOCK)?;
        let address = block + self.next % PER_BLOCK * SIZE;
        self.next += 1;
        Some(address)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handles {
    const fn new(most: usize) -> Self {
        let addresses = Addresses { most, blocks: Vec::new(), next: 0 };
        Self {
            addresses: Mutex::new(addresses),
            tables: [const { Mutex::new(Table::new()) }; TABLES],
        }
    }

    fn table(&self, address: usize) -> MutexGuard<'_, Table> {
        lock(&self.tables[address / SIZE % TABLES])
    }

    fn create(&self, object: Object) -> Option<usize> {
        let mut addresses = lock(&self.addresses);
        // Those that are in use are left out.
        for _ in 0..=addresses.most * PER_BLOCK {
            let address = addresses.next()?;
            if let Entry::Vacant(entry) = self.table(address).entry(address) {
                entry.insert(object);
                return Some(address);
            }
        }
        None
    }

    fn get(&self, address: usize) -> Option<Object> {
        self.table(address).get(&address).cloned()
    }

    fn release(&self, address: usize) -> bool {
        let object = self.table(address).remove(&address);
        RELEASES.fetch_add(1, Ordering::Release);
        object.is_some()
    }
}

/// The number of handles that were released. What a thread remembers holds until the next one.
static RELEASES: AtomicU64 = AtomicU64::new(0);
/// The number of sockets that a thread remembers.
const REMEMBERED: usize = 4;

/// A socket that a thread has used.
struct Used {
    address: usize,
    /// The handles that were released before.
    releases: u64,
    socket: Weak<Socket>,
}

thread_local! {
    static USED: RefCell<[Used; REMEMBERED]> =
        const { RefCell::new([const { Used { address: 0, releases: 0, socket: Weak::new() } }; REMEMBERED]) };
}

/// Calls `with` with the place for a socket in what this thread remembers. Returns `None` at the end of the thread.
fn used<T>(address: usize, with: impl FnOnce(&mut Used) -> T) -> Option<T> {
    USED.try_with(|used| with(&mut used.borrow_mut()[address / SIZE % REMEMBERED])).ok()
}

/// Makes a handle. Returns `None` if the process may have no more addresses.
pub(crate) fn create(object: Object) -> Option<*mut c_void> {
    HANDLES.create(object).map(ptr::with_exposed_provenance_mut)
}

/// Returns the context of a handle.
pub(crate) fn context(handle: *const c_void) -> Option<Arc<Context>> {
    match HANDLES.get(handle.addr())? {
        Object::Context(context) => Some(context),
        _ => None,
    }
}

/// Returns the socket of a handle.
pub(crate) fn socket(handle: *const c_void) -> Option<Arc<Socket>> {
    let (address, releases) = (handle.addr(), RELEASES.load(Ordering::Acquire));
    let found = used(address, |used| {
        let holds = used.address == address && used.releases == releases;
        holds.then(|| used.socket.upgrade()).flatten()
    });
    found.flatten().or_else(|| find_socket(address, releases))
}

/// Finds a socket in a table, and remembers it.
#[cold]
fn find_socket(address: usize, releases: u64) -> Option<Arc<Socket>> {
    let Object::Socket(socket) = HANDLES.get(address)? else { return None };
    used(address, |used| *used = Used { address, releases, socket: Arc::downgrade(&socket) });
    Some(socket)
}

/// Returns the poller of a handle.
#[cfg(feature = "draft")]
pub(crate) fn poller(handle: *const c_void) -> Option<Arc<Poller>> {
    match HANDLES.get(handle.addr())? {
        Object::Poller(poller) => Some(poller),
        _ => None,
    }
}

/// Ends a handle. Returns whether it stood for something.
pub(crate) fn release(handle: *const c_void) -> bool {
    HANDLES.release(handle.addr())
}

/// The locks of the handles, which no other thread has meanwhile.
pub(crate) struct Locked {
    _addresses: MutexGuard<'static, Addresses>,
    _tables: Vec<MutexGuard<'static, Table>>,
}

/// Takes the locks of the handles.
pub(crate) fn lock_all() -> Locked {
    let addresses = lock(&HANDLES.addresses);
    Locked { _addresses: addresses, _tables: HANDLES.tables.iter().map(lock).collect() }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use zmtp_mio::SocketKind;

    use super::*;
    use crate::testing;

    fn new() -> Object {
        Object::Context(Arc::new(Context::new()))
    }

    #[test]
    fn a_handle_finds_its_object_until_it_is_released() {
        let object = Arc::new(Context::new());
        let handle = create(Object::Context(Arc::clone(&object))).unwrap();
        assert!(Arc::ptr_eq(&context(handle).unwrap(), &object));
        assert!(socket(handle).is_none(), "it is no socket");
        assert!(release(handle));
        assert!(context(handle).is_none() && !release(handle));
    }

    #[test]
    fn a_thread_does_not_find_a_socket_that_it_has_used_and_another_thread_has_released() {
        let context = Arc::new(Context::new());
        let opened = testing::socket(&context, SocketKind::Pair);
        let handle = create(Object::Socket(Arc::clone(&opened))).unwrap();
        for _ in 0..2 {
            assert!(Arc::ptr_eq(&socket(handle).unwrap(), &opened));
        }
        let address = handle.expose_provenance();
        let releasing = thread::spawn(move || release(ptr::with_exposed_provenance_mut(address)));
        assert!(releasing.join().unwrap());
        assert!(socket(handle).is_none());
        opened.close().unwrap();
    }

    #[test]
    fn an_address_that_is_no_handle_finds_nothing() {
        let handle = create(new()).unwrap();
        for other in [
            ptr::null_mut(),
            handle.wrapping_byte_add(1),
            handle.wrapping_byte_add(SIZE << 10),
            (&raw const HANDLES).cast_mut().cast(),
        ] {
            assert!(context(other).is_none() && socket(other).is_none() && !release(other));
        }
        assert!(release(handle));
    }

    #[test]
    fn an_address_is_given_again_after_all_others_if_it_is_not_in_use() {
        let handles = Handles::new(2);
        let object = new();
        let first = handles.create(object.clone()).unwrap();
        assert!(handles.release(first));
        let second = handles.create(object.clone()).unwrap();
        let mut given = vec![first, second];
        for _ in 2..2 * PER_BLOCK {
            let handle = handles.create(object.clone()).unwrap();
            assert!(handles.release(handle));
            given.push(handle);
        }
        assert!(handles.get(first).is_none());
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), 2 * PER_BLOCK);
        assert_eq!(handles.create(object.clone()), Some(first));
        let next = handles.create(object).unwrap();
        assert!(next != second && given.binary_search(&next).is_ok());
    }
}
