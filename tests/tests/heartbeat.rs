//! Sending PINGs, the timeout after one, and the TTL of the peer's PING.

use wire::{command, frame, greeting, greeting_of, ready};
use zmtp_core::wire::SocketType::{Dish, Pull, Push, Radio};
use zmtp_core::{Config, Error, Event, Heartbeat, Instant, Timeout};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::random::Random;
use zmtp_tests::reader::Reader;

fn pull(heartbeat: Heartbeat) -> Config {
    Config::new(Pull).with_heartbeat(heartbeat)
}

/// A PULL whose peer's READY has come.
fn open(config: &Config) -> Driver<'_> {
    opened(Driver::new(config), "PUSH")
}

fn opened<'c>(mut driver: Driver<'c>, peer: &str) -> Driver<'c> {
    driver.feed(&[greeting("NULL"), ready(peer)].concat());
    assert!(driver.connection().is_ready());
    driver.take_sent();
    driver.take_log();
    driver
}

fn ping(ttl: u16) -> Vec<u8> {
    command("PING", &ttl.to_be_bytes())
}

fn late(what: Timeout) -> Option<Error> {
    Some(Error::TimedOut(what))
}

fn millis(driver: &Driver<'_>) -> u64 {
    driver.now().as_millis() - NOW.as_millis()
}

#[test]
fn a_ping_is_sent_every_interval_and_not_a_millisecond_earlier() {
    let config = pull(Heartbeat::every(150).timeout(5_000).ttl(2_599));
    let mut driver = open(&config);
    for _ in 0..3 {
        driver.wait(149);
        assert!(driver.sent().is_empty());
        driver.wait(1);
        // 2,599 ms are 25 whole tenths of a second.
        assert_eq!(driver.take_sent(), ping(25));
    }
    assert_eq!(driver.connection().poll_timeout(), Some(driver.now().after(150)));
}

#[test]
fn a_late_caller_sends_one_ping_for_all_missed_intervals() {
    let config = pull(Heartbeat::every(100));
    let mut driver = open(&config);
    driver.wait(1_000);
    assert_eq!(driver.take_sent(), ping(0));
    assert_eq!(driver.connection().poll_timeout(), Some(driver.now().after(100)));
}

#[test]
fn the_interval_starts_at_ready_and_off_sends_no_ping() {
    let config = pull(Heartbeat::every(100));
    let mut driver = Driver::new(&config);
    driver.feed(&greeting("NULL"));
    driver.wait(90);
    driver.feed(&ready("PUSH"));
    driver.take_sent();
    assert_eq!(driver.connection().poll_timeout(), Some(driver.now().after(100)));

    let silent = pull(Heartbeat::OFF.timeout(5).ttl(5));
    let mut driver = open(&silent);
    assert_eq!(driver.connection().poll_timeout(), None);
    driver.wait(u32::MAX);
    assert!(driver.sent().is_empty() && driver.connection().error().is_none());
}

#[test]
fn a_peer_that_is_silent_after_a_ping_times_out() {
    for (heartbeat, at) in [
        (Heartbeat::every(200), 400),
        (Heartbeat::every(200).timeout(50), 250),
        // The wait starts at the first PING that nothing followed, not at the last.
        (Heartbeat::every(200).timeout(350), 550),
        (Heartbeat::every(200).timeout(1_000), 1_200),
    ] {
        let config = pull(heartbeat);
        let mut driver = open(&config);
        while driver.wait_until_due() {}
        assert_eq!(driver.connection().error(), late(Timeout::Heartbeat));
        assert_eq!(millis(&driver), at, "{heartbeat:?}");
        assert_eq!(driver.connection().poll_timeout(), None);
    }
}

#[test]
fn any_byte_after_a_ping_prevents_the_timeout() {
    let signs = [
        command("PONG", b""),
        command("FOO", b""),
        frame(0, b"m"),
        ping(0),
        // Not even a whole header.
        vec![0x02, 0],
        vec![0x04],
    ];
    for sign in signs {
        let config = pull(Heartbeat::every(200).timeout(350));
        let mut driver = open(&config);
        driver.wait(200);
        driver.wait(349);
        driver.feed(&sign);
        driver.wait(1);
        assert_eq!(driver.connection().error(), None, "{sign:x?}");
        // The second PING was sent 349 ms after the first; it waits for the third to count.
        driver.wait(199);
        driver.wait(349);
        assert_eq!(driver.connection().error(), None);
        driver.wait(1);
        assert_eq!(driver.connection().error(), late(Timeout::Heartbeat));
    }
}

