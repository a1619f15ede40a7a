//! The types whose messages have one part, over TCP.

use core::time::Duration;

use zmtp_core::Config;
use zmtp_core::wire::{Group, SocketType};
use zmtp_embedded::blocking::{Channel, Client, Dish, Radio};
use zmtp_interop::libzmq::{Frame, Kind};

use crate::stream::{DEADLINE, now};
use crate::{body, both_ways, config};

const LENGTHS: [usize; 5] = [0, 1, 255, 256, 4_000];
/// Room for the longest message, and its group.
const ROOM: usize = 4_300;

fn group(name: &str) -> Group<'_> {
    Group::new(name.as_bytes()).unwrap()
}

#[test]
fn client_asks_server() {
    static CONFIG: Config = config(SocketType::Client);
    both_ways(Kind::Server, |server, stream| {
        let (mut receive, mut send) = ([0; ROOM], [0; ROOM]);
        let mut client = Client::new(&CONFIG, &mut receive, &mut send);
        client.connect(stream, now());
        for len in LENGTHS {
            client.send(&body(len), DEADLINE, now).unwrap();
            client.flush(DEADLINE, now).unwrap();
            let request = server.recv_frame().unwrap();
            assert_eq!(request.bytes(), body(len));
            let mut reply = Frame::with_bytes(&body(len / 2)).unwrap();
            reply.set_routing_id(request.routing_id()).unwrap();
            server.send_frame(reply, false).unwrap();
            let reply = client.receive(DEADLINE, now).unwrap();
            assert_eq!(reply.only(), Some(&*body(len / 2)));
        }
    });
}

#[test]
fn channel_exchanges_messages_with_channel() {
    static CONFIG: Config = config(SocketType::Channel);
    both_ways(Kind::Channel, |other, stream| {
        let (mut receive, mut send) = ([0; ROOM], [0; ROOM]);
        let mut channel = Channel::new(&CONFIG, &mut receive, &mut send);
        channel.connect(stream, now());
        for len in LENGTHS {
            channel.send(&body(len), DEADLINE, now).unwrap();
            channel.flush(DEADLINE, now).unwrap();
            assert_eq!(other.recv().unwrap(), [body(len)]);
            other.send(&[&body(len / 2)]).unwrap();
            let message = channel.receive(DEADLINE, now).unwrap();
            assert_eq!(message.only(), Some(&*body(len / 2)));
        }
    });
}

#[test]
fn radio_feeds_dish() {
    static CONFIG: Config = config(SocketType::Radio);
    both_ways(Kind::Dish, |dish, stream| {
        let (mut receive, mut send) = ([0; 300], [0; ROOM]);
        let mut radio = Radio::<_, 300>::new(&CONFIG, &mut receive, &mut send);
        radio.connect(stream, now());
        let long = "g".repeat(255);
        for name in ["TV", "", &long] {
            dish.join(name).unwrap();
            for len in LENGTHS {
                while !radio.send(group(name), &body(len), DEADLINE, now).unwrap() {
                    radio.serve(now().after(10), now).unwrap();
                    // libzmq handles a new peer during calls.
                    dish.readable(Duration::ZERO).unwrap();
                    assert!(now() < DEADLINE);
                }
                radio.flush(DEADLINE, now).unwrap();
                let message = dish.recv_frame().unwrap();
                assert_eq!((message.bytes(), &*message.group()), (&*body(len), name));
            }
            dish.leave(name).unwrap();
            while radio.send(group(name), b"", DEADLINE, now).unwrap() {
                radio.serve(now().after(10), now).unwrap();
                assert!(now() < DEADLINE);
            }
        }
    });
}

#[test]
fn dish_receives_what_radio_sends_to_its_groups() {
    static CONFIG: Config = config(SocketType::Dish);
    both_ways(Kind::Radio, |radio, stream| {
        let (mut receive, mut send) = ([0; ROOM], [0; 600]);
        let mut dish = Dish::<_, 300>::new(&CONFIG, &mut receive, &mut send);
        dish.join(group("TV")).unwrap();
        dish.connect(stream, now());
        dish.handshake(DEADLINE, now).unwrap();
        let publish = |name: &str, body: &[u8]| {
            let mut frame = Frame::with_bytes(body).unwrap();
            frame.set_group(name).unwrap();
            radio.send_frame(frame, false).unwrap();
        };
        // Nothing shows libzmq's application that a group was joined.
        loop {
            publish("T", b"of no group");
            publish("TV", b"begin");
            if let Ok(message) = dish.receive(now().after(20), now) {
                assert_eq!(message.parts().collect::<Vec<_>>(), [b"TV", &b"begin"[..]]);
                break;
            }
            assert!(now() < DEADLINE);
        }
        for len in LENGTHS {
            publish("TVs", b"of no group");
            publish("TV", &body(len));
            let message = loop {
                let message = dish.receive(DEADLINE, now).unwrap();
                let parts: Vec<_> = message.parts().map(<[u8]>::to_vec).collect();
                if parts[1] != b"begin" {
                    break parts;
                }
            };
            assert_eq!(message, [b"TV".to_vec(), body(len)]);
        }
    });
}
