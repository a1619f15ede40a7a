//! PUSH and PULL against libzmq, in both directions, over TCP and IPC.

mod common;

use std::thread;
use std::time::Duration;

use common::any::until;
use common::server::Server;
use common::{Check, LONG, Place, libzmq, numbered, parts, slices};
use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{Error, HighWaterMark, Message, Pull, Push, Reconnect};

const SHORT: Duration = Duration::from_millis(20);
const MANY: u32 = 50_000;

fn our_pull(endpoint: &str) -> (Pull, String) {
    let mut pull = common::builder::<Pull>().build().unwrap();
    let endpoint = pull.bind(endpoint).unwrap().to_string();
    (pull, endpoint)
}

fn mark(messages: usize) -> HighWaterMark {
    HighWaterMark::default().messages(messages)
}

#[test]
fn libzmq_receives_50_000_messages_of_ours_in_order_and_whole() {
    for place in Place::both() {
        let pull = libzmq(&Context::new().unwrap(), Kind::Pull);
        pull.bind(&place.endpoint).unwrap();
        let mut push = common::builder::<Push>().connect(pull.last_endpoint()).unwrap();
        let receiver = thread::spawn(move || {
            let mut check = Check::new();
            (0..MANY).for_each(|_| check.add(pull.recv().unwrap()));
            check.finish(MANY);
        });
        push.cork();
        for number in 0..MANY {
            push.send_timeout(Message::from_parts(numbered(number)), LONG).unwrap();
        }
        drop(push);
        receiver.join().unwrap();
    }
}

#[test]
fn libzmq_receives_what_it_has_not_read_when_we_close() {
    // As many as the default mark, so that no send waits for the receiver: how many the system takes depends on how many
    // are written at once.
    const COUNT: u32 = 1_000;
    for place in Place::both() {
        let pull = libzmq(&Context::new().unwrap(), Kind::Pull);
        pull.set_i32(option::RCVHWM, 1).unwrap();
        pull.bind(&place.endpoint).unwrap();
        let mut push = common::builder::<Push>().connect(pull.last_endpoint()).unwrap();
        for number in 0..COUNT {
            push.send_timeout(Message::from_parts(numbered(number)), LONG).unwrap();
        }
        // Its queue is full when the receiver begins.
        let closing = thread::spawn(move || push.close(LONG));
        let mut check = Check::new();
        (0..COUNT).for_each(|_| check.add(pull.recv().unwrap()));
        check.finish(COUNT);
        assert_eq!(closing.join().unwrap().count(), 0);
    }
}

#[test]
fn we_receive_50_000_messages_of_libzmqs_in_order_and_whole() {
    for place in Place::both() {
        let (mut pull, endpoint) = our_pull(&place.endpoint);
        let sender = thread::spawn(move || {
            let push = libzmq(&Context::new().unwrap(), Kind::Push);
            push.set_i32(option::LINGER, LONG.as_millis() as i32).unwrap();
            push.connect(&endpoint).unwrap();
            (0..MANY).for_each(|number| push.send(&slices(&numbered(number))).unwrap());
        });
        let mut check = Check::new();
        for _ in 0..MANY {
            check.add(pull.recv_timeout(LONG).unwrap().expect("a message").parts());
        }
        check.finish(MANY);
        sender.join().unwrap();
    }
}

#[test]
fn our_push_distributes_to_three_libzmq_pulls_in_exact_thirds() {
    for ipc in [false, true] {
        let context = Context::new().unwrap();
        let places = [(); 3].map(|()| if ipc { Place::ipc() } else { Place::tcp() });
        let pulls = places.each_ref().map(|place| {
            let pull = libzmq(&context, Kind::Pull);
            pull.bind(&place.endpoint).unwrap();
            pull
        });
        let mut push = common::builder::<Push>().build().unwrap();
        pulls.iter().for_each(|pull| push.connect(pull.last_endpoint()).unwrap());
        until("three handshakes", || {
            push.wait(SHORT).unwrap();
            (push.counters().handshakes == 3).then_some(())
        });
        (0..300).for_each(|number| push.send_timeout(number.to_string(), LONG).unwrap());
        for pull in &pulls {
            let got: Vec<_> = (0..100).map(|_| pull.recv().unwrap()).collect();
            // Every third message.
            let numbers: Vec<usize> = got
                .iter()
                .map(|message| String::from_utf8_lossy(&message[0]).parse().unwrap())
                .collect();
            assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 3), "{numbers:?}");
            assert!(!pull.readable(SHORT).unwrap());
        }
    }
}

