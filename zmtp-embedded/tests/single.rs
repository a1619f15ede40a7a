//! CLIENT, CHANNEL, RADIO and DISH against scripts of bytes: messages of one part, and groups.

mod pipe;

use pipe::asynch::{Stutter, finish, once};
use pipe::{End, greeting, peer, ticking};
use wire::{command, frame};
use zmtp_core::wire::{Group, GroupError, Malformed, SocketType};
use zmtp_core::{Config, Instant};
use zmtp_embedded::blocking::{Channel, Client, Dish, Radio};
use zmtp_embedded::{Error, asynch, size};

static ANY: Config = Config::new(SocketType::Client);

const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

fn group(name: &str) -> Group<'_> {
    Group::new(name.as_bytes()).expect("a group")
}

#[test]
fn a_client_exchanges_messages_of_one_part_and_rejects_others() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut client = Client::new(&ANY, &mut receive, &mut send);
    let (ours, server) = peer("SERVER", 5);
    client.connect(ours, NOW);
    client.send(b"hello", DEADLINE, || NOW).expect("a good peer");
    let ready = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06CLIENT";
    assert_eq!(server.heard(), [&greeting(), &ready[..], b"\x00\x05hello"].concat());
    // The parts of a message may exceed the buffer.
    let parts = [frame(1, &[b'm'; 200]), frame(1, b"m2"), frame(0, b"m3")].concat();
    server.say(&[parts, frame(0, b"after")].concat());
    let message = client.receive(DEADLINE, || NOW).expect("a good peer");
    assert_eq!(message.only(), Some(&b"after"[..]));
}

#[test]
fn a_channel_exchanges_messages_of_one_part_and_rejects_others() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut channel = Channel::new(&ANY, &mut receive, &mut send);
    let (ours, other) = peer("CHANNEL", 5);
    channel.connect(ours, NOW);
    channel.send(b"c1", DEADLINE, || NOW).expect("a good peer");
    assert!(other.heard().ends_with(b"\x07CHANNEL\x00\x02c1"));
    other.say(&[frame(1, b"m1"), frame(0, b"m2"), frame(0, b"c2")].concat());
    let message = channel.receive(DEADLINE, || NOW).expect("a good peer");
    assert_eq!(message.only(), Some(&b"c2"[..]));
}

#[test]
fn a_radio_sends_the_messages_of_the_groups_that_its_peer_is_in() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut radio = Radio::<_, 24>::new(&ANY, &mut receive, &mut send);
    let (ours, dish) = peer("DISH", 5);
    radio.connect(ours, NOW);
    let sends = |radio: &mut Radio<'_, End, 24>, name: &str| {
        radio.send(group(name), b"body", DEADLINE, || NOW).expect("a good peer")
    };
    assert!(!sends(&mut radio, "TV"));
    dish.say(&[command("JOIN", b"TV"), command("JOIN", b""), command("JOIN", b"TV")].concat());
    radio.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert!(dish.heard().ends_with(b"\x05RADIO"));
    for (name, joined) in [("TV", true), ("", true), ("T", false), ("TVs", false)] {
        assert_eq!(sends(&mut radio, name), joined);
        let sent = [frame(1, name.as_bytes()), frame(0, b"body")].concat();
        assert_eq!(dish.heard(), if joined { sent } else { vec![] });
    }
    dish.say(&command("LEAVE", b"TV"));
    radio.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert!(!sends(&mut radio, "TV") && sends(&mut radio, ""));
    // Groups end with the connection.
    let (ours, _dish) = peer("DISH", 5);
    radio.connect(ours, NOW);
    radio.handshake(DEADLINE, || NOW).expect("a good peer");
    assert!(!sends(&mut radio, ""));
}

#[test]
fn a_radio_counts_the_groups_that_do_not_fit() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut radio = Radio::<_, 24>::new(&ANY, &mut receive, &mut send);
    let (ours, dish) = peer("DISH", 1_000);
    radio.connect(ours, NOW);
    dish.say(&[command("JOIN", &[b'g'; 21]), command("JOIN", b"TV")].concat());
    radio.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert_eq!(radio.refused_groups(), 1);
    // It does not fit the receive buffer either.
    dish.say(&[command("JOIN", &[b'g'; 100]), command("JOIN", b"x")].concat());
    assert_eq!(radio.serve(DEADLINE, ticking(1)), Err(Error::ReceiveBuffer));
    radio.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert_eq!(radio.refused_groups(), 2);
    for name in ["TV", "x"] {
        assert_eq!(radio.send(group(name), b"", DEADLINE, || NOW), Ok(true));
    }
}