#[test]
fn a_body_read_past_receive_is_a_sign_of_life_and_nothing_read_is_none() {
    let config = pull(Heartbeat::every(200).timeout(350));
    let mut driver = opened(Driver::with(&config, Lane::Body, Fetch::Eagerly), "PUSH");
    driver.feed(&[0x02, 0, 0, 0, 0, 0, 1, 0, 0]);
    for _ in 0..20 {
        driver.wait(200);
        driver.feed(&[7; 3]);
    }
    assert_eq!(driver.connection().error(), None);
    driver.wait(200);
    driver.connection_mut().body_received(0);
    driver.wait(350);
    assert_eq!(driver.connection().error(), late(Timeout::Heartbeat));
}

#[test]
fn received_bytes_prevent_the_timeout_even_if_they_are_read_late() {
    let config = pull(Heartbeat::every(200));
    let mut driver = open(&config);
    driver.wait(200);
    let mut pong = Reader::new(command("PONG", b""));
    let long_after = driver.now().after(100_000);
    assert_eq!(pong.receive(driver.connection_mut(), long_after).0, Event::Nothing);
    assert_eq!(driver.connection().error(), None);
    // A caller that pauses reading calls `reset_timeouts`.
    for _ in 0..3 {
        driver.connection_mut().reset_timeouts();
        driver.wait(200_000);
        assert_eq!(driver.connection().error(), None);
    }
    driver.wait(200);
    assert_eq!(driver.connection().error(), late(Timeout::Heartbeat));
}

#[test]
fn bytes_do_not_extend_the_handshake_timeout() {
    let config = pull(Heartbeat::every(10));
    let mut driver = Driver::new(&config);
    for byte in &greeting("NULL")[..50] {
        driver.feed(&[*byte]);
        driver.connection_mut().reset_timeouts();
        driver.wait(100);
    }
    let before = driver.connection().poll_timeout();
    assert_eq!(before, Some(NOW.after(10_000)));
    driver.wait(5_000);
    assert_eq!(driver.connection().error(), late(Timeout::Handshake));
}

#[test]
fn a_peer_that_is_silent_for_longer_than_its_ttl_times_out() {
    for (ttl, ms) in [(1, 100), (5, 500), (656, 65_600), (u16::MAX, 6_553_500)] {
        let config = pull(Heartbeat::OFF);
        let mut driver = open(&config);
        driver.feed(&ping(ttl));
        assert_eq!(driver.take_sent(), command("PONG", b""));
        driver.wait(ms - 1);
        assert_eq!(driver.connection().error(), None);
        driver.wait(1);
        assert_eq!(driver.log(), [LogEntry::Failed(Error::TimedOut(Timeout::Ttl))]);
    }
}

#[test]
fn the_next_byte_stops_a_ttl_and_a_new_ping_starts_one() {
    let config = pull(Heartbeat::OFF);
    let mut driver = open(&config);
    driver.feed(&[ping(3), ping(0)].concat());
    assert_eq!(driver.connection().poll_timeout(), None);
    driver.feed(&ping(3));
    driver.wait(299);
    driver.feed(&ping(9));
    assert_eq!(driver.connection().poll_timeout(), Some(driver.now().after(900)));
    driver.feed(&[0x01]);
    assert_eq!(driver.connection().poll_timeout(), None);
}

#[test]
fn peers_of_zmtp_3_0_get_pings_if_that_is_set() {
    let config = pull(Heartbeat::every(100).to_3_0(true));
    for version in [[3, 0], [3, 1]] {
        let mut driver = Driver::new(&config);
        driver.feed(&[greeting_of(version, "NULL"), ready("PUSH")].concat());
        driver.take_sent();
        driver.wait(100);
        assert_eq!(driver.take_sent(), ping(0));
        driver.wait(100);
        assert_eq!(driver.connection().error(), late(Timeout::Heartbeat));
    }
}

#[test]
fn peers_without_ping_are_sent_none() {
    let config = pull(Heartbeat::every(100));
    let mut driver = Driver::new(&config);
    driver.feed(&[greeting_of([3, 0], "NULL"), ready("PUSH")].concat());
    assert_eq!(driver.connection().poll_timeout(), None);
    // A PING from such a peer is answered nevertheless.
    driver.take_sent();
    driver.feed(&command("PING", b"\0\x01x"));
    assert_eq!(driver.take_sent(), command("PONG", b"x"));

    // libzmq's DISH closes on a PING.
    let radio = Config::new(Radio).with_heartbeat(Heartbeat::every(100));
    let driver = opened(Driver::new(&radio), Dish.name());
    assert_eq!(driver.connection().poll_timeout(), None);
}

