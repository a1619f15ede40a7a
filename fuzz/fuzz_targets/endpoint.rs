//! Properties of the text of endpoints.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("endpoint", data));
