//! The tool `zmtp` against libzmq, each type except STREAM, and REQ and REP, which `tests/pyzmq` has. The tool is built
//! with the workspace; if only this package was built, these tests are skipped.

mod common;

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use zmtp_interop::libzmq::{Context, Frame, Kind, Socket, option};

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

#[test]
fn client_and_server_exchange_messages_with_libzmqs() {
    let context = Context::new().unwrap();
    let server = libzmq(&context, Kind::Server);
    server.bind(TCP).unwrap();
    let to = server.last_endpoint();
    let Some(tool) = Tool::start(&["client", &to, "ask", "--receive", "1", "-t", "20s"]) else {
        return;
    };
    let request = server.recv_frame().unwrap();
    assert_eq!(request.bytes(), b"ask");
    let mut answer = Frame::with_bytes(b"answer").unwrap();
    answer.set_routing_id(request.routing_id()).unwrap();
    server.send_frame(answer, false).unwrap();
    assert_eq!(tool.printed(), "answer\n");

    let Some(mut tool) = Tool::start(&["server", TCP, "--echo", "-q"]) else { return };
    let client = libzmq(&context, Kind::Client);
    client.connect(&tool.endpoint()).unwrap();
    client.send(&[b"there and back"]).unwrap();
    assert_eq!(client.recv().unwrap(), [b"there and back"]);
}

#[test]
fn peer_and_channel_exchange_messages_with_libzmqs() {
    let context = Context::new().unwrap();
    let Some(mut tool) = Tool::start(&["peer", TCP, "--echo", "-q"]) else { return };
    let peer = libzmq(&context, Kind::Peer);
    let id = peer.connect_peer(&tool.endpoint()).unwrap();
    let mut frame = Frame::with_bytes(b"there and back").unwrap();
    frame.set_routing_id(id).unwrap();
    peer.send_frame(frame, false).unwrap();
    assert_eq!(peer.recv().unwrap(), [b"there and back"]);

    let channel = libzmq(&context, Kind::Channel);
    channel.bind(TCP).unwrap();
    let to = channel.last_endpoint();
    let Some(tool) = Tool::start(&["channel", &to, "ours", "--receive", "1", "-t", "20s"]) else {
        return;
    };
    assert_eq!(channel.recv().unwrap(), [b"ours"]);
    channel.send(&[b"theirs"]).unwrap();
    assert_eq!(tool.printed(), "theirs\n");
}

#[test]
fn scatter_and_gather_exchange_messages_with_libzmqs() {
    let context = Context::new().unwrap();
    let gather = libzmq(&context, Kind::Gather);
    gather.bind(TCP).unwrap();
    let Some(tool) = Tool::start(&["scatter", &gather.last_endpoint(), "ours", "-n", "3"]) else {
        return;
    };
    for _ in 0..3 {
        assert_eq!(gather.recv().unwrap(), [b"ours"]);
    }
    assert_eq!(tool.printed(), "");

    let Some(mut tool) = Tool::start(&["gather", TCP, "-n", "3", "-t", "20s"]) else { return };
    let scatter = libzmq(&context, Kind::Scatter);
    scatter.connect(&tool.endpoint()).unwrap();
    for _ in 0..3 {
        scatter.send(&[b"theirs"]).unwrap();
    }
    assert_eq!(tool.printed(), "theirs\n".repeat(3));
}

/// Sends a message to a group again and again, until the tool has printed one and ends. Nothing shows a RADIO of libzmq
/// that a DISH has joined.
fn radio_until_printed(radio: &Socket, mut tool: Tool) -> String {
    let end = std::time::Instant::now() + LONG;
    while tool.0.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < end, "nothing arrives");
        let mut frame = Frame::with_bytes(b"it rains").unwrap();
        frame.set_group("news").unwrap();
        radio.send_frame(frame, false).unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    tool.printed()
}

#[test]
fn radio_and_dish_exchange_messages_with_libzmqs_over_tcp_and_udp() {
    let context = Context::new().unwrap();
    for place in [TCP, "udp://127.0.0.1:*"] {
        let line = ["dish", "--bind", place, "--group", "news", "-n", "1", "-t", "20s"];
        let Some(mut tool) = Tool::start(&line) else { return };
        let radio = libzmq(&context, Kind::Radio);
        radio.connect(&tool.endpoint()).unwrap();
        assert_eq!(radio_until_printed(&radio, tool), "news | it rains\n", "{place}");
    }

    let free = common::free_udp_port("127.0.0.1");
    for place in [TCP, &format!("udp://127.0.0.1:{free}")] {
        let dish = libzmq(&context, Kind::Dish);
        dish.join("news").unwrap();
        dish.bind(place).unwrap();
        let to = if place == TCP { dish.last_endpoint() } else { place.into() };
        // libzmq binds UDP in another thread, after the call.
        let often = ["--group", "news", "--forever", "--interval", "20ms", "it rains"];
        let Some(tool) = Tool::start(&[&["radio", "--connect", &to], &often[..]].concat()) else {
            return;
        };
        let frame = dish.recv_frame().unwrap();
        assert_eq!((frame.bytes(), &*frame.group()), (&b"it rains"[..], "news"), "{to}");
        drop(tool);
    }
}

#[test]
fn dgram_exchanges_datagrams_with_libzmqs() {
    let Some(mut tool) = Tool::start(&["dgram", "udp://127.0.0.1:*", "--echo", "-q"]) else {
        return;
    };
    let to = tool.endpoint().replace("udp://", "");
    let context = Context::new().unwrap();
    let dgram = libzmq(&context, Kind::Dgram);
    let free = common::free_udp_port("127.0.0.1");
    dgram.bind(&format!("udp://127.0.0.1:{free}")).unwrap();
    // Its address has a 0 byte at the end, which a received message has too.
    let address = format!("{to}\0");
    dgram.send(&[address.as_bytes(), b"there and back"]).unwrap();
    assert_eq!(dgram.recv().unwrap(), [address.as_bytes(), b"there and back"]);
}
