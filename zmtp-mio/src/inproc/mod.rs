//! `inproc://`: sockets of one process, without descriptors and without the protocol.
//!
//! A connection is two bounded lock-free rings of messages. As a rule of libzmq, the marks of both ends can be added up;
//! then it is two lists without a limit. After messages are put into one, the key of the connection is posted to the
//! mailbox of the other engine, which wakes that engine if it sleeps.

mod about;
mod lane;
mod list;
mod mailbox;
mod pipe;
mod registry;

pub(crate) use about::About;
pub(crate) use lane::Parcel;
pub(crate) use mailbox::{Mailbox, Post};
pub(crate) use pipe::{COPIED, Pipe, pipe};
pub(crate) use registry::{Host, Registry};
