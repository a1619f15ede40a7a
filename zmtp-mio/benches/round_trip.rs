//! Round trips of REQ and REP between two processes: ours, libzmq's, and plain sockets that move
//! the same bytes.
//!
//! `cargo bench -p zmtp-mio --bench round_trip -- --quick`; [`USAGE`] lists the options. The three are
//! interleaved within each round, so that other load of the machine affects all of them.

use core::error::Error;
use core::time::Duration;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::{env, fs, thread};

use summary::{Load, Summary};

// By path, not as a dependency: this package must not depend on libzmq.
#[path = "../../tests/interop/src/raw.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "shared with a library")]
mod raw;
#[path = "../../tests/interop/src/summary.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "shared with a library")]
mod summary;

const USAGE: &str = "\
usage: cargo bench -p zmtp-mio --bench round_trip -- [OPTION]...
  --rounds N       rounds per row, 9 by default
  --count N        round trips measured per round and implementation, 5000 by default
  --quick          3 rounds of 500, unless told otherwise
  --size N         only this size; may be repeated, as the next two
  --transport T    only tcp or ipc
  --placement P    only one-cpu (both processes on one), cpu-each, or unpinned
ZMTP_LIBZMQ_PEER is the program libzmq-peer, if it is not to be built.";

const SIZES: [usize; 4] = [1, 64, 1024, 65_536];
const TRANSPORTS: &[&str] = if cfg!(unix) { &["tcp", "ipc"] } else { &["tcp"] };
const PLACEMENTS: [&str; 3] = ["one-cpu", "cpu-each", "unpinned"];
/// The time limit for starting a server and for everything else in a run except round trips.
const START: Duration = Duration::from_secs(20);

/// Our REP: echoes until the process is ended.
fn ours_reply(endpoint: &str, ready: impl FnOnce(&str)) -> Result<(), Box<dyn Error>> {
    let mut rep = zmtp_mio::Rep::builder().bind(endpoint)?;
    let bound = rep.endpoints().next().ok_or("no endpoint")?.to_string();
    ready(&bound);
    loop {
        let request = rep.recv()?;
        rep.send(request)?;
    }
}

