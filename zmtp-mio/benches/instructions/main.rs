//! Instructions per message, counted by callgrind, and compared with those that are expected:
//! `.ci/instructions.sh`.
//!
//! `--check FILE` fails if a count is more than 3 % above the one in the file. A count more than 3 % below
//! is reported only. `--update FILE` writes the file. The counts depend on the compiler, which the file
//! names: with another compiler, `--check` prints the counts and "not compared".

mod expected;
mod loops;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, io};

use expected::{Counts, compare};
use loops::{LOOPS, Loop};

/// The argument with which this program runs itself in valgrind: `--run <name> <times>`.
const RUN: &str = "--run";
/// Units in the first and in the second run. Start-up is in both, so their difference is without it.
const TIMES: [usize; 2] = [2_000, 10_000];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).filter(|arg| *arg != "--bench").collect();
    let result = match args[..] {
        [RUN, name, times] => {
            let found = LOOPS.iter().find(|one| one.name == name).expect("the name of a loop");
            (found.run)(times.parse().expect("a number"));
            Ok(true)
        }
        ["--check", file] => counts().and_then(|counts| compare(&counts, Path::new(file))),
        ["--update", file] => counts().and_then(|counts| {
            counts.write(Path::new(file))?;
            Ok(true)
        }),
        _ => {
            LOOPS.iter().for_each(|one| (one.run)(1_000));
            println!("{} loops ran once; `.ci/instructions.sh` counts instructions", LOOPS.len());
            Ok(true)
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Counts the instructions of all loops, and prints them.
fn counts() -> io::Result<Counts> {
    let mut counts = Counts::new(compiler()?);
    println!("{:<28} {:>13}", "loop", "instructions");
    for one in &LOOPS {
        let [few, many] = TIMES.map(|times| callgrind(one, times));
        let count = (many? - few?) / (TIMES[1] - TIMES[0]) as f64;
        println!("{:<28} {count:>13.1} per {}", one.name, one.unit);
        counts.add(one.name, count);
    }
    Ok(counts)
}

/// The instructions of this program when it runs a loop.
fn callgrind(one: &Loop, times: usize) -> io::Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([RUN, one.name, &times.to_string()])
        .output()?;
    // ==123== Collected : 4567
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.split_once("Collected : ").and_then(|(_, rest)| rest.lines().next());
    match collected.and_then(|number| number.trim().parse().ok()) {
        Some(instructions) if output.status.success() => Ok(instructions),
        _ => Err(io::Error::other(format!("callgrind failed:\n{log}"))),
    }
}

/// The compiler, its target, and the profile.
fn compiler() -> io::Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or("?");
    Ok(format!("rustc {}, {}, profile bench", line("rustc "), line("host: ")))
}
