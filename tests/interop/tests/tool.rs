//! The tool `zmtp` against libzmq, each type on both ends. The tool is built with the workspace; if only
//! this package was built, these tests are skipped.

mod common;

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use zmtp_interop::libzmq::{Context, Kind, Socket, option};

const LONG: Duration = Duration::from_secs(20);
const TCP: &str = "tcp://127.0.0.1:*";

/// A running tool, killed when dropped.
struct Tool(Child);

impl Tool {
    /// `None` if it is not built.
    fn start(args: &[&str]) -> Option<Self> {
        let path = Path::new(env!("CARGO_BIN_EXE_libzmq-peer")).with_file_name("zmtp");
        if !path.exists() {
            common::skipped(&format!("no {}: build zmtp-cli first", path.display()));
            return None;
        }
        let mut command = Command::new(path);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Some(Self(command.spawn().unwrap()))
    }

    /// The endpoint that it listens on.
    fn endpoint(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
        line.trim_end().strip_prefix("listening on ").expect("an endpoint").into()
    }

    /// Its output until it ends successfully.
    fn printed(mut self) -> String {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success());
        text
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn libzmq(context: &Context, kind: Kind) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_timeout(Some(LONG)).unwrap();
    socket.set_i32(option::LINGER, LONG.as_millis() as i32).unwrap();
    socket
}

#[test]
fn pull_prints_what_libzmq_pushes() {
    let Some(mut tool) = Tool::start(&["pull", TCP, "-n", "100", "-t", "20s"]) else { return };
    let context = Context::new().unwrap();
    let push = libzmq(&context, Kind::Push);
    push.connect(&tool.endpoint()).unwrap();
    for _ in 0..100 {
        push.send(&[b"a", b"", b"\xff"]).unwrap();
    }
    assert_eq!(tool.printed(), "a |  | \\xff\n".repeat(100));
}

#[test]
fn libzmq_pulls_what_push_sends() {
    let context = Context::new().unwrap();
    let pull = libzmq(&context, Kind::Pull);
    pull.bind(TCP).unwrap();
    let to = pull.last_endpoint();
    let line = ["push", &to, "--size", "100k", "tail", "-n", "100", "-t", "20s"];
    let Some(tool) = Tool::start(&line) else { return };
    for _ in 0..100 {
        let parts = pull.recv().unwrap();
        assert_eq!((parts.len(), parts[0].len(), &*parts[1]), (2, 102_400, &b"tail"[..]));
    }
    assert_eq!(tool.printed(), "");
}

#[test]
fn sub_prints_its_topics_of_libzmqs_publisher() {
    let line = ["sub", "--bind", TCP, "--topic", "we", "-n", "2", "-t", "20s"];
    let Some(mut tool) = Tool::start(&line) else { return };
    let context = Context::new().unwrap();
    // The subscription arrives before the first message is published.
    let publisher = libzmq(&context, Kind::Xpub);
    publisher.connect(&tool.endpoint()).unwrap();
    assert_eq!(publisher.recv().unwrap(), [b"\x01we"]);
    for topic in ["weather", "sport", "week"] {
        publisher.send(&[topic.as_bytes()]).unwrap();
    }
    assert_eq!(tool.printed(), "weather\nweek\n");
}

#[test]
fn libzmqs_subscriber_gets_what_pub_sends() {
    let context = Context::new().unwrap();
    for kind in ["pub", "xpub"] {
        let sub = libzmq(&context, Kind::Xsub);
        sub.bind(TCP).unwrap();
        sub.send(&[b"\x01we"]).unwrap();
        let to = sub.last_endpoint();
        let all = [kind, "--connect", &to, "weather", "sun", "-t", "20s", "--receive", "0"];
        let line = if kind == "pub" { &all[..7] } else { &all };
        let Some(tool) = Tool::start(line) else { return };
        assert_eq!(sub.recv().unwrap(), [&b"weather"[..], b"sun"]);
        assert_eq!(tool.printed(), "");
    }
}

#[test]
fn xsub_subscribes_at_libzmq_and_sends_upstream() {
    let context = Context::new().unwrap();
    let xpub = libzmq(&context, Kind::Xpub);
    xpub.bind(TCP).unwrap();
    let to = xpub.last_endpoint();
    let line = ["xsub", &to, "--topic", "we", "up", "--receive", "1", "-t", "20s"];
    let Some(tool) = Tool::start(&line) else { return };
    assert_eq!(xpub.recv().unwrap(), [b"\x01we"]);
    assert_eq!(xpub.recv().unwrap(), [b"up"]);
    xpub.send(&[b"weather"]).unwrap();
    assert_eq!(tool.printed(), "weather\n");
}

#[test]
fn dealer_and_router_exchange_messages_with_libzmqs() {
    let context = Context::new().unwrap();
    let router = libzmq(&context, Kind::Router);
    router.bind(TCP).unwrap();
    let to = router.last_endpoint();
    let line = ["dealer", &to, "--routing-id", "me", "ask", "--receive", "1", "-t", "20s"];
    let Some(tool) = Tool::start(&line) else { return };
    assert_eq!(router.recv().unwrap(), [b"me", &b"ask"[..]]);
    router.send(&[b"me", b"answer"]).unwrap();
    assert_eq!(tool.printed(), "answer\n");

    let Some(mut tool) = Tool::start(&["router", TCP, "--echo", "-q", "-t", "20s"]) else { return };
    let dealer = libzmq(&context, Kind::Dealer);
    dealer.connect(&tool.endpoint()).unwrap();
    dealer.send(&[b"a", b"b"]).unwrap();
    assert_eq!(dealer.recv().unwrap(), [b"a", b"b"]);
}

#[test]
fn pair_exchanges_messages_with_libzmqs() {
    let context = Context::new().unwrap();
    let pair = libzmq(&context, Kind::Pair);
    pair.bind(TCP).unwrap();
    let to = pair.last_endpoint();
    let Some(tool) = Tool::start(&["pair", &to, "ours", "--receive", "1", "-t", "20s"]) else {
        return;
    };
    assert_eq!(pair.recv().unwrap(), [b"ours"]);
    pair.send(&[b"theirs"]).unwrap();
    assert_eq!(tool.printed(), "theirs\n");
}
