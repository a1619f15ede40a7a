//! Properties of the ends of PLAIN and CURVE, whose peer sends changed bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("security", data));
