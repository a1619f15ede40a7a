//! RADIO and DISH (RFC 48).

use crate::harness::threads::driven;
use crate::harness::{LIMIT, RawPeer, builder, closes, events, eventually, transports};
use zmtp_mio::{CloseReason, Dish, Error, HighWaterMark, Message, Radio};

fn bound(place: &str) -> (Radio, String) {
    let radio = builder::<Radio>().build().unwrap();
    let endpoint = radio.bind(place).unwrap().to_string();
    (radio, endpoint)
}

fn dish(endpoint: &str, groups: &[&str]) -> Dish {
    let dish = builder::<Dish>().build().unwrap();
    for group in groups {
        dish.join(group).unwrap();
    }
    dish.connect(endpoint).unwrap();
    dish
}

/// The next message: its group and its text.
fn recv(dish: &Dish) -> (String, String) {
    let message = dish.recv_timeout(LIMIT).unwrap().expect("a message");
    let group = String::from_utf8(message.group().to_vec()).unwrap();
    (group, message.into_string().unwrap())
}

fn pair(group: &str, text: &str) -> (String, String) {
    (group.into(), text.into())
}

#[test]
fn a_message_goes_to_the_members_of_exactly_its_group() {
    for place in transports().into_iter().chain(["inproc://exactly-its-group".into()]) {
        let (radio, endpoint) = bound(&place);
        let (one, other) = (dish(&endpoint, &["TV", "radio"]), dish(&endpoint, &["TV"]));
        driven(&[&radio, &one, &other], || {
            assert!(radio.wait_for_members(2, LIMIT).unwrap());
            // The second group of the first one may arrive after the first.
            eventually("three groups", || {
                let _ = radio.send_to("radio", "begin");
                one.try_recv().unwrap().is_some()
            });
            for group in ["T", "TVs", "tv", "", "V"] {
                radio.send_to(group, "without members").unwrap();
            }
            radio.send_to("radio", "for one").unwrap();
            radio.send_to("TV", "for both").unwrap();
            while recv(&one) != pair("radio", "for one") {}
            assert_eq!(recv(&one), pair("TV", "for both"));
            assert_eq!(recv(&other), pair("TV", "for both"));
        });
    }
}

#[test]
fn a_message_without_a_group_goes_to_the_members_of_the_empty_group() {
    let (radio, endpoint) = bound("tcp://127.0.0.1:*");
    let dish = dish(&endpoint, &[""]);
    driven(&[&radio, &dish], || {
        assert!(radio.wait_for_members(1, LIMIT).unwrap());
        radio.send("no group").unwrap();
        assert_eq!(recv(&dish), pair("", "no group"));
    });
}

#[test]
fn the_group_and_the_body_are_two_frames_and_join_and_leave_are_commands() {
    let (radio, endpoint) = bound("tcp://127.0.0.1:*");
    let mut raw = RawPeer::connect(&endpoint);
    driven(&[&radio], || {
        raw.handshake_as("DISH");
        raw.send(b"\x04\x07\x04JOINTV");
        assert!(radio.wait_for_members(1, LIMIT).unwrap());
        radio.send_to("TV", "a film").unwrap();
        radio.flush(LIMIT).unwrap();
        assert_eq!(raw.read_frame(), (1, b"TV".to_vec()));
        assert_eq!(raw.read_frame(), (0, b"a film".to_vec()));
        raw.send(b"\x04\x08\x05LEAVETV");
        eventually("the LEAVE", || !radio.wait_for_members(1, std::time::Duration::ZERO).unwrap());
    });
    let dish = builder::<Dish>().bind("tcp://127.0.0.1:*").unwrap();
    dish.join("early").unwrap();
    let mut raw = RawPeer::connect(&dish.last_endpoint().unwrap().to_string());
    driven(&[&dish], || {
        raw.handshake_as("RADIO");
        assert_eq!(raw.read_frame(), (4, b"\x04JOINearly".to_vec()));
        dish.join("late").unwrap();
        dish.leave("early").unwrap();
        assert_eq!(raw.read_frame(), (4, b"\x04JOINlate".to_vec()));
        assert_eq!(raw.read_frame(), (4, b"\x05LEAVEearly".to_vec()));
        raw.send_frames(&[b"late", b"a film"]);
        assert_eq!(recv(&dish), pair("late", "a film"));
    });
}

