//! Compares our sockets with libzmq's on the same octets.
//!
//! `cargo run --release -p zmtp-interop --bin differential -- [inputs [seed]]`: so many inputs for
//! each socket type, 10,000 unless told. Fails if a difference is not listed in `DIFFERENCES.md`.

use std::env;
use std::process::ExitCode;
use std::thread;

use zmtp_interop::differential::compare;
use zmtp_interop::differential::subject::Kind;

fn main() -> ExitCode {
    let mut args = env::args().skip(1).map(|arg| arg.parse::<u64>().ok());
    let count = args.next().flatten().unwrap_or(10_000) as usize;
    let seed = args.next().flatten().unwrap_or(1);
    let runs = Kind::ALL.map(|kind| (kind, thread::spawn(move || compare(kind, count, seed))));
    let mut findings = 0;
    for (kind, run) in runs {
        match run.join() {
            Ok(Ok(summary)) => {
                println!("{kind:?}, seed {seed}: {summary}");
                findings += summary.findings.len();
            }
            Ok(Err(error)) => {
                eprintln!("{kind:?}: {error}");
                return ExitCode::FAILURE;
            }
            Err(_) => return ExitCode::FAILURE,
        }
    }
    println!("{findings} differences are not listed");
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