#[test]
fn a_join_of_256_bytes_fails_the_connection_of_a_radio() {
    let (mut receive, mut send) = ([0; 512], [0; 64]);
    let mut radio = Radio::<_, 512>::new(&ANY, &mut receive, &mut send);
    let (ours, dish) = peer("DISH", 1_000);
    radio.connect(ours, NOW);
    dish.say(&[command("JOIN", &[b'g'; 255]), command("JOIN", &[b'g'; 256])].concat());
    assert_eq!(radio.serve(DEADLINE, ticking(1)), Err(Error::Connection));
    let error = Malformed::Group(GroupError::TooLong(256));
    assert_eq!(radio.failure(), Some(error.into()));
}

#[test]
fn messages_to_a_radio_are_dropped() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut radio = Radio::<_, 24>::new(&ANY, &mut receive, &mut send);
    let (ours, dish) = peer("DISH", 1_000);
    radio.connect(ours, NOW);
    let message = [frame(1, b"\x01TV"), frame(0, &[b'x'; 250])].concat();
    dish.say(&[message, frame(0, b"\x01TV"), command("JOIN", b"x")].concat());
    radio.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert_eq!(radio.send(group("TV"), b"", DEADLINE, || NOW), Ok(false));
    assert_eq!(radio.send(group("x"), b"", DEADLINE, || NOW), Ok(true));
}

#[test]
fn a_dish_joins_again_after_each_handshake_and_filters() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dish = Dish::<_, 24>::new(&ANY, &mut receive, &mut send);
    dish.join(group("TV")).expect("room");
    assert_eq!(dish.join(group("TV")), Err(Error::Joined));
    dish.join(group("Movies")).expect("room");
    assert_eq!(dish.join(group("too much")), Err(Error::NoRoom));
    let joins = [command("JOIN", b"TV"), command("JOIN", b"Movies")].concat();
    for most in [1, 7] {
        let (ours, radio) = peer("RADIO", most);
        dish.connect(ours, NOW);
        for (name, body) in [("T", b"no"), ("TVs", b"no"), ("Movies", b"ok")] {
            radio.say(&[frame(1, name.as_bytes()), frame(0, body)].concat());
        }
        let message = dish.receive(DEADLINE, || NOW).expect("a good peer");
        assert_eq!(message.parts().collect::<Vec<_>>(), [&b"Movies"[..], b"ok"]);
        let ready = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04DISH";
        assert_eq!(radio.heard(), [&greeting(), &ready[..], &joins].concat());
    }
    let (ours, radio) = peer("RADIO", 7);
    dish.connect(ours, NOW);
    dish.handshake(DEADLINE, || NOW).expect("a good peer");
    dish.flush(DEADLINE, || NOW).expect("a good peer");
    radio.heard();
    for (name, said) in [("TV", command("LEAVE", b"TV")), ("TV", vec![])] {
        dish.leave(group(name), DEADLINE, || NOW).expect("a good peer");
        dish.flush(DEADLINE, || NOW).expect("a good peer");
        assert_eq!(radio.heard(), said);
    }
    dish.join(group("new")).expect("room again");
    dish.flush(DEADLINE, || NOW).expect("a good peer");
    assert_eq!(radio.heard(), command("JOIN", b"new"));
}

#[test]
fn a_group_that_was_not_sent_is_left_without_a_command() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dish = Dish::<_, 24>::new(&ANY, &mut receive, &mut send);
    dish.join(group("TV")).expect("room");
    dish.leave(group("TV"), DEADLINE, || NOW).expect("no link");
    dish.join(group("x")).expect("room");
    let (ours, radio) = peer("RADIO", 1_000);
    dish.connect(ours, NOW);
    dish.handshake(DEADLINE, || NOW).expect("a good peer");
    dish.flush(DEADLINE, || NOW).expect("a good peer");
    assert!(radio.heard().ends_with(&[&b"\x04DISH"[..], &command("JOIN", b"x")].concat()));
}

