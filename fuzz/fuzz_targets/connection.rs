//! What must hold for a connection, whatever its peer sends.
#![no_main]

use zmtp_tests::properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    properties::same_events_for_any_chunking(data);
    properties::body_lane_equals_decode_lane(data);
    properties::little_is_left_unconsumed(data);
    properties::errors_repeat(data);
    properties::transmits_the_same_into_any_room(data);
});
