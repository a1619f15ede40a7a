//! The machine, the versions and the date of a run.

use std::fs;
use std::process::Command;
use std::thread;

/// One line for each.
pub(crate) fn about() -> Vec<String> {
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let hypervisor =
        info.lines().any(|line| line.starts_with("flags") && line.contains(" hypervisor"));
    let kind = if hypervisor { "virtual CPUs" } else { "CPUs" };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    #[cfg(feature = "libzmq")]
    let libzmq = {
        let (major, minor, patch) = zmtp_interop::libzmq::version();
        format!(", libzmq {major}.{minor}.{patch}")
    };
    #[cfg(not(feature = "libzmq"))]
    let libzmq = "";
    vec![
        format!(
            "{cpus} {kind} ({}), Linux {}",
            model.map_or("?", |(_, model)| model),
            kernel.trim()
        ),
        format!("zmtp-mio {}{libzmq}, {}", env!("CARGO_PKG_VERSION"), output("rustc", "-V")),
        format!(
            "commit {}, {}",
            output("git", "describe --always --dirty"),
            output("date", "-u +%F")
        ),
    ]
}

/// The first line that a program prints; `?` if it cannot be run.
fn output(program: &str, args: &str) -> String {
    let output = Command::new(program).args(args.split(' ')).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.ok()
        .and_then(|text| Some(text.lines().next()?.to_owned()))
        .unwrap_or_else(|| "?".to_owned())
}
