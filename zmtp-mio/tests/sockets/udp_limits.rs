//! RADIO and DISH over UDP: lengths, limits, and datagrams that are no messages.

use std::net::UdpSocket;

use crate::harness::threads::driven;
use crate::harness::{LIMIT, builder, events, eventually};
use crate::radio_dish_udp::{dish, pair, radio, recv, sender};
use zmtp_mio::{
    AcceptFilter, DatagramError, Dish, Error, EventKind, GroupError, HighWaterMark, Limits, Radio,
    Udp,
};

#[test]
fn a_group_of_128_bytes_or_a_datagram_of_8193_bytes_is_not_sent() {
    let (dish, endpoint) = dish(&[]);
    let radio = radio(&endpoint);
    let long = "g".repeat(128);
    let failed = radio.send_to(&long, "body").unwrap_err();
    let error = DatagramError::Group(GroupError::TooLong(128));
    assert!(matches!(failed.error, Error::Datagram(found) if found == error), "{failed}");
    let body = vec![b'x'; 8_190];
    let failed = radio.send_to("TV", &body).unwrap_err();
    let error = DatagramError::TooLong(8_193);
    assert!(matches!(failed.error, Error::Datagram(found) if found == error), "{failed}");
    // The message is unchanged.
    assert_eq!((failed.message.group(), failed.message.bytes()), (&b"TV"[..], Some(&*body)));
    dish.join(&long[1..]).unwrap();
    radio.send_to(&long[1..], &body[..8_064]).unwrap();
    driven(&[&radio], || {
        let message = dish.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(message.group(), &long.as_bytes()[1..]);
        assert_eq!(message.bytes(), Some(&body[..8_064]));
    });
    assert_eq!(radio.counters().messages_sent, 1);
}

#[test]
fn without_a_udp_endpoint_messages_may_be_longer() {
    let radio = builder::<Radio>().build().unwrap();
    radio.send_to("g".repeat(255), vec![0; 10_000]).unwrap();
    let (_dish, endpoint) = dish(&[]);
    radio.connect(&*endpoint).unwrap();
    assert!(radio.send_to("", vec![0; 10_000]).is_err());
    radio.disconnect(&*endpoint).unwrap();
    radio.send_to("", vec![0; 10_000]).unwrap();
}

#[test]
fn malformed_datagrams_are_dropped_and_counted_and_the_first_one_is_an_event() {
    let (dish, endpoint) = dish(&["TV", ""]);
    let sender = sender(&endpoint);
    let malformed: [&[u8]; 6] = [b"\x09short", b"", b"\xff", b"\x01", b"\x02a\0body", &[0x80; 100]];
    for datagram in malformed {
        sender.send(datagram).unwrap();
        sender.send(b"\x02TVgood").unwrap();
        assert_eq!(recv(&dish), pair("TV", "good"));
    }
    let too_long = vec![0; 8_193];
    sender.send(&too_long).unwrap();
    sender.send(&vec![0; 60_000]).unwrap();
    sender.send(&too_long[1..]).unwrap();
    let longest = dish.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(longest.bytes(), Some(&too_long[2..]));
    let dropped = dish.counters().dropped;
    assert_eq!((dropped.malformed, dropped.too_long, dropped.total()), (6, 2, 8));
    let event = std::iter::from_fn(|| dish.next_event())
        .find(|event| matches!(event.kind, EventKind::DroppedDatagram(_)))
        .unwrap();
    let error = DatagramError::ShorterThanGroup { group: 9, rest: 5 };
    assert_eq!(event.kind, EventKind::DroppedDatagram(error));
    assert_eq!(event.remote, sender.local_addr().ok());
    assert!(!events!(dish).iter().any(|kind| matches!(kind, EventKind::DroppedDatagram(_))));
}

#[test]
fn a_group_of_255_bytes_is_received() {
    let group = "g".repeat(255);
    let (dish, endpoint) = dish(&[&group]);
    sender(&endpoint).send(&[b"\xff", group.as_bytes(), b"body"].concat()).unwrap();
    assert_eq!(recv(&dish), pair(&group, "body"));
}

#[test]
fn the_high_water_mark_limits_the_queue_and_the_system_drops_and_counts_the_rest() {
    let dish = builder::<Dish>()
        .receive_mark(HighWaterMark::default().messages(10))
        .udp(Udp::default().receive_buffer(50_000))
        .bind("udp://127.0.0.1:*")
        .unwrap();
    dish.join("TV").unwrap();
    let sender = sender(&dish.last_endpoint().unwrap().to_string());
    for _ in 0..1_000 {
        sender.send(b"\x02TVflood").unwrap();
    }
    driven(&[&dish], || {
        eventually("a full queue", || dish.peers().next().unwrap().to_receive == 10);
    });
    let mut received = 0;
    while dish.try_recv().unwrap().is_some() {
        received += 1;
    }
    sender.send(b"\x02TVlast").unwrap();
    assert_eq!(recv(&dish), pair("TV", "last"));
    let overflow = dish.counters().dropped.overflow;
    assert!(overflow > 0);
    assert_eq!(received + overflow, 1_000);
}

#[test]
fn limits_and_filters_of_a_dish_apply_to_datagrams() {
    let dish = builder::<Dish>()
        .limits(Limits::default().max_message(10))
        .accept_filter(AcceptFilter::default().address("127.0.0.2".parse().unwrap()))
        .bind("udp://127.0.0.1:*")
        .unwrap();
    dish.join("TV").unwrap();
    let endpoint = dish.last_endpoint().unwrap().to_string();
    sender(&endpoint).send(b"\x02TVdenied").unwrap();
    let accepted = UdpSocket::bind("127.0.0.2:0").unwrap();
    accepted.connect(&endpoint["udp://".len()..]).unwrap();
    accepted.send(b"\x02TV9 bytes..").unwrap();
    accepted.send(b"\x02TV8 bytes.").unwrap();
    assert_eq!(recv(&dish), pair("TV", "8 bytes."));
    let dropped = dish.counters().dropped;
    assert_eq!((dropped.filtered, dropped.too_long), (1, 1));
}

#[test]
fn the_limit_of_a_frame_applies_to_the_group_and_to_the_body_of_a_datagram() {
    let limits = Limits::default().max_frame(10).max_message(12);
    let dish = builder::<Dish>().limits(limits).bind("udp://127.0.0.1:*").unwrap();
    dish.join("TV").unwrap();
    dish.join("radio").unwrap();
    let sender = sender(&dish.last_endpoint().unwrap().to_string());
    // The limit of a message counts the group too.
    for datagram in [&b"\x02TV11 bytes..."[..], b"\x05radio8 bytes.", b"\x02TV10 bytes.."] {
        sender.send(datagram).unwrap();
    }
    assert_eq!(recv(&dish), pair("TV", "10 bytes.."));
    assert_eq!(dish.counters().dropped.too_long, 2);
}
