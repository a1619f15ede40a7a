//! What a message costs: system calls, instructions, CPU time and memory. Each is a run of its own.

use core::fmt::{self, Write as _};
use core::time::Duration;
use std::fs;
use std::path::Path;

use super::memory::per_unit;
use super::tools::Tool;
use super::{Contender, run_case};
use crate::case::{Case, Transport};
use crate::placement::Placement;
use crate::work::Work;
use crate::{Failure, Result};

/// A quantity that is measured per message, or in all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quantity {
    /// System calls per message.
    Calls,
    /// Instructions in user space per message.
    Instructions,
    /// CPU time per message, in µs.
    Cpu,
    /// The largest resident memory, in MiB.
    Peak,
    /// Bytes of resident memory of a server per idle connection or per socket.
    Bytes,
}

/// A quantity of the server and of the client.
#[derive(Clone, Debug)]
pub struct Cost {
    /// The measurement.
    pub case: String,
    /// The implementation.
    pub of: String,
    /// What was measured.
    pub quantity: Quantity,
    /// That of the server.
    pub server: f64,
    /// That of the client; `None` if the quantity is one of the server only.
    pub client: Option<f64>,
}

/// All costs of a run.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// Machine, versions and date, one line each.
    pub about: Vec<String>,
    /// The costs.
    pub list: Vec<Cost>,
}

/// The measurements of costs per message.
pub fn cases() -> Vec<Case> {
    let works = [
        Work::Push { size: 64 },
        Work::Push { size: 1 << 10 },
        Work::Request { size: 64 },
        Work::Window { outstanding: 100 },
        Work::Publish { subscribers: 8, subscriptions: 1 },
    ];
    let (transport, placement) = (Transport::Tcp, Placement::Each);
    works.map(|work| Case { work, transport, placement }).to_vec()
}

/// Measures all costs. Prints each, and as errors what failed. Returns whether nothing failed.
///
/// # Errors
///
/// None: failed measurements are left out.
pub fn measure(cases: &[Case], contenders: &[Contender], memory: bool, costs: &mut Costs) -> bool {
    let mut complete = true;
    let mut add = |case: &str, of: &str, quantity, result: Result<(f64, Option<f64>)>| match result
    {
        Ok((server, client)) => {
            let (case, of) = (case.to_owned(), of.to_owned());
            let cost = Cost { case, of, quantity, server, client };
            println!("{cost}");
            costs.list.push(cost);
        }
        Err(error) => {
            eprintln!("{case} {of} {quantity}: {error}");
            complete = false;
        }
    };
    let both = |[server, client]: [f64; 2]| (server, Some(client));
    for case in cases {
        for contender in contenders {
            let (name, of) = (case.to_string(), &contender.name);
            let calls = Tool::of_calls().per_message(contender, case);
            add(&name, of, Quantity::Calls, calls.map(both));
            let instructions = Tool::Callgrind.per_message(contender, case);
            add(&name, of, Quantity::Instructions, instructions.map(both));
            match run_case(contender, case, Duration::from_millis(200), Duration::from_secs(1)) {
                Err(error) => add(&name, of, Quantity::Cpu, Err(error)),
                Ok(figures) => {
                    let cpu = (figures.server_cpu, Some(figures.client_cpu));
                    add(&name, of, Quantity::Cpu, Ok(cpu));
                    let [server, client] =
                        [figures.server_peak, figures.client_peak].map(|kib| kib as f64 / 1024.0);
                    add(&name, of, Quantity::Peak, Ok((server, Some(client))));
                }
            }
        }
    }
    // Plain sockets have nothing per connection but a descriptor.
    for contender in contenders.iter().filter(|one| memory && one.name != "raw") {
        let idle = |connections| (Work::Idle { connections }, connections);
        let bytes = per_unit(contender, idle(100), idle(10_000));
        add("idle:10000", &contender.name, Quantity::Bytes, bytes.map(|bytes| (bytes, None)));
        let sockets = |count| (Work::Sockets { count }, count);
        let bytes = per_unit(contender, sockets(10), sockets(1_000));
        add("sockets:1000", &contender.name, Quantity::Bytes, bytes.map(|bytes| (bytes, None)));
    }
    complete
}

const HEADER: &str = "case\tof\tquantity\tserver\tclient";

impl Costs {
    /// The cost of a case, if it was measured.
    pub fn get(&self, case: &str, of: &str, quantity: Quantity) -> Option<&Cost> {
        self.list
            .iter()
            .find(|cost| cost.case == case && cost.of == of && cost.quantity == quantity)
    }

    /// Writes a file: lines of `#` about the run, then a table with tabs.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result {
        let mut text: String = self.about.iter().map(|line| format!("# {line}\n")).collect();
        writeln!(text, "{HEADER}")?;
        for Cost { case, of, quantity, server, client } in &self.list {
            let client = client.map_or_else(|| "-".to_owned(), |client| format!("{client:.4}"));
            writeln!(text, "{case}\t{of}\t{quantity}\t{server:.4}\t{client}")?;
        }
        Ok(fs::write(path, text)?)
    }

    /// Reads such a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not such a file.
    pub fn read(path: &Path) -> Result<Self> {
        let mut costs = Self::default();
        for line in fs::read_to_string(path)?.lines().filter(|line| *line != HEADER) {
            if let Some(about) = line.strip_prefix("# ") {
                costs.about.push(about.to_owned());
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let [case, of, quantity, server, client] = fields[..] else {
                return Err(Failure::from(format!("not a line of costs: {line}")));
            };
            costs.list.push(Cost {
                case: case.to_owned(),
                of: of.to_owned(),
                quantity: Quantity::parse(quantity)?,
                server: server.parse()?,
                client: if client == "-" { None } else { Some(client.parse()?) },
            });
        }
        Ok(costs)
    }
}

impl Quantity {
    /// All quantities per message.
    pub const PER_MESSAGE: [Self; 4] = [Self::Calls, Self::Instructions, Self::Cpu, Self::Peak];

    fn parse(text: &str) -> Result<Self> {
        let all = Self::PER_MESSAGE.into_iter().chain([Self::Bytes]);
        let found = all.into_iter().find(|quantity| quantity.to_string() == text);
        found.ok_or_else(|| Failure::from(format!("no quantity {text}")))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calls => "calls",
            Self::Instructions => "instructions",
            Self::Cpu => "cpu-us",
            Self::Peak => "peak-mib",
            Self::Bytes => "bytes",
        })
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, of, quantity, server, client } = self;
        write!(f, "{case:<24} {of:<7} {quantity:<13} server {server:.4}")?;
        client.map_or(Ok(()), |client| write!(f, " client {client:.4}"))
    }
}
