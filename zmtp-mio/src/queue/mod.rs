//! Queues between the application and its peers, and what they hold in all.

mod bounded;
mod budget;
mod envelope;
mod frames;
mod queued;

pub(crate) use bounded::{Mark, Queue, Refused};
pub(crate) use budget::{Budget, Usage};
pub(crate) use envelope::Envelope;
pub(crate) use frames::{append_frame, append_header, append_message};
pub(crate) use queued::{Lead, Outgoing, QueuedMessage};
