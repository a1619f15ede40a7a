//! What must hold for the machines of patterns: they do what their models do.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("patterns", data));