#[test]
fn libzmqs_push_distributes_to_three_of_our_pulls_in_exact_thirds() {
    for ipc in [false, true] {
        let places = [(); 3].map(|()| if ipc { Place::ipc() } else { Place::tcp() });
        let push = libzmq(&Context::new().unwrap(), Kind::Push);
        let mut pulls = places.each_ref().map(|place| {
            let (pull, endpoint) = our_pull(&place.endpoint);
            push.connect(&endpoint).unwrap();
            pull
        });
        (0..300).for_each(|number: u32| push.send(&[number.to_string().as_bytes()]).unwrap());
        until("all to come", || {
            let mut came = 0;
            for pull in &mut pulls {
                pull.step().unwrap();
                came += pull.counters().messages_received;
            }
            (came == 300).then_some(())
        });
        assert!(pulls.iter().all(|pull| pull.counters().messages_received == 100));
    }
}

#[test]
fn a_flooding_libzmq_push_gets_one_turn_like_the_others() {
    let (mut pull, endpoint) = our_pull("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    // One sends as many messages as fit, the others a hundred each.
    let pushes: Vec<_> = [900, 100, 100]
        .into_iter()
        .enumerate()
        .map(|(peer, count)| {
            let push = libzmq(&context, Kind::Push);
            push.connect(&endpoint).unwrap();
            (0..count).for_each(|_| push.send(&[&[peer as u8]]).unwrap());
            push
        })
        .collect();
    until("all to come", || {
        pull.step().unwrap();
        (pull.counters().messages_received == 1_100).then_some(())
    });
    let mut taken = [0; 3];
    for _ in 0..300 {
        taken[usize::from(pull.try_recv().unwrap().unwrap().bytes().unwrap()[0])] += 1;
    }
    assert_eq!(taken, [100; 3]);
    drop(pushes);
}

#[test]
fn our_push_waits_at_its_mark_for_a_libzmq_pull_that_does_not_receive() {
    for place in Place::both() {
        let pull = libzmq(&Context::new().unwrap(), Kind::Pull);
        pull.set_i32(option::RCVHWM, 1).unwrap();
        pull.bind(&place.endpoint).unwrap();
        let builder = common::builder::<Push>().send_mark(mark(10));
        let mut push = builder.connect(pull.last_endpoint()).unwrap();
        let body = vec![0; 64 << 10];
        let mut sent = 0_u32;
        let failed = loop {
            let mut message = Message::from(&sent.to_be_bytes());
            message.push(&body);
            match push.send_timeout(message, Duration::from_millis(500)) {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
            assert!(sent < 10_000, "it never waits");
        };
        assert!(matches!(failed.error, Error::WouldBlock));
        assert!(!push.step().unwrap().writable);
        let mut taken = 0_u32;
        while taken < sent {
            push.step().unwrap();
            if pull.readable(Duration::from_millis(1)).unwrap() {
                assert_eq!(pull.recv().unwrap()[0], taken.to_be_bytes());
                taken += 1;
            }
        }
        assert!(push.step().unwrap().writable, "it has room again");
    }
}

#[test]
fn libzmqs_push_waits_for_our_pull_that_does_not_receive() {
    for place in Place::both() {
        let builder = common::builder::<Pull>().receive_mark(mark(10));
        let mut pull = builder.bind(&place.endpoint).unwrap();
        let endpoint = pull.endpoints().next().unwrap().to_string();
        let push = libzmq(&Context::new().unwrap(), Kind::Push);
        push.set_i32(option::SNDHWM, 1).unwrap();
        push.set_timeout(Some(SHORT)).unwrap();
        push.connect(&endpoint).unwrap();
        let body = vec![0; 64 << 10];
        let mut sent = 0_u32;
        let mut failures = 0;
        // The socket is driven, but reading pauses while its queue is full.
        while failures < 10 {
            pull.step().unwrap();
            match push.send(&[&sent.to_be_bytes(), &body]) {
                Ok(()) => (sent, failures) = (sent + 1, 0),
                Err(_) => failures += 1,
            }
            assert!(sent < 10_000, "it never waits");
        }
        assert!(pull.counters().messages_received <= 11, "{:?}", pull.counters());
        for number in 0..sent {
            let message = pull.recv_timeout(LONG).unwrap().unwrap();
            assert_eq!(message.part(0).unwrap(), number.to_be_bytes());
        }
        push.set_timeout(Some(LONG)).unwrap();
        push.send(&[b"room"]).unwrap();
        assert_eq!(pull.recv_timeout(LONG).unwrap().unwrap().text(), Ok("room"));
    }
}

#[test]
fn everything_arrives_if_our_push_closes_at_once_and_libzmqs_pull_has_a_mark_of_10() {
    // Over IPC, a libzmq socket that is not reading drops bytes left in the kernel when the sender
    // closes, even if the sender is libzmq.
    for place in [Place::tcp()] {
        let pull = libzmq(&Context::new().unwrap(), Kind::Pull);
        pull.set_i32(option::RCVHWM, 10).unwrap();
        pull.bind(&place.endpoint).unwrap();
        let endpoint = pull.last_endpoint();
        let sender = thread::spawn(move || {
            let mark = mark(5_000);
            let mut push = common::builder::<Push>().send_mark(mark).connect(&endpoint).unwrap();
            for number in 0..5_000 {
                push.send_timeout(number.to_string(), LONG).unwrap();
            }
        });
        for number in 0..5_000 {
            assert_eq!(pull.recv().unwrap(), [number.to_string().into_bytes()]);
        }
        sender.join().unwrap();
    }
}

#[test]
fn everything_arrives_if_libzmqs_push_closes_at_once_and_our_pull_has_a_mark_of_10() {
    for place in Place::both() {
        let builder = common::builder::<Pull>().receive_mark(mark(10));
        let mut pull = builder.bind(&place.endpoint).unwrap();
        let endpoint = pull.endpoints().next().unwrap().to_string();
        // Option 17 is linger.
        let args = ["source", "push", &endpoint, "--count", "5000", "--option", "17", "20000"];
        let mut source = Server::spawn(&args);
        for number in 0..5_000 {
            let message = pull.recv_timeout(LONG).unwrap().expect("a message");
            assert_eq!(message.text().unwrap(), number.to_string());
        }
        assert!(source.0.wait().unwrap().success());
    }
}

#[test]
fn our_linger_ends_if_libzmqs_pull_is_frozen() {
    for place in Place::both() {
        let (sink, endpoint) = Server::start(&["sink", "pull", &place.endpoint, "--bind"]);
        let builder = common::builder::<Push>().linger(Duration::from_millis(300));
        let mut push = builder.connect(&endpoint).unwrap();
        push.send_timeout("first", LONG).unwrap();
        until("the handshake", || {
            push.wait(SHORT).unwrap();
            (push.counters().messages_sent == 1).then_some(())
        });
        sink.freeze();
        while push.send_timeout(vec![0; 1 << 20], SHORT).is_ok() {}
        let dropping = thread::spawn(move || drop(push));
        until("the end of linger", || dropping.is_finished().then_some(()));
        dropping.join().unwrap();
        sink.thaw();
    }
}

#[test]
fn our_push_reconnects_to_a_libzmq_pull_that_restarts() {
    for place in [Place::free_port(), Place::ipc()] {
        let soon = Reconnect::new(SHORT, SHORT);
        let mut push = common::builder::<Push>().reconnect(soon).connect(&place.endpoint).unwrap();
        for round in 0..10_u32 {
            let context = Context::new().unwrap();
            let pull = libzmq(&context, Kind::Pull);
            pull.set_timeout(Some(SHORT)).unwrap();
            // The system may keep the port in use for a moment.
            until("the endpoint to be free", || pull.bind(&place.endpoint).ok());
            until("a message of this round", || {
                let _ = push.send_timeout(round.to_string(), SHORT);
                pull.recv().ok().filter(|came| *came == [round.to_string().into_bytes()])
            });
        }
        assert_eq!(push.counters().handshakes, 10);
    }
}

#[test]
fn many_short_lived_pushes_leave_nothing_behind() {
    let (mut pull, endpoint) = our_pull("tcp://127.0.0.1:*");
    let storm = thread::spawn(move || {
        for round in 0..10_u32 {
            let context = Context::new().unwrap();
            let pushes: Vec<_> = (0..30_u32)
                .map(|_| {
                    let push = libzmq(&context, Kind::Push);
                    push.set_i32(option::LINGER, LONG.as_millis() as i32).unwrap();
                    push.connect(&endpoint).unwrap();
                    push.send(&[&round.to_be_bytes()]).unwrap();
                    push
                })
                .collect();
            drop(pushes);
        }
    });
    let mut came = 0;
    while came < 300 {
        pull.recv_timeout(LONG).unwrap().expect("a message");
        came += 1;
    }
    storm.join().unwrap();
    until("all to be gone", || {
        pull.wait(SHORT).unwrap();
        (pull.counters().disconnects == 300).then_some(())
    });
    assert_eq!(pull.counters().handshakes, 300);
    assert_eq!(pull.try_recv().unwrap(), None);
}

#[test]
fn a_multipart_message_is_delivered_whole_or_not_at_all() {
    for place in Place::both() {
        let (mut pull, endpoint) = our_pull(&place.endpoint);
        // Killed while it sends long messages.
        let args = ["source", "push", &endpoint, "--count", "100000", "--size", "200000"];
        let source = Server::spawn(&args);
        for _ in 0..20 {
            let message = pull.recv_timeout(LONG).unwrap().expect("a message");
            assert_eq!(message.byte_len(), 200_000);
        }
        drop(source);
        until("it to be gone", || {
            while let Some(message) = pull.try_recv().unwrap() {
                assert_eq!(parts(&message)[0].len(), 200_000);
            }
            pull.wait(SHORT).unwrap();
            (pull.counters().disconnects == 1).then_some(())
        });
    }
}
