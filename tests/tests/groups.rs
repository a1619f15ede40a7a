//! Groups on the wire: JOIN and LEAVE of a DISH, and what a RADIO makes of them (RFC 37 § The Radio-Dish Pattern).

use wire::{command, greeting, greeting_of, message, opening_of_2_0, ready};
use zmtp_core::wire::SocketType::{Dish, Pub, Radio};
use zmtp_core::wire::{
    CommandName, GroupError, Malformed, MechanismName, UnsupportedVersion, Version,
};
use zmtp_core::{Config, Connection, Error, IgnoredCommand, Null, PeerError, Subscription};
use zmtp_tests::driver::{Driver, LogEntry, NOW};
use zmtp_tests::reader::Reader;

/// A connection after the handshake with a peer of this version.
fn open<'c>(config: &'c Config, version: [u8; 2], peer: &str) -> Driver<'c> {
    let mut driver = Driver::new(config);
    driver.feed(&[greeting_of(version, "NULL"), ready(peer)].concat());
    driver.take_sent();
    driver.take_log();
    driver
}

#[test]
fn a_dish_joins_and_leaves_with_commands_of_the_correct_size_at_every_length() {
    let config = Config::new(Dish);
    for version in [[3, 0], [3, 1]] {
        for len in [0, 1, 249, 250, 251, 255] {
            let group = vec![b'g'; len];
            let mut driver = open(&config, version, "RADIO");
            driver.subscribe(Subscription::Subscribe, &group).unwrap();
            assert_eq!(driver.take_sent(), command("JOIN", &group), "{len}");
            driver.subscribe(Subscription::Cancel, &group).unwrap();
            assert_eq!(driver.take_sent(), command("LEAVE", &group), "{len}");
        }
    }
}

#[test]
fn a_radio_reports_the_groups_that_a_peer_joins_and_leaves() {
    let config = Config::new(Radio);
    for len in [0, 1, 250, 251, 255] {
        let group = vec![b'g'; len];
        let mut driver = open(&config, [3, 1], "DISH");
        driver.feed_in_pieces(&[command("JOIN", &group), command("LEAVE", &group)].concat(), [1]);
        assert_eq!(driver.log(), [LogEntry::Subscribe(group.clone()), LogEntry::Cancel(group)]);
    }
}

#[test]
fn a_join_or_leave_of_256_bytes_is_refused() {
    let config = Config::new(Radio);
    for name in ["JOIN", "LEAVE"] {
        for len in [256, 257, 4_000] {
            let mut driver = open(&config, [3, 1], "DISH");
            driver.feed(&command(name, &vec![b'g'; len]));
            let error = Malformed::Group(GroupError::TooLong(len as u32));
            assert_eq!(driver.log(), [LogEntry::Failed(error.into())], "{name} {len}");
            assert_eq!(driver.take_sent(), b"");
        }
    }
}

#[test]
fn a_join_or_leave_with_a_byte_of_0_is_refused() {
    let config = Config::new(Radio);
    for (name, group) in [("JOIN", &b"\0"[..]), ("LEAVE", b"a\0"), ("JOIN", b"a\0b")] {
        let mut driver = open(&config, [3, 1], "DISH");
        driver.feed(&command(name, group));
        let error = Error::from(Malformed::Group(GroupError::Zero));
        assert_eq!(driver.log(), [LogEntry::Failed(error)], "{name}");
    }
}

#[test]
fn only_a_radio_has_groups_and_it_has_no_subscriptions() {
    let config = [Config::new(Radio), Config::new(Dish), Config::new(Pub)];
    let ignored = |name| LogEntry::Ignored(IgnoredCommand::Command(name));
    let mut radio = open(&config[0], [3, 1], "DISH");
    radio.feed(&[command("SUBSCRIBE", b"g"), command("CANCEL", b"g")].concat());
    assert_eq!(radio.log(), [ignored(CommandName::Subscribe), ignored(CommandName::Cancel)]);
    for (config, peer) in [(&config[1], "RADIO"), (&config[2], "SUB")] {
        let mut other = open(config, [3, 1], peer);
        other.feed(&[command("JOIN", &[b'g'; 300]), command("LEAVE", b"g")].concat());
        assert_eq!(other.log(), [ignored(CommandName::Join), ignored(CommandName::Leave)]);
    }
}

/// Peers of ZMTP 2.0 and 1.0 have no commands.
#[test]
fn a_radio_and_a_dish_refuse_peers_older_than_3_0() {
    for (ours, peer) in [(Radio, Dish), (Dish, Radio)] {
        let config = Config::new(ours);
        let openings = [
            (opening_of_2_0(peer.code(), b""), UnsupportedVersion::Major(1)),
            (vec![1, 0], UnsupportedVersion::NoSignature(1)),
        ];
        for (opening, old) in openings {
            let mut driver = Driver::new(&config);
            driver.feed(&opening);
            let (lowest, mechanism) = (Version::V3_0, MechanismName::NULL);
            let error = PeerError::UnsupportedVersion { peer: old, lowest, mechanism }.into();
            assert_eq!(driver.log(), [LogEntry::Failed(error)]);
        }
        let mut driver = Driver::new(&config);
        driver.feed(&[greeting("NULL"), ready(peer.name())].concat());
        assert_eq!(driver.sent()[..64], greeting("NULL"), "the greeting is sent at once");
    }
}

#[test]
fn a_message_that_the_rules_of_a_dish_reject_fails_the_connection() {
    let config = Config::new(Dish);
    let mut connection = Connection::new(Null::new(), &config, NOW);
    Reader::new([greeting("NULL"), ready("RADIO"), message(&[b"lonely"])].concat())
        .receive_all(&mut connection, NOW);
    assert_eq!(connection.error(), None);
    connection.fail_message();
    assert_eq!(connection.error(), Some(Malformed::NotGroupAndBody.into()));
    assert!(!connection.sends_error() && !connection.is_ready());
}
