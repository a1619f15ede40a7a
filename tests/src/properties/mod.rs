//! What must hold for any bytes. Each property panics if it does not hold.
//!
//! Tests call them with chosen, random and recorded bytes, fuzzing with found ones. [`TARGETS`]
//! says which of them belong to which fuzz target: each target is a call of [`check`], and so is
//! the test that plays its corpus again on a stable compiler.

mod connection;
mod duplex;
mod endpoint;
mod grammar;
mod handshake;
mod pattern;
mod stream;
mod topics;

pub use connection::{client_holds, server_holds};
pub use duplex::duplex_holds;
pub use endpoint::endpoints_round_trip;
pub use grammar::{
    commands_round_trip, frame_headers_round_trip, greetings_round_trip, metadata_round_trips,
};
pub use handshake::handshake_holds;
pub use pattern::{
    dealer_matches_its_model, machines_match_their_models, pair_matches_its_model,
    push_and_pull_match_their_models, rep_matches_its_model, req_matches_its_model,
    router_matches_its_model,
};
pub use stream::{
    Setup, assert_same, body_lane_equals_decode_lane, errors_repeat, little_is_left_unconsumed,
    run, same_events_for_any_chunking, transmits_the_same_into_any_room,
};
pub use topics::{
    full_stores_keep_what_they_have, publish_matches_its_model, publishes_like_its_model,
    subscriptions_like_their_model, subscriptions_match_their_model,
};

/// A property.
pub type Property = fn(&[u8]);

/// The fuzz targets, each with what must hold for its inputs.
pub const TARGETS: &[(&str, &[Property])] = &[
    ("greeting", &[greetings_round_trip]),
    ("frame_header", &[frame_headers_round_trip]),
    ("command", &[commands_round_trip]),
    ("metadata", &[metadata_round_trips]),
    ("endpoint", &[endpoints_round_trip]),
    ("connection_server", &[server_holds]),
    ("connection_client", &[client_holds]),
    ("stream", &STREAM),
    ("duplex", &[duplex_holds]),
    ("handshake", &[handshake_holds]),
    ("patterns", &[machines_match_their_models]),
];

const STREAM: [Property; 5] = [
    same_events_for_any_chunking,
    body_lane_equals_decode_lane,
    little_is_left_unconsumed,
    errors_repeat,
    transmits_the_same_into_any_room,
];

/// Checks what must hold for an input of a fuzz target.
///
/// # Panics
///
/// If it does not hold, or there is no such target.
pub fn check(target: &str, bytes: &[u8]) {
    let (_, properties) =
        TARGETS.iter().find(|(name, _)| *name == target).expect("a target of the list");
    for property in *properties {
        property(bytes);
    }
}
