//! Properties of whole sessions with PLAIN and CURVE.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("sessions", data));
