#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
// No code that may panic, wrap or truncate. Tests are exempt.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::large_stack_arrays,
        clippy::panic,
        clippy::unwrap_used
    )
)]
#![warn(clippy::alloc_instead_of_core, clippy::exhaustive_enums, clippy::std_instead_of_core)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod buffer;
mod config;
mod connection;
mod count;
mod error;
pub mod mechanism;
pub mod pattern;
mod time;
pub mod wire;

pub use config::{Config, Heartbeat, Limits};
pub use connection::{
    Connection, Event, IgnoredCommand, Incoming, PeerInfo, Received, Refusal, SendError,
};
pub use error::{Error, ErrorKind, Limit, LimitExceeded, PeerError, SecurityRole, Timeout};
pub use mechanism::{Answer, HandshakeError, Null, NullOrOlder, OpenError};
pub use time::Instant;
pub use wire::Subscription;
