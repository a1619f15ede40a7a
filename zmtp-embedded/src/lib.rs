#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
// Code that may panic, wrap or truncate is a warning, and CI allows no warnings.
#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod api_many;
mod api_secure;
mod api_session;
pub mod asynch;
pub mod blocking;
mod deliver;
mod error;
mod event;
mod inbox;
pub mod kind;
mod link;
mod message;
mod no_io;
mod outbox;
mod send;
pub mod size;
mod socket_io;
mod step;
mod ticks;
pub mod udp;
mod window;

pub use error::{Error, LinkError};
#[cfg(feature = "chunks")]
pub use message::Chunk;
pub use message::{Message, Parts};
pub use no_io::NoIo;
pub use ticks::Ticks;
#[cfg(feature = "fugit")]
pub use ticks::from_fugit;
pub use zmtp_core;
pub use zmtp_core::wire::SocketType;
pub use zmtp_core::{Config, Heartbeat, Instant, Limits, PeerInfo};
