//! Properties of RADIO, DISH and datagrams, and of the socket types for messages of one part.

use std::collections::{BTreeMap, BTreeSet};

use zmtp_core::Subscription;
use zmtp_core::pattern::{
    Channel, Client, Dish, Fixed, FixedSubscriptions, FixedTopics, Gather, Groups, JoinError,
    JoinedGroups, Pattern, PeerId, Radio, Reason, Server, Verdict,
};
use zmtp_core::wire::{Datagram, DatagramError, FrameHeader, FrameKind, Group, More};

use crate::model::{GroupsModel, IdList, PairModel, ServerModel, SubscriptionsModel, TurnsModel};
use crate::script::{PEERS, ROOM};
use crate::turns::{self, Half};

/// Groups that are prefixes of each other, and some that are not.
const GROUPS: [&[u8]; 6] = [b"", b"a", b"ab", b"abc", b"b", b"\xff"];
/// Peers of a RADIO.
const PEERS_LEN: usize = PEERS as usize;

/// The routing ids that scripts send to: 0, the first ones that are assigned, and bytes that are no id.
const NUMBERS: [&[u8]; 6] =
    [&[0; 4], &[0, 0, 0, 1], &[0, 0, 0, 2], &[0, 0, 0, 3], &[255; 4], &[0; 5]];

/// CLIENT, GATHER and CHANNEL take turns as DEALER, PULL and PAIR. The first byte chooses the mode.
pub fn single_part_types_match_their_models(bytes: &[u8]) {
    let Some((mode, script)) = bytes.split_first() else { return };
    let only_connected = mode & 1 != 0;
    let model = || TurnsModel::new(ROOM, only_connected);
    let mut client = Client::new(Fixed::<_, ROOM>::new(), only_connected);
    turns::run(script, &mut model(), &mut client);
    let mut gather = Gather::new(Fixed::<_, ROOM>::new());
    turns::run(script, &mut Half::<false>(model()), &mut gather);
    let mut dish = Dish::new(Fixed::<_, ROOM>::new(), SubscriptionsModel::default());
    turns::run(script, &mut Half::<false>(model()), &mut dish);
    let mut channel = Channel::new(only_connected);
    turns::run(script, &mut PairModel::new(only_connected), &mut channel);
}

/// SERVER equals its model. The first byte chooses the mode.
pub fn server_matches_its_model(bytes: &[u8]) {
    let Some((mode, script)) = bytes.split_first() else { return };
    let (only_connected, first) = (mode & 1 != 0, u32::from(*mode >> 1 & 3).wrapping_sub(2));
    for ids in [ROOM - 1, ROOM] {
        let list = IdList::new(ids);
        let mut server = Server::new(Fixed::<_, ROOM>::new(), list, first, only_connected);
        let mut model = ServerModel::new(ROOM, ids, first, only_connected);
        turns::run_to(script, NUMBERS, &mut model, &mut server);
    }
}

/// The frames of a peer: messages of one part are delivered, and others are rejected as a whole.
pub fn single_parts_are_delivered(script: &[u8]) {
    let peer = PeerId::new(0, 0);
    let mut patterns: [Box<dyn Pattern>; 4] = [
        Box::new(Client::new(Fixed::<_, 1>::new(), false)),
        Box::new(Gather::new(Fixed::<_, 1>::new())),
        Box::new(Channel::new(false)),
        Box::new(Server::new(Fixed::<_, 1>::new(), IdList::new(1), 1, false)),
    ];
    for pattern in &mut patterns {
        pattern.connected(peer, &[]).expect("room for one");
        let mut parts = 0;
        for byte in script {
            let more = if byte & 1 == 0 { More::Last } else { More::Follows };
            let header = FrameHeader::new(FrameKind::Message(more), u64::from(*byte));
            let verdict = pattern.accept(peer, header, parts == 0);
            let expected = match (parts, more) {
                (0, More::Last) => Verdict::Deliver,
                (0, More::Follows) => Verdict::Reject(Reason::Multipart),
                _ => Verdict::Skip,
            };
            assert_eq!(verdict, expected);
            parts = if more == More::Last { 0 } else { parts + 1 };
        }
    }
}

/// A RADIO sends to the peers that its model sends to, with an array and with a set.
pub fn radio_matches_its_model(script: &[u8]) {
    radio_like_its_model(FixedTopics::<4_096>::new(), script);
    radio_like_its_model(GroupsModel::new(usize::MAX), script);
}

