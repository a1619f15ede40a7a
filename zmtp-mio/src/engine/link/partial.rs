//! A message whose frames are arriving.

use core::cell::RefCell;

use crate::engine::queue::QueuedMessage;

/// The number of empty messages that a thread keeps.
const SPARES: usize = 16;

type Spares = Vec<Box<QueuedMessage>>;

thread_local! {
    /// Memory for these messages. Most connections have none at any time.
    static SPARE: RefCell<Spares> = RefCell::new(Vec::with_capacity(SPARES));
}

/// The message of a connection of which some frames, or some bytes of a frame, have arrived. Without one it has no
/// memory.
#[derive(Debug, Default)]
pub(super) struct Partial(Option<Box<QueuedMessage>>);

impl Partial {
    /// The message, if it is begun.
    pub(super) fn get(&self) -> Option<&QueuedMessage> {
        self.0.as_deref()
    }

    /// The message. Begins it if it is not.
    pub(super) fn begun(&mut self) -> &mut QueuedMessage {
        self.0.get_or_insert_with(|| {
            let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
            spare.ok().flatten().unwrap_or_default()
        })
    }

    /// Takes the message out.
    pub(super) fn take(&mut self) -> QueuedMessage {
        let Some(mut partial) = self.0.take() else { return QueuedMessage::default() };
        let message = core::mem::take(&mut *partial);
        // At thread exit the spares may be gone: the memory is freed then.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARES {
                spare.push(partial);
            }
        });
        message
    }
}
