//! Runs the built `zmtp` for real. Every process has a time bound and dies with its test.
#![cfg(unix)]

mod ask;
mod bridge;
mod decode;
mod decode_udp;
mod exec;
mod exit;
mod install;
mod json;
mod loss;
mod print;
mod process;
mod proxy;
mod readme;
mod security;
mod stream;
mod thread_safe;
mod traffic;
mod udp;