#[test]
fn a_message_that_is_not_a_group_and_a_body_closes_the_link_of_a_dish() {
    let bad = [
        frame(0, b"lonely"),
        [frame(1, b"TV"), frame(1, b"body"), frame(0, b"more")].concat(),
        [frame(1, &[b'g'; 256]), frame(0, b"body")].concat(),
    ];
    for bad in bad {
        let (mut receive, mut send) = ([0; 512], [0; 64]);
        let mut dish = Dish::<_, 24>::new(&ANY, &mut receive, &mut send);
        dish.join(group("TV")).expect("room");
        let (ours, radio) = peer("RADIO", 1_000);
        dish.connect(ours, NOW);
        let good = [frame(1, b"TV"), frame(0, b"ok")].concat();
        radio.say(&[&good[..], &bad, &good].concat());
        assert!(dish.receive(DEADLINE, || NOW).is_ok());
        assert_eq!(dish.receive(DEADLINE, || NOW).err(), Some(Error::Connection));
        assert_eq!(dish.failure(), Some(Malformed::NotGroupAndBody.into()));
    }
}

#[test]
fn the_smallest_buffers_fit_a_join_of_57_bytes() {
    let mut receive = vec![0; size::smallest_receive(SocketType::Radio)];
    let mut send = vec![0; size::smallest_send(&ANY)];
    let mut radio = Radio::<_, 64>::new(&ANY, &mut receive, &mut send);
    let (ours, dish) = peer("DISH", 1_000);
    radio.connect(ours, NOW);
    let name = "g".repeat(57);
    dish.say(&command("JOIN", name.as_bytes()));
    radio.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert_eq!(radio.send(group(&name), b"", DEADLINE, || NOW), Ok(true));
}

#[test]
fn the_async_sockets_send_the_same_bytes() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut client = asynch::Client::new(&ANY, &mut receive, &mut send);
    let (ours, server) = peer("SERVER", 5);
    client.connect(Stutter::new(ours), NOW);
    finish(client.send(b"hello", || NOW)).expect("a good peer");
    assert!(server.heard().ends_with(b"\x00\x05hello"));
    server.say(&[frame(1, b"m1"), frame(0, b"m2"), frame(0, b"world")].concat());
    let message = finish(client.receive(|| NOW)).expect("a good peer");
    assert_eq!(message.only(), Some(&b"world"[..]));

    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut radio = asynch::Radio::<_, 24>::new(&ANY, &mut receive, &mut send);
    let (ours, dish) = peer("DISH", 1_000);
    radio.connect(Stutter::new(ours), NOW);
    dish.say(&command("JOIN", b"TV"));
    for _ in 0..100 {
        assert!(once(radio.serve(|| NOW)).is_none());
    }
    dish.heard();
    for (name, joined) in [("TV", true), ("T", false)] {
        assert_eq!(finish(radio.send(group(name), b"on", || NOW)), Ok(joined));
    }
    finish(radio.flush(|| NOW)).expect("a good peer");
    assert_eq!(dish.heard(), [frame(1, b"TV"), frame(0, b"on")].concat());

    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dish = asynch::Dish::<_, 24>::new(&ANY, &mut receive, &mut send);
    dish.join(group("TV")).expect("room");
    let (ours, radio) = peer("RADIO", 1_000);
    dish.connect(Stutter::new(ours), NOW);
    radio.say(&[frame(1, b"TV"), frame(0, b"on")].concat());
    let message = finish(dish.receive(|| NOW)).expect("a good peer");
    assert_eq!(message.parts().collect::<Vec<_>>(), [b"TV", b"on"]);
    finish(dish.flush(|| NOW)).expect("a good peer");
    assert!(radio.heard().ends_with(&command("JOIN", b"TV")));
    finish(dish.leave(group("TV"))).expect("a good peer");
    finish(dish.flush(|| NOW)).expect("a good peer");
    assert_eq!(radio.heard(), command("LEAVE", b"TV"));
}
