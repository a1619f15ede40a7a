//! Sockets with PLAIN and CURVE.
#![cfg(all(unix, feature = "curve"))]

#[allow(dead_code, unused_imports, unused_macros, reason = "shared with other test programs")]
#[path = "../harness/mod.rs"]
mod harness;

mod curve;
mod plain;
mod secrets;
