//! The types that send and receive as they like.

use serde_json::{Value, json};

use crate::process::{Directory, Zmtp, listening, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

#[test]
fn push_sends_lines_to_pull_in_order() {
    let lines: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    let (pull, tcp) = listening(["pull", TCP, "--count", "20000"]);
    let done = zmtp_with(["push", &tcp, "--lines"], lines.as_bytes());
    assert_eq!(done.good(), "");
    assert_eq!(pull.finish().good(), lines);
}

#[test]
fn lines_of_a_file_may_have_parts_and_be_hex() {
    let directory = Directory::new();
    let file = directory.file("lines", b"00ff|61\n|\n62");
    let (pull, tcp) = listening(["pull", TCP, "--count", "3", "--hex-output"]);
    let line = ["push", &tcp, "--lines-from", &file, "--split", "|", "--hex-lines", "before"];
    zmtp(line).good();
    assert_eq!(
        pull.finish().good(),
        "6265666f7265 | 00ff | 61\n6265666f7265 |  | \n6265666f7265 | 62\n"
    );
}

#[test]
fn lines_are_sent_as_they_arrive() {
    let (pull, tcp) = listening(["pull", TCP]);
    let mut push = Zmtp::start(["push", &tcp, "--lines"]);
    for line in ["one\n", "two\n"] {
        push.feed_some(line.as_bytes());
        assert_eq!(pull.line(), line);
    }
    push.feed(b"last");
    assert_eq!(pull.line(), "last\n");
    push.finish().good();
}

#[test]
fn push_distributes_messages_in_turn() {
    let (one, first) = listening(["pull", TCP, "-n", "5", "--json"]);
    let (two, second) = listening(["pull", TCP, "-n", "5", "--json"]);
    let to = ["push", "--connect", &first, "--connect", &second, "--peers", "2", "x", "-n", "10"];
    zmtp(to).good();
    for pull in [one, two] {
        assert_eq!(pull.finish().good().lines().count(), 5);
    }
}

#[test]
fn sub_prints_its_topics_only() {
    let (publisher, tcp) = listening(["pub", TCP, "--lines", "--stats"]);
    let sub =
        Zmtp::start(["sub", &tcp, "--topic", "we", "--topic", "st", "--count", "3", "--json"]);
    let mut publisher = publisher;
    publisher.feed(b"weather\nsport\nstars\nx\nweek\n");
    let records: Vec<Value> =
        sub.finish().good().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected: Vec<Value> = (1..)
        .zip(["weather", "stars", "week"])
        .map(|(n, text)| json!({"type": "message", "n": n, "parts": [{"text": text}]}))
        .collect();
    assert_eq!(records, expected);
    let done = publisher.finish();
    done.good();
    assert!(done.stderr.contains("sent 5 messages, 22 bytes"), "{}", done.stderr);
}

#[test]
fn sub_without_topic_receives_everything() {
    let (publisher, tcp) = listening(["pub", TCP, "topic", "body"]);
    assert_eq!(zmtp(["sub", &tcp, "-n", "1"]).good(), "topic | body\n");
    publisher.finish().good();
}

#[test]
fn dealers_get_their_own_messages_back_from_a_router() {
    let (router, tcp) = listening(["router", TCP, "--echo"]);
    for id in ["me", "you"] {
        let line = ["dealer", &tcp, "--routing-id", id, "", id, "-n", "3", "--receive", "3"];
        assert_eq!(zmtp(line).good(), format!(" | {id}\n").repeat(3));
        for _ in 0..3 {
            assert_eq!(router.line(), format!("{id} |  | {id}\n"));
        }
    }
}

#[test]
fn a_router_sends_to_the_peer_in_the_first_part() {
    let (mut router, tcp) = listening(["router", TCP, "--lines", "--split", "|", "--peers", "2"]);
    let dealer = |id| Zmtp::start(["dealer", &tcp, "--routing-id", id, "--receive", "1"]);
    let (one, two) = (dealer("one"), dealer("two"));
    router.feed(b"two|to two\none|to one\n");
    assert_eq!(one.finish().good(), "to one\n");
    assert_eq!(two.finish().good(), "to two\n");
}

#[test]
fn a_router_reports_messages_to_an_unknown_routing_id() {
    let line = ["router", TCP, "--lines", "--split", "|", "--receive", "0", "--stats"];
    let (mut router, tcp) = listening(line);
    let _dealer = Zmtp::start(["dealer", &tcp, "--routing-id", "known"]);
    router.feed(b"unknown|one\nknown|two\nunknown|three\n");
    let done = router.finish();
    assert!(done.bad(5).contains("2 messages were not sent"), "{done:?}");
    assert!(done.stderr.contains("lost 2"), "{done:?}");
}

#[test]
fn a_mandatory_router_reports_an_unknown_routing_id() {
    let (router, tcp) = listening(["router", TCP, "--mandatory", "unknown", "text"]);
    let _dealer = Zmtp::start(["dealer", &tcp]);
    assert!(router.finish().bad(1).contains("no peer has that routing id"));
}

#[test]
fn pairs_send_both_ways() {
    let one = Zmtp::start(["pair", "--bind", TCP, "from one", "--receive", "1"]);
    let done = zmtp(["pair", &one.listening(), "from two", "--receive", "1"]);
    assert_eq!(done.good(), "from one\n");
    assert_eq!(one.finish().good(), "from two\n");
}

#[test]
fn xpub_prints_subscriptions_and_xsub_sends_upstream() {
    let (xpub, tcp) = listening(["xpub", TCP, "topic body", "--receive", "2", "--hex-output"]);
    let xsub = Zmtp::start(["xsub", &tcp, "--topic", "top", "--receive", "1", "up"]);
    assert_eq!(xpub.line(), "01746f70\n");
    assert_eq!(xpub.line(), "7570\n");
    assert_eq!(xsub.finish().good(), "topic body\n");
    xpub.finish().good();
}

#[test]
fn a_welcome_message_is_sent_first() {
    let (_xpub, tcp) = listening(["xpub", TCP, "--welcome", "hello"]);
    assert_eq!(zmtp(["sub", &tcp, "-n", "1"]).good(), "hello\n");
}

#[test]
fn totals_have_sizes_counts_and_rates() {
    let (pull, tcp) = listening(["pull", TCP, "--count", "50", "--quiet", "--stats", "--json"]);
    zmtp(["push", &tcp, "--size", "64k", "--size", "0", "-n", "50", "--rate", "1k"]).good();
    let done = pull.finish();
    let stats: Value = serde_json::from_str(done.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(done.good(), "");
    assert_eq!((&stats["type"], &stats["received"]), (&json!("stats"), &json!(50)));
    assert_eq!(stats["received_bytes"], 50 * 65_536);
    assert!(stats["seconds"].as_f64().unwrap() > 0.0, "{stats}");
}

#[test]
fn idle_is_success_and_a_timeout_is_not() {
    let (pull, tcp) = listening(["pull", TCP, "--idle", "2s"]);
    zmtp(["push", &tcp, "x"]).good();
    assert_eq!(pull.finish().good(), "x\n");
    assert!(zmtp(["pull", TCP, "--timeout", "200ms"]).bad(3).contains("no message within 200ms"));
    let done = zmtp(["push", TCP, "x", "--timeout", "200ms"]);
    assert!(done.bad(3).contains("no peer within 200ms"));
    let done = zmtp(["pub", TCP, "x", "--timeout", "200ms"]);
    assert!(done.bad(3).contains("no subscriber within 200ms"));
    let (push, tcp) = listening(["push", TCP, "x", "--peers", "2", "--timeout", "1s"]);
    let _pull = Zmtp::start(["pull", "--connect", &tcp]);
    assert!(push.finish().bad(3).contains("fewer than 2 peers within 1s"));
}

#[test]
fn a_sender_reports_the_number_of_peers_for_which_it_waits() {
    for (command, peers, text) in [
        ("push", "1", "zmtp: still waiting for 1 peer\n"),
        ("pub", "2", "zmtp: still waiting for 2 subscribers\n"),
    ] {
        let (zmtp, _) = listening([command, TCP, "x", "--peers", peers]);
        assert_eq!(zmtp.error_line(), text);
    }
}

#[test]
fn a_worker_that_does_not_read_stops_push_and_is_3() {
    // A peer that takes no message: a PULL that is stopped.
    let (pull, tcp) = listening(["pull", TCP]);
    let mut push =
        Zmtp::start(["push", &tcp, "--lines", "--split", "|", "--send-mark", "1", "-t", "1s"]);
    push.feed_some(b"first\n");
    assert_eq!(pull.line(), "first\n");
    pull.signal("-STOP");
    let large = [vec![b'x'; 8 << 20], vec![b'\n']].concat().repeat(4);
    push.feed(&large);
    assert!(push.finish().bad(3).contains("no peer that takes the message within 1s"));
}

#[test]
fn incompatible_options_are_2() {
    for line in [
        &["router", TCP, "--conflate"][..],
        &["pull", TCP, "--count", "0"],
        &["push", TCP, "x", "--rate", "0"],
        &["push", TCP, "x", "--rate", "1", "--interval", "1s"],
        &["push", TCP, "--lines", "--count", "2"],
        &["push", TCP, "--lines", "-"],
        &["dealer", TCP, "--echo", "x"],
        &["dealer", TCP, "--heartbeat-ttl", "1s"],
    ] {
        assert_ne!(zmtp(line).bad(2), "", "{line:?}");
    }
    let directory = Directory::new();
    let missing = directory.path("missing");
    let missing = missing.to_str().unwrap();
    assert!(zmtp(["push", TCP, "--lines-from", missing]).bad(1).contains(missing));
    let file = directory.file("lines", b"00\nxy\n");
    let (_pull, tcp) = listening(["pull", TCP]);
    let done = zmtp(["push", &tcp, "--lines-from", &file, "--hex-lines"]);
    assert!(done.bad(1).contains("line 2"), "{}", done.stderr);
}

#[test]
fn signals_end_a_receiver_which_still_prints_totals() {
    let (pull, tcp) = listening(["pull", TCP, "--stats"]);
    zmtp(["push", &tcp, "x"]).good();
    assert_eq!(pull.line(), "x\n");
    pull.signal("-INT");
    assert!(pull.finish().bad(130).contains("received 1 message, 1 byte"));
}

#[test]
fn progress_is_shown_for_long_transfers_on_a_terminal_only() {
    let (_pull, tcp) = listening(["pull", TCP, "-q"]);
    let long = ["push", &tcp, "x", "-n", "30", "--interval", "50ms"];
    assert_eq!(zmtp(long).stderr, "");
    let shown = zmtp([&long[..], &["--progress"]].concat()).stderr;
    assert!(shown.contains(" of 30 (") && shown.ends_with("\r\u{1b}[K"), "{shown:?}");
}

#[test]
fn monitor_ends_in_time_while_messages_arrive_without_a_pause() {
    let (monitor, tcp) = listening(["monitor", "pull", TCP, "--timeout", "500ms"]);
    let pushers = [(); 4].map(|()| Zmtp::start(["push", &tcp, "--forever", "x"]));
    assert!(monitor.finish().bad(3).contains("event"));
    drop(pushers);
}

#[test]
fn monitor_prints_events_as_they_happen() {
    let (monitor, tcp) = listening(["monitor", "pull", TCP, "--json", "--until", "closed"]);
    zmtp(["push", &tcp, "x"]).good();
    let done = monitor.finish();
    let events: Vec<Value> =
        done.good().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["accepted", "ready", "closed"]);
    assert!(events[1]["detail"].as_str().unwrap().contains("PUSH"), "{events:?}");
    assert!(
        zmtp(["monitor", "sub", &tcp, "-t", "300ms", "--until", "ready"]).bad(3).contains("event")
    );
}

#[test]
fn json_that_one_zmtp_prints_is_the_input_of_another() {
    let (pull, tcp) = listening(["pull", TCP, "--count", "2", "--json"]);
    zmtp(["push", &tcp, "--count", "2", "te\"xt", "", "--hex", "00ff"]).good();
    let printed = pull.finish();
    let (pull, tcp) = listening(["pull", TCP, "--count", "2", "--json"]);
    zmtp_with(["push", &tcp, "--json-lines"], &printed.stdout).good();
    assert_eq!(pull.finish().stdout, printed.stdout);

    let (rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp_with(["req", &tcp, "--json-lines"], b"[\"a\",\"b\"]\n\"c\"\n");
    assert_eq!(done.good(), "a | b\nc\n");
    let done = zmtp_with(["req", &tcp, "--json-lines"], b"\"a\"\n7\n");
    assert!(done.bad(1).contains("read stdin: line 2: expected {\"parts\""), "{done:?}");
    drop(rep);
    let (_pull, tcp) = listening(["pull", TCP]);
    let done = zmtp_with(["push", &tcp, "--json-lines", "head"], b"\"a\"\nno\n");
    assert!(done.bad(1).contains("read stdin: line 2: "), "{done:?}");
}

#[test]
fn a_publisher_that_drops_messages_ends_with_5() {
    let line = "--lines --send-mark 1 --send-buffer 4k --linger 100ms";
    let line: Vec<&str> = ["pub", TCP].into_iter().chain(line.split(' ')).collect();
    let (mut publisher, tcp) = listening(line);
    let sub = Zmtp::start(["sub", &tcp, "--receive-buffer", "4k"]);
    publisher.feed_some(b"first\n");
    assert_eq!(sub.line(), "first\n");
    // From now on it receives nothing, and stays connected.
    sub.signal("-STOP");
    publisher.feed(&[&[b'x'; 60_000][..], b"\n"].concat().repeat(50));
    let done = publisher.finish();
    assert!(done.bad(5).contains("messages were not sent: subscribers were too slow"), "{done:?}");
}

#[test]
fn connections_have_the_options_of_tcp() {
    let flags = "--tos 16 --priority 2 --backlog 5 --send-buffer 64k --receive-buffer 64k --connect-timeout 5s \
        --max-retransmit 5s --keepalive 1m --keepalive-interval 1s --keepalive-count 2 --ipv6";
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let rep = Zmtp::start([&["rep", "tcp://*:*", "--count", "1", "--verbose"], &*flags].concat());
    let port = rep.listening().rsplit_once(':').unwrap().1.to_owned();
    let endpoint = format!("tcp://127.0.0.1:{port}");
    let line = [&["req", &*endpoint, "hello", "--source", "127.0.0.2"], &*flags].concat();
    assert_eq!(zmtp(line).good(), "hello\n");
    let done = rep.finish();
    assert!(done.stderr.contains("ready [::ffff:127.0.0.2]:"), "{done:?}");
}
