//! Long runs of `zmtp-mio` with faults, in which every message is accounted for.
//!
//! `zmtp-soak replay <seed> <lane> <situation> <times>` repeats one situation.
//!
//! `zmtp-soak [seconds [seed [lanes]]]` runs situations in several lanes at the same time, four by default. A situation
//! has two to four sockets, each in a process of its own, with and without the background driver. While they exchange
//! numbered messages, processes are killed and stopped, sockets are closed and replaced, links are slow and are cut, and peers send rubbish. Then
//! everything that can arrive arrives, and the account of all messages must add up: see `ledger`. Each process also
//! checks its own counts ten times a second. After each socket that it closes, it must have no more descriptors
//! and threads than before its first one.
//!
//! The seed determines the situations and the order of faults, but not the moments at which the system lets processes
//! run. The exit code is 1 if a rule is broken; the output then names the situation.

mod actor;
mod counts;
mod lane;
mod ledger;
mod message;
mod process;
mod relay;
mod report;
mod rubbish;
mod setup;
mod situation;
mod stage;
mod words;

use core::time::Duration;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use lane::{Done, Lane};

const LANES: u64 = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    match arguments.first().map(String::as_str) {
        Some("socket") => {
            actor::run();
            ExitCode::SUCCESS
        }
        Some("replay") => {
            let [seed, lane, situation, times] = [1, 2, 3, 4].map(|at| number(at).unwrap_or(1));
            replay(seed, lane as usize, situation as u32, times)
        }
        Some(_) if number(0).is_none() || arguments.len() > 3 => {
            eprintln!("usage: zmtp-soak [seconds [seed [lanes]]]");
            ExitCode::from(2)
        }
        _ => {
            let time = Duration::from_secs(number(0).unwrap_or(60));
            soak(time, number(1).unwrap_or(1), number(2).unwrap_or(LANES))
        }
    }
}

/// Runs one situation several times.
fn replay(seed: u64, lane: usize, situation: u32, times: u64) -> ExitCode {
    for _ in 0..times {
        let mut lane = Lane::new(seed, lane);
        lane.skip(situation);
        if let Err(why) = lane.next() {
            println!("{why}");
            return ExitCode::FAILURE;
        }
    }
    println!("{times} times without a fault");
    ExitCode::SUCCESS
}

fn soak(time: Duration, seed: u64, lanes: u64) -> ExitCode {
    let start = Instant::now();
    println!("{} s, seed {seed}, {lanes} lanes", time.as_secs());
    let (sender, results) = mpsc::channel::<Result<Done, String>>();
    let mut running = Vec::new();
    for number in 0..lanes {
        let sender = sender.clone();
        running.push(thread::spawn(move || {
            let mut lane = Lane::new(seed, number as usize);
            while start.elapsed() < time {
                if sender.send(lane.next()).is_err() {
                    return;
                }
            }
        }));
    }
    drop(sender);
    let mut total = Done::default();
    let mut next_line = Duration::from_secs(60);
    for result in results {
        match result {
            Ok(done) => report::add(&mut total, &done),
            Err(why) => {
                println!("after {} s: {why}", start.elapsed().as_secs());
                return ExitCode::FAILURE;
            }
        }
        if start.elapsed() >= next_line {
            next_line += Duration::from_secs(60);
            println!("{:>5} s: {}", start.elapsed().as_secs(), report::line(&total));
        }
    }
    println!("end after {} s", start.elapsed().as_secs());
    println!("{}", report::table(&total));
    let panicked = running.into_iter().filter_map(|lane| lane.join().err()).count();
    if panicked > 0 || total.sums.received == 0 {
        println!("{panicked} lanes ended with a panic, {} messages arrived", total.sums.received);
        return ExitCode::FAILURE;
    }
    println!("every message is accounted for");
    ExitCode::SUCCESS
}
