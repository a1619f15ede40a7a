//! UDP against libzmq, in both directions: RADIO and DISH to one address and to a multicast group, and DGRAM.

mod common;

use core::time::Duration;

use common::any::until;
use common::{LONG, body, builder, free_udp_port, libzmq};
use zmtp_interop::libzmq::{Context, Frame, Kind, Socket, option};
use zmtp_mio::{AnySocket, Dgram, Dish, Error, Radio, SocketKind};

const SHORT: Duration = Duration::from_millis(20);

/// Sizes of bodies; libzmq has room for 8,192 bytes, with a group of up to 127 bytes and its length.
const SIZES: [usize; 5] = [0, 1, 300, 1_473, 8_064];

/// Endpoints to bind and to connect to: one address of each family, and a group on the interface for loopback.
fn places() -> [(String, bool); 3] {
    let (four, six) = (free_udp_port("127.0.0.1"), free_udp_port("::1"));
    let group = free_udp_port("0.0.0.0");
    [
        (format!("udp://127.0.0.1:{four}"), false),
        (format!("udp://127.0.0.1;239.0.0.90:{group}"), false),
        (format!("udp://[::1]:{six}"), true),
    ]
}

fn theirs(kind: Kind, ipv6: bool) -> Socket {
    let socket = libzmq(&Context::new().unwrap(), kind);
    socket.set_i32(option::IPV6, ipv6.into()).unwrap();
    socket
}

fn send(radio: &Socket, group: &str, body: &[u8]) {
    let mut frame = Frame::with_bytes(body).unwrap();
    frame.set_group(group).unwrap();
    radio.send_frame(frame, false).unwrap();
}

fn groups() -> [String; 3] {
    ["TV".into(), String::new(), "g".repeat(127)]
}

#[test]
fn our_radio_sends_datagrams_to_libzmqs_dish() {
    for (place, ipv6) in places() {
        let their = theirs(Kind::Dish, ipv6);
        their.bind(&place).unwrap();
        let our = builder::<Radio>().connect(&*place).unwrap();
        for group in groups() {
            their.join(&group).unwrap();
            // It is bound in another thread, later.
            their.set_timeout(Some(SHORT)).unwrap();
            until("the first message", || {
                our.send_to(&group, "begin").unwrap();
                assert!(our.flush(LONG).unwrap());
                their.recv_frame().ok()
            });
            their.set_timeout(Some(LONG)).unwrap();
            for size in SIZES {
                our.send_to("another", "not joined").unwrap();
                our.send_to(&group, body(size)).unwrap();
                assert!(our.flush(LONG).unwrap());
                let mut frame = their.recv_frame().unwrap();
                while frame.bytes() == b"begin" {
                    frame = their.recv_frame().unwrap();
                }
                assert_eq!(
                    (frame.group(), frame.bytes()),
                    (group.clone(), &*body(size)),
                    "{place}"
                );
            }
            their.leave(&group).unwrap();
        }
    }
}

#[test]
fn our_dish_receives_the_datagrams_of_libzmqs_radio() {
    for (place, ipv6) in places() {
        let our = builder::<Dish>().bind(&*place).unwrap();
        let their = theirs(Kind::Radio, ipv6);
        their.connect(&place).unwrap();
        for group in groups() {
            our.join(&group).unwrap();
            for size in SIZES {
                send(&their, "another", b"not joined");
                send(&their, &group, &body(size));
                let message = our.recv_timeout(LONG).unwrap().expect("a message");
                assert_eq!(message.group(), group.as_bytes());
                assert_eq!(message.bytes(), Some(&*body(size)), "{place}");
            }
            our.leave(&group).unwrap();
        }
        let dropped = our.counters().dropped;
        assert_eq!((dropped.not_subscribed, dropped.total()), (15, 15));
    }
}

