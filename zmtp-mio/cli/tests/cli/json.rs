//! What `--json` prints is what `--json-lines` reads.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;

use crate::process::{Directory, Zmtp, listening, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

/// What a receiver prints in JSON when a sender reads these lines.
#[track_caller]
fn passed(receiver: &[&str], sender: &[&str], count: &str, lines: &[u8]) -> Vec<u8> {
    let (receiver, tcp) = listening([receiver, &["--bind", TCP, "--json", count]].concat());
    let line = [&sender[..1], &["--connect", &tcp, "--json-lines"], &sender[1..]].concat();
    zmtp_with(line, lines).good();
    let done = receiver.finish();
    done.good();
    done.stdout
}

#[test]
fn messages_that_are_printed_can_be_sent() {
    let binary = br#"{"parts":[{"text":"te\"xt\n"},{"hex":"00ff"},{"text":""}]}"#;
    for (receiver, sender, count) in [
        (&["pull"][..], &["push"][..], "--count=2"),
        (&["pair"], &["pair", "--receive", "0"], "--receive=2"),
    ] {
        let printed = passed(receiver, sender, count, &[&binary[..], b"\n\"b\"\n"].concat());
        assert_eq!(passed(receiver, sender, count, &printed), printed, "{receiver:?}");
    }
    let one = b"{\"parts\":[{\"hex\":\"00ff\"}]}\n\"\"\n";
    for (receiver, sender, count) in [
        (&["gather"][..], &["scatter"][..], "--count=2"),
        (&["channel"], &["channel", "--receive", "0"], "--receive=2"),
    ] {
        let printed = passed(receiver, sender, count, one);
        assert_eq!(passed(receiver, sender, count, &printed), printed, "{receiver:?}");
    }
}

#[test]
fn messages_of_a_dish_can_be_sent_by_a_radio_to_the_same_group() {
    for group in [&b"news"[..], b"\xff|", b""] {
        let group = OsStr::from_bytes(group);
        let run = |args: &[&OsStr], lines: &[u8]| {
            let (mut radio, tcp) =
                listening([&["radio".as_ref(), TCP.as_ref()], args].concat::<&OsStr>());
            let line: [OsString; 7] = [
                "dish".into(),
                tcp.into(),
                "--group".into(),
                group.into(),
                "--count".into(),
                "2".into(),
                "--json".into(),
            ];
            let dish = Zmtp::start(line);
            radio.feed(lines);
            let done = dish.finish();
            done.good();
            radio.finish().good();
            done.stdout
        };
        let given = ["--lines".as_ref(), "--group".as_ref(), group];
        let printed = run(&given, b"it rains\n\xff\x00\n");
        assert_eq!(run(&["--json-lines".as_ref()], &printed), printed, "{group:?}");
    }
}

#[test]
fn messages_of_a_server_or_peer_can_be_sent_back_to_their_senders() {
    for (kind, other) in [("server", "client"), ("peer", "peer")] {
        let (mut server, tcp) = listening([kind, TCP, "--json", "--json-lines", "--peers", "0"]);
        let mut clients = Vec::new();
        let mut lines = Vec::new();
        for text in ["one", "two"] {
            clients.push(Zmtp::start([other, &tcp, text, "--receive", "1"]));
            lines.push(server.line());
        }
        // In turn, the first peer would get the first message.
        for line in lines.iter().rev() {
            server.feed_some(line.as_bytes());
        }
        for (client, text) in clients.into_iter().zip(["one\n", "two\n"]) {
            assert_eq!(client.finish().good(), text, "{kind}");
        }
    }
}

#[test]
fn a_message_to_a_client_that_has_left_is_reported() {
    let (mut server, tcp) =
        listening(["server", TCP, "--json", "--json-lines", "--peers", "0", "--receive", "1"]);
    zmtp(["client", &tcp, "x", "--receive", "0"]).good();
    let line = server.line();
    let id = line.split("\"routing_id\":").nth(1).unwrap().split(',').next().unwrap();
    let unused = id.parse::<u32>().unwrap().wrapping_add(1_000);
    server.feed(format!("{{\"routing_id\":{unused},\"parts\":[\"x\"]}}\n").as_bytes());
    let done = server.finish();
    assert!(done.bad(5).contains("1 message was not sent: no peer has the address"), "{done:?}");
}

#[test]
fn messages_of_a_router_or_dgram_can_be_sent_back_to_their_senders() {
    let (mut router, tcp) = listening(["router", TCP, "--json", "--json-lines", "--peers", "0"]);
    let line = ["dealer", &tcp, "--routing-id-hex", "00ff", "--hex", "ff", "", "--receive", "1"];
    let dealer = Zmtp::start([&line[..], &["--hex-output"]].concat());
    router.feed_some(router.line().as_bytes());
    assert_eq!(dealer.finish().good(), "ff | \n");

    let (mut dgram, udp) = listening(["dgram", "udp://127.0.0.1:*", "--json", "--json-lines"]);
    let to = udp.strip_prefix("udp://").unwrap();
    let line = ["dgram", "udp://127.0.0.1:*", to, "--hex", "ff", "--receive", "1", "--hex-output"];
    let other = Zmtp::start(line);
    other.listening();
    dgram.feed_some(dgram.line().as_bytes());
    assert!(other.finish().good().ends_with(" | ff\n"));
}

#[test]
fn bytes_of_a_stream_can_be_sent_back_over_their_connections() {
    let (mut stream, tcp) = listening(["stream", TCP, "--json", "--json-lines", "--peers", "0"]);
    let mut peers = Vec::new();
    let mut lines = Vec::new();
    for bytes in [b"\xff1", b"\xff2"] {
        let mut peer = TcpStream::connect(tcp.strip_prefix("tcp://").unwrap()).unwrap();
        peer.write_all(bytes).unwrap();
        peers.push((peer, bytes));
        lines.push(stream.line());
    }
    for line in lines.iter().rev() {
        stream.feed_some(line.as_bytes());
    }
    for (peer, bytes) in &mut peers {
        let mut back = [0; 2];
        peer.read_exact(&mut back).unwrap();
        assert_eq!(&back, *bytes);
    }
}

#[test]
fn subscriptions_of_an_xpub_can_be_sent_by_an_xsub() {
    let run = |args: &[&str], lines: &[u8]| {
        let (xpub, tcp) = listening(["xpub", TCP, "--json", "--receive", "2"]);
        let mut xsub = Zmtp::start([&["xsub", &tcp], args].concat());
        xsub.feed(lines);
        let done = xpub.finish();
        done.good();
        done.stdout
    };
    let printed = run(&["--lines", "--hex-lines"], b"01ff\n6869\n");
    assert_eq!(run(&["--json-lines"], &printed), printed);
}

#[test]
fn requests_that_are_printed_can_be_sent() {
    let run = |args: &[&str], lines: &[u8]| {
        let (rep, tcp) = listening(["rep", TCP, "--json", "--count", "1"]);
        let done = zmtp_with([&["req", &tcp], args].concat(), lines);
        done.good();
        let printed = rep.finish();
        printed.good();
        (printed.stdout, done.stdout)
    };
    let (printed, _) = run(&["--hex", "00ff", "", "a"], b"");
    let (again, reply) = run(&["--json-lines", "--json"], &printed);
    assert_eq!(again, printed);
    let (again, _) = run(&["--json-lines"], &reply);
    assert_eq!(again, printed);
}

#[test]
fn a_line_with_an_error_is_named_by_its_number() {
    let directory = Directory::new();
    for (line, reason) in [
        (r#"{"parts":["a"],"part":"b"}"#, "column 21: unknown field `part`"),
        (r#"{"parts":["a"]} x"#, "column 17: trailing characters"),
        (r#"{"parts":[7]}"#, "column 11: invalid type: integer `7`"),
        (r#"{"parts":["a"],"group":"b"}"#, "only a radio sends to \"group\""),
        (r#"{"parts":["a"],"routing_id":1}"#, "only a server, peer or stream sends to"),
    ] {
        let file = directory.file("lines", format!("\"a\"\n{line}\n\"b\"\n").as_bytes());
        let (_pull, tcp) = listening(["pull", TCP]);
        let done = zmtp(["push", &tcp, "--json-lines", "--lines-from", &file]);
        assert!(done.bad(1).contains(&format!("read {file}: line 2: {reason}")), "{done:?}");
        let (_rep, tcp) = Zmtp::rep(&[TCP]);
        let done = zmtp_with(["req", &tcp, "--json-lines"], format!("\"a\"\n{line}\n").as_bytes());
        assert!(done.bad(1).contains(&format!("read stdin: line 2: {reason}")), "{done:?}");
    }
}