/// Our REQ.
fn ours_request(endpoint: &str, load: &Load) -> Result<Summary, Box<dyn Error>> {
    let mut req = zmtp_mio::Req::builder().connect(endpoint)?;
    let body = vec![0x5A_u8; load.size];
    summary::measure(load, || {
        req.send(&body[..])?;
        let reply = req.recv()?;
        if reply.byte_len() == body.len() {
            Ok(())
        } else {
            Err("the reply has another size".into())
        }
    })
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let result = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--child", rest @ ..] => child(rest),
        // `cargo test --all-targets` comes here.
        [] => {
            println!("{USAGE}");
            Ok(())
        }
        rest => match Plan::parse(rest) {
            Ok(plan) => plan.run(),
            Err(message) => {
                eprintln!("round_trip: {message}\n{USAGE}");
                return ExitCode::from(2);
            }
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("round_trip: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One side of a measurement, with the arguments and the output of libzmq-peer.
fn child(args: &[&str]) -> Result<(), Box<dyn Error>> {
    // No child process outlives the benchmark.
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    let ready = |endpoint: &str| println!("READY {endpoint}");
    match *args {
        ["ours", "rep", endpoint] => ours_reply(endpoint, ready),
        ["raw", "rep", endpoint] => Ok(raw::reply(endpoint, ready)?),
        [library, "req", endpoint, "--size", size, "--count", count, "--warmup", warmup] => {
            let load = Load { size: size.parse()?, count: count.parse()?, warmup: warmup.parse()? };
            let ours = library == "ours";
            let times =
                if ours { ours_request(endpoint, &load)? } else { raw::request(endpoint, &load)? };
            println!("{times}");
            Ok(())
        }
        _ => Err(format!("no such child: {args:?}").into()),
    }
}

/// What to measure.
#[derive(Debug)]
struct Plan {
    rounds: usize,
    count: usize,
    sizes: Vec<usize>,
    transports: Vec<&'static str>,
    placements: Vec<&'static str>,
}

impl Plan {
    fn parse(args: &[&str]) -> Result<Self, String> {
        let (mut rounds, mut count, mut quick) = (None, None, false);
        let (mut sizes, mut transports, mut placements) = (vec![], vec![], vec![]);
        let mut args = args.iter().copied();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg {
                // Cargo adds it.
                "--bench" => {}
                "--quick" => quick = true,
                "--rounds" => rounds = Some(number(arg, value()?)?.max(1)),
                "--count" => count = Some(number(arg, value()?)?.max(1)),
                "--size" => sizes.push(number(arg, value()?)?),
                "--transport" => transports.push(one_of(TRANSPORTS, arg, value()?)?),
                "--placement" => placements.push(one_of(&PLACEMENTS, arg, value()?)?),
                _ => return Err(format!("no option {arg}")),
            }
        }
        fn or_all<T: Copy>(chosen: Vec<T>, all: &[T]) -> Vec<T> {
            if chosen.is_empty() { all.to_vec() } else { chosen }
        }
        Ok(Self {
            rounds: rounds.unwrap_or(if quick { 3 } else { 9 }),
            count: count.unwrap_or(if quick { 500 } else { 5000 }),
            sizes: or_all(sizes, &SIZES),
            transports: or_all(transports, TRANSPORTS),
            placements: or_all(placements, &PLACEMENTS),
        })
    }

    fn run(&self) -> Result<(), Box<dyn Error>> {
        let this = env::current_exe()?;
        let peer = libzmq_peer()
            .map_err(|error| eprintln!("Without libzmq: its peer cannot be built: {error}"));
        let contenders = [
            Some(Contender { program: this.clone(), prefix: &["--child", "ours"] }),
            peer.ok().map(|program| Contender { program, prefix: &[] }),
            Some(Contender { program: this, prefix: &["--child", "raw"] }),
        ];
        let cpus = cpus().unwrap_or_else(|error| {
            eprintln!("Only unpinned: taskset cannot be run: {error}");
            vec![]
        });
        let dir = TempDir::new()?;

        println!(
            "Medians of the p50 of {} rounds of {} round trips, in µs, and",
            self.rounds, self.count
        );
        println!("medians of the ratios of each round, with the smallest and the largest.\n");
        println!(
            "transport placement bytes      ours    libzmq       raw   {:<20} ours/raw",
            "ours/libzmq"
        );
        let mut complete = true;
        for &transport in &self.transports {
            for &placement in &self.placements {
                let on = match (placement, cpus.as_slice()) {
                    ("unpinned", _) => [None, None],
                    ("one-cpu", [one, ..]) => [Some(*one); 2],
                    ("cpu-each", [one, two, ..]) => [Some(*one), Some(*two)],
                    _ => {
                        println!("{transport:<9} {placement:<9} not with the CPUs {cpus:?}");
                        continue;
                    }
                };
                for &size in &self.sizes {
                    let times = self.row(&contenders, &dir, transport, on, size);
                    let missing = |at: usize| times.iter().any(|round| round[at].is_none());
                    complete &= !(0..3).any(|at| contenders[at].is_some() && missing(at));
                    println!("{transport:<9} {placement:<9} {size:>6} {}", columns(&times));
                }
            }
        }
        if complete { Ok(()) } else { Err("some measurements failed".into()) }
    }

    /// The p50 of each contender in each round, in µs.
    fn row(
        &self,
        contenders: &[Option<Contender>; 3],
        dir: &TempDir,
        transport: &str,
        cpus: [Option<usize>; 2],
        size: usize,
    ) -> Vec<[Option<f64>; 3]> {
        let load = Load { size, count: self.count, warmup: self.count / 10 };
        let mut rounds = vec![[None; 3]; self.rounds];
        for (round, times) in rounds.iter_mut().enumerate() {
            // Another one begins in each round.
            for at in (0..3).map(|turn| (round + turn) % 3) {
                let Some(contender) = &contenders[at] else { continue };
                match contender.measure(&dir.endpoint(transport, round, at), cpus, &load) {
                    Ok(summary) => times[at] = Some(summary.p50 as f64 / 1000.0),
                    Err(error) => eprintln!("{contender:?}: {error}"),
                }
            }
        }
        rounds
    }
}

fn number(option: &str, value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| format!("{option} needs a number, not {value}"))
}

fn one_of(all: &[&'static str], option: &str, value: &str) -> Result<&'static str, String> {
    let found = all.iter().copied().find(|known| *known == value);
    found.ok_or_else(|| format!("{option} is one of {all:?}, not {value}"))
}

/// The times of ours, libzmq and raw, and how they compare.
fn columns(rounds: &[[Option<f64>; 3]]) -> String {
    let none = || "-".to_owned();
    let time = |at: usize| {
        let times = median(rounds.iter().filter_map(|times| times[at]).collect());
        times.map_or_else(none, |(time, ..)| format!("{time:.2}"))
    };
    let ratio = |to: usize| {
        let of = |times: &[Option<f64>; 3]| Some(times[0]? / times[to]?);
        median(rounds.iter().filter_map(of).collect())
            .map_or_else(none, |(mid, min, max)| format!("{mid:.2} ({min:.2} to {max:.2})"))
    };
    let (ours, libzmq, raw) = (time(0), time(1), time(2));
    format!("{ours:>9} {libzmq:>9} {raw:>9}   {:<20} {}", ratio(1), ratio(2))
}

/// Median, smallest and largest.
fn median(mut values: Vec<f64>) -> Option<(f64, f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let (min, max) = (*values.first()?, *values.last()?);
    let mid = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
    Some((mid, min, max))
}

/// A program that is a server after `rep` and a client after `req`.
#[derive(Debug)]
struct Contender {
    program: PathBuf,
    prefix: &'static [&'static str],
}

impl Contender {
    fn measure(
        &self,
        endpoint: &str,
        [server_cpu, client_cpu]: [Option<usize>; 2],
        load: &Load,
    ) -> Result<Summary, Box<dyn Error>> {
        let server = self.start(server_cpu, &["rep", endpoint])?;
        let line = server.line(START)?;
        let bound = line.strip_prefix("READY ").ok_or_else(|| format!("not ready: {line}"))?;
        let [size, count, warmup] = [load.size, load.count, load.warmup].map(|n| n.to_string());
        let args = ["req", bound, "--size", &size, "--count", &count, "--warmup", &warmup];
        let client = self.start(client_cpu, &args)?;
        let within = START + Duration::from_millis(2) * u32::try_from(load.count)?;
        Ok(client.line(within)?.parse()?)
    }

    fn start(&self, cpu: Option<usize>, args: &[&str]) -> io::Result<Running> {
        let mut command = match cpu {
            None => Command::new(&self.program),
            Some(cpu) => {
                let mut command = Command::new("taskset");
                command.arg("-c").arg(cpu.to_string()).arg(&self.program);
                command
            }
        };
        command.args(self.prefix).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (tell, lines) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        Ok(Running { child, lines })
    }
}

/// A child that does not outlive this value.
#[derive(Debug)]
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn line(&self, within: Duration) -> Result<String, String> {
        let line = self.lines.recv_timeout(within);
        line.map_err(|error| format!("no answer within {within:?}, or ended: {error}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the socket files.
#[derive(Debug)]
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> io::Result<Self> {
        let path = env::temp_dir().join(format!("zmtp-round-trip-{}", process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// An endpoint for a server to bind to, with a new file each time.
    fn endpoint(&self, transport: &str, round: usize, at: usize) -> String {
        if transport == "tcp" {
            return "tcp://127.0.0.1:*".to_owned();
        }
        let path = self.0.join(format!("{round}-{at}"));
        let _ = fs::remove_file(&path);
        format!("ipc://{}", path.display())
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The CPUs that this process may use, if taskset is installed.
fn cpus() -> Result<Vec<usize>, Box<dyn Error>> {
    let id = process::id().to_string();
    let output = Command::new("taskset").args(["-c", "-p", &id]).stderr(Stdio::null()).output()?;
    let text = String::from_utf8(output.stdout)?;
    // "pid 1's current affinity list: 0-3,8"
    let (_, list) = text.rsplit_once(": ").ok_or("it names no CPUs")?;
    let mut cpus = vec![];
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        cpus.extend(first.parse::<usize>()?..=last.parse()?);
    }
    Ok(cpus)
}

/// The program that uses libzmq, built if necessary.
fn libzmq_peer() -> Result<PathBuf, Box<dyn Error>> {
    if let Some(path) = env::var_os("ZMTP_LIBZMQ_PEER") {
        let path = PathBuf::from(path);
        return if path.is_file() { Ok(path) } else { Err("ZMTP_LIBZMQ_PEER is no file".into()) };
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args(["build", "--release", "-p", "zmtp-interop", "--bin", "libzmq-peer"])
        .arg("--message-format=json")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo build: {}", output.status).into());
    }
    // Libraries and build scripts have `null` there.
    let messages = String::from_utf8(output.stdout)?;
    let (_, rest) = messages.rsplit_once(r#""executable":""#).ok_or("cargo names no program")?;
    let (path, _) = rest.split_once('"').ok_or("cargo names half a program")?;
    Ok(PathBuf::from(path.replace(r"\\", r"\")))
}
