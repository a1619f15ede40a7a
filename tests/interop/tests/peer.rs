//! The program `libzmq-peer`, as tests use it.

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::{env, fs, process};

use common::server::{PEER, Server};
use zmtp_interop::libzmq::{Context, Kind, Monitor, Socket};
use zmtp_interop::summary::Summary;

const LOAD: [&str; 6] = ["--size", "300", "--count", "50", "--warmup", "5"];

/// A directory for socket files.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("zmtp-peer-{}-{name}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn endpoint(&self) -> String {
        format!("ipc://{}/socket", self.0.display())
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(args: &[&str]) -> Output {
    Command::new(PEER).args(args).output().unwrap()
}

/// Runs a client to its end and reads the line it prints.
fn times(args: &[&str]) -> Summary {
    let output = run(&[args, &LOAD].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap().parse().unwrap()
}

fn req() -> Socket {
    Context::new().unwrap().socket(Kind::Req).unwrap()
}

#[test]
fn rep_echoes_all_parts_and_works_after_a_kill_and_restart() {
    let (server, endpoint) = Server::start(&["rep", "tcp://127.0.0.1:*"]);
    let req = req();
    let monitor = req.monitor().unwrap();
    req.connect(&endpoint).unwrap();
    let round_trip = || {
        req.send(&[b"a", b"", b"b"]).unwrap();
        assert_eq!(req.recv().unwrap(), [b"a" as &[u8], b"", b"b"]);
    };
    round_trip();
    drop(server);
    // Before that, a request may be sent over the dead connection and be lost.
    monitor.wait_for(Monitor::DISCONNECTED).unwrap();
    let _server = Server::start(&["rep", &endpoint]);
    round_trip();
}

#[test]
fn rep_connects() {
    let req = req();
    req.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = req.last_endpoint();
    let (_server, told) = Server::start(&["rep", "--connect", &endpoint]);
    assert_eq!(told, endpoint);
    req.send(&[b"a"]).unwrap();
    assert_eq!(req.recv().unwrap(), [b"a"]);
}

#[test]
fn rep_ends_when_its_input_ends() {
    let dir = Dir::new("ends");
    let (mut server, endpoint) = Server::start(&["rep", &dir.endpoint()]);
    assert_eq!(endpoint, dir.endpoint());
    assert!(dir.0.join("socket").exists());
    drop(server.0.stdin.take());
    assert!(server.0.wait().unwrap().success());
    // The file that libzmq leaves behind does not prevent the next bind.
    assert_eq!(Server::start(&["rep", &endpoint]).1, endpoint);
}

#[test]
fn req_measures_round_trips_over_tcp_and_ipc() {
    let dir = Dir::new("times");
    for endpoint in ["tcp://127.0.0.1:*", &dir.endpoint()] {
        let (_server, endpoint) = Server::start(&["rep", endpoint]);
        let summary = times(&["req", &endpoint]);
        assert_eq!(summary.count, 50);
        assert!(summary.p50 > 0 && summary.p50 <= summary.p90 && summary.p90 <= summary.p99);
    }
}

#[test]
fn req_binds() {
    let mut command = Command::new(PEER);
    command.args(["req", "--bind", "tcp://127.0.0.1:*"]).args(LOAD).stdout(Stdio::piped());
    let mut client = command.spawn().unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let endpoint = line.trim_end().strip_prefix("READY ").unwrap();
    let _server = Server::start(&["rep", "--connect", endpoint]);
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.parse::<Summary>().unwrap().count, 50);
    assert!(client.wait().unwrap().success());
}

#[test]
fn wrong_arguments_are_reported() {
    for (args, message) in [
        (&[] as &[&str], "no command"),
        (&["router", "tcp://*:*"], "unknown command router"),
        (&["rep"], "no endpoint"),
        (&["rep", "a", "b"], "what is b?"),
        (&["rep", "a", "--size", "1"], "rep has no option --size"),
        (&["req", "a", "--size", "1", "--count", "1"], "--warmup is missing"),
        (&["req", "a", "--size"], "--size needs a number"),
        (&["req", "a", "--size", "x"], "--size needs a number, not x"),
        (&["req", "a", "--size", "1", "--warmup", "0", "--count", "0"], "at least 1"),
    ] {
        let output = run(args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text.contains(message) && text.contains("usage:"), "{args:?}: {text}");
    }
    let output = run(&["rep", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("zmq_bind: "));
}
