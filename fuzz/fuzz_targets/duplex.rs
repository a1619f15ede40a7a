//! What must hold for two of our ends and a wire that meddles.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("duplex", data));
