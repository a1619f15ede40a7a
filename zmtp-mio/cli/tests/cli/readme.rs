//! The examples of the README, as they stand there.

use std::env;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Command, Stdio};

use crate::process::{Directory, within};

/// A shell with the servers that it left behind.
struct Group(u32);

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0);
        let mut kill = Command::new("kill");
        // There may be none.
        let _ = kill.args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
    }
}

/// Runs a block's commands in one shell and compares what they print.
fn run(block: &str) {
    let directory = Directory::new();
    let mut script = String::new();
    let mut expected = String::new();
    for line in block.lines() {
        let (to, line) = match line.strip_prefix("$ ") {
            Some(command) => (&mut script, command),
            None => (&mut expected, line),
        };
        to.push_str(line);
        to.push('\n');
    }
    let programs = Path::new(env!("CARGO_BIN_EXE_zmtp")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    let mut shell = Command::new("sh")
        .args(["-c", &script])
        .current_dir(directory.path("."))
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let group = Group(shell.id());
    // The examples fit into a pipe.
    within(|| shell.try_wait().unwrap().is_some());
    drop(group);
    let mut printed = String::new();
    shell.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(printed, expected, "{script}");
}

/// An address that nothing uses, and whose port the system gives to no other socket meanwhile.
fn free_address() -> SocketAddr {
    let first = 20_000 + (process::id() % 12_000) as u16;
    let mut addresses =
        (first..32_000).chain(20_000..first).map(|port| ([127, 0, 0, 1], port).into());
    addresses.find(|address: &SocketAddr| TcpListener::bind(address).is_ok()).unwrap()
}

#[test]
fn examples_print_the_documented_output() {
    let free = free_address();
    let text = include_str!("../../README.md").replace("127.0.0.1:5555", &free.to_string());
    let blocks = text.split("```console\n").skip(1);
    let mut ran = 0;
    for block in blocks {
        run(block.split("```").next().unwrap_or_default());
        ran += 1;
    }
    assert_eq!(ran, 11, "blocks of examples");
}
