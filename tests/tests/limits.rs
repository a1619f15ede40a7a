//! Each limit, at its value and one above.

use zmtp_core::wire::{Malformed, SocketType};
use zmtp_core::{Config, Error, Event, Instant, Limit, LimitExceeded, Limits, PeerError, Timeout};
use zmtp_tests::driver::{Driver, LogEntry, NOW};
use zmtp_tests::random::Random;
use zmtp_tests::reader::Reader;

const HUGE: [u64; 5] = [1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX];

fn pull(limits: Limits) -> Config {
    Config::new(SocketType::Pull).with_limits(limits)
}

/// A PULL whose peer's READY has come.
fn ready(config: &Config) -> Driver<'_> {
    let mut driver = Driver::new(config);
    driver.feed(&[wire::greeting("NULL"), wire::ready("PUSH")].concat());
    assert!(driver.connection().is_ready());
    driver.take_log();
    driver
}

fn fed<'c>(mut driver: Driver<'c>, bytes: &[u8]) -> Driver<'c> {
    driver.feed(bytes);
    driver
}

fn exceeded(limit: Limit, allowed: u64, got: u64) -> Option<Error> {
    Some(Error::Limit(LimitExceeded { limit, allowed, got }))
}

#[test]
fn a_frame_may_have_as_many_bytes_as_allowed() {
    for max in [0, 1, 255, 256, 70_000] {
        let config = pull(Limits::DEFAULT.max_frame(max));
        let good = fed(ready(&config), &wire::frame(0, &vec![7; max as usize]));
        assert!(matches!(good.log(), [LogEntry::Frame(header, _)] if header.len() == max));
        // The header alone is refused: nothing is stored for a body that is too long.
        let bad = fed(ready(&config), &wire::long_header(0, max + 1));
        assert_eq!(bad.connection().error(), exceeded(Limit::Frame, max, max + 1));
    }
}

#[test]
fn a_message_may_have_as_many_bytes_as_allowed_in_all_parts() {
    let config = pull(Limits::DEFAULT.max_message(10));
    let part = |more, n| wire::frame(more, &vec![7; n]);
    let good = fed(ready(&config), &[part(1, 4), part(1, 0), part(0, 6)].concat());
    assert_eq!(good.connection().error(), None);
    // The count starts again with the next message.
    let good = fed(good, &[part(1, 10), part(0, 0)].concat());
    assert_eq!(good.connection().error(), None);
    let bad = fed(good, &[part(1, 4), part(0, 7)].concat());
    assert_eq!(bad.connection().error(), exceeded(Limit::Message, 10, 11));
}

#[test]
fn a_message_may_have_as_many_parts_as_allowed() {
    let config = pull(Limits::DEFAULT.max_parts(3));
    let good = fed(ready(&config), &wire::message(&[b"", b"", b""]));
    assert_eq!(good.connection().error(), None);
    let bad = fed(good, &wire::message(&[b"", b"", b"", b""]));
    assert_eq!(bad.connection().error(), exceeded(Limit::Parts, 3, 4));
}

#[test]
fn the_default_limit_of_parts_is_enforced() {
    let config = pull(Limits::DEFAULT);
    let allowed = config.limits.max_parts;
    let mut driver = ready(&config);
    driver.feed(&[1, 0].repeat(allowed as usize));
    assert_eq!(driver.connection().error(), None);
    driver.feed(&[1, 0]);
    let (allowed, got) = (u64::from(allowed), u64::from(allowed) + 1);
    assert_eq!(driver.connection().error(), exceeded(Limit::Parts, allowed, got));
}

#[test]
fn commands_between_parts_are_not_counted() {
    let config = pull(Limits::DEFAULT.max_parts(2).max_message(2));
    let ping = wire::command("PING", b"\0\0context");
    let bytes = [wire::frame(1, b"a"), ping.clone(), ping, wire::frame(0, b"b")].concat();
    assert_eq!(fed(ready(&config), &bytes).connection().error(), None);
}

