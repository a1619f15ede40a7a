//! Exit codes and clean ends.

use core::time::Duration;
use std::net::TcpListener;
use std::time::Instant;

use crate::process::{BOUND, Directory, Zmtp, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

/// An endpoint where connections are taken and nothing is said.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, endpoint)
}

#[test]
fn no_reply_is_3_after_the_timeout() {
    let (_listener, endpoint) = silent();
    let start = Instant::now();
    let done = zmtp(["req", &endpoint, "x", "--timeout", "500ms"]);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(500) && took < BOUND, "{took:?}");
    assert_eq!(done.bad(3), "zmtp: no reply within 500ms\n");
    assert!(done.stdout.is_empty());
}

#[test]
fn a_missing_reply_is_reported_with_its_reason() {
    let (listener, endpoint) = silent();
    drop(listener);
    let done = zmtp(["req", &endpoint, "x", "--timeout", "300ms"]);
    assert!(done.bad(3).contains("connection refused"), "{done:?}");
}

#[test]
fn a_missing_file_of_an_endpoint_is_reported_with_the_text_of_the_system() {
    let directory = Directory::new();
    let ipc = directory.ipc("missing.sock");
    let reason = format!("{ipc}: No such file or directory");
    for args in [&["req", &ipc, "x"][..], &["push", &ipc, "x"], &["sub", &ipc, "--idle", "300ms"]] {
        let done = zmtp([args, &["--timeout", "300ms"]].concat());
        assert!(done.bad(3).contains(&reason), "{done:?}");
    }
    let monitor = Zmtp::start(["monitor", "sub", &ipc, "--until", "closed"]);
    assert!(monitor.finish().good().ends_with("closed: No such file or directory\n"));
}

#[test]
fn no_peer_to_send_to_is_3() {
    let done = zmtp(["req", TCP, "x", "--timeout", "300ms"]);
    assert!(done.bad(3).contains("no reply within 300ms"), "{done:?}");
}

#[test]
fn no_request_is_3() {
    let done = zmtp(["rep", TCP, "--timeout", "300ms"]);
    assert!(done.bad(3).contains("no request within 300ms"), "{done:?}");
}

#[test]
fn keep_going_gets_the_next_reply_after_a_timeout() {
    let command = "read word; case $word in slow) sleep 1;; esac; echo $word";
    let (_rep, tcp) = Zmtp::rep(&[TCP, "--exec", command]);
    let args = ["req", "--lines", "--raw", &tcp, "--timeout", "400ms", "--keep-going"];
    // `read` needs no newline to take the word, and fails unseen.
    let done = zmtp_with(args, b"one\nslow\n");
    assert_eq!(done.stdout, b"one\n");
    assert!(done.bad(3).contains("no reply"));

    let args = ["req", "--lines", "--raw", &tcp, "--timeout", "5s", "--keep-going"];
    let done = zmtp_with(args, b"two\nthree\n");
    assert_eq!(done.good(), "two\nthree\n");
}

#[test]
fn a_late_reply_is_not_taken_for_the_next() {
    let command = "read word; case $word in slow) sleep 2;; esac; echo $word";
    let (_rep, tcp) = Zmtp::rep(&[TCP, "--exec", command]);
    let mut req = Zmtp::start(["req", "-l", "-r", &tcp, "-t", "1s", "-k"]);
    req.feed_some(b"slow\n");
    assert!(req.error_line().contains("no reply within 1s"));
    // The server is busy for another second: this one may be late as well, but never wrong.
    req.feed(b"one\ntwo\nthree\nfour\n");
    let done = req.finish();
    assert_eq!(done.code, Some(3), "{done:?}");
    let replies = String::from_utf8(done.stdout).unwrap();
    let all = ["one", "two", "three", "four"];
    let errors = done.stderr.lines().count();
    assert_eq!(replies.lines().count() + errors, all.len(), "{replies:?} {}", done.stderr);
    assert!(replies.lines().all(|reply| all.contains(&reply)), "{replies:?}");
    assert!(replies.ends_with("four\n"), "{replies:?}");
}

