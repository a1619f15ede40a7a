//! Options of the C API, of any size and value.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_libzmq::fuzz::check("libzmq_options", data));