#[test]
fn groups_are_joined_again_after_a_reconnection() {
    let (radio, endpoint) = bound("tcp://127.0.0.1:*");
    let dish = dish(&endpoint, &["TV"]);
    driven(&[&radio, &dish], || {
        dish.join("radio").unwrap();
        dish.leave("TV").unwrap();
        assert!(radio.wait_for_members(1, LIMIT).unwrap());
    });
    drop(radio);
    let radio = builder::<Radio>().bind(&*endpoint).unwrap();
    driven(&[&radio, &dish], || {
        assert!(radio.wait_for_members(1, LIMIT).unwrap());
        radio.send_to("TV", "not joined").unwrap();
        radio.send_to("radio", "joined").unwrap();
        assert_eq!(recv(&dish), pair("radio", "joined"));
    });
}

#[test]
fn a_group_is_joined_once_and_left_once() {
    let dish = builder::<Dish>().build().unwrap();
    dish.join("TV").unwrap();
    assert!(matches!(dish.join("TV"), Err(Error::AlreadyJoined)));
    assert!(matches!(dish.leave("radio"), Err(Error::NotJoined)));
    dish.leave("TV").unwrap();
    assert!(matches!(dish.leave("TV"), Err(Error::NotJoined)));
    dish.join("TV").unwrap();
}

#[test]
fn a_group_of_256_bytes_or_with_a_zero_is_refused() {
    let (radio, _) = bound("inproc://long-groups");
    let dish = builder::<Dish>().build().unwrap();
    let long = "g".repeat(256);
    for group in [&*long, "\0", "a\0b"] {
        assert!(matches!(dish.join(group), Err(Error::Group(_))));
        assert!(matches!(dish.leave(group), Err(Error::Group(_))));
        let failed = radio.send_to(group, "text").unwrap_err();
        assert!(matches!(failed.error, Error::Group(_)));
        assert_eq!(failed.message.text(), Ok("text"));
    }
    dish.join(&long[1..]).unwrap();
    radio.send_to(&long[1..], "text").unwrap();
}

#[test]
fn a_join_of_256_bytes_ends_the_connection_and_not_the_socket() {
    let (radio, endpoint) = bound("tcp://127.0.0.1:*");
    let mut raw = RawPeer::connect(&endpoint);
    driven(&[&radio], || {
        raw.handshake_as("DISH");
        let mut join = vec![6];
        join.extend(261_u64.to_be_bytes());
        join.extend(b"\x04JOIN");
        join.extend([b'g'; 256]);
        raw.send(&join);
        eventually("the end", || radio.counters().disconnects == 1);
        assert!(matches!(closes(&events!(radio))[..], [CloseReason::Protocol(_)]));
    });
}

#[test]
fn a_message_that_is_not_a_group_and_a_body_ends_the_connection() {
    for parts in [&[&b"one"[..]][..], &[b"TV", b"two", b"three"], &[&[b'g'; 256], b"long"]] {
        let dish = builder::<Dish>().bind("tcp://127.0.0.1:*").unwrap();
        dish.join("TV").unwrap();
        let mut raw = RawPeer::connect(&dish.last_endpoint().unwrap().to_string());
        driven(&[&dish], || {
            raw.handshake_as("RADIO");
            raw.send_frames(&[b"TV", b"before"]);
            raw.send_frames(parts);
            assert_eq!(recv(&dish), pair("TV", "before"));
            eventually("the end", || dish.counters().disconnects == 1);
            assert!(matches!(closes(&events!(dish))[..], [CloseReason::Protocol(_)]));
            assert!(dish.try_recv().unwrap().is_none());
        });
    }
}

#[test]
fn a_dish_drops_and_counts_messages_of_other_groups() {
    let dish = builder::<Dish>().bind("tcp://127.0.0.1:*").unwrap();
    dish.join("TV").unwrap();
    let mut raw = RawPeer::connect(&dish.last_endpoint().unwrap().to_string());
    driven(&[&dish], || {
        raw.handshake_as("RADIO");
        raw.send_frames(&[b"radio", b"not joined"]);
        raw.send_frames(&[b"TV", b"joined"]);
        assert_eq!(recv(&dish), pair("TV", "joined"));
        assert_eq!(dish.counters().dropped.not_subscribed, 1);
    });
}

