//! Endpoints of the C API, of any text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_libzmq::fuzz::check("libzmq_endpoints", data));
