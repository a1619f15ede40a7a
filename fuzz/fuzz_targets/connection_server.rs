//! What must hold for a connection of a type that listens, whatever its peer does and when.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("connection_server", data));
