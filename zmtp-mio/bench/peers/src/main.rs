//! Ends of connections in async code, for `cargo speed --peers`: other implementations in Rust, `zeromq`, `rzmq` and
//! `omq-tokio`, and `zmtp-mio`, with default options and the default runtime of tokio.
//!
//! The loops are those of `zmtp-bench`, written with `await`. Each runs as one task.

mod loops;
mod omq;
mod ours;
mod rzmq;
mod zeromq;

use std::env;
use std::process::ExitCode;

use loops::Loops;
use zmtp_bench::child::{self, Arguments};
use zmtp_bench::{Failure, Result};

/// The names of the implementations; each is the first argument after `child`.
const NAMES: [&str; 5] = ["ours-tokio", "ours-async", "zeromq", "rzmq", "omq-tokio"];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zmtp-bench-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result {
    match args {
        [word] if word == "names" => NAMES.iter().for_each(|name| println!("{name}")),
        [word, name, rest @ ..] if word == "child" => {
            let args = Arguments::parse(rest)?;
            match name.as_str() {
                "ours-tokio" => child::run(&Loops::<ours::Ours<true>>::start()?, &args)?,
                "ours-async" => child::run(&Loops::<ours::Ours<false>>::start()?, &args)?,
                "zeromq" => child::run(&Loops::<zeromq::Zeromq>::start()?, &args)?,
                "rzmq" => child::run(&Loops::<rzmq::Rzmq>::start()?, &args)?,
                "omq-tokio" => child::run(&Loops::<omq::Omq>::start()?, &args)?,
                _ => return Err(Failure::from(format!("no peer {name}"))),
            }
        }
        _ => println!("usage: zmtp-bench --peers PROGRAM, with this program"),
    }
    Ok(())
}
