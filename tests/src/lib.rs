//! Shared code of the tests of all zmtp crates, and the properties that fuzzing calls.
//!
//! | module | content |
//! |---|---|
//! | [`vectors`] | recorded dialogues with libzmq, read from `vectors/` |
//! | [`malformed`] | malformed inputs, and the outcome of each with zmtp and libzmq |
//! | [`curve`] | a peer with CURVE, made by hand |
//! | [`security_vectors`] | test vectors of PLAIN and CURVE for any implementation |
//! | [`dialogue`] | the behaviour of a peer, generated from bytes |
//! | [`driver`], [`pair`] | a connection that receives bytes in pieces; two connected to each other |
//! | [`endpoint`] | a connection with its pattern: a socket with one peer, without IO |
//! | [`model`] | reference models of the connection and of the patterns |
//! | [`script`], [`turns`], [`replay`] | operations on patterns; replay of recorded dialogues |
//! | [`properties`] | properties of any bytes, as `fn(&[u8])` that panics on a violation |
//! | [`random`] | a deterministic generator of numbers |
//!
//! `cargo test -p zmtp-tests` runs everything in seconds. `MALFORMED.md` lists the malformed inputs with
//! an outcome other than libzmq's; its test writes the page if `ZMTP_WRITE=1` is set.

pub mod curve;
pub mod dialogue;
pub mod driver;
pub mod endpoint;
pub mod malformed;
pub mod model;
pub mod pair;
pub mod properties;
pub mod random;
pub mod reader;
pub mod replay;
pub mod script;
pub mod sealed;
pub mod security_vectors;
pub mod turns;
pub mod vectors;
