//! A line that loses, doubles and invents bytes, and a peer that freezes.
//!
//! Firmware sends requests to libzmq's REP over its UART: QEMU, [`Line`] with the faults, `zmtp bridge`,
//! libzmq. Each error must occur in bounded time and be followed by recovery.

mod line;

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::bridge::{Bridge, tool};
use crate::common::Place;
use crate::common::server::Server;
use crate::port;
use crate::qemu::{Board, Qemu, Wire, is_there};
use line::Line;

/// Faults of each run; two runs with different seeds.
const FAULTS: u64 = 510;
/// Both runs need a tenth of it.
const RUN: Duration = Duration::from_secs(300);
/// The longest call of the firmware in milliseconds: its deadline, and time for a busy host.
const SLOWEST: u64 = 5_000;

#[test]
fn every_fault_is_survived() {
    run(0x5EED);
}

#[test]
fn every_fault_is_survived_with_another_seed() {
    run(0xBAD_CAB1E);
}

fn signal(name: &str, process: u32) {
    let status = Command::new("kill").args([name, &process.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill {name}");
}

fn run(seed: u64) {
    if !is_there(Board::Mps2) {
        return;
    }
    let Some(tool) = tool() else { return };
    let (server, endpoint) = Server::rep("tcp://127.0.0.1:*");
    let uart = port(&Place::free_port().endpoint);
    let mut qemu = Qemu::start(Board::Mps2, "faults", &[("seed", seed)], Wire::Listens(uart));
    let line = Line::start(uart, seed);
    let port = format!("tcp://127.0.0.1:{}", line.port);
    // The firmware is silent for 50 ms before its greeting.
    let bridge = Bridge::start(&tool, &[&port, &endpoint, "--silence", "25ms"]);

    let end = Instant::now() + RUN;
    let mut errors = BTreeMap::<String, u32>::new();
    let mut recoveries = 0;
    let mut freezes = 0;
    let mut look = |qemu: &mut Qemu, within| -> bool {
        assert!(Instant::now() < end, "{errors:?}, {recoveries} recoveries, {:?}", line.counts());
        let Some(text) = qemu.line(within) else { return false };
        if let Some(error) = text.strip_prefix("error ") {
            *errors.entry(error.to_owned()).or_default() += 1;
        } else if text.starts_with("recovered") {
            recoveries += 1;
        }
        text.starts_with("steady")
    };
    while line.total() < FAULTS {
        look(&mut qemu, Duration::from_millis(100));
        assert!(qemu.is_running());
        if line.total() > (freezes + 1) * FAULTS / 5 {
            freezes += 1;
            if freezes % 2 == 0 {
                line.freeze(true);
                thread::sleep(Duration::from_secs(2));
                line.freeze(false);
            } else {
                signal("-STOP", server.0.id());
                thread::sleep(Duration::from_secs(2));
                signal("-CONT", server.0.id());
            }
        }
    }
    line.stop_faults();
    // A hundred successful exchanges in a row, twice: the first may have started earlier.
    let mut steady = String::new();
    for _ in 0..2 {
        while !look(&mut qemu, Duration::from_secs(1)) {
            assert!(qemu.is_running());
        }
        steady = qemu.last().to_owned();
    }
    let number = |name: &str| -> u64 {
        let found = steady.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        found.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} in {steady}"))
    };
    println!("seed {seed:#x}: {:?}, {freezes} freezes", line.counts());
    println!("errors: {errors:?}");
    println!("{recoveries} recoveries; {steady}");
    assert!(number("slowest") <= SLOWEST, "{steady}");
    assert!(recoveries > 50 && number("ok") > 300, "{steady}");
    assert_eq!(number("recoveries"), recoveries);
    drop(bridge);
}