#[test]
fn a_bad_endpoint_is_4_and_quoted() {
    for command in ["rep", "req"] {
        for text in
            ["127.0.0.1:5555", "udp://127.0.0.1:5555", "pgm://127.0.0.1:5555", "tcp://127.0.0.1"]
        {
            let done = zmtp([command, text]);
            assert!(done.bad(4).contains(&format!("{text:?}")), "{done:?}");
        }
    }
    assert!(zmtp(["req", "--connect", TCP, "x"]).bad(4).contains("to connect to"));
}

#[test]
fn an_address_in_use_is_4() {
    let directory = Directory::new();
    let ipc = directory.ipc("used.sock");
    let (rep, tcp) = Zmtp::rep(&[TCP, &ipc]);
    rep.listening();
    for endpoint in [&tcp, &ipc] {
        assert_eq!(zmtp(["rep", endpoint]).bad(4), format!("zmtp: {endpoint} is in use\n"));
    }
    assert_eq!(zmtp(["req", &ipc, "still there"]).good(), "still there\n");
    let missing = directory.ipc("no/such/directory");
    assert!(zmtp(["rep", &missing]).bad(4).contains(&missing));
}

#[test]
fn a_message_for_endpoints_that_are_not_connected_again_is_5() {
    let (listener, refused) = silent();
    drop(listener);
    for option in ["--no-reconnect", "--stop-if-refused"] {
        for peers in ["0", "1"] {
            let done = zmtp(["push", &refused, "x", option, "--peers", peers]);
            assert!(done.bad(5).contains("connection refused"), "{done:?}");
        }
    }
    let done = zmtp(["client", &refused, "x", "--no-reconnect"]);
    assert!(done.bad(5).contains("no endpoint is connected again"), "{done:?}");
    // Another endpoint may still get a peer.
    let more = ["--bind", TCP, "--timeout", "500ms"];
    let line = [&["push", "--connect", &refused, "x", "--no-reconnect"][..], &more].concat();
    assert!(zmtp(line).bad(3).contains("no peer within 500ms"));
}

#[test]
fn a_receiver_whose_endpoints_are_not_connected_again_is_5() {
    let push = Zmtp::start(["push", TCP, "x"]);
    let done = zmtp(["pull", "--connect", &push.listening(), "--no-reconnect"]);
    assert!(done.bad(5).contains("no endpoint is connected again"), "{done:?}");
    assert_eq!(done.stdout, b"x\n");
    push.finish().good();
}

#[test]
fn a_lost_peer_is_5() {
    let (rep, tcp) = Zmtp::rep(&[TCP, "--exec", "sleep 30"]);
    let req = Zmtp::start(["req", &tcp, "x", "--timeout", "60s"]);
    assert_eq!(rep.line(), "x\n");
    rep.signal("-KILL");
    assert!(req.finish().bad(5).contains("was lost"));
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    for args in [&["req"][..], &["rep"], &["req", "tcp://a:1", "--timeout", "5"], &["bad"], &[]] {
        assert!(zmtp(args).bad(2).contains("Usage") || args.len() > 3, "{args:?}");
    }
    for args in [&["--help"][..], &["req", "--help"], &["rep", "-h"]] {
        assert!(zmtp(args).good().contains("130"), "exit codes are in the help of {args:?}");
    }
    assert!(zmtp(["--version"]).good().starts_with("zmtp "));
    assert!(zmtp(["--help"]).good().contains("zmtp req tcp://127.0.0.1:5555 hello"));
}

#[test]
fn the_examples_of_the_help_are_accepted() {
    let help = zmtp(["--help"]);
    let examples = help.good().lines().filter_map(|line| line.strip_prefix("  zmtp "));
    let mut ran = 0;
    for example in examples {
        let words = example.split("  ").next().unwrap().split_whitespace();
        // The parser refuses the last argument, and nothing before it.
        let done = zmtp(words.chain(["--no-such-option"]));
        assert!(done.bad(2).contains("'--no-such-option'"), "{example}: {done:?}");
        ran += 1;
    }
    assert_eq!(ran, 6);
}

