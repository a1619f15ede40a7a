#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
// What may panic, wrap or truncate does not get in.
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

pub mod asynch;
pub mod blocking;
mod error;
mod face;
mod face_many;
mod inbox;
pub mod kind;
mod link;
mod message;
mod outbox;
mod port;
pub mod size;
mod take;
mod window;

pub use error::{Error, LinkError};
#[cfg(feature = "chunks")]
pub use message::Chunk;
pub use message::{Message, Parts};
