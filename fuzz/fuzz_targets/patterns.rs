//! Properties of the patterns: they equal their models.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("patterns", data));
