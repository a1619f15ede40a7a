#![doc = include_str!("../README.md")]
#![allow(
    clippy::result_large_err,
    reason = "a message that was not sent is given back by value; sending pays nothing for it"
)]

mod endpoint;
mod engine;
mod error;
mod message;
mod monitor;
mod options;
mod pool;
mod slots;
mod socket;
mod transport;

pub use endpoint::{Endpoint, EndpointError, Host};
pub use engine::Handle;
pub use error::{Error, SendError};
pub use message::Message;
pub use monitor::{CloseReason, Counters, Dropped, Event, EventKind, RefusedReason};
pub use options::{HighWaterMark, Keepalive, Linger, Options, Reconnect, Resolve, Tcp};
pub use socket::{Builder, Ready, Rep, Req, Socket};
/// The protocol core, whose limits, errors and routing ids appear in this crate's options and
/// events.
pub use zmtp_core;
