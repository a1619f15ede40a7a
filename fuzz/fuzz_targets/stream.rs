//! Properties of a connection whose peer sends any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("stream", data));
