//! UDP: `radio`, `dish` and `dgram`.

use std::net::UdpSocket;

use crate::process::{BOUND, Zmtp, zmtp, zmtp_with};

const ANY: &str = "udp://127.0.0.1:*";

/// Starts a command that listens; returns its endpoint and address too.
#[track_caller]
fn listening(args: &[&str]) -> (Zmtp, String, String) {
    let zmtp = Zmtp::start(args);
    let endpoint = zmtp.listening();
    let address = endpoint.strip_prefix("udp://").expect("an endpoint of UDP").to_owned();
    (zmtp, endpoint, address)
}

/// A socket of another program, and its address.
fn other() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(BOUND)).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

#[test]
fn a_dish_binds_and_prints_the_messages_of_its_groups() {
    let (dish, endpoint, _) = listening(&["dish", ANY, "--group", "news", "--count", "2"]);
    zmtp(["radio", &endpoint, "--group", "sport", "1:0"]).good();
    let done = zmtp_with(["radio", &endpoint, "--group", "news", "--lines"], b"sun\nrain\n");
    assert_eq!((done.good(), &*done.stderr), ("", ""));
    assert_eq!(dish.finish().good(), "news | sun\nnews | rain\n");
}

#[test]
fn a_radio_sends_datagrams_to_a_name_or_address_whether_or_not_there_is_a_dish() {
    let (socket, address) = other();
    let port = address.rsplit_once(':').unwrap().1;
    for host in ["127.0.0.1", "localhost"] {
        let endpoint = format!("udp://{host}:{port}");
        zmtp(["radio", &endpoint, "--group", "TV", "Friends"]).good();
        let mut buffer = [0; 100];
        let len = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"\x02TVFriends", "{host}");
    }
    drop(socket);
    zmtp(["radio", &format!("udp://{address}"), "--group", "TV", "Friends"]).good();
}

#[test]
fn a_message_that_does_not_fit_a_datagram_is_refused() {
    let done = zmtp(["radio", "udp://127.0.0.1:5555", "--group", "TV", "--size", "8190"]);
    assert!(done.bad(2).contains("datagram of 8193 bytes is too long"), "{done:?}");
}

/// Other systems do not bind to a device.
#[cfg(target_os = "linux")]
#[test]
fn a_radio_whose_datagrams_the_system_refuses_ends_with_5() {
    // The device for loopback has no route to an address of another machine. With IPv4, the system sends nevertheless.
    let line = ["radio", "udp://[2001:db8::77]:5555", "--device", "lo", "--group", "a", "--stats"];
    let done = zmtp([&line[..], &["x"]].concat());
    assert!(done.bad(5).contains("lost 1"), "{done:?}");
    let why = "1 message was not sent: the system refused the datagram";
    assert!(done.stderr.contains(why), "{done:?}");
}

#[test]
fn a_radio_whose_endpoint_of_udp_never_works_ends_with_5() {
    let endpoint = "udp://no.such.invalid:5555";
    let line = ["radio", endpoint, "--group", "g", "x", "--stats", "--linger", "300ms"];
    let done = zmtp(line);
    assert!(done.bad(5).contains("lost 1"), "{done:?}");
    assert!(done.stderr.contains("1 message was not sent: "), "{done:?}");
    // The reason.
    let done = zmtp(["radio", endpoint, "--group", "g", "x"]);
    assert!(done.bad(5).contains(&format!("not sent: {endpoint}: ")), "{done:?}");
}

#[test]
fn a_radio_through_an_interface_that_does_not_exist_ends_with_4() {
    let endpoint = "udp://nosuch;239.0.0.1:5555";
    let done = zmtp(["radio", endpoint, "--group", "g", "x", "--linger", "300ms"]);
    assert!(done.bad(4).contains(endpoint), "{done:?}");
}

#[test]
fn a_dgram_exchanges_datagrams_with_any_program() {
    let (socket, from) = other();
    let (mut dgram, _, to) =
        listening(&["dgram", ANY, "--lines", "--split", " ", "--receive", "1"]);
    dgram.feed(format!("{from} ping\n").as_bytes());
    let mut buffer = [0; 100];
    let (len, sender) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..len], sender.to_string()), (&b"ping"[..], to.clone()));
    socket.send_to(b"pong", &to).unwrap();
    assert_eq!(dgram.finish().good(), format!("{from} | pong\n"));
}

