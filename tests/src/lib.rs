//! What the tests of all zmtp crates share, and what fuzzing calls.
//!
//! | module | what it is |
//! |---|---|
//! | [`vectors`] | recorded dialogues with libzmq, read from `vectors/` |
//! | [`malformed`] | bad inputs, and what we and libzmq do with each |
//! | [`dialogue`] | what a peer does, read from bytes |
//! | [`driver`], [`pair`] | a connection that is fed bytes in pieces; two wired to each other |
//! | [`endpoint`] | a connection with its pattern: a socket with one peer, without IO |
//! | [`model`] | slow and obvious doubles of the connection and of the patterns |
//! | [`script`], [`turns`], [`replay`] | operations on patterns; recorded dialogues played again |
//! | [`properties`] | what must hold for any bytes, as `fn(&[u8])` that panics if it does not |
//! | [`random`] | numbers that are the same in every run |
//!
//! `cargo test -p zmtp-tests` runs everything in seconds. `MALFORMED.md` lists on which bad input we
//! differ from libzmq; with `ZMTP_WRITE=1` the test of it writes it anew.

pub mod dialogue;
pub mod driver;
pub mod endpoint;
pub mod malformed;
pub mod model;
pub mod pair;
pub mod properties;
pub mod random;
pub mod replay;
pub mod script;
pub mod turns;
pub mod vectors;
