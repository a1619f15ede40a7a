//! The two measurements.

use core::time::Duration;
use std::process::Command;
use std::time::Instant;

/// The median nanoseconds of one operation; `run(n)` runs `n` operations.
pub(crate) fn nanoseconds(run: fn(u64)) -> f64 {
    const BATCHES: usize = 201;
    const BATCH: Duration = Duration::from_millis(2);

    // Enough operations per batch that reading the clock and the setup are negligible.
    let mut times = 1;
    while time(run, times) < BATCH {
        times *= 2;
    }
    let mut batches: Vec<Duration> = (0..BATCHES).map(|_| time(run, times)).collect();
    batches.sort_unstable();
    batches[BATCHES / 2].as_nanos() as f64 / times as f64
}

fn time(run: fn(u64), times: u64) -> Duration {
    let start = Instant::now();
    run(times);
    start.elapsed()
}

/// Whether valgrind can be started, or the reason why not.
pub(crate) fn valgrind() -> Result<(), &'static str> {
    let found = Command::new("valgrind").arg("--version").output();
    if found.is_ok_and(|output| output.status.success()) {
        Ok(())
    } else {
        Err("valgrind is not installed")
    }
}

/// Instructions of one operation: the difference of 2N and N operations, without the start-up.
pub(crate) fn instructions(operation: usize) -> f64 {
    const TIMES: u64 = 10_000;
    let [once, twice] = [TIMES, 2 * TIMES].map(|times| callgrind(operation, times));
    twice.saturating_sub(once) as f64 / TIMES as f64
}

/// Instructions of this program when it runs one operation `times` times.
fn callgrind(operation: usize, times: u64) -> u64 {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([super::RUN, &operation.to_string(), &times.to_string()])
        .output()
        .expect("valgrind started before");
    // ==123== Collected : 4567
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.split_once("Collected : ").and_then(|(_, rest)| rest.lines().next());
    match collected.and_then(|number| number.trim().parse().ok()) {
        Some(instructions) if output.status.success() => instructions,
        _ => panic!("callgrind failed:\n{log}"),
    }
}
