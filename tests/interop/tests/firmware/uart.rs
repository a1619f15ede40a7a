//! Firmware over a UART.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use zmtp_interop::libzmq::{Kind, option};

use crate::common::{LibzmqRep, Place, skipped};
use crate::qemu::{Board, Qemu, Wire, is_there};
use crate::{LONG, bind, port, socket};

fn asks(board: Board, count: u64) {
    if !is_there(board) {
        return;
    }
    let rep = LibzmqRep::echo("tcp://127.0.0.1:*");
    let wire = Wire::Connects(port(&rep.endpoint));
    let qemu = Qemu::start(board, "req", &[("count", count)], wire);
    // The program compares bodies and fails on any error.
    assert!(qemu.finish().starts_with(&format!("done {count} requests")));
}

#[test]
fn a_cortex_m3_sends_1000_requests() {
    asks(Board::Mps2, 1_000);
}

#[test]
fn a_cortex_m0_with_16_kib_sends_requests() {
    asks(Board::Microbit, 200);
}

#[test]
fn a_riscv_asks() {
    asks(Board::Virt, 200);
}

#[test]
fn a_cortex_m3_replies_to_pyzmq() {
    const COUNT: u64 = 300;
    if !is_there(Board::Mps2) {
        return;
    }
    let Some(python) = env::var_os("ZMTP_PYTHON") else {
        return skipped("no Python with pyzmq in ZMTP_PYTHON: run .ci/firmware.sh");
    };
    let endpoint = Place::free_port().endpoint.clone();
    let wire = Wire::Listens(port(&endpoint));
    let qemu = Qemu::start(Board::Mps2, "rep", &[("count", COUNT)], wire);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pyzmq/ask.py");
    let output = Command::new(python)
        .arg(script)
        .args([&endpoint, &COUNT.to_string()])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(qemu.finish().starts_with(&format!("done {COUNT} replies")));
}

#[test]
fn a_cortex_m3_publishes_to_a_sub() {
    if !is_there(Board::Mps2) {
        return;
    }
    let sub = socket(Kind::Sub);
    sub.set_bytes(option::SUBSCRIBE, b"even").unwrap();
    let qemu = Qemu::start(Board::Mps2, "pub", &[("count", 500)], Wire::Connects(bind(&sub)));
    // It waits for the subscription, so that no message is lost.
    for n in (0..500).step_by(2) {
        let number = n.to_string();
        assert_eq!(sub.recv().unwrap(), [&b"even"[..], number.as_bytes()]);
    }
    assert!(qemu.finish().starts_with("done 500 messages"));
}

#[test]
fn a_cortex_m3_subscribes_to_a_pub() {
    if !is_there(Board::Mps2) {
        return;
    }
    let publisher = socket(Kind::Pub);
    let mut qemu =
        Qemu::start(Board::Mps2, "sub", &[("count", 300)], Wire::Connects(bind(&publisher)));
    let end = Instant::now() + LONG;
    // Until it has enough: messages before its subscription are lost.
    for n in 0.. {
        if !qemu.is_running() {
            break;
        }
        assert!(Instant::now() < end, "after {n} messages");
        let number = format!("{n}");
        publisher.send(&[b"odd", number.as_bytes()]).unwrap();
        publisher.send(&[b"even", number.as_bytes()]).unwrap();
        thread::sleep(Duration::from_micros(500));
    }
    assert!(qemu.finish().starts_with("done 300 messages"));
}

#[test]
fn a_cortex_m3_pushes() {
    if !is_there(Board::Mps2) {
        return;
    }
    let pull = socket(Kind::Pull);
    let qemu = Qemu::start(Board::Mps2, "push", &[("count", 300)], Wire::Connects(bind(&pull)));
    for n in 0..300_u32 {
        assert_eq!(pull.recv().unwrap(), [n.to_string().into_bytes(), vec![b'x'; n as usize]]);
    }
    assert!(qemu.finish().starts_with("done 300 messages"));
}

#[test]
fn a_cortex_m3_pulls() {
    if !is_there(Board::Mps2) {
        return;
    }
    let push = socket(Kind::Push);
    let qemu = Qemu::start(Board::Mps2, "pull", &[("count", 300)], Wire::Connects(bind(&push)));
    for n in 0..300_u32 {
        push.send(&[n.to_string().as_bytes(), &vec![b'x'; n as usize]]).unwrap();
    }
    assert!(qemu.finish().starts_with("done 300 messages"));
}

#[test]
fn a_cortex_m3_deals() {
    if !is_there(Board::Mps2) {
        return;
    }
    let router = socket(Kind::Router);
    let qemu = Qemu::start(Board::Mps2, "dealer", &[("count", 300)], Wire::Connects(bind(&router)));
    // Four requests are pending at a time; replies return in order.
    let mut waiting = std::collections::VecDeque::new();
    for n in 0..300_u32 {
        let message = router.recv().unwrap();
        assert_eq!(message.len(), 3);
        assert_eq!((&message[0][..], &message[1][..]), (&b"m3"[..], n.to_string().as_bytes()));
        waiting.push_back(message);
        if waiting.len() == 4 {
            for message in waiting.drain(..) {
                let parts: Vec<_> = message.iter().map(Vec::as_slice).collect();
                router.send(&parts).unwrap();
            }
        }
    }
    assert!(qemu.finish().starts_with("done 300 messages"));
}
