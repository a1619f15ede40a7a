//! Calls of the C API by several threads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_libzmq::fuzz::check("libzmq_calls", data));
