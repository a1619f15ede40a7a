//! Sockets with PLAIN and CURVE.
#![cfg(all(unix, feature = "curve"))]

#[path = "../harness/mod.rs"]
mod harness;

mod curve;
mod files;
mod flood;
mod later;
mod plain;
mod refused;
mod secrets;
mod thread_safe;
mod zap;
