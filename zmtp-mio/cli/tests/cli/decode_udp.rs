//! Captured datagrams of a RADIO.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::decode::{packet, pcap};
use crate::process::zmtp_with;

/// A datagram from port 1000 to port 2000.
fn datagram(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap();
    let mut data = vec![0; 12];
    data.extend([8, 0, 0x45, 0]);
    data.extend((20 + len).to_be_bytes());
    data.extend([0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    data.extend([0x03, 0xe8, 0x07, 0xd0]);
    data.extend(len.to_be_bytes());
    data.extend([0, 0]);
    data.extend(payload);
    data
}

/// The datagrams of the recorded dialogue with libzmq: those that its RADIO sent, and those that its DISH received.
fn recorded() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let text = fs::read_to_string(folder.join("draft-udp-radio-dish.txt")).unwrap();
    let mut all: Vec<Vec<u8>> = Vec::new();
    for line in text.lines() {
        match line.split_at_checked(2) {
            Some(("A>" | "P>", _)) => all.push(Vec::new()),
            Some(("Z>", _)) => {}
            _ => continue,
        }
        let bytes = if line.starts_with("A>") { "" } else { &line[2..] };
        let bytes = bytes.split('#').next().unwrap().split_whitespace();
        all.last_mut().unwrap().extend(bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    all
}

const ENDS: &str = "10.0.0.1:1000 > 10.0.0.2:2000";

#[test]
fn the_recorded_datagrams_are_shown_with_their_groups_and_the_malformed_one_is_named() {
    let datagrams = recorded();
    assert_eq!(datagrams.len(), 7);
    let packets: Vec<_> = datagrams.iter().map(|bytes| datagram(bytes)).collect();
    let done = zmtp_with(["decode", "--port", "2000"], &pcap(&packets));
    let fault = format!("{ENDS} datagram with a group of 9 bytes ends after 5 bytes\n");
    assert!(done.bad(6).contains(&fault), "{done:?}");
    let text = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<_> =
        text.lines().map(|line| line.split_once(&format!("{ENDS} ")).unwrap().1).collect();
    let expected = [
        "datagram to group TV, 7 bytes: Friends",
        "datagram to the empty group, 7 bytes: nogroup",
        "datagram to group G, 0 bytes",
        "datagram to group TV, 2 bytes: ok",
        "datagram to group XY, 2 bytes: no",
        "datagram to group TV, 0 bytes",
    ];
    assert_eq!(lines, expected);
    assert!(text.starts_with(&format!("0.000000 {ENDS} datagram")), "{text}");
}

#[test]
fn a_datagram_has_a_group_and_a_body_in_json_and_its_body_as_raw_bytes() {
    let file =
        pcap(&[datagram(b"\x02TVFriends"), datagram(b"\x01\xff\xfe\x01"), datagram(b"\x05TV")]);
    let done = zmtp_with(["decode", "--port", "1000", "--json"], &file);
    done.bad(6);
    let lines = |bytes: &[u8]| -> Vec<Value> {
        bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()
    };
    let records = lines(&done.stdout);
    let ends = json!({"from": "10.0.0.1:1000", "to": "10.0.0.2:2000"});
    for (key, value) in ends.as_object().unwrap() {
        assert_eq!(&records[0][key], value);
    }
    assert_eq!(records[0]["type"], "datagram");
    assert_eq!((&records[0]["group"], &records[0]["size"]), (&json!({"text": "TV"}), &json!(7)));
    assert_eq!(records[0]["body"], json!({"text": "Friends"}));
    assert_eq!(records[0].get("offset"), None);
    assert_eq!(records[1]["group"], json!({"hex": "ff"}));
    assert_eq!(records[1]["body"], json!({"hex": "fe01"}));
    let fault = &lines(done.stderr.as_bytes())[0];
    assert_eq!((&fault["type"], fault.get("offset")), (&json!("fault"), None));
    let raw =
        zmtp_with(["decode", "--port", "1000", "--raw"], &pcap(&[datagram(b"\x02TVFriends")]));
    assert_eq!(raw.good(), "Friends");
}

#[test]
fn every_fault_of_a_datagram_is_named() {
    let long = [&[2][..], &[b'x'; 8_192]].concat();
    let whole = datagram(b"\x02TVFriends");
    let cut = |n: usize| whole[..whole.len() - n].to_vec();
    for (packet, fault) in [
        (datagram(b""), "datagram without bytes"),
        (datagram(&long), "datagram of 8193 bytes is too long"),
        (datagram(b"\x02a\0body"), "a byte of the group is 0"),
        (cut(4), "4 bytes of the datagram were not captured"),
        (cut(1), "1 byte of the datagram was not captured"),
    ] {
        let done = zmtp_with(["decode", "--port", "2000"], &pcap(&[packet]));
        assert!(done.bad(6).contains(&format!("{ENDS} {fault}\n")), "{done:?}");
        assert_eq!(done.stdout, b"");
    }
}

/// A packet in two fragments. The first one has this number of bytes of the content.
fn fragments(packet: &[u8], at: usize) -> [Vec<u8>; 2] {
    const HEADS: usize = 34;
    let content = &packet[HEADS..];
    let piece = |flags: u8, offset: usize, bytes: &[u8]| {
        let mut data = packet[..HEADS].to_vec();
        data[16..18].copy_from_slice(&u16::try_from(20 + bytes.len()).unwrap().to_be_bytes());
        data[20..22].copy_from_slice(&[flags, u8::try_from(offset / 8).unwrap()]);
        data.extend(bytes);
        data
    };
    [piece(0x20, 0, &content[..at]), piece(0, at, &content[at..])]
}

#[test]
fn a_datagram_in_fragments_is_put_together_and_an_incomplete_one_is_counted() {
    let [first, second] = fragments(&datagram(b"\x02TVa longer body"), 16);
    for packets in [[first.clone(), second.clone()], [second, first.clone()]] {
        let done = zmtp_with(["decode", "--port", "2000"], &pcap(&packets));
        assert!(
            done.good().ends_with("datagram to group TV, 13 bytes: a longer body\n"),
            "{done:?}"
        );
        assert_eq!(done.stderr, "");
    }
    let done = zmtp_with(["decode", "--port", "2000"], &pcap(&[first]));
    assert_eq!(done.good(), "");
    assert!(done.stderr.contains("1 IP packet is ignored because fragments are"), "{done:?}");
}

#[test]
fn datagrams_are_shown_only_with_a_port() {
    let connection = [packet(true, 0, 16, b"GET /"), packet(false, 0, 16, b"HTTP/1.1 200")];
    let file = pcap(&[&connection[..], &[datagram(b"\x02TVFriends")]].concat());
    let done = zmtp_with(["decode"], &file);
    assert_eq!(done.good(), "");
    assert!(done.stderr.contains("1 UDP datagram is not shown (--port shows those"), "{done:?}");
    assert_eq!(zmtp_with(["decode", "--port", "3"], &file).good(), "");
}
