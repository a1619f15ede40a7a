//! The events of a connection do not depend on how bytes are split or how bodies are read.

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_tests::driver::{Driver, Fetch, Lane};
use zmtp_tests::model;
use zmtp_tests::properties::{self, assert_same, run};
use zmtp_tests::random::Random;
use zmtp_tests::vectors::Vector;

/// Every stream of the vectors, with a compatible socket type. Streams other than ZMTP 3 are included.
fn streams() -> Vec<(String, SocketType, Vec<u8>)> {
    let mut all = Vec::new();
    for vector in Vector::all() {
        let ours = vector.sut.socket_type;
        for stream in vector.peer_streams() {
            all.push((format!("{} P>", vector.name), ours, stream));
        }
        let theirs = SocketType::all().find(|theirs| ours.accepts(*theirs)).expect("a legal peer");
        for stream in vector.libzmq_streams() {
            all.push((format!("{} Z>", vector.name), theirs, stream));
        }
    }
    all
}

/// Where to split a stream. Splits inside long bodies are left out.
fn cuts(stream: &[u8]) -> impl Iterator<Item = usize> {
    let end = stream.len();
    (1..end).filter(move |cut| *cut < 3_000 || end - cut < 300)
}

#[test]
fn every_stream_gives_the_events_of_the_model() {
    for (name, kind, stream) in streams() {
        let config = Config::new(kind);
        let driver = run(&config, &stream, Lane::Decode, Fetch::Eagerly, []);
        assert_eq!(driver.log(), model::log(&config, &stream), "{name}");
    }
}

#[test]
fn every_split_in_two_gives_the_same_events() {
    for (name, kind, stream) in streams() {
        let config = Config::new(kind);
        let whole = run(&config, &stream, Lane::Decode, Fetch::Eagerly, []);
        for cut in cuts(&stream) {
            for (lane, fetch) in [(Lane::Decode, Fetch::Lazily), (Lane::Body, Fetch::Eagerly)] {
                println!("{name} cut at {cut}, {lane:?}");
                assert_same(&whole, &run(&config, &stream, lane, fetch, [cut, usize::MAX]));
            }
        }
    }
}

#[test]
fn single_bytes_give_the_same_events() {
    for (name, kind, stream) in streams() {
        let config = Config::new(kind);
        let whole = run(&config, &stream, Lane::Decode, Fetch::Eagerly, []);
        for lane in [Lane::Decode, Lane::Body, Lane::Both] {
            println!("{name}, {lane:?}");
            assert_same(&whole, &run(&config, &stream, lane, Fetch::Eagerly, [1]));
            assert_same(&whole, &run(&config, &stream, lane, Fetch::Lazily, [1]));
        }
    }
}

#[test]
fn random_splits_give_the_same_events() {
    let mut random = Random::new(1);
    for (name, kind, stream) in streams() {
        let config = Config::new(kind);
        let whole = run(&config, &stream, Lane::Decode, Fetch::Eagerly, []);
        for largest in [2, 3, 7, 10, 64, 300, 1_000] {
            for lane in [Lane::Decode, Lane::Body, Lane::Both] {
                println!("{name}, up to {largest}, {lane:?}");
                let sizes = core::iter::from_fn(|| Some(1 + random.below(largest)));
                assert_same(&whole, &run(&config, &stream, lane, Fetch::Lazily, sizes));
            }
        }
    }
}

#[test]
fn all_properties_hold_for_the_vectors_with_bytes_changed() {
    let mut random = Random::new(2);
    let streams = streams();
    for round in 0..4_000 {
        let (_, _, stream) = random.one_of(&streams);
        let mut bytes: Vec<u8> = (0..4).map(|_| random.number() as u8).collect();
        let start = if random.once_in(2) { 0 } else { random.below(stream.len().min(120)) };
        bytes.extend(stream[start..].iter().take(1_500));
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] = match random.below(3) {
                0 => random.number() as u8,
                1 => bytes[at] ^ (1 << random.below(8)),
                _ => *random.one_of(&[0, 1, 2, 4, 6, 0xff]),
            };
        }
        println!("round {round}");
        all_properties(&bytes);
    }
}

#[test]
fn all_properties_hold_for_random_bytes() {
    let mut random = Random::new(3);
    for round in 0..20_000 {
        let len = random.below(100);
        let small = random.once_in(2);
        let bytes: Vec<u8> = (0..len)
            .map(|_| if small { random.below(8) as u8 } else { random.number() as u8 })
            .collect();
        println!("round {round}");
        all_properties(&bytes);
    }
}

fn all_properties(bytes: &[u8]) {
    properties::same_events_for_any_chunking(bytes);
    properties::body_lane_equals_decode_lane(bytes);
    properties::little_is_left_unconsumed(bytes);
    properties::errors_repeat(bytes);
    properties::transmits_the_same_into_any_room(bytes);
    properties::frame_headers_round_trip(bytes);
    properties::greetings_round_trip(bytes);
    properties::commands_round_trip(bytes);
}

#[test]
fn a_body_is_announced_with_its_header_and_counted_past_decode() {
    let config = Config::new(SocketType::Pull).with_limits(Limits::DEFAULT);
    let mut driver = Driver::new(&config);
    driver.feed(&[wire::greeting("NULL"), wire::ready("PUSH")].concat());
    driver.feed(&[0x02, 0, 0, 0, 0, 0, 1, 0, 0]);
    let connection = driver.connection_mut();
    assert_eq!(connection.incoming().unwrap().remaining, 65_536);
    assert_eq!(connection.body_received(65_535), None);
    assert_eq!(connection.incoming().unwrap().remaining, 1);
    // A larger count is reduced to the bytes that are due.
    assert_eq!(connection.body_received(9).unwrap().len(), 65_536);
    assert_eq!(connection.incoming(), None);
    assert_eq!(connection.body_received(1), None);
}
