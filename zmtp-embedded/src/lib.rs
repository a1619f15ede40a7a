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

mod error;
mod link;
mod req;
mod window;
mod write;

pub use error::Error;
pub use link::Link;
pub use req::Req;
