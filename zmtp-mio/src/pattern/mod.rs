//! The rules of a socket.
//!
//! [`AnyPattern`] is an enum of the socket types of `zmtp-core`, whose trait `Pattern` it implements. Next
//! to the type it contains the options that only a driver with queues has. What such an option does when
//! a peer connects, subscribes or leaves is in `peers.rs`.

mod any;
mod context;
mod options;
mod peers;

pub(crate) use any::AnyPattern;
pub(crate) use context::{End, PeerContext};
pub(crate) use options::{
    DealerOptions, PublishOptions, RouterOptions, StreamOptions, SubscribeOptions,
};