#[test]
fn queued_messages_of_a_group_that_was_left_are_not_received() {
    let dish = builder::<Dish>().bind("tcp://127.0.0.1:*").unwrap();
    dish.join("TV").unwrap();
    dish.join("radio").unwrap();
    let mut raw = RawPeer::connect(&dish.last_endpoint().unwrap().to_string());
    driven(&[&dish], || {
        raw.handshake_as("RADIO");
        for (group, body) in [("TV", "1"), ("radio", "2"), ("TV", "3")] {
            raw.send_frames(&[group.as_bytes(), body.as_bytes()]);
        }
        eventually("all messages", || dish.counters().messages_received == 3);
        dish.leave("TV").unwrap();
        assert_eq!(recv(&dish), pair("radio", "2"));
        assert!(dish.try_recv().unwrap().is_none());
        assert_eq!(dish.counters().dropped.not_subscribed, 2);
    });
}

/// A RADIO, and a member that does not read.
fn with_idle_member(radio: Radio) -> (Radio, RawPeer) {
    let endpoint = radio.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let mut raw = RawPeer::connect(&endpoint);
    driven(&[&radio], || {
        raw.handshake_as("DISH");
        raw.send(b"\x04\x07\x04JOINTV");
        assert!(radio.wait_for_members(1, LIMIT).unwrap());
    });
    (radio, raw)
}

#[test]
fn a_message_to_a_member_whose_queue_is_full_is_dropped_and_counted() {
    let mark = HighWaterMark::new(2, None);
    let (radio, _raw) = with_idle_member(builder::<Radio>().send_mark(mark).build().unwrap());
    let body = vec![7; 1 << 20];
    let mut sent = 0;
    while radio.counters().dropped.high_water_mark == 0 {
        radio.send_to("TV", &body).unwrap();
        sent += 1;
        assert!(sent < 1_000, "its queue is never full");
    }
    radio.close(std::time::Duration::ZERO);
}

#[test]
fn with_no_drop_a_radio_waits_for_a_member_whose_queue_is_full() {
    let mark = HighWaterMark::new(2, None);
    let radio = builder::<Radio>().send_mark(mark).no_drop(true).build().unwrap();
    let (radio, mut raw) = with_idle_member(radio);
    let message = |body| {
        let mut message = Message::from(vec![body; 1 << 20]);
        message.set_group("TV").unwrap();
        message
    };
    let mut sent = 0;
    let failed = loop {
        match radio.try_send(message(sent)) {
            Ok(()) => sent += 1,
            Err(failed) => break failed,
        }
    };
    assert!(matches!(failed.error, Error::WouldBlock));
    assert_eq!((failed.message.group(), failed.message.bytes().unwrap()[0]), (&b"TV"[..], sent));
    driven(&[&radio], || {
        let reader = std::thread::spawn(move || {
            for body in 0..=sent {
                assert_eq!(raw.read_frame().1, b"TV");
                assert_eq!(raw.read_frame().1, vec![body; 1 << 20]);
            }
        });
        radio.send_timeout(*failed.message, LIMIT).unwrap();
        assert!(radio.flush(LIMIT).unwrap());
        reader.join().unwrap();
    });
    assert_eq!(radio.counters().dropped.high_water_mark, 0);
}

#[test]
fn a_radio_drops_and_counts_what_its_peers_send() {
    let (radio, endpoint) = bound("tcp://127.0.0.1:*");
    let mut raw = RawPeer::connect(&endpoint);
    driven(&[&radio], || {
        raw.handshake_as("DISH");
        raw.send_frames(&[b"not for a RADIO"]);
        // In older versions of the protocol, a subscription of SUB is such a message.
        raw.send_frames(&[b"\x01TV"]);
        eventually("the counts", || radio.counters().dropped.not_received == 2);
        assert!(!radio.wait_for_members(1, std::time::Duration::ZERO).unwrap());
    });
}

#[test]
fn a_peer_joins_no_more_groups_than_the_limit() {
    let radio = builder::<Radio>().max_groups(2, None).bind("tcp://127.0.0.1:*").unwrap();
    let dish = dish(&radio.last_endpoint().unwrap().to_string(), &["a", "b", "c"]);
    driven(&[&radio, &dish], || {
        eventually("a refusal", || radio.counters().refused_subscriptions == 1);
        radio.send_to("c", "refused").unwrap();
        radio.send_to("b", "joined").unwrap();
        assert_eq!(recv(&dish), pair("b", "joined"));
    });
}
