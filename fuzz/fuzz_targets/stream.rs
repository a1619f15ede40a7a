//! What must hold for a connection, whatever bytes come.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("stream", data));
