//! Properties of the patterns.

use zmtp_core::pattern::{
    Dealer, Filter, Fixed, FixedSubscriptions, Mode, Pair, Pull, Push, Rep, Req, Router, Subscribe,
};

use super::groups::{
    dish_matches_its_model, radio_matches_its_model, server_matches_its_model,
    single_part_types_match_their_models, single_parts_are_delivered,
};
use super::topics::{
    full_stores_keep_what_they_have, publish_matches_its_model, subscriptions_match_their_model,
};
use crate::model::{IdList, PairModel, RepModel, ReqModel, RouterModel, Table, TurnsModel};
use crate::script::{self, ROOM};
use crate::turns::{self, Half};

/// Every pattern that has a model.
const MACHINES: &[fn(&[u8])] = &[
    req_matches_its_model,
    rep_matches_its_model,
    dealer_matches_its_model,
    push_and_pull_match_their_models,
    router_matches_its_model,
    pair_matches_its_model,
    publish_matches_its_model,
    subscriptions_match_their_model,
    full_stores_keep_what_they_have,
];

/// The patterns that a first byte of [`FIRST_OF_MORE`] or more chooses.
const MORE_MACHINES: &[fn(&[u8])] = &[
    single_part_types_match_their_models,
    server_matches_its_model,
    single_parts_are_delivered,
    radio_matches_its_model,
    dish_matches_its_model,
];

/// The first byte from which on [`MORE_MACHINES`] are chosen.
const FIRST_OF_MORE: u8 = 192;

/// A pattern equals its model; the first byte chooses the pattern.
pub fn machines_match_their_models(bytes: &[u8]) {
    let Some((which, script)) = bytes.split_first() else { return };
    let machines = if *which < FIRST_OF_MORE { MACHINES } else { MORE_MACHINES };
    machines[usize::from(*which) % machines.len()](script);
}

/// REQ over two kinds of tables equals its model. The first byte chooses the mode.
pub fn req_matches_its_model(bytes: &[u8]) {
    let Some((mode, script)) = bytes.split_first() else { return };
    let first_id = u32::from(*mode).wrapping_sub(8);
    let mode = Mode { relaxed: mode & 1 != 0, correlate: mode & 2 != 0 };
    let mut fixed = Req::new(Fixed::<_, ROOM>::new(), mode, first_id);
    let mut table = Req::new(Table::new(ROOM), mode, first_id);
    let model = || ReqModel::new(ROOM, mode, first_id);
    script::run(script, &mut model(), &mut fixed);
    script::run(script, &mut model(), &mut table);
}

/// REP over two kinds of tables equals its model.
pub fn rep_matches_its_model(script: &[u8]) {
    let mut fixed = Rep::new(Fixed::<_, ROOM>::new());
    let mut table = Rep::new(Table::new(ROOM));
    script::run(script, &mut RepModel::new(ROOM), &mut fixed);
    script::run(script, &mut RepModel::new(ROOM), &mut table);
}

/// DEALER over two kinds of tables equals its model. The first byte chooses the mode.
pub fn dealer_matches_its_model(bytes: &[u8]) {
    let Some((mode, script)) = bytes.split_first() else { return };
    let only_connected = mode & 1 != 0;
    let mut fixed = Dealer::new(Fixed::<_, ROOM>::new(), only_connected);
    turns::run(script, &mut TurnsModel::new(ROOM, only_connected), &mut fixed);
    let mut table = Dealer::new(Table::new(ROOM), only_connected);
    turns::run(script, &mut TurnsModel::new(ROOM, only_connected), &mut table);
}

/// PUSH, PULL and SUB equal their halves of the model. The first byte chooses the mode.
pub fn push_and_pull_match_their_models(bytes: &[u8]) {
    let Some((mode, script)) = bytes.split_first() else { return };
    let only_connected = mode & 1 != 0;
    let model = || TurnsModel::new(ROOM, only_connected);
    let mut push = Push::new(Fixed::<_, ROOM>::new(), only_connected);
    turns::run(script, &mut Half::<true>(model()), &mut push);
    let mut pull = Pull::new(Table::new(ROOM));
    turns::run(script, &mut Half::<false>(model()), &mut pull);
    let mut sub =
        Subscribe::new(Fixed::<_, ROOM>::new(), FixedSubscriptions::<64>::new(), Filter::Matching);
    turns::run(script, &mut Half::<false>(model()), &mut sub);
}

/// ROUTER equals its model. The first byte chooses the mode.
pub fn router_matches_its_model(bytes: &[u8]) {
    let Some((mode, script)) = bytes.split_first() else { return };
    let (handover, first) = (mode & 1 != 0, u32::from(*mode >> 1).wrapping_sub(4));
    for ids in [ROOM - 1, ROOM] {
        let mut fixed = Router::new(Fixed::<_, ROOM>::new(), IdList::new(ids), first, handover);
        turns::run(script, &mut RouterModel::new(ROOM, ids, first, handover), &mut fixed);
    }
}

/// PAIR equals its model. The first byte chooses the mode.
pub fn pair_matches_its_model(bytes: &[u8]) {
    let Some((mode, script)) = bytes.split_first() else { return };
    let only_connected = mode & 1 != 0;
    turns::run(script, &mut PairModel::new(only_connected), &mut Pair::new(only_connected));
}
