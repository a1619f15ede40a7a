//! Captures, of what really went over a connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use crate::process::{Directory, Zmtp, zmtp, zmtp_with};

/// Relays one connection and returns what each side sent: the client, then the server.
fn record(client: &[&str], server: &[&str]) -> [Vec<u8>; 2] {
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", relay.local_addr().unwrap());
    let server = Zmtp::start(server);
    let to = server.listening().replace("tcp://", "");
    let both = thread::spawn(move || {
        let client = relay.accept().unwrap().0;
        let server = TcpStream::connect(to).unwrap();
        let pipe = |from: &TcpStream, to: &TcpStream| {
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            thread::spawn(move || {
                let (mut all, mut chunk) = (Vec::new(), [0; 4_096]);
                while let Ok(n @ 1..) = from.read(&mut chunk) {
                    all.extend(&chunk[..n]);
                    if to.write_all(&chunk[..n]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Write);
                all
            })
        };
        [pipe(&client, &server), pipe(&server, &client)].map(|side| side.join().unwrap())
    });
    zmtp([client, &[&endpoint]].concat()).good();
    both.join().unwrap()
}

/// One segment from port 1000 or 2000, with the numbers of a connection of its own.
pub(crate) fn packet(from_client: bool, number: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let (from, to) = if from_client { (1_000u16, 2_000u16) } else { (2_000, 1_000) };
    let total = u16::try_from(40 + payload.len()).unwrap();
    let mut data = vec![0; 12];
    data.extend([8, 0, 0x45, 0]);
    data.extend(total.to_be_bytes());
    data.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1]);
    data.extend(from.to_be_bytes());
    data.extend(to.to_be_bytes());
    data.extend(number.to_be_bytes());
    data.extend([0, 0, 0, 0, 0x50, flags, 1, 0, 0, 0, 0, 0]);
    data.extend(payload);
    data
}

