//! Properties of two connected ends with changes on the wire.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("duplex", data));
