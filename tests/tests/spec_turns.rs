//! DEALER, ROUTER, PUSH, PULL, PAIR, PUB and SUB do what their models do.

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
fn dealer_does_what_its_model_does() {
    for_random_scripts(properties::dealer_matches_its_model);
}

#[test]
fn push_and_pull_do_what_their_models_do() {
    for_random_scripts(properties::push_and_pull_match_their_models);
}

#[test]
fn router_does_what_its_model_does() {
    for_random_scripts(properties::router_matches_its_model);
}

#[test]
fn pair_does_what_its_model_does() {
    for_random_scripts(properties::pair_matches_its_model);
}

#[test]
fn publishers_do_what_their_model_does() {
    for_random_scripts(properties::publish_matches_its_model);
}

#[test]
fn subscriptions_do_what_their_model_does() {
    for_random_scripts(properties::subscriptions_match_their_model);
}

#[test]
fn a_full_store_refuses_and_keeps_what_it_has() {
    for_random_scripts(properties::full_stores_keep_what_they_have);
}
