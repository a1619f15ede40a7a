//! The bytes of a peer, written and read by hand.
//!
//! Tests must not trust the code they test. This crate depends on nothing but `std`, and builds
//! any bytes that a test needs, correct or not.
//!
//! | file | content |
//! |---|---|
//! | `write.rs` | greetings, frames, commands and messages as bytes |
//! | `read.rs` | frames and properties taken from bytes |

mod read;
mod write;

pub use read::{Frame, NameAndValue, frames, is_legacy, properties};
pub use write::{
    burst, command, command_body, delimited, error, frame, frame_of_1_0, greeting, greeting_of,
    long_frame, long_header, message, opening_of_2_0, ping, property, ready, ready_with_identity,
    reply_to, with_header,
};