/// A pcap file of these packets.
pub(crate) fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(field.to_le_bytes());
    }
    for (n, packet) in (0u32..).zip(packets) {
        let len = u32::try_from(packet.len()).unwrap();
        for field in [7, n * 1_000, len, len] {
            file.extend(field.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// A pcapng file of these packets.
fn pcapng(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let padding = body.len().next_multiple_of(4) - body.len();
        let len = u32::try_from(12 + body.len() + padding).unwrap().to_le_bytes();
        file.extend(kind.to_le_bytes());
        file.extend(len);
        file.extend(body);
        file.extend(vec![0; padding]);
        file.extend(len);
    };
    let section = [&0x1a2b_3c4du32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    block(0x0a0d_0d0a, &section);
    block(1, &[1, 0, 0, 0, 0, 0, 0, 0]);
    for packet in packets {
        let len = u32::try_from(packet.len()).unwrap().to_le_bytes();
        block(6, &[&[0; 12][..], &len, &len, packet].concat());
    }
    file
}

const SYN: u8 = 2;
const ACK: u8 = 16;

#[test]
fn a_raw_file_is_shown_frame_by_frame() {
    let directory = Directory::new();
    let [client, server] = requested();
    let file = directory.file("client", &client);
    let text = zmtp(["decode", &file]);
    let lines: Vec<_> = text.good().lines().collect();
    assert_eq!(lines[0], "0 greeting: ZMTP 3.1, NULL");
    assert!(lines[1].starts_with("64 command READY: Socket-Type=REQ"), "{lines:?}");
    assert!(lines[2].ends_with(" frame of 0 bytes, more follow"), "{lines:?}");
    assert!(lines[3].ends_with(" frame of 5 bytes: hello"), "{lines:?}");
    assert_eq!(lines.len(), 4);

    let done = zmtp_with(["decode", "--json"], &server);
    let records: Vec<Value> =
        done.good().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records[0]["version"], "3.1");
    assert_eq!(records[1]["name"], "READY");
    assert_eq!(records[1]["properties"][0], json!(["Socket-Type", {"text": "REP"}]));
    assert_eq!(records[3]["body"], json!({"text": "hello"}));
    assert_eq!(zmtp_with(["decode", "--raw"], &server).good(), "hello");
    let hex = zmtp_with(["decode", "-x", "--show", "2"], &server);
    assert!(hex.good().ends_with("frame of 5 bytes: 6865…\n"), "{hex:?}");
}

/// A request and its reply.
fn requested() -> [Vec<u8>; 2] {
    record(&["req", "hello", "--connect"], &["rep", "tcp://127.0.0.1:*", "--count", "1"])
}

#[test]
fn incomplete_and_malformed_streams_are_6() {
    let [client, _] = requested();
    let cut = zmtp_with(["decode"], &client[..client.len() - 2]);
    let at = client.len() - 7;
    let text = format!("zmtp: byte {at}: the stream ends inside a frame: 3 of 5 bytes are there");
    assert_eq!(cut.bad(6), format!("{text}\nzmtp: 1 fault was found\n"));
    assert_eq!(String::from_utf8_lossy(&cut.stdout).lines().count(), 3, "{cut:?}");

    let broken = [&client[..], b"\xff\0"].concat();
    let done = zmtp_with(["decode", "--json"], &broken);
    let fault: Value = serde_json::from_str(done.bad(6).lines().next().unwrap()).unwrap();
    assert_eq!((&fault["type"], &fault["offset"]), (&json!("fault"), &json!(client.len())));
    assert!(fault["text"].as_str().unwrap().contains("0xff"), "{fault}");
    assert!(zmtp_with(["decode"], b"GET / HTTP/1.1\r\n\r\n").bad(6).contains("no ZMTP signature"));
    assert_eq!(zmtp_with(["decode"], b"").good(), "");
}

#[test]
fn subscriptions_and_pings_are_named() {
    let server = ["pub", "tcp://127.0.0.1:*", "weather", "--peers", "1"];
    let line = ["sub", "--topic", "we", "-n", "1", "--heartbeat", "20s", "--connect"];
    let [client, _] = record(&line, &server);
    let text = zmtp_with(["decode"], &client);
    assert!(text.good().contains(" command SUBSCRIBE: we\n"), "{text:?}");
    let ping = [&client[..64], b"\x04\x09\x04PING\x00\x0fhi"].concat();
    let text = zmtp_with(["decode"], &ping);
    assert!(text.good().ends_with("64 command PING: TTL 1.5 s, hi\n"), "{text:?}");
    let ping = [&client[..64], b"\x04\x07\x04PING\x00\x00"].concat();
    let text = zmtp_with(["decode"], &ping);
    assert!(text.good().ends_with("64 command PING: TTL 0.0 s\n"), "{text:?}");
    let bad = [&client[..64], b"\x04\x06\x04PING\x00", b"\0\0"].concat();
    let done = zmtp_with(["decode"], &bad);
    assert!(done.bad(6).contains("byte 64: PING without a TTL"), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stdout).ends_with("72 frame of 0 bytes\n"), "{done:?}");
}

#[test]
fn both_sides_of_a_capture_are_shown_with_packets_reordered_or_repeated() {
    let [client, server] = requested();
    // The server's numbers wrap around.
    let (c, s) = (100u32, u32::MAX - 50);
    let at = |base: u32, n: usize| base.wrapping_add(1).wrapping_add(u32::try_from(n).unwrap());
    let packets = [
        packet(true, c, SYN, b""),
        packet(false, s, SYN | ACK, b""),
        packet(true, at(c, 0), ACK, &client[..10]),
        // Out of order, twice, and overlapping.
        packet(true, at(c, 60), ACK, &client[60..]),
        packet(true, at(c, 5), ACK, &client[5..40]),
        packet(true, at(c, 5), ACK, &client[5..40]),
        packet(true, at(c, 30), ACK, &client[30..70]),
        packet(false, at(s, 0), ACK, &server[..64]),
        packet(false, at(s, 64), ACK, &server[64..]),
    ];
    for file in [pcap(&packets), pcapng(&packets)] {
        let done = zmtp_with(["decode"], &file);
        let lines: Vec<_> = done.good().lines().collect();
        let (one, two) = ("10.0.0.1:1000 > 10.0.0.1:2000 ", "10.0.0.1:2000 > 10.0.0.1:1000 ");
        let count = |side: &str| lines.iter().filter(|line| line.contains(side)).count();
        assert_eq!((count(one), count(two)), (4, 4), "{lines:?}");
        assert!(lines[0].ends_with(&format!("{one}0 greeting: ZMTP 3.1, NULL")), "{lines:?}");
        assert!(lines[7].ends_with("frame of 5 bytes: hello"), "{lines:?}");
        assert_eq!(done.stderr, "");
        assert_eq!(zmtp_with(["decode", "--port", "3"], &file).good(), "");
        let cut = zmtp_with(["decode"], &file[..file.len() - 3]);
        assert!(cut.bad(6).contains("the file ends inside a packet"), "{cut:?}");
    }
}

#[test]
fn bytes_missing_from_a_capture_are_reported() {
    let [client, server] = requested();
    let c = |n: u32| 1 + n;
    let gap = pcap(&[
        packet(true, 0, SYN, b""),
        packet(true, c(0), ACK, &client[..64]),
        packet(true, c(70), ACK, &client[70..]),
        packet(false, 500, ACK, &server),
    ]);
    let done = zmtp_with(["decode"], &gap);
    let text = "10.0.0.1:1000 > 10.0.0.1:2000 byte 64: 6 bytes were not captured; later bytes are not shown";
    assert!(done.bad(6).contains(text), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stdout).contains("hello"), "the other side is whole");

    let other = pcap(&[packet(true, 0, ACK, b"GET /"), packet(false, 0, ACK, b"HTTP/1.1 200")]);
    let done = zmtp_with(["decode"], &other);
    assert_eq!(done.good(), "");
    assert!(done.stderr.contains("1 TCP connection does not begin with ZMTP"), "{done:?}");
    assert!(zmtp_with(["decode", "--port", "1000"], &other).bad(6).contains("no ZMTP signature"));
}

