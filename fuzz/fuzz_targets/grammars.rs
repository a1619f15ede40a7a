//! What must hold for the grammars above frames.
#![no_main]

use zmtp_tests::properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    properties::greetings_round_trip(data);
    properties::commands_round_trip(data);
});