#[test]
fn the_options_of_nngcat_have_the_same_effect() {
    for [data, quoted] in [["--data", "--quoted"], ["-D", "-Q"]] {
        let rep = Zmtp::start(["rep", "--listen", TCP, data, "42", quoted, "--count", "1"]);
        let endpoint = rep.listening();
        let done = zmtp(["req", "--dial", &endpoint, data, "what is the answer?", quoted]);
        assert_eq!(done.good(), "\"42\"\n");
        assert_eq!(rep.finish().good(), "\"what is the answer?\"\n");
    }
    let pull = Zmtp::start(["pull", "--listen", TCP, "--quoted", "--count", "1"]);
    let line = ["push", "--dial", &pull.listening(), "--data", "-1\n", "--hex", "ff", "--data=-"];
    zmtp(line).good();
    assert_eq!(pull.finish().good(), "\"-1\\n\" | \"\\xff\" | \"-\"\n");
    assert!(zmtp(["pair", TCP, "--echo", "--data", "x"]).bad(2).contains("--data"));
    assert!(zmtp(["req", TCP, "--lines", "--data", "x"]).bad(2).contains("--data"));
    let publisher =
        Zmtp::start(["pub", "--listen", TCP, "cuckoo", "--interval", "10ms", "--count", "2"]);
    let endpoint = publisher.listening();
    let line = ["sub", "--dial", &endpoint, "--subscribe", "cu", "--count", "2"];
    assert_eq!(zmtp(line).good(), "cuckoo\ncuckoo\n");
}

#[test]
fn a_file_that_cannot_be_read_is_1() {
    let directory = Directory::new();
    let missing = directory.path("missing");
    let missing = missing.to_str().unwrap();
    assert!(zmtp(["req", TCP, "--file", missing]).bad(1).contains(missing));
    assert!(zmtp(["rep", TCP, "--reply-file", missing]).bad(1).contains(missing));
}

#[test]
fn signals_end_a_server_and_remove_its_file() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129), ("-QUIT", 131)] {
        let directory = Directory::new();
        let ipc = directory.ipc("served.sock");
        let rep = Zmtp::through(&["env", "--default-signal"], &["rep", &ipc]);
        assert_eq!(rep.listening(), ipc);
        assert_eq!(zmtp(["req", &ipc, "x"]).good(), "x\n");
        assert!(directory.path("served.sock").exists());
        rep.signal(signal);
        assert_eq!(rep.finish().bad(code), "");
        assert!(!directory.path("served.sock").exists(), "{signal}");
    }
}

#[test]
fn a_hang_up_that_is_ignored_does_not_end_a_server() {
    for signal in ["HUP", "QUIT"] {
        let ignored = format!("--ignore-signal={signal}");
        let rep = Zmtp::through(&["env", &ignored], &["rep", TCP, "--count", "1"]);
        let endpoint = rep.listening();
        rep.signal(&format!("-{signal}"));
        assert_eq!(zmtp(["req", &endpoint, "still there"]).good(), "still there\n");
        rep.finish().good();
    }
}

#[test]
fn an_endpoint_within_the_process_is_4() {
    let name = "inproc://x";
    for args in [
        &["rep", name][..],
        &["req", name, "x"],
        &["push", "--connect", name, "x"],
        &["monitor", "sub", name],
        &["proxy", "xsub=inproc://x", "xpub=tcp://127.0.0.1:*"],
    ] {
        let done = zmtp(args);
        assert!(done.bad(4).contains("inproc://x connects sockets of one process"), "{done:?}");
    }
}

#[test]
fn an_interrupt_ends_every_wait_of_req() {
    let (_listener, endpoint) = silent();
    // A reply, a line, the whole of stdin.
    for args in [
        &["req", "-v", &endpoint, "x", "-t", "60s"][..],
        &["req", "-v", "--lines", &endpoint],
        &["req", "-v", &endpoint, "--connect", "tcp://127.0.0.1:9", "--", "-"],
    ] {
        let req = Zmtp::start(args);
        if !args.contains(&"-") {
            assert!(req.error_line().contains("connected"), "{args:?}");
        } else {
            // There is nothing to be seen before stdin ends.
            assert!(req.error_line().contains("sent as a message"));
        }
        req.signal("-INT");
        req.finish().bad(130);
    }
}

