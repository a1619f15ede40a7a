//! Events as log records, and counters, events and peers as JSON.

use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};
use serde_json::{Value, json};
use zmtp_mio::{EventKind, Pull};

use crate::harness::{LIMIT, RawPeer, bound, builder, eventually};

/// Keeps the records of this crate.
struct Records(Mutex<Vec<(Level, String)>>);

impl Log for Records {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "zmtp_mio"
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().unwrap().push((record.level(), record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

static RECORDS: Records = Records(Mutex::new(Vec::new()));

#[test]
fn events_are_logged_with_endpoint_connection_and_reason() {
    log::set_logger(&RECORDS).unwrap();
    log::set_max_level(LevelFilter::Debug);
    let (mut pull, endpoint) = bound(builder::<Pull>().build().unwrap());
    let mut peer = RawPeer::connect(&endpoint);
    peer.send(b"GET / HTTP/1.1\r\n\r\n");
    let records = || {
        let records = RECORDS.0.lock().unwrap();
        let ours = records.iter().filter(|(_, text)| text.starts_with(&endpoint));
        ours.map(|(level, text)| (*level, text[endpoint.len()..].to_owned())).collect::<Vec<_>>()
    };
    eventually("the connection is closed", || {
        pull.step().unwrap();
        records().len() >= 3
    });
    let records = records();
    assert_eq!(records[0], (Level::Debug, ": listening".into()));
    assert_eq!(records[1].0, Level::Debug);
    assert!(records[1].1.starts_with(" #1 127.0.0.1:"), "{records:?}");
    assert!(records[1].1.ends_with(": accepted"), "{records:?}");
    assert_eq!(records[2].0, Level::Warn);
    assert!(records[2].1.contains(": closed: "), "{records:?}");
}

#[test]
fn counters_events_and_peers_are_json() {
    let (mut pull, endpoint) = bound(builder::<Pull>().build().unwrap());
    let mut peer = RawPeer::connect(&endpoint);
    peer.send(&wire::burst("PUSH", &[b"four"]));
    assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
    let counters = serde_json::to_value(pull.counters()).unwrap();
    assert_eq!(counters["messages_received"], 1);
    assert_eq!(counters["bytes_received"], 4);
    assert_eq!(counters["dropped"]["high_water_mark"], 0);
    let status = serde_json::to_value(pull.peers().next().unwrap()).unwrap();
    assert_eq!((&status["socket_type"], &status["version"]), (&json!("PUSH"), &json!("3.1")));
    assert_eq!((&status["accepted"], &status["connection"]), (&json!(true), &json!(1)));
    let events: Vec<_> = core::iter::from_fn(|| pull.next_event()).collect();
    let ready = events.iter().find(|event| matches!(event.kind, EventKind::Ready(_))).unwrap();
    let ready: Value = serde_json::to_value(ready).unwrap();
    assert_eq!((&ready["endpoint"], &ready["kind"]), (&json!(endpoint), &json!("ready")));
    assert_eq!(
        (&ready["connection"], &ready["text"]),
        (&json!(1), &json!("ready: PUSH, ZMTP 3.1"))
    );
    assert_eq!(ready["reason"], Value::Null);
    assert!(ready["remote"].as_str().unwrap().starts_with("127.0.0.1:"));
    // Flags that no frame has.
    peer.send(b"\xff");
    eventually("the connection is closed", || {
        pull.step().unwrap();
        let events = core::iter::from_fn(|| pull.next_event());
        let mut closed = events.filter(|event| matches!(event.kind, EventKind::Closed(_)));
        closed.next().is_some_and(|closed| {
            let closed = serde_json::to_value(closed).unwrap();
            assert_eq!(
                (&closed["kind"], &closed["reason"]),
                (&json!("closed"), &json!("protocol"))
            );
            true
        })
    });
}