/// A RADIO with this table sends to the peers that its model sends to. The table must have room for every group of a
/// script of this length.
pub fn radio_like_its_model(table: impl Groups, script: &[u8]) {
    let mut radio = Radio::new(Fixed::<_, PEERS_LEN>::new(), table);
    let mut known = BTreeSet::new();
    let mut members: BTreeSet<(PeerId, &[u8])> = BTreeSet::new();
    for index in 0..PEERS {
        let peer = PeerId::new(index, 0);
        radio.attached(peer).expect("room");
        known.insert(peer);
    }
    for step in script.chunks_exact(2).take(400) {
        let peer = PeerId::new(u32::from(step[0]) % PEERS, 0);
        let group = GROUPS[usize::from(step[1]) % GROUPS.len()];
        match step[1] >> 5 {
            0..=3 => {
                assert_eq!(radio.subscription(peer, Subscription::Subscribe, group), Ok(false));
                if known.contains(&peer) {
                    members.insert((peer, group));
                }
            }
            4 | 5 => {
                assert_eq!(radio.subscription(peer, Subscription::Cancel, group), Ok(false));
                members.remove(&(peer, group));
            }
            6 => {
                radio.disconnected(peer);
                members.retain(|(member, _)| *member != peer);
            }
            _ if step[0] < 128 => {
                radio.closed(peer);
                members.retain(|(member, _)| *member != peer);
                known.remove(&peer);
            }
            _ => {
                radio.connected(peer, &[]).expect("room");
                known.insert(peer);
            }
        }
        for group in [group, GROUPS[usize::from(step[0]) % GROUPS.len()]] {
            let mut found = BTreeMap::new();
            radio.members(group, |peer| *found.entry(peer).or_insert(0) += 1);
            let of_group = members.iter().filter(|(_, joined)| *joined == group);
            let once = of_group.map(|(peer, _)| (*peer, 1)).collect();
            assert_eq!(found, once, "each member once, of {group:?}");
        }
    }
}

/// A DISH with an array has the groups of a set, and delivers messages of exactly these groups.
pub fn dish_matches_its_model(script: &[u8]) {
    dishes_are_equal(FixedSubscriptions::<4_096>::new(), script);
}

/// A DISH with this table has the groups of a set.
pub fn dishes_are_equal(table: impl JoinedGroups, script: &[u8]) {
    let mut dish = Dish::new(Fixed::<_, 1>::new(), table);
    let mut model = BTreeSet::new();
    let peer = PeerId::new(0, 0);
    dish.connected(peer, &[]).expect("room for one");
    for step in script.iter().take(400) {
        let name = GROUPS[usize::from(*step) % GROUPS.len()];
        let group = Group::new(name).expect("a group");
        if step & 0x80 == 0 {
            let expected = if model.insert(name) { Ok(()) } else { Err(JoinError::Joined) };
            assert_eq!(dish.join(group), expected);
        } else {
            assert_eq!(dish.leave(group), model.remove(name));
        }
        let mut all = BTreeSet::new();
        dish.replay(|group| assert!(all.insert(group.to_vec()), "each group once"));
        assert_eq!(all, model.iter().map(|group| group.to_vec()).collect());
        for name in GROUPS {
            let more = FrameHeader::new(FrameKind::Message(More::Follows), name.len() as u64);
            assert_eq!(dish.accept(peer, more, true), Verdict::Subject);
            let joined = dish.check(peer, name) == Verdict::Deliver;
            assert_eq!((joined, dish.is_joined(name)), (model.contains(name), joined));
        }
    }
}

/// A parsed datagram is written as the bytes that it was parsed from, if its group is not too long to be sent. What
/// is written is parsed as the same datagram.
pub fn datagrams_round_trip(bytes: &[u8]) {
    let mut out = vec![0; bytes.len() + 1];
    match Datagram::parse(bytes) {
        Ok(datagram) => {
            let group = datagram.group.bytes();
            assert_eq!(datagram.len(), bytes.len());
            assert_eq!(usize::from(bytes[0]), group.len());
            assert_eq!([&bytes[..1], group, datagram.body].concat(), bytes);
            if group.len() <= Datagram::MAX_SENT_GROUP {
                assert_eq!(datagram.write(&mut out), Ok(bytes.len()));
                assert_eq!(out[..bytes.len()], *bytes);
            } else {
                assert!(matches!(datagram.write(&mut out), Err(DatagramError::Group(_))));
            }
        }
        Err(DatagramError::Empty) => assert!(bytes.is_empty()),
        Err(DatagramError::TooLong(len)) => {
            assert!(bytes.len() > Datagram::MAX_LEN && len as usize == bytes.len());
        }
        Err(DatagramError::ShorterThanGroup { group, rest }) => {
            assert!(group == bytes[0] && rest < u32::from(group));
            assert_eq!(rest as usize, bytes.len() - 1);
        }
        Err(error) => assert!(bytes.contains(&0), "{error}"),
    }
    let Some((cut, rest)) = bytes.split_first() else { return };
    let (group, body) = rest.split_at(usize::from(*cut).min(rest.len()));
    let Ok(group) = Group::new(group) else { return };
    let datagram = Datagram { group, body };
    if let Ok(len) = datagram.write(&mut out) {
        assert_eq!(Datagram::parse(&out[..len]), Ok(datagram));
    }
}