#[test]
fn a_dish_of_each_is_in_the_same_group() {
    let place = format!("udp://127.0.0.1;239.0.0.91:{}", free_udp_port("0.0.0.0"));
    let their = theirs(Kind::Dish, false);
    their.bind(&place).unwrap();
    their.join("TV").unwrap();
    let ours = builder::<Dish>().bind(&*place).unwrap();
    ours.join("TV").unwrap();
    let (radio, other) = (builder::<Radio>().connect(&*place).unwrap(), theirs(Kind::Radio, false));
    other.connect(&place).unwrap();
    their.set_timeout(Some(SHORT)).unwrap();
    until("both are in the group", || {
        radio.send_to("TV", "begin").unwrap();
        assert!(radio.flush(LONG).unwrap());
        their.recv_frame().ok()
    });
    radio.send_to("TV", "of ours").unwrap();
    assert!(radio.flush(LONG).unwrap());
    send(&other, "TV", b"of theirs");
    their.set_timeout(Some(LONG)).unwrap();
    let (mut here, mut there) = (Vec::new(), Vec::new());
    while here.len() < 2 {
        let message = ours.recv_timeout(LONG).unwrap().unwrap().into_string().unwrap();
        here.extend(Some(message).filter(|message| message != "begin"));
    }
    while there.len() < 2 {
        let message = String::from_utf8(their.recv_frame().unwrap().bytes().to_vec()).unwrap();
        there.extend(Some(message).filter(|message| message != "begin"));
    }
    here.sort_unstable();
    there.sort_unstable();
    assert_eq!(
        (here, there),
        (
            vec!["of ours".into(), "of theirs".into()],
            vec!["of ours".to_owned(), "of theirs".to_owned()]
        )
    );
}

#[test]
fn a_dgram_of_each_exchanges_datagrams_by_address() {
    let (port, host) = (free_udp_port("127.0.0.1"), "127.0.0.1");
    let their = theirs(Kind::Dgram, false);
    their.bind(&format!("udp://{host}:{port}")).unwrap();
    let to = format!("{host}:{port}");
    let mut our = builder::<Dgram>().bind(format!("udp://{host}:*")).unwrap();
    let from = our.last_endpoint().unwrap().to_string().replace("udp://", "");
    let with_zero = format!("{from}\0");
    their.set_timeout(Some(SHORT)).unwrap();
    until("it is bound", || {
        our.send([&*to, "begin"]).unwrap();
        assert!(our.flush(LONG).unwrap());
        their.recv().ok()
    });
    their.set_timeout(Some(LONG)).unwrap();
    for size in SIZES {
        our.send([to.as_bytes(), &body(size)]).unwrap();
        assert!(our.flush(LONG).unwrap());
        let mut came = their.recv().unwrap();
        while came[1] == b"begin" {
            came = their.recv().unwrap();
        }
        assert_eq!(came, [with_zero.as_bytes(), &body(size)]);
        // The address goes back as it came: with a 0 byte from libzmq, without one from us.
        their.send(&[&came[0], &came[1]]).unwrap();
        let reply = our.recv_timeout(LONG).unwrap().expect("a reply");
        assert_eq!(reply.part(0), Some(to.as_bytes()));
        assert_eq!(reply.part(1), Some(&*body(size)));
        our.send([format!("{to}\0").as_bytes(), b"begin"]).unwrap();
    }
}

#[test]
fn both_refuse_the_same_types_and_directions() {
    let kinds = [
        (SocketKind::Radio, Kind::Radio, [false, true]),
        (SocketKind::Dish, Kind::Dish, [true, false]),
        (SocketKind::Dgram, Kind::Dgram, [true, false]),
        (SocketKind::Pub, Kind::Pub, [false, false]),
        (SocketKind::Sub, Kind::Sub, [false, false]),
        (SocketKind::Server, Kind::Server, [false, false]),
        (SocketKind::Pair, Kind::Pair, [false, false]),
    ];
    for (our_kind, their_kind, [binds, connects]) in kinds {
        let place = format!("udp://127.0.0.1:{}", free_udp_port("127.0.0.1"));
        let (mut ours, their) =
            (AnySocket::builder(our_kind).build().unwrap(), theirs(their_kind, false));
        let (bound, connected) = (ours.bind(&*place).map(drop), ours.connect(&*place));
        assert_eq!([bound.is_ok(), connected.is_ok()], [binds, connects], "{our_kind}");
        for refused in [bound, connected].into_iter().filter_map(Result::err) {
            assert!(matches!(refused, Error::Endpoint(_)), "{our_kind}: {refused}");
        }
        drop(ours);
        let (bound, connected) = (their.bind(&place), their.connect(&place));
        assert_eq!([bound.is_ok(), connected.is_ok()], [binds, connects], "{their_kind:?}");
    }
}
