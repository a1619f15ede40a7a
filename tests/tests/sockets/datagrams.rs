//! The capture of RADIO and DISH over UDP, replayed with the sockets of `zmtp-mio`.

use std::net::UdpSocket;
use std::time::Instant;

use zmtp_mio::{Dish, Radio};
use zmtp_tests::vectors::{Step, Vector};

use super::play::LIMIT;

/// The first half is of a RADIO, the second of a DISH that joined the group TV.
#[test]
fn a_radio_sends_and_a_dish_receives_the_datagrams_of_libzmq() {
    let raw = UdpSocket::bind("127.0.0.1:0").unwrap();
    raw.set_read_timeout(Some(LIMIT)).unwrap();
    let radio = Radio::builder().connect(format!("udp://{}", raw.local_addr().unwrap())).unwrap();
    let dish = Dish::builder().bind("udp://127.0.0.1:*").unwrap();
    dish.join("TV").unwrap();
    let to = dish.last_endpoint().unwrap().to_string().replace("udp://", "");
    let (mut sent, mut received, mut dropped) = (0, 0, 0);
    let mut datagram = Vec::new();
    for (at, step) in Vector::named("draft-udp-radio-dish").steps.iter().enumerate() {
        println!("step {at}: {step:?}");
        match step {
            Step::Send(parts) => {
                let (group, body) = (&parts[0].recorded, &parts[1].recorded);
                radio.send_to(group, body).unwrap();
                assert!(radio.flush(LIMIT).unwrap());
                let mut buffer = [0; 100];
                let len = raw.recv(&mut buffer).unwrap();
                datagram = buffer[..len].to_vec();
            }
            // The pieces of the datagram, each with a remark.
            Step::Libzmq(bytes) => {
                assert!(bytes.matches(&datagram), "{datagram:?}");
                sent += 1;
            }
            Step::Peer(bytes) => drop(raw.send_to(bytes, &to).unwrap()),
            Step::Receive(Some(parts)) => {
                let message = dish.recv_timeout(LIMIT).unwrap().expect("a message");
                let (group, body) = (&parts[0].recorded, &parts[1].recorded);
                assert_eq!((message.group(), message.bytes()), (&**group, Some(&**body)));
                received += 1;
            }
            Step::Receive(None) => {
                dropped += 1;
                let end = Instant::now() + LIMIT;
                while dish.counters().dropped.total() < dropped {
                    assert!(dish.try_recv().unwrap().is_none() && Instant::now() < end);
                }
            }
            _ => {}
        }
    }
    assert_eq!((sent, received, dropped), (3, 2, 2));
    let dropped = dish.counters().dropped;
    assert_eq!((dropped.not_subscribed, dropped.malformed), (1, 1));
}