#[test]
fn a_command_may_have_as_many_bytes_as_allowed_before_and_after_ready() {
    let bare = wire::command_body("READY", &wire::property("Socket-Type", b"PUSH")).len();
    for max in [bare + 10, 255, 256, 65_536] {
        let config = pull(Limits::DEFAULT.max_command(max as u32));
        // 7 bytes are a property's name and sizes.
        let data = |len: usize| {
            let filler = wire::property("X-", &vec![b'z'; len - bare - 7]);
            [wire::property("Socket-Type", b"PUSH"), filler].concat()
        };
        let greeted = || fed(Driver::new(&config), &wire::greeting("NULL"));
        let good = fed(greeted(), &wire::command("READY", &data(max)));
        assert!(good.connection().is_ready());
        let past = exceeded(Limit::Command, max as u64, max as u64 + 1);
        let bad = fed(greeted(), &wire::long_header(4, max as u64 + 1));
        assert_eq!(bad.connection().error(), past);

        let good = fed(good, &wire::command("FOO", &vec![0; max - 4]));
        assert_eq!(good.connection().error(), None);
        let bad = fed(good, &wire::long_header(4, max as u64 + 1));
        assert_eq!(bad.connection().error(), past);
    }
}

#[test]
fn huge_sizes_of_frames_are_refused_at_their_header() {
    for size in HUGE {
        let config = pull(Limits::DEFAULT);
        for flags in [0, 1] {
            let driver = fed(ready(&config), &wire::long_header(flags, size));
            let expected = match size {
                0..0x8000_0000_0000_0000 => exceeded(Limit::Frame, 128 << 20, size),
                _ => Some(Malformed::FrameSize(size).into()),
            };
            assert_eq!(driver.connection().error(), expected);
        }
        // Before READY no size of a message is right.
        let driver = fed(Driver::new(&config), &wire::greeting("NULL"));
        let driver = fed(driver, &wire::long_header(0, size));
        let expected = match size {
            0..0x8000_0000_0000_0000 => PeerError::MessageInHandshake.into(),
            _ => Malformed::FrameSize(size).into(),
        };
        assert_eq!(driver.connection().error(), Some(expected));
    }
}

#[test]
fn huge_sizes_of_commands_are_refused_at_their_header() {
    for size in HUGE {
        let config = pull(Limits::DEFAULT);
        let expected = match size {
            0..0x8000_0000_0000_0000 => exceeded(Limit::Command, 65_536, size),
            _ => Some(Malformed::FrameSize(size).into()),
        };
        let greeted = fed(Driver::new(&config), &wire::greeting("NULL"));
        for driver in [greeted, ready(&config)] {
            let driver = fed(driver, &wire::long_header(4, size));
            assert_eq!(driver.connection().error(), expected);
        }
    }
}

#[test]
fn sizes_of_2_to_the_63_less_one_are_read_if_the_limits_allow_them() {
    let max = (1 << 63) - 1;
    let config = pull(Limits::DEFAULT.max_frame(u64::MAX).max_message(u64::MAX));
    let driver = fed(ready(&config), &wire::long_header(1, max));
    let incoming = driver.connection().incoming().expect("a body under way");
    assert_eq!(incoming.remaining, max);
}

#[test]
fn parts_of_huge_sizes_add_up_without_wrapping() {
    let max = (1_u64 << 63) - 1;
    let config = pull(Limits::DEFAULT.max_frame(max).max_message(u64::MAX - 1));
    let mut connection = zmtp_core::Connection::new(zmtp_core::Null::new(), &config, NOW);
    let mut feed = |bytes: &[u8]| {
        Reader::new(bytes).receive_all(&mut connection, NOW);
        match connection.error() {
            Some(error) => Err(error),
            None => {
                connection.body_received(max);
                Ok(())
            }
        }
    };
    feed(&[wire::greeting("NULL"), wire::ready("PUSH")].concat()).unwrap();
    feed(&wire::long_header(1, max)).unwrap();
    feed(&wire::long_header(1, max)).unwrap();
    assert_eq!(
        feed(&wire::long_header(1, max)).err(),
        exceeded(Limit::Message, u64::MAX - 1, u64::MAX)
    );
}

