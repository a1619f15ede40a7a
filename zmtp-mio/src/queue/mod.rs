//! Queues between the application and its peers, and the budget of their bytes.

mod bounded;
mod budget;
mod chunk;
mod envelope;
mod frames;
mod inbox;
mod queued;

pub(crate) use bounded::{Mark, Queue, Refused};
pub(crate) use budget::{Budget, Usage};
pub(crate) use chunk::{Chunk, LONGEST, READ, WITHIN};
pub(crate) use envelope::Envelope;
pub(crate) use frames::{append_frame, append_header, append_message};
pub(crate) use inbox::{Inbox, InboxMemory};
pub(crate) use queued::{Lead, Outgoing, QueuedMessage, Source};