#[test]
fn a_pong_and_a_ping_are_sent_one_after_the_other_in_a_small_buffer() {
    let config = Config::new(Push).with_heartbeat(Heartbeat::every(100));
    let mut driver = opened(Driver::new(&config), "PULL");
    let connection = driver.connection_mut();
    Reader::new(command("PING", b"\0\0abc")).receive_all(connection, NOW);
    connection.handle_timeout(NOW.after(100)).unwrap();
    assert!(connection.needs_transmit());
    let mut out = [0; 16];
    assert_eq!(connection.poll_transmit(&mut out[..9]).unwrap_err().missing, 1);
    let n = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(out[..n], command("PONG", b"abc"));
    assert!(connection.needs_transmit());
    let n = connection.poll_transmit(&mut out[..9]).unwrap();
    assert_eq!(out[..n], ping(0));
    assert!(!connection.needs_transmit());
    assert_eq!(connection.poll_transmit(&mut out), Ok(0));
}

#[test]
fn a_ttl_is_in_whole_tenths_of_a_second_up_to_65535() {
    for (ms, tenths) in [(0, 0), (99, 0), (100, 1), (1_299, 12), (6_553_599, 65_535)] {
        assert_eq!(Heartbeat::OFF.ttl(ms).ttl_tenths, tenths);
    }
    assert_eq!(Heartbeat::OFF.ttl(u32::MAX).ttl_tenths, 65_535);
}

/// The rules of libzmq: three timers, two of which any byte stops.
struct Timers {
    heartbeat: Heartbeat,
    now: u64,
    ping: u64,
    timeout: Option<u64>,
    ttl: Option<u64>,
    pings: usize,
}

impl Timers {
    fn heard(&mut self) {
        (self.timeout, self.ttl) = (None, None);
    }

    fn wait_until(&mut self, now: u64) -> Result<(), Timeout> {
        self.now = now;
        let expired = |timer: Option<u64>| timer.is_some_and(|at| at <= now);
        match (expired(self.timeout), expired(self.ttl)) {
            (true, true) if self.ttl <= self.timeout => return Err(Timeout::Ttl),
            (true, _) => return Err(Timeout::Heartbeat),
            (_, true) => return Err(Timeout::Ttl),
            _ => {}
        }
        if now >= self.ping {
            self.ping = now + u64::from(self.heartbeat.interval);
            let timeout = match self.heartbeat.timeout {
                0 => self.heartbeat.interval,
                ms => ms,
            };
            self.timeout.get_or_insert_with(|| now + u64::from(timeout));
            self.pings += 1;
        }
        Ok(())
    }
}

#[test]
fn one_deadline_is_equivalent_to_the_three_timers_of_libzmq() {
    let mut random = Random::new(5);
    let (mut timed_out, mut pings) = ([0; 2], 0);
    for _ in 0..3_000 {
        let heartbeat = Heartbeat::every(1 + random.below(400) as u32)
            .timeout(random.below(3) as u32 * random.below(400) as u32);
        let config = pull(heartbeat);
        let mut driver = open(&config);
        let start = NOW.as_millis();
        let ping_at = start + u64::from(heartbeat.interval);
        let mut model =
            Timers { heartbeat, now: start, ping: ping_at, timeout: None, ttl: None, pings: 0 };
        for _ in 0..40 {
            match random.below(6) {
                0 => {
                    let ttl = random.below(6) as u16;
                    driver.feed(&ping(ttl));
                    model.heard();
                    model.ttl = (ttl > 0).then_some(model.now + u64::from(ttl) * 100);
                }
                1 => {
                    driver.feed(&frame(0, b"m"));
                    model.heard();
                }
                _ => {
                    let ms = 1 + random.below(200) as u32;
                    driver.wait(ms);
                    let expected = model.wait_until(model.now + u64::from(ms));
                    let error = expected.err().map(Error::TimedOut);
                    assert_eq!(driver.connection().error(), error);
                }
            }
            let sent = driver.take_sent();
            pings +=
                wire::frames(&sent).0.iter().filter(|sent| sent.body == b"\x04PING\0\0").count();
            if let Some(Error::TimedOut(what)) = driver.connection().error() {
                timed_out[usize::from(what == Timeout::Ttl)] += 1;
                break;
            }
            let next = [Some(model.ping), model.timeout, model.ttl].into_iter().flatten().min();
            assert_eq!(driver.connection().poll_timeout(), next.map(Instant::from_millis));
        }
        pings -= model.pings;
        assert_eq!(pings, 0);
    }
    assert!(timed_out.iter().all(|times| *times > 200), "{timed_out:?}");
}
