//! Properties of a connection of a type that usually connects.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("connection_client", data));
