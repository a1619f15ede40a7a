//! A selection of transfers for each run of the tests, and all of them on demand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use crate::case::{Case, SENDERS, Sender, is_driven};
use crate::harness::relay::{Lane, Link};

const KB: usize = 1_000;
const MB: usize = 1_000 * KB;

/// Carries out transfers, [`Lane::count`] at a time, and prints the time of each, and sums for each type and transport.
fn run_all(cases: &[Case]) {
    assert!(!cases.is_empty(), "no transfer is selected");
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..Lane::count() {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let time = case.run().as_secs_f64();
                    let rate = case.total as f64 / time / 1e3;
                    println!("{case}: {time:.2} s, {rate:.0} kB/s");
                    done.lock().unwrap().push((*case, time));
                }
            });
        }
    });
    for sender in SENDERS {
        for ipc in [false, true] {
            let done = done.lock().unwrap();
            let of: Vec<_> =
                done.iter().filter(|(case, _)| case.sender == sender && case.ipc == ipc).collect();
            let bytes: usize = of.iter().map(|(case, _)| case.total).sum();
            let time: f64 = of.iter().map(|(_, time)| time).sum();
            let least: f64 =
                of.iter().map(|(case, _)| case.total as f64 / case.link.rate as f64).sum();
            if let count @ 1.. = of.len() {
                let transport = if ipc { "ipc" } else { "tcp" };
                println!(
                    "{sender:?} {transport}: {count} transfers, {} MB in {time:.0} s, {:.0} % of the rate",
                    bytes / MB,
                    100.0 * least / time
                );
            }
        }
    }
}

/// A case of the selection: at most 15 s.
const fn case(sender: Sender, ipc: bool, rate: u64, delay: u64, flags: (bool, bool)) -> Case {
    let (heartbeats, pauses) = flags;
    let link = Link { rate: rate * 1_000, delay: Duration::from_millis(delay) };
    let total = if rate == 400 { 3 * MB } else { 8 * MB };
    let len = if heartbeats { total / 4 } else { 50 * KB };
    Case { sender, ipc, link, total, len, heartbeats, pauses }
}

/// Six transfers with each setting of the driver. Each two values of different properties occur together, except
/// for the sender, of which each occurs.
#[test]
fn every_message_arrives_over_a_selection_of_slow_links() {
    let cases = match is_driven() {
        true => [
            case(Sender::Push, false, 400, 200, (true, false)),
            case(Sender::Router, true, 1_000, 50, (false, true)),
            case(Sender::Dealer, true, 1_000, 200, (true, true)),
            case(Sender::NoDropXpub, false, 1_000, 50, (false, false)),
            case(Sender::Rep, false, 1_000, 50, (true, false)),
            case(Sender::Pair, true, 400, 50, (false, true)),
        ],
        false => [
            case(Sender::Push, false, 1_000, 50, (true, true)),
            case(Sender::MandatoryRouter, false, 400, 200, (false, true)),
            case(Sender::Req, true, 1_000, 50, (true, false)),
            case(Sender::NoDropXpub, true, 1_000, 50, (false, true)),
            case(Sender::Dealer, false, 400, 50, (true, false)),
            case(Sender::Pair, true, 1_000, 200, (false, false)),
        ],
    };
    run_all(&cases);
}

/// A number in the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{name} is not a number: {}", text.display())))
}

/// All of them, in an order that `ZMTP_SLOW_SEED` determines; `ZMTP_SLOW_RUNS` is their number; `ZMTP_SLOW_ONLY`
/// is a part of the printed names of those that run.
#[test]
#[ignore = "takes hours: see CONTRIBUTING.md"]
fn every_message_arrives_over_every_slow_link() {
    let seed = number("ZMTP_SLOW_SEED").unwrap_or(1);
    let mut cases = Vec::new();
    for sender in SENDERS {
        for bits in 0..32_u32 {
            let bit = |at: u32| bits >> at & 1 == 1;
            let rate = if bit(0) { 400_000 } else { 1_000_000 };
            let link = Link { rate, delay: Duration::from_millis(if bit(1) { 50 } else { 200 }) };
            let (ipc, heartbeats, pauses) = (bit(2), bit(3), bit(4));
            for (total, len) in [(8 * MB, 10 * KB), (24 * MB, 6 * MB), (100 * MB, 250 * KB)] {
                // A round trip for each request.
                let asks = matches!(sender, Sender::Req | Sender::Rep);
                let len = if asks { len.max(500 * KB) } else { len };
                cases.push(Case { sender, ipc, link, total, len, heartbeats, pauses });
            }
        }
    }
    Rng::with_seed(seed).shuffle(&mut cases);
    let only = std::env::var("ZMTP_SLOW_ONLY").unwrap_or_default();
    cases.retain(|case| case.to_string().contains(&only));
    let runs = number("ZMTP_SLOW_RUNS").map_or(cases.len(), |runs| runs as usize);
    println!("seed {seed}, {} of {} transfers", runs.min(cases.len()), cases.len());
    run_all(&cases[..runs.min(cases.len())]);
}
