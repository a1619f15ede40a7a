//! The other examples of `zmtp-embedded` on an emulated board.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use zmtp_interop::libzmq::Kind;

use crate::common::Place;
use crate::qemu::{Board, Qemu, Wire, is_there};
use crate::{bind, port, socket};

#[test]
fn a_publisher_sends_the_topics_of_eight_subscriptions() {
    if !is_there(Board::Mps2) {
        return;
    }
    let topics = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
    // A SUB would drop messages without a subscription, an XSUB receives them.
    let sub = socket(Kind::Xsub);
    let wire = Wire::Connects(bind(&sub));
    let _qemu = Qemu::start(Board::Mps2, "station", &[], wire);
    for topic in topics {
        sub.send(&[&[&[1], topic.as_bytes()].concat()]).unwrap();
    }
    let mut received = [0; 8];
    while received.iter().any(|count| *count < 3) {
        let message = sub.recv().unwrap();
        let at = topics.iter().position(|topic| topic.as_bytes() == message[0]);
        received[at.expect("a topic of a subscription")] += 1;
    }
}

#[test]
fn a_rep_dispatches_commands() {
    if !is_there(Board::Mps2) {
        return;
    }
    let endpoint = Place::free_port().endpoint.clone();
    let wire = Wire::Listens(port(&endpoint));
    let mut qemu = Qemu::start(Board::Mps2, "lamp", &[], wire);
    let req = socket(Kind::Req);
    req.connect(&endpoint).unwrap();
    let ask = |command: &str| -> String {
        req.send(&[command.as_bytes()]).unwrap();
        String::from_utf8(req.recv().unwrap().remove(0)).unwrap()
    };
    assert_eq!(ask("led?"), "off");
    assert_eq!(ask("led on"), "done");
    assert_eq!(ask("led?"), "on");
    assert_eq!(ask("dance"), "unknown command");
    assert_eq!(ask("led off"), "done");
    qemu.line_with("lit true");
    qemu.line_with("lit false");
}

#[test]
fn heartbeats_detect_a_dead_link() {
    if !is_there(Board::Mps2) {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let wire = Wire::Connects(listener.local_addr().unwrap().port());
    let mut qemu = Qemu::start(Board::Mps2, "siren", &[], wire);
    let (mut uart, _) = listener.accept().unwrap();
    // Whatever the firmware sends is read: only its peer is dead.
    let mut reader = uart.try_clone().unwrap();
    thread::spawn(move || while matches!(reader.read(&mut [0; 1_024]), Ok(1..)) {});
    let handshake = [wire::greeting("NULL"), wire::ready_with_identity("PUB", b"")].concat();
    let alarm = |text: &str| [wire::frame(1, b"alarm"), wire::frame(0, text.as_bytes())].concat();
    for text in ["fire", "water"] {
        // The firmware retries its handshake: the greeting may arrive while it waits for silence.
        loop {
            uart.write_all(&handshake).unwrap();
            match qemu.line(core::time::Duration::from_millis(700)) {
                Some(line) if line == "alive true" => break,
                _ => assert!(qemu.is_running()),
            }
        }
        uart.write_all(&alarm(text)).unwrap();
        assert_eq!(qemu.line_with("alarm"), format!("alarm {text}"));
        // It answers no PING from now on.
        qemu.line_with("alive false");
    }
}
