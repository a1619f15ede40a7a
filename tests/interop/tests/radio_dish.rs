//! RADIO and DISH against libzmq, in both directions, over TCP and IPC, with either end bound.

mod common;

use core::time::Duration;

use common::any::until;
use common::thread_safe::each_way;
use common::{LONG, Place, body, libzmq};
use zmtp_interop::libzmq::{Context, Frame, Kind, Socket};
use zmtp_mio::{Error, kind};

const SHORT: Duration = Duration::from_millis(20);

fn send(radio: &Socket, group: &str, body: &[u8]) {
    let mut frame = Frame::with_bytes(body).unwrap();
    frame.set_group(group).unwrap();
    radio.send_frame(frame, false).unwrap();
}

/// Groups of several lengths.
fn groups() -> [String; 4] {
    ["TV".into(), String::new(), "g".repeat(127), "h".repeat(255)]
}

#[test]
fn our_radio_sends_to_libzmqs_dish_what_it_joined() {
    each_way::<kind::Radio>(Kind::Dish, |our, their| {
        for group in groups() {
            their.join(&group).unwrap();
            // It is joined when the first message arrives.
            their.set_timeout(Some(SHORT)).unwrap();
            until("the JOIN", || {
                our.send_to(&group, "begin").unwrap();
                our.flush(LONG).unwrap();
                our.drive(Duration::from_millis(1)).unwrap();
                their.recv_frame().ok()
            });
            their.set_timeout(Some(LONG)).unwrap();
            for size in [0, 1, 300, 100_000] {
                our.send_to("another", "not joined").unwrap();
                our.send_to(&group, body(size)).unwrap();
                assert!(our.flush(LONG).unwrap());
                let mut frame = their.recv_frame().unwrap();
                while frame.bytes() == b"begin" {
                    frame = their.recv_frame().unwrap();
                }
                assert_eq!((frame.group(), frame.bytes()), (group.clone(), &*body(size)));
            }
            their.leave(&group).unwrap();
        }
    });
}

#[test]
fn our_dish_receives_from_libzmqs_radio_what_it_joined() {
    each_way::<kind::Dish>(Kind::Radio, |our, their| {
        for group in groups() {
            our.join(&group).unwrap();
            assert!(matches!(our.join(&group), Err(Error::AlreadyJoined)));
            until("the JOIN", || {
                send(their, &group, b"begin");
                our.recv_timeout(SHORT).unwrap()
            });
            for size in [0, 1, 300, 100_000] {
                send(their, "another", b"not joined");
                send(their, &group, &body(size));
                let mut message = our.recv_timeout(LONG).unwrap().unwrap();
                while message.text() == Ok("begin") {
                    message = our.recv_timeout(LONG).unwrap().unwrap();
                }
                assert_eq!(message.group(), group.as_bytes());
                assert_eq!(message.bytes(), Some(&*body(size)));
            }
            our.leave(&group).unwrap();
        }
    });
}

#[test]
fn after_a_reconnection_both_radios_have_the_groups() {
    // Our DISH connects again to a RADIO of libzmq.
    let place = Place::free_port();
    let our = common::builder::<zmtp_mio::Dish>().connect(&*place.endpoint).unwrap();
    our.join("TV").unwrap();
    for _ in 0..2 {
        let their = libzmq(&Context::new().unwrap(), Kind::Radio);
        their.bind(&place.endpoint).unwrap();
        let message = until("a message", || {
            send(&their, "TV", b"again");
            our.recv_timeout(SHORT).unwrap()
        });
        assert_eq!(message.text(), Ok("again"));
        drop(their);
        let before = our.counters().disconnects;
        until("the end", || {
            our.drive(SHORT).unwrap();
            (our.counters().disconnects > before || our.peers().len() == 0).then_some(())
        });
    }
    // libzmq's DISH connects again to our RADIO.
    let place = Place::free_port();
    let their = libzmq(&Context::new().unwrap(), Kind::Dish);
    their.join("TV").unwrap();
    their.connect(&place.endpoint).unwrap();
    their.set_timeout(Some(SHORT)).unwrap();
    for round in ["first", "second"] {
        let our = common::builder::<zmtp_mio::Radio>().bind(&*place.endpoint).unwrap();
        // libzmq sends its groups in a call of the application.
        until("the JOIN", || {
            assert!(their.recv().is_err());
            our.wait_for_members(1, SHORT).unwrap().then_some(())
        });
        our.send_to("TV", round).unwrap();
        assert!(our.flush(LONG).unwrap());
        let came = until("a message", || their.recv().ok());
        assert_eq!(came, [round.as_bytes()]);
    }
}
