//! Properties of a connection for any actions of its peer and its application at any time.

use arbitrary::Unstructured;
use zmtp_core::SendError;
use zmtp_core::wire::SocketType;

use super::assert_same;
use crate::dialogue::{CLIENTS, Dialogue, SERVERS, Step};
use crate::driver::{Driver, Fetch, Lane, LogEntry};
use crate::endpoint::Endpoint;
use crate::model;

/// The properties of an end of a type that usually binds.
pub fn server_holds(bytes: &[u8]) {
    holds(bytes, &SERVERS);
}

/// The properties of an end of a type that usually connects.
pub fn client_holds(bytes: &[u8]) {
    holds(bytes, &CLIENTS);
}

/// The events and the bytes sent are the same for any split, way of reading and time of writing, and
/// equal the model's. Every message is whole or absent. An error is final.
fn holds(bytes: &[u8], types: &[SocketType]) {
    let Ok(dialogue) = Dialogue::take(&mut Unstructured::new(bytes), types) else { return };
    let (whole, results) = played(&dialogue, Lane::Decode, Fetch::Eagerly, &[]);
    let expected = model::log_in_time(&dialogue.config, &dialogue.steps);
    assert_eq!(whole.log(), expected, "the model differs");
    let ways = [
        (Lane::Decode, Fetch::Lazily, &[1][..]),
        (Lane::Both, Fetch::Eagerly, &dialogue.cuts),
        (Lane::Body, Fetch::Lazily, &dialogue.cuts),
    ];
    for (lane, fetch, cuts) in ways {
        let (other, other_results) = played(&dialogue, lane, fetch, cuts);
        assert_same(&whole, &other);
        assert_eq!(results, other_results);
    }
    messages_are_whole(&dialogue, whole.log());
    errors_stay(&dialogue, whole);
}

type Results = Vec<Result<(), SendError>>;

/// A connection after all steps, and the results of its sends.
fn played<'d>(
    dialogue: &'d Dialogue,
    lane: Lane,
    fetch: Fetch,
    cuts: &[usize],
) -> (Driver<'d>, Results) {
    let mut driver = Driver::with(&dialogue.config, lane, fetch);
    let mut cuts = cuts.iter().copied().cycle();
    let mut results = Vec::new();
    for step in &dialogue.steps {
        match step {
            Step::Bytes(bytes) => driver.feed_in_pieces(bytes, cuts.by_ref()),
            Step::Send(parts) => results.push(driver.send(parts)),
            Step::Wait(ms) => driver.wait(*ms),
        }
    }
    (driver, results)
}

/// The application receives exactly the messages whose last frame arrived, whole and in order.
fn messages_are_whole(dialogue: &Dialogue, log: &[LogEntry]) {
    let mut endpoint = Endpoint::new(&dialogue.config);
    for step in &dialogue.steps {
        match step {
            Step::Bytes(bytes) => endpoint.arrive(bytes),
            Step::Send(_) => {}
            Step::Wait(ms) => endpoint.driver().wait(*ms),
        }
    }
    let mut got = Vec::new();
    while let Ok(Some(message)) = endpoint.receive() {
        got.push(message);
        if dialogue.config.socket_type == SocketType::Rep {
            // The next request follows when this one is answered or cannot be answered.
            let _ = endpoint.send(&[b"answer".to_vec()]);
        }
    }
    assert_eq!(got, model::delivered(dialogue.config.socket_type, log));
}

/// A failed connection repeats its error for any further input.
fn errors_stay(dialogue: &Dialogue, mut failed: Driver<'_>) {
    let Some(error) = failed.connection().error() else { return };
    let log = failed.take_log();
    assert_eq!(log.iter().filter(|entry| matches!(entry, LogEntry::Failed(_))).count(), 1);
    failed.take_sent();
    failed.feed(&dialogue.stream());
    failed.wait(60_000);
    assert_eq!(failed.send(&[b"x"]), Err(SendError::Failed));
    assert_eq!(failed.take_log(), [LogEntry::Failed(error)]);
    assert_eq!((failed.take_sent(), failed.connection().error()), (Vec::new(), Some(error)));
    assert_eq!(failed.connection().poll_timeout(), None);
}
