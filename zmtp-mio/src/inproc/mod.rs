//! `inproc://`: sockets of one process, without descriptors and without the protocol.
//!
//! A connection is two bounded lock-free queues of letters. Whoever puts something there leaves a
//! note in the other engine's mailbox, and wakes that engine if it sleeps.

mod mailbox;
mod names;
mod pipe;

pub(crate) use mailbox::{Mailbox, Note};
pub(crate) use names::{Host, Names};
pub(crate) use pipe::{Pipe, pipe};