#[test]
fn errors_state_the_limit_and_the_actual_value() {
    let config = pull(Limits::DEFAULT.max_frame(50));
    let driver = fed(ready(&config), &wire::frame(0, &[0; 51]));
    let text = driver.connection().error().expect("failed").to_string();
    assert!(text.contains("51") && text.contains("50") && text.contains("frame"), "{text}");
}

#[test]
fn limits_hold_for_every_split_of_the_bytes() {
    let mut random = Random::new(4);
    let limits = Limits::DEFAULT.max_frame(40).max_message(100).max_parts(4).max_command(60);
    let config = pull(limits);
    for _ in 0..2_000 {
        let mut driver = ready(&config);
        let (mut bytes, mut parts) = (0, 0);
        while driver.connection().error().is_none() {
            let more = random.below(3).min(1) as u8;
            let body = vec![7; random.below(44)];
            (bytes, parts) = (bytes + body.len(), parts + 1);
            driver.feed_in_pieces(&wire::frame(more, &body), [1 + random.below(9)]);
            let over = body.len() > 40 || bytes > 100 || parts > 4;
            assert_eq!(driver.connection().error().is_some(), over);
            if more == 0 {
                (bytes, parts) = (0, 0);
            }
            if random.once_in(40) {
                break;
            }
        }
    }
}

#[test]
fn the_handshake_may_take_as_long_as_allowed() {
    let config = pull(Limits::DEFAULT.handshake_timeout(300));
    for bytes in [vec![], wire::greeting("NULL")[..9].to_vec(), wire::greeting("NULL")] {
        let mut driver = fed(Driver::new(&config), &bytes);
        assert_eq!(driver.connection().poll_timeout(), Some(NOW.after(300)));
        driver.wait(299);
        assert_eq!(driver.connection().error(), None);
        driver.wait(1);
        let late = Error::TimedOut(Timeout::Handshake);
        assert_eq!(driver.log(), [LogEntry::Failed(late)]);
        assert_eq!(driver.connection().poll_timeout(), None);
    }
}

#[test]
fn bytes_after_the_handshake_timeout_are_not_read() {
    let config = pull(Limits::DEFAULT.handshake_timeout(300));
    let mut connection = zmtp_core::Connection::new(zmtp_core::Null::new(), &config, NOW);
    let mut reader = Reader::new([wire::greeting("NULL"), wire::ready("PUSH")].concat());
    assert_eq!(reader.receive(&mut connection, NOW.after(300)).0, Event::Failed);
    assert_eq!(connection.error(), Some(Error::TimedOut(Timeout::Handshake)));
    assert_eq!(reader.consumed(), 0);
}

#[test]
fn there_is_no_deadline_after_the_handshake_or_without_a_limit() {
    let config = pull(Limits::DEFAULT.handshake_timeout(300));
    let mut driver = ready(&config);
    assert_eq!(driver.connection().poll_timeout(), None);
    driver.wait(u32::MAX);
    assert_eq!(driver.connection().error(), None);

    let unlimited = pull(Limits::DEFAULT.handshake_timeout(u32::MAX));
    let mut driver = Driver::new(&unlimited);
    assert_eq!(driver.connection().poll_timeout(), None);
    driver.wait(u32::MAX);
    assert_eq!(driver.connection().error(), None);
}

#[test]
fn the_longest_timeout_does_not_wrap() {
    let config = pull(Limits::DEFAULT.handshake_timeout(u32::MAX - 1));
    let start = Instant::from_millis(u64::MAX - 5);
    let connection = zmtp_core::Connection::new(zmtp_core::Null::new(), &config, start);
    assert_eq!(connection.poll_timeout(), None);
}
