//! JSON over a socket.
#![cfg(feature = "json")]

use std::collections::BTreeMap;

use crate::harness::LIMIT;
use zmtp_mio::{Error, Message, Pull, Push};

#[test]
fn values_and_text_cross_a_socket_and_other_bytes_are_an_error() {
    let mut pull = crate::harness::builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let value: BTreeMap<String, Vec<u32>> =
        (0..500).map(|n| (format!("key {n}"), vec![n; n as usize % 7])).collect();
    let message = Message::from_json(&value).unwrap();
    std::thread::spawn(move || {
        let mut push = crate::harness::builder::<Push>().connect(&endpoint).unwrap();
        push.send(message).unwrap();
        push.send(String::from("grüß dich")).unwrap();
        push.send(b"\xff\xfe").unwrap();
        let mut parts = Message::from("head");
        parts.push_json(&[1, 2]).unwrap();
        push.send(parts).unwrap();
    });
    let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(message.json::<BTreeMap<String, Vec<u32>>>().unwrap(), value);
    assert!(message.json::<Vec<u32>>().is_err());
    assert_eq!(pull.recv_string(LIMIT).unwrap().as_deref(), Some("grüß dich"));
    match pull.recv_string(LIMIT) {
        Err(Error::NotText(error)) => assert_eq!(error.message.bytes().unwrap(), b"\xff\xfe"),
        other => panic!("{other:?}"),
    }
    let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(message.part(1), Some(&b"[1,2]"[..]));
}
