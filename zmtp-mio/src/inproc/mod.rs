//! `inproc://`: sockets of one process, without descriptors and without the protocol.
//!
//! A connection is two bounded lock-free rings of messages. As a rule of libzmq, the marks of both ends can be added up;
//! then messages without room in a ring wait in a list next to it. After messages are put into one, the key of the
//! connection is posted to the mailbox of the other engine, which wakes that engine if it sleeps.

mod about;
mod beyond;
mod lane;
mod mailbox;
mod pipe;
mod registry;

pub(crate) use about::About;
pub(crate) use lane::Parcel;
pub(crate) use mailbox::{Mailbox, Post};
pub(crate) use pipe::{COPIED, Pipe, add_marks, pipe};
pub(crate) use registry::{Host, Registry};
