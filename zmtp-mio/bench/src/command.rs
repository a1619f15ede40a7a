//! The command line.

use core::time::Duration;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::about::about;
use crate::case::Case;
use crate::child::{self, Arguments};
use crate::library::{Loops, Ours};
use crate::parent::{Contender, Costs, Plan, Results, cost_cases, measure, measure_costs};
use crate::raw::Raw;
use crate::{Failure, Result, report, rows};

const USAGE: &str = "\
usage: zmtp-bench [run] [OPTION]...     measure, and print the table
  --quick            the measurements of the table, 5 rounds; at most 5 minutes
  --full             all measurements, 7 rounds
  --only TEXT        only measurements whose name contains TEXT; may be repeated
  --of NAME          only ours, libzmq or raw; may be repeated
  --rounds N         rounds of each measurement
  --millis N         milliseconds of each measurement, 220 by default
  --out FILE         the file of the results
  --goals            with goals in the table
  --peers PROGRAM    also what the program of the package peers contains
       zmtp-bench costs [OPTION]...     system calls, instructions, CPU time, memory
  --only, --of, --out                   as above
       zmtp-bench list [--full]         the names of the measurements
       zmtp-bench table FILE [OLD]      the table of a file of results, with goals, and beside an older one
       zmtp-bench publish               the plot and the tables, from zmtp-mio/bench/results";

/// The program.
pub fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match command(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("zmtp-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(args: &[String]) -> Result<bool> {
    match args.first().map(String::as_str) {
        Some("child") => {
            let (name, rest) = args[1..].split_first().ok_or("child of what?")?;
            let args = Arguments::parse(rest)?;
            match name.as_str() {
                "ours" => child::run(&Loops::<Ours>::start()?, &args)?,
                #[cfg(feature = "libzmq")]
                "libzmq" => child::run(&Loops::<crate::library::Libzmq>::start()?, &args)?,
                "raw" => child::run(&Raw, &args)?,
                _ => return Err(Failure::from(format!("no child {name}"))),
            }
            Ok(true)
        }
        Some("list") => {
            let full = args.iter().any(|arg| arg == "--full");
            for case in if full { rows::full() } else { rows::quick() } {
                println!("{case}");
            }
            Ok(true)
        }
        Some("table") => {
            let (file, old) = match args {
                [_, file] => (file, None),
                [_, file, old] => (file, Some(Results::read(Path::new(old))?)),
                _ => return Err(Failure::from(USAGE)),
            };
            let results = Results::read(Path::new(file))?;
            print!("{}", report::table(&rows::table(), &results, true, old.as_ref()));
            Ok(true)
        }
        Some("publish") => {
            report::publish(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?;
            Ok(true)
        }
        Some("run") => run(&args[1..]),
        Some("costs") => costs(&args[1..]),
        Some(option) if option.starts_with("--") && option != "--help" => run(args),
        _ => {
            println!("{USAGE}");
            Ok(true)
        }
    }
}

/// The options of a run.
#[derive(Debug, Default)]
struct Options {
    full: bool,
    only: Vec<String>,
    of: Vec<String>,
    rounds: Option<usize>,
    millis: Option<u64>,
    out: Option<PathBuf>,
    goals: bool,
    peers: Option<PathBuf>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().cloned().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => options.full = false,
                "--full" => options.full = true,
                "--goals" => options.goals = true,
                "--only" => options.only.push(value()?),
                "--of" => options.of.push(value()?),
                "--rounds" => options.rounds = Some(value()?.parse()?),
                "--millis" => options.millis = Some(value()?.parse()?),
                "--peers" => options.peers = Some(value()?.into()),
                "--out" => options.out = Some(value()?.into()),
                _ => return Err(Failure::from(format!("no option {arg}\n{USAGE}"))),
            }
        }
        Ok(options)
    }

    fn cases(&self, mut cases: Vec<Case>) -> Vec<Case> {
        cases.retain(|case| self.includes(&case.to_string()));
        cases
    }

    fn includes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| name.contains(text))
    }

    fn contenders(&self) -> Result<Vec<Contender>> {
        let program = env::current_exe()?;
        let libzmq = if cfg!(feature = "libzmq") { &["libzmq"][..] } else { &[] };
        let own = ["ours"].iter().chain(libzmq).chain(&["raw"]);
        let contender = |name: &str, program: &Path| {
            let (name, program) = (name.to_owned(), program.to_owned());
            Contender { name, program }
        };
        let mut all: Vec<_> = own.map(|name| contender(name, &program)).collect();
        if let Some(peers) = &self.peers {
            let names = Command::new(peers).arg("names").output()?.stdout;
            all.extend(String::from_utf8(names)?.lines().map(|name| contender(name, peers)));
        }
        all.retain(|one| self.of.is_empty() || self.of.contains(&one.name));
        Ok(all)
    }
}

fn run(args: &[String]) -> Result<bool> {
    let options = Options::parse(args)?;
    let contenders = options.contenders()?;
    let names: Vec<String> = contenders.iter().map(|one| one.name.clone()).collect();
    let plan = Plan {
        cases: options.cases(if options.full { rows::full() } else { rows::quick() }),
        contenders,
        rounds: options.rounds.unwrap_or(if options.full { 7 } else { 5 }),
        warm_up: Duration::from_millis(80),
        time: Duration::from_millis(options.millis.unwrap_or(220)),
    };
    let mut results = Results::new(about());
    let print =
        |case: &Case, results: &Results| println!("{}", report::line(case, results, &names));
    let complete = measure(&plan, &mut results, &print)?;
    if let Some(out) = &options.out {
        results.write(out)?;
    }
    println!("\n{}", report::table(&rows::table(), &results, options.goals, None));
    Ok(complete)
}

fn costs(args: &[String]) -> Result<bool> {
    let options = Options::parse(args)?;
    let mut costs = Costs { about: about(), ..Costs::default() };
    let cases = options.cases(cost_cases());
    let complete =
        measure_costs(&cases, &options.contenders()?, options.includes("memory"), &mut costs);
    if let Some(out) = &options.out {
        costs.write(out)?;
    }
    Ok(complete)
}
