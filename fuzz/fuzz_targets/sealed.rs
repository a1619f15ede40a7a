//! Properties of two ends that seal their frames, with changes on the wire.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("sealed", data));