#[test]
fn a_dgram_with_echo_sends_each_datagram_back_to_its_sender() {
    let (echo, _, to) = listening(&["dgram", ANY, "--echo"]);
    for text in ["one", "two"] {
        let done = zmtp(["dgram", ANY, "--receive", "1", "--timeout", "20s", &to, text]);
        assert_eq!(done.good(), format!("{to} | {text}\n"));
        assert!(echo.line().ends_with(&format!(" | {text}\n")));
    }
}

#[test]
fn a_datagram_that_the_system_refuses_is_5_and_a_bad_address_is_2() {
    let send = |parts: &[&str]| zmtp([&["dgram", ANY, "--receive", "0"], parts].concat());
    // An address of another network cannot be reached from an address of this machine alone.
    let done = send(&["192.0.2.77:5555", "hello"]);
    assert!(done.bad(5).contains("1 message was not sent"), "{done:?}");
    assert!(send(&["nowhere", "hello"]).bad(2).contains("bad address \"nowhere\""));
    assert!(send(&["hello"]).bad(2).contains("1 part instead of an address and a body"));
}

#[test]
fn only_radio_dish_and_dgram_have_udp_and_dgram_has_nothing_else() {
    for command in ["push", "pull", "rep", "req"] {
        let done = zmtp([command, "udp://127.0.0.1:5555"]);
        assert!(done.bad(4).contains("only RADIO, DISH and DGRAM use `udp://`"), "{done:?}");
    }
    let done = zmtp(["dgram", "tcp://127.0.0.1:*"]);
    assert!(done.bad(4).contains("only transport of a DGRAM"), "{done:?}");
}

#[test]
fn a_monitor_reports_a_malformed_datagram() {
    let (monitor, _, to) = listening(&["monitor", "dish", ANY, "--until", "dropped_datagram"]);
    let (socket, from) = other();
    socket.send_to(b"\x09short", &to).unwrap();
    let line = monitor.finish();
    assert!(
        line.good().contains("datagram with a group of 9 bytes ends after 5 bytes"),
        "{line:?}"
    );
    assert!(line.good().contains(&from), "{line:?}");
}

/// Other systems do not report what they drop.
#[cfg(target_os = "linux")]
#[test]
fn the_totals_have_the_datagrams_that_did_not_fit_the_receive_buffer() {
    let line = ["dish", ANY, "--group", "a", "--quiet", "--idle", "2s", "--stats", "--json"];
    let (dish, endpoint, _) = listening(&[&line[..], &["--receive-buffer", "1k"]].concat());
    let send = |more: &[&str]| {
        zmtp([&["radio", &endpoint, "--group", "a", "--size", "100"], more].concat()).good();
    };
    dish.signal("-STOP");
    send(&["--count", "1000"]);
    dish.signal("-CONT");
    // The system reports what it dropped with the next datagrams.
    send(&["--count", "20", "--interval", "50ms"]);
    let done = dish.finish();
    assert!(
        done.bad(5).contains("datagrams were dropped: the receive buffer was full"),
        "{done:?}"
    );
    let stats: serde_json::Value =
        serde_json::from_str(done.stderr.lines().find(|line| line.contains("overflow")).unwrap())
            .unwrap();
    let [received, overflow, dropped] =
        ["received", "overflow", "dropped"].map(|name| stats[name].as_u64().unwrap());
    assert!(overflow > 0 && received > 0 && received + overflow <= 1_020, "{stats}");
    assert_eq!(dropped, overflow, "{stats}");
}

#[test]
fn the_totals_of_a_dish_have_malformed_datagrams_which_are_not_an_error() {
    for json in [false, true] {
        let line = ["dish", ANY, "--group", "a", "--count", "1", "--stats"];
        let (dish, endpoint, to) =
            listening(&[&line[..], if json { &["--json"] } else { &[] }].concat());
        let (socket, _) = other();
        socket.send_to(b"\x09short", &to).unwrap();
        zmtp(["radio", &endpoint, "--group", "a", "x"]).good();
        let done = dish.finish();
        done.good();
        let text = if json { "\"dropped\":1" } else { "dropped 1 on receipt" };
        assert!(done.stderr.contains(text), "{done:?}");
    }
}
