//! The rules of a socket.
//!
//! [`AnyPattern`] is an enum of the socket types of `zmtp-core`, whose trait `Pattern` it implements. Next
//! to the type it contains the options that only a driver with queues has. What such an option does when
//! a peer connects, subscribes or leaves is in `peers.rs`.
//!
//! | file | content |
//! |---|---|
//! | `any.rs` | the enum, and the rules that several types share |
//! | `dispatch.rs` | the trait `Pattern` |
//! | `one_type.rs` | what only one type has |
//! | `options.rs`, `set_options.rs` | the options, the rules of a new socket, and setting the options |
//! | `peers.rs`, `context.rs` | what happens with a peer |

mod any;
mod context;
mod dispatch;
mod one_type;
mod options;
mod peers;
mod set_options;

pub(crate) use any::AnyPattern;
pub(crate) use context::{End, PeerContext};
pub use options::{
    DealerOptions, KindOptions, PeerMessages, PublishOptions, RouterOptions, StreamOptions,
    SubscribeOptions,
};
