//! What must hold for a handshake, whatever comes of the peer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zmtp_tests::properties::check("handshake", data));