#[test]
fn a_peer_of_2_0_is_recognised_by_the_other_side() {
    // As libzmq speaks to one: major version 3, then its socket type and routing id as 2.0 has them.
    let new = b"\xff\0\0\0\0\0\0\0\x03\x7f\x03\x05\0\x02me\x01\x01a\0\0";
    let old = b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x06\0\0";
    let file = pcap(&[
        packet(true, 0, SYN, b""),
        packet(false, 0, SYN | ACK, b""),
        packet(true, 1, ACK, new),
        packet(false, 1, ACK, old),
    ]);
    let done = zmtp_with(["decode"], &file);
    let all = done.good();
    for text in ["greeting: ZMTP 2.0, DEALER", "routing id: me", "frame of 1 byte, more follow: a"]
    {
        assert!(all.contains(text), "{text}: {all}");
    }
    assert!(zmtp_with(["decode", "--as", "2.0"], new).good().contains("routing id: me"));
    assert!(zmtp_with(["decode", "--as", "1.0"], b"\x01\0\x06\0hello").good().contains(": hello"));
}

#[test]
fn the_key_of_a_curve_server_opens_hello_and_welcome_and_nothing_else() {
    let directory = Directory::new();
    let path = |name: &str| directory.path(name).display().to_string();
    let (server, client) = (path("server.key"), path("client.key"));
    zmtp(["keygen", &server]).good();
    zmtp(["keygen", &client]).good();
    let (secret, own) = (format!("{server}_secret"), format!("{client}_secret"));
    let rep = ["rep", "tcp://127.0.0.1:*", "-n", "1", "--curve-server", &secret];
    let req = ["req", "--curve-client", &own, "--curve-server-key", &server, "very secret"];
    let [sent, back] = record(&[&req[..], &["--connect"]].concat(), &rep);
    for opener in [&["decode"][..], &["decode", "--curve-server", &secret]] {
        let opened = opener.len() > 1;
        let done = zmtp_with(opener, &sent);
        let text = done.good();
        assert!(text.contains("command HELLO: ") && text.contains("command INITIATE: "), "{text}");
        assert!(text.contains("command MESSAGE: nonce 4, frame of 11 bytes, sealed"), "{text}");
        assert_eq!(text.contains("in the box: 64 zeros"), opened, "{text}");
        assert!(!text.contains("very secret"));
    }
    let file = pcap(&[
        packet(true, 0, SYN, b""),
        packet(false, 0, SYN | ACK, b""),
        packet(true, 1, ACK, &sent[..266]),
        packet(false, 1, ACK, &back),
        packet(true, 267, ACK, &sent[266..]),
    ]);
    let done = zmtp_with(["decode", "--curve-server", &secret], &file);
    let text = done.good();
    assert!(text.contains("command WELCOME: in the box: short-term key "), "{text}");
    assert!(text.contains("cookie of 96 bytes"), "{text}");
    let line = text.lines().find(|line| line.contains("command READY")).unwrap();
    assert!(line.ends_with("sealed with short-term keys (forward secrecy)"), "{line}");
    let other = zmtp_with(["decode", "--curve-server", &own], &sent);
    assert!(other.good().contains("HELLO: the box does not open with this key"), "{other:?}");
}
