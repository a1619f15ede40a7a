//! Compares our sockets with libzmq's on the same bytes.
//!
//! `cargo run --release -p zmtp-interop --bin differential -- [inputs [seed [type]]]`. `inputs` is the number of
//! inputs for each socket type, by default 10,000. Fails if a difference is not listed in `DIFFERENCES.md`.

use std::env;
use std::process::ExitCode;
use std::thread;

use zmtp_interop::differential::compare;
use zmtp_interop::differential::subject::Kind;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|arg| arg.parse::<u64>().ok());
    let (count, seed) = (number(0).unwrap_or(10_000) as usize, number(1).unwrap_or(1));
    let wanted = |kind: &Kind| {
        args.get(2).is_none_or(|name| name.eq_ignore_ascii_case(&format!("{kind:?}")))
    };
    let run = |kind: Kind| (kind, thread::spawn(move || compare(kind, count, seed)));
    let runs: Vec<_> = Kind::ALL.into_iter().filter(wanted).map(run).collect();
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
