//! Properties of PUB, XPUB, SUB and their stores of topics: they are equivalent to a list of pairs.

use std::collections::{BTreeMap, BTreeSet};

use zmtp_core::pattern::{
    Added, FairPeer, Filter, Fixed, FixedSubscriptions, FixedTopics, Pattern, PeerId, Publish,
    Removed, Reports, Subscribe, Subscriptions, Topics,
};

use zmtp_core::Subscription;

use crate::model::{PublishModel, SubscriptionsModel, TopicsModel};
use crate::script::PEERS;

/// Peers of a publisher.
const PEERS_LEN: usize = PEERS as usize;

/// Topics that are prefixes of each other, and some that are not.
const TOPICS: [&[u8]; 8] = [b"", b"a", b"ab", b"abc", b"abd", b"b", b"\0", b"a\0"];
/// A published topic or a subscription.
const SUBJECTS: [&[u8]; 6] = [b"", b"abc", b"abcd", b"bb", b"a\0b", b"\0\0"];

/// A publisher with an array and its model give the same result for every step.
pub fn publish_matches_its_model(script: &[u8]) {
    publishes_like_its_model(FixedTopics::<4_096>::new(), script);
}

/// A publisher with this store and its model give the same result for every step. The store must
/// have room for every subscription of a script of this length.
pub fn publishes_like_its_model(store: impl Topics, script: &[u8]) {
    let Some((mode, script)) = script.split_first() else { return };
    let reports = [Reports::Changes, Reports::Subscriptions, Reports::All][usize::from(mode % 3)];
    let mut real = Publish::with_reports(Fixed::<FairPeer, PEERS_LEN>::new(), store, reports);
    for index in 0..PEERS {
        real.attached(PeerId::new(index, 0)).expect("room");
    }
    let mut model = PublishModel::new(reports);
    for step in script.chunks_exact(2).take(400) {
        let peer = PeerId::new(u32::from(step[0]) % PEERS, 0);
        let topic = TOPICS[usize::from(step[1]) % TOPICS.len()];
        match step[1] >> 5 {
            0..=2 => {
                let report = real.subscription(peer, Subscription::Subscribe, topic);
                assert_eq!(report, Ok(model.subscribe(peer, topic)));
            }
            3 | 4 => {
                let report = real.subscription(peer, Subscription::Cancel, topic);
                assert_eq!(report, Ok(model.cancel(peer, topic)));
            }
            5 => {
                let mut reported = BTreeSet::new();
                real.cancel_all(peer, |topic| assert!(reported.insert(topic.to_vec())));
                assert_eq!(reported, model.detach(peer));
            }
            _ => {
                let subject = SUBJECTS[usize::from(step[0]) % SUBJECTS.len()];
                let mut found = BTreeMap::new();
                real.matches(subject, |peer| *found.entry(peer).or_insert(0) += 1);
                let once = model.matches(subject).into_iter().map(|peer| (peer, 1)).collect();
                assert_eq!(found, once, "each peer once, for {subject:?}");
            }
        }
    }
}

/// Subscriptions in an array are equivalent to those in a map.
pub fn subscriptions_match_their_model(script: &[u8]) {
    subscriptions_like_their_model(FixedSubscriptions::<4_096>::new(), script);
}

/// Subscriptions in this store are equivalent to those in a map.
pub fn subscriptions_like_their_model(store: impl Subscriptions, script: &[u8]) {
    let mut real = Subscribe::new(Fixed::<FairPeer, 1>::new(), store, Filter::Matching);
    let mut model = SubscriptionsModel::default();
    for step in script.iter().take(400) {
        let topic = TOPICS[usize::from(*step) % TOPICS.len()];
        if step & 0x80 == 0 {
            assert_eq!(real.subscribe(topic), model.add(topic));
        } else {
            assert_eq!(real.cancel(topic), model.remove(topic));
        }
        for subject in SUBJECTS {
            assert_eq!(real.matches(subject), model.matches(subject));
            assert_eq!(real.topics().matches(subject), model.matches(subject));
        }
        let mut all = [Vec::new(), Vec::new()];
        real.replay(|topic| all[0].push(topic.to_vec()));
        model.each(|topic| all[1].push(topic.to_vec()));
        all[0].sort();
        assert_eq!(all[0], all[1], "each topic once");
    }
}

/// A full store refuses entries and does not change.
pub fn full_stores_keep_what_they_have(script: &[u8]) {
    let mut small = FixedTopics::<24>::new();
    let mut model = TopicsModel::new(usize::MAX);
    for step in script.chunks_exact(2).take(200) {
        let peer = PeerId::new(u32::from(step[0]) % PEERS, 0);
        let topic = TOPICS[usize::from(step[1]) % TOPICS.len()];
        if step[1] & 0x80 != 0 {
            assert_eq!(small.remove(peer, topic), model.remove(peer, topic));
        } else if let Ok(added) = small.insert(peer, topic) {
            assert_eq!(Ok(added), model.insert(peer, topic));
        } else {
            // An entry that is stored already needs no room.
            assert_ne!(model.insert(peer, topic), Ok(Added::Held));
            assert!(!matches!(model.remove(peer, topic), Removed::Unknown | Removed::NotHeld));
        }
    }
}