#[test]
fn a_subscriber_at_an_incompatible_peer_is_3_with_the_reason() {
    let push = Zmtp::start(["push", "--bind", TCP, "x"]);
    let endpoint = push.listening();
    let done = zmtp(["sub", &endpoint, "--idle", "1s"]);
    let error = done.bad(3);
    assert!(error.contains("no message within 1s ("), "{error}");
    // The end that reads the other's READY first refuses the connection.
    let reasons = ["refused", "a SUB socket cannot connect to a PUSH socket"];
    assert!(reasons.iter().any(|reason| error.contains(reason)), "{error}");
}

#[test]
fn silence_of_a_connected_peer_is_success_also_if_another_endpoint_is_dead() {
    let publisher = Zmtp::start(["pub", "--bind", TCP, "--lines"]);
    let good = publisher.listening();
    let (listener, dead) = silent();
    drop(listener);
    // The dead endpoint is tried again after the other one is ready.
    let done = zmtp(["sub", &good, &dead, "--idle", "2s"]);
    assert_eq!(done.good(), "");
}

#[test]
fn an_interrupt_reports_the_messages_that_were_not_sent() {
    let (listener, endpoint) = silent();
    drop(listener);
    let args = ["push", &endpoint, "x", "--peers", "0", "--verbose", "--linger", "5s"];
    let push = Zmtp::start(args);
    // The message is sent before the second connection attempt.
    while !push.error_line().contains("retrying") {}
    while !push.error_line().contains("retrying") {}
    push.signal("-INT");
    assert!(push.finish().bad(130).contains("1 message was not sent"));
}

/// Other systems do not bind to a device.
#[cfg(target_os = "linux")]
#[test]
fn a_device_that_does_not_exist_is_4_with_its_option() {
    let endpoint = "tcp://127.0.0.1:9";
    for args in [
        &["req", endpoint, "x"][..],
        &["rep", TCP],
        &["push", endpoint, "x"],
        &["pull", TCP],
        &["monitor", "sub", endpoint],
        &["dish", "udp://127.0.0.1:*", "--group", "a"],
        &["radio", "udp://127.0.0.1:9", "x"],
        &["proxy", "pull=tcp://127.0.0.1:*", "push=connect:tcp://127.0.0.1:9"],
    ] {
        let done = zmtp([args, &["--device", "nosuch"]].concat());
        assert_eq!(
            done.bad(4),
            "zmtp: --device nosuch: No such device (os error 19)\n",
            "{args:?}"
        );
    }
    let (_rep, tcp) = Zmtp::rep(&[TCP, "--device", "lo"]);
    assert_eq!(zmtp(["req", &tcp, "x", "--device", "lo"]).good(), "x\n");
}

#[test]
fn a_source_that_does_not_exist_is_4_with_its_option() {
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    for source in ["nosuch", "nosuch:7000", "192.0.2.77", "192.0.2.77:7000", "2001:db8::77"] {
        for args in [&["req", &tcp, "x"][..], &["push", "--connect", &tcp, "x"]] {
            let done = zmtp([args, &["--source", source]].concat());
            let option = format!("zmtp: --source {source}: ");
            assert!(done.bad(4).starts_with(&option), "{args:?} {done:?}");
        }
    }
    let host = tcp.strip_prefix("tcp://").unwrap();
    let endpoint = format!("tcp://192.0.2.77:0;{host}");
    assert!(zmtp(["req", &endpoint, "x"]).bad(4).starts_with(&format!("zmtp: {endpoint}: ")));
    for source in ["127.0.0.2", "lo"] {
        assert_eq!(zmtp(["req", &tcp, "x", "--source", source]).good(), "x\n", "{source}");
    }
}
