//! Questions and answers.

use crate::process::{Directory, Zmtp, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

#[test]
fn echo_answers_over_tcp_and_ipc() {
    let directory = Directory::new();
    let ipc = directory.ipc("echo.sock");
    let (rep, tcp) = Zmtp::rep(&[TCP, &ipc, "--echo"]);
    assert_eq!(rep.listening(), ipc);
    assert!(!tcp.ends_with(":0"), "{tcp}");
    for endpoint in [&tcp, &ipc] {
        assert_eq!(zmtp(["req", endpoint, "hello"]).good(), "hello\n");
        assert_eq!(rep.line(), "hello\n");
    }
}

#[test]
fn rep_echoes_by_default() {
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    assert_eq!(zmtp(["req", &tcp, "hello"]).good(), "hello\n");
}

#[test]
fn parts_of_all_kinds_keep_their_order() {
    let directory = Directory::new();
    let file = directory.file("part", b"from\nfile");
    let (rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp_with(
        ["req", &tcp, "--hex", "00 ff", "text", "", "-f", &file, "-", "--", "-5"],
        b"from stdin\n",
    );
    let expected = "\\u{0}\\xff | text |  | from\\nfile | from stdin\\n | -5\n";
    assert_eq!(done.good(), expected);
    assert_eq!(rep.line(), expected);
}

#[test]
fn stdin_is_the_message_if_no_part_is_given() {
    let (_rep, tcp) = Zmtp::rep(&[TCP, "-q"]);
    let body: Vec<u8> = (0..1 << 20).map(|n: u32| (n * 7 + n / 256) as u8).collect();
    let done = zmtp_with(["req", &tcp, "--raw"], &body);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout == body, "{} bytes came back", done.stdout.len());
    assert_eq!(zmtp(["req", &tcp]).good(), "\n", "an empty message is one too");
}

#[test]
fn each_line_of_stdin_is_a_request() {
    let (rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp_with(["req", "--lines", &tcp], b"one\n\nlast");
    assert_eq!(done.good(), "one\n\nlast\n");
    assert_eq!([rep.line(), rep.line(), rep.line()], ["one\n", "\n", "last\n"]);
}

#[test]
fn lines_become_requests_as_they_arrive() {
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    let mut req = Zmtp::start(["req", "--lines", &tcp]);
    for line in ["one\n", "two\n"] {
        req.feed_some(line.as_bytes());
        assert_eq!(req.line(), line);
    }
    req.feed(b"");
    assert_eq!(req.finish().good(), "");
}

#[test]
fn count_ends_both_sides() {
    let (rep, tcp) = Zmtp::rep(&[TCP, "--count", "3"]);
    assert_eq!(zmtp(["req", &tcp, "--count", "3", "--interval", "10ms", "x"]).good(), "x\nx\nx\n");
    assert_eq!(rep.finish().good(), "x\nx\nx\n");
}

#[test]
fn fixed_replies_have_parts_of_all_kinds() {
    let directory = Directory::new();
    let file = directory.file("part", b"file");
    let args = [TCP, "--reply", "text", "--reply-hex", "ff", "--reply-file", &file, "--reply", ""];
    let (_rep, tcp) = Zmtp::rep(&args);
    for _ in 0..2 {
        assert_eq!(zmtp(["req", &tcp, "x"]).good(), "text | \\xff | file | \n");
    }
}

#[test]
fn wildcards_are_bound_and_sides_can_be_chosen() {
    let req = Zmtp::start(["req", TCP, "hello"]);
    let (rep, other) = Zmtp::rep(&["--connect", &req.listening(), "--bind", TCP]);
    assert_eq!(req.finish().good(), "hello\n");
    assert_eq!(zmtp(["req", "--connect", &other, "again"]).good(), "again\n");
    assert_eq!([rep.line(), rep.line()], ["hello\n", "again\n"]);
}

#[test]
fn several_endpoints_get_requests_in_turn_once_connected() {
    let (_one, first) = Zmtp::rep(&[TCP, "--reply", "1"]);
    let (_two, second) = Zmtp::rep(&[TCP, "--reply", "2"]);
    let to = ["req", "--connect", &first, "--connect", &second, "x"];
    let done = zmtp([&to[..], &["--count", "20", "--interval", "50ms"]].concat());
    let replies: Vec<_> = done.good().lines().collect();
    assert_eq!(replies.len(), 20);
    assert!(replies.contains(&"1") && replies.contains(&"2"), "{replies:?}");
}

#[test]
fn an_endpoint_without_a_server_does_not_block_another() {
    let directory = Directory::new();
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp(["req", "--connect", &directory.ipc("unused"), "--connect", &tcp, "hello"]);
    assert_eq!(done.good(), "hello\n");
}

#[test]
fn an_endpoint_in_place_of_a_message_is_sent_with_a_note() {
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp(["req", &tcp, "tcp://127.0.0.1:1"]);
    assert_eq!(done.good(), "tcp://127.0.0.1:1\n");
    assert!(done.stderr.contains("--connect"), "{}", done.stderr);
}

#[test]
fn the_side_started_first_waits_for_the_other() {
    let directory = Directory::new();
    let ipc = directory.ipc("late.sock");
    let req = Zmtp::start(["req", "--verbose", &ipc, "hello", "--timeout", "15s"]);
    assert!(req.error_line().contains("closed"), "the server is not started yet");
    let (_rep, _) = Zmtp::rep(&[&ipc]);
    assert_eq!(req.finish().good(), "hello\n");
}
