//! The events that sockets log.
#![cfg(feature = "log")]

mod pipe;

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use pipe::{greeting, peer, pipe, ticking};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Pub, Pull};

static CONFIG: Config = Config::new(SocketType::Pull);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

/// Keeps the events.
struct Events(Mutex<Vec<String>>);

static EVENTS: Events = Events(Mutex::new(Vec::new()));

impl Log for Events {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().expect("no panic").push(record.args().to_string());
    }

    fn flush(&self) {}
}

/// The events since the last call.
fn events() -> Vec<String> {
    EVENTS.0.lock().expect("no panic").drain(..).collect()
}

#[test]
fn a_link_logs_its_peer_its_subscriptions_what_it_drops_and_why_it_ends() {
    log::set_logger(&EVENTS).expect("one logger");
    log::set_max_level(LevelFilter::Trace);
    let (mut receive, mut send) = ([0; 64], [0; 64]);

    let mut publisher = Pub::<_, 64>::new(&CONFIG, &mut receive, &mut send);
    let (ours, sub) = peer("SUB", 1_000);
    publisher.connect(ours, NOW);
    sub.say(&[frame(4, b"\x09SUBSCRIBEwarm"), frame(4, b"\x06CANCELwarm")].concat());
    let _ = publisher.serve(DEADLINE, ticking(10));
    let heard = events();
    assert!(heard[0].starts_with("link 0: connected with PeerInfo") && heard[0].contains("Sub"));
    assert!(heard[1].starts_with("link 0: subscribed to [119, "), "{heard:?}");
    assert!(heard[2].starts_with("link 0: subscription to [119, "), "{heard:?}");
    sub.close();
    assert_eq!(publisher.serve(DEADLINE, || NOW), Err(Error::Closed));
    assert_eq!(events(), ["link 0: closed by the peer"]);

    let mut pull = Pull::new(&CONFIG, &mut receive, &mut send);
    let (ours, push) = peer("PUSH", 1_000);
    pull.connect(ours, NOW);
    push.say(&frame(0, &[7; 200]));
    assert_eq!(pull.receive(DEADLINE, || NOW).err(), Some(Error::ReceiveBuffer));
    assert_eq!(events()[1], "link 0: message dropped, 202 bytes needed");

    let (ours, wrong) = pipe(1_000);
    pull.connect(ours, NOW);
    wrong.say(&[greeting(), frame(4, b"\x05ERROR\x02no")].concat());
    for _ in 0..2 {
        assert_eq!(pull.receive(DEADLINE, || NOW).err(), Some(Error::Connection));
    }
    let heard = events();
    assert!(heard.len() == 1 && heard[0].starts_with("link 0: failed, "), "{heard:?}");
}
