//! The socket types without lockstep against their models.

use zmtp_tests::properties::{self, Property};
use zmtp_tests::random::Random;

fn for_random_scripts(holds: Property) {
    let mut random = Random::new(11);
    for round in 0..1_500 {
        let len = random.below(300);
        let script: Vec<u8> = (0..len).map(|_| random.number() as u8).collect();
        println!("round {round}");
        holds(&script);
    }
}

#[test]
fn dealer_equals_its_model() {
    for_random_scripts(properties::dealer_matches_its_model);
}

#[test]
fn push_and_pull_equal_their_models() {
    for_random_scripts(properties::push_and_pull_match_their_models);
}

#[test]
fn router_equals_its_model() {
    for_random_scripts(properties::router_matches_its_model);
}

#[test]
fn pair_equals_its_model() {
    for_random_scripts(properties::pair_matches_its_model);
}

#[test]
fn publishers_equal_their_model() {
    for_random_scripts(properties::publish_matches_its_model);
}

#[test]
fn subscriptions_equal_their_model() {
    for_random_scripts(properties::subscriptions_match_their_model);
}

#[test]
fn a_full_store_refuses_new_entries_and_keeps_the_others() {
    for_random_scripts(properties::full_stores_keep_what_they_have);
}

#[test]
fn client_gather_dish_and_channel_equal_their_models() {
    for_random_scripts(properties::single_part_types_match_their_models);
}

#[test]
fn server_and_peer_equal_their_model() {
    for_random_scripts(properties::server_matches_its_model);
}

#[test]
fn messages_of_one_part_are_delivered_and_others_rejected_as_a_whole() {
    for_random_scripts(properties::single_parts_are_delivered);
}

#[test]
fn radio_equals_its_model() {
    for_random_scripts(properties::radio_matches_its_model);
}

#[test]
fn dish_equals_its_model() {
    for_random_scripts(properties::dish_matches_its_model);
}
