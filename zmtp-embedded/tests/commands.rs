//! Commands that do not fit the receive buffer.

mod pipe;

use pipe::{peer, ticking};
use wire::{command, frame};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Pub, Pull};

static PUB: Config = Config::new(SocketType::Pub);
static PULL: Config = Config::new(SocketType::Pull);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

#[test]
fn a_subscription_that_does_not_fit_is_skipped_and_counted() {
    for most in [1, 7, 1_000] {
        for len in [53, 60, 200, 300, 5_000] {
            let (mut receive, mut send) = ([0; 64], [0; 64]);
            let mut publisher = Pub::<_, 128>::new(&PUB, &mut receive, &mut send);
            let (ours, sub) = peer("SUB", most);
            publisher.connect(ours, NOW);
            sub.say(&command("SUBSCRIBE", b"short"));
            sub.say(&command("SUBSCRIBE", &vec![b'x'; len]));
            sub.say(&command("CANCEL", &vec![b'x'; len]));
            sub.say(&command("SUBSCRIBE", b"other"));
            let mut now = ticking(1);
            let error = publisher
                .serve(Instant::from_millis(50_000), &mut now)
                .expect_err("it does not fit");
            assert_eq!(error, Error::ReceiveBuffer);
            let header = if len + 10 < 256 { 2 } else { 9 };
            assert_eq!(publisher.needed(), len + 10 + header, "{most} {len}");
            publisher.serve(Instant::from_millis(60_000), &mut now).expect("a good peer");
            assert_eq!(publisher.refused_subscriptions(), 1);
            sub.heard();
            let far = Instant::from_millis(100_000);
            assert_eq!(publisher.publish(&[b"short"], far, &mut now), Ok(true));
            assert_eq!(publisher.publish(&[b"other"], far, &mut now), Ok(true));
            assert_eq!(publisher.publish(&[b"xxxxx"], far, &mut now), Ok(false));
            assert_eq!(sub.heard(), [frame(0, b"short"), frame(0, b"other")].concat());
        }
    }
}

#[test]
fn an_unknown_command_that_does_not_fit_is_ignored() {
    for len in [50, 300, 5_000] {
        let (mut receive, mut send) = ([0; 43], [0; 64]);
        let mut pull = Pull::new(&PULL, &mut receive, &mut send);
        let (ours, push) = peer("PUSH", 1_000);
        pull.connect(ours, NOW);
        push.say(&frame(1, b"one"));
        push.say(&command("FUTURE", &vec![b'x'; len]));
        push.say(&frame(0, b"two"));
        // The kept part makes it the message that does not fit.
        let first = pull.receive(DEADLINE, || NOW).err();
        assert_eq!(first, None, "{len}");
        push.say(&command("FUTURE", &vec![b'x'; len]));
        push.say(&frame(0, b"next"));
        let next = pull.receive(DEADLINE, || NOW).map(|message| message.first().to_vec());
        assert_eq!(next.as_deref(), Ok(&b"next"[..]), "{len}");
    }
}

#[test]
fn a_link_with_a_command_that_does_not_arrive_still_times_out() {
    let (mut receive, mut send) = ([0; 43], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    let (ours, push) = peer("PUSH", 1_000);
    pull.connect(ours, NOW);
    push.say(&frame(4, b"\x04PING\0\x05"));
    push.say(&command("FUTURE", &[b'x'; 5_000])[..3_000]);
    let mut now = ticking(10);
    assert_eq!(pull.receive(DEADLINE, &mut now).err(), Some(Error::TimedOut));
    push.say(&frame(4, b"\x04PING\0\x05").repeat(500));
    let far = Instant::from_millis(60_000);
    assert_eq!(pull.receive(far, &mut now).err(), Some(Error::Connection));
}
