//! One end of a connection, or for inproc both, as a process that its parent controls.
//!
//! The child prints `READY <endpoint>` when it is bound, `STARTED` when each of its loops has counted a
//! message, and `DONE` at the end of a run with a fixed number of messages. For each line on its standard
//! input it prints a [`Sample`](crate::meter::Sample), and lets a publisher send at its full rate. The
//! process ends at the end of its standard input.

use core::time::Duration;
use std::io::{self, BufRead as _};
use std::sync::{Arc, mpsc};
use std::{process, thread};

use crate::meter::Meter;
use crate::placement::pin;
use crate::work::{Side, Work};
use crate::{Failure, Result};

/// Both ends of a connection.
pub trait Ends: Sync {
    /// Binds, calls `ready` with the endpoint to connect to, and works.
    ///
    /// # Errors
    ///
    /// The end cannot continue.
    fn serve(&self, work: Work, endpoint: &str, meter: &Meter, ready: &dyn Fn(&str)) -> Result;

    /// Connects and works.
    ///
    /// # Errors
    ///
    /// The end cannot continue.
    fn connect(&self, work: Work, endpoint: &str, meter: &Meter) -> Result;
}

/// The arguments of a child, after its library.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// What to do.
    pub work: Work,
    /// Which end. `None`: both.
    pub side: Option<Side>,
    /// The endpoint to bind or to connect to.
    pub endpoint: String,
    /// The CPUs of server and client.
    pub cpus: [Option<usize>; 2],
    /// The number of messages after which each loop ends.
    pub count: Option<u64>,
}

impl Arguments {
    /// The arguments as text.
    pub fn to_args(&self) -> Vec<String> {
        let optional = |n: Option<String>| n.unwrap_or_else(|| "-".to_owned());
        vec![
            self.work.to_string(),
            self.side.map_or_else(|| "both".to_owned(), |side| side.to_string()),
            self.endpoint.clone(),
            optional(self.cpus[0].map(|cpu| cpu.to_string())),
            optional(self.cpus[1].map(|cpu| cpu.to_string())),
            optional(self.count.map(|count| count.to_string())),
        ]
    }

    /// Reads these arguments.
    ///
    /// # Errors
    ///
    /// An argument is missing or wrong.
    pub fn parse(args: &[String]) -> Result<Self> {
        let [work, side, endpoint, server, client, count] = args else {
            return Err(Failure::from("a child has six arguments"));
        };
        let cpu = |text: &String| match text.as_str() {
            "-" => Ok(None),
            number => number.parse().map(Some),
        };
        Ok(Self {
            work: work.parse()?,
            side: if side == "both" { None } else { Some(side.parse()?) },
            endpoint: endpoint.clone(),
            cpus: [cpu(server)?, cpu(client)?],
            count: if count == "-" { None } else { Some(count.parse()?) },
        })
    }
}

/// Runs a child until its work or its standard input ends.
///
/// # Errors
///
/// An end cannot continue.
pub fn run(ends: &impl Ends, args: &Arguments) -> Result {
    let Arguments { work, side, endpoint, cpus, count } = args;
    let meter = |lanes| Arc::new(Meter::new(lanes, *count));
    let counted = meter(work.lanes());
    let Some(side) = side else {
        answer(&counted, true);
        return both(ends, args, &counted, &meter(work.lanes()));
    };
    pin(cpus[*side as usize])?;
    let counts = *side == work.counts();
    answer(&counted, counts);
    match side {
        Side::Server => ends.serve(*work, endpoint, &counted, &|at| println!("READY {at}"))?,
        Side::Client => ends.connect(*work, endpoint, &counted)?,
    }
    if counts {
        println!("DONE");
    }
    Ok(())
}

/// Server and client on two threads.
fn both(ends: &impl Ends, args: &Arguments, counted: &Meter, other: &Meter) -> Result {
    let [served, connected] = match args.work.counts() {
        Side::Server => [counted, other],
        Side::Client => [other, counted],
    };
    let (tell, bound) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            ended(args, Side::Server, || {
                pin(args.cpus[0])?;
                let ready = |endpoint: &str| drop(tell.send(endpoint.to_owned()));
                ends.serve(args.work, &args.endpoint, served, &ready)
            });
        });
        scope.spawn(move || {
            ended(args, Side::Client, || {
                pin(args.cpus[1])?;
                ends.connect(args.work, &bound.recv()?, connected)
            });
        });
    });
    Ok(())
}

/// Runs one of two ends. The process ends with the end that counts, and with an error.
fn ended(args: &Arguments, side: Side, run: impl FnOnce() -> Result) {
    match run() {
        Err(error) => {
            eprintln!("{side}: {error}");
            process::exit(1);
        }
        Ok(()) if side == args.work.counts() => {
            println!("DONE");
            process::exit(0);
        }
        Ok(()) => {}
    }
}

/// Answers the lines of the parent, on a thread.
fn answer(meter: &Arc<Meter>, counts: bool) {
    if counts {
        let meter = Arc::clone(meter);
        thread::spawn(move || {
            while !meter.started() {
                thread::sleep(Duration::from_millis(1));
            }
            println!("STARTED");
        });
    }
    let meter = Arc::clone(meter);
    thread::spawn(move || {
        let mut before = None;
        for _ in io::stdin().lock().lines().map_while(io::Result::ok) {
            println!("{}", meter.sample(&mut before));
            meter.release();
        }
        process::exit(0);
    });
}
