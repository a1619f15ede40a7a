//! A poller over sockets and raw descriptors: level-triggered, and reused while descriptors are
//! opened and closed.
#![cfg(unix)]

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::processes::{Watch, alone, blocked, this_test};
use crate::harness::{LIMIT, assert_echo, req};
use zmtp_mio::{Error, Interest, Item, Poller};

const SHORT: Duration = Duration::from_millis(100);

fn is_readable(poller: &mut Poller, reader: &PipeReader) -> bool {
    let mut items = [Item::fd(reader, Interest::READABLE)];
    let ready = poller.wait(&mut items, Some(SHORT)).unwrap();
    assert_eq!(ready == 1, items[0].is_readable());
    ready == 1
}

/// A full pipe.
fn full() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(&[0; 65_536]).unwrap();
    (reader, writer)
}

#[test]
fn one_poller_waits_for_a_rep_a_req_and_a_pipe() {
    let (mut rep, endpoint) = crate::harness::rep();
    let mut req = req(&endpoint);
    let (mut reader, mut writer) = pipe().unwrap();
    let mut poller = Poller::new().unwrap();
    let (mut requests, mut replies, mut bytes, mut waits) = (0, 0, 0, 0);
    req.send("question").unwrap();
    writer.write_all(b"x").unwrap();
    let end = Instant::now() + LIMIT;
    while replies < 100 {
        assert!(Instant::now() < end, "{requests} requests, {replies} replies, {bytes} bytes");
        let mut items = [
            Item::socket(&mut rep, Interest::READABLE),
            Item::fd(&reader, Interest::READABLE),
            Item::socket(&mut req, Interest::READABLE),
        ];
        waits += 1;
        assert!(poller.wait(&mut items, Some(LIMIT)).unwrap() > 0);
        let ready = items.each_ref().map(Item::is_readable);
        if ready[0] {
            let request = rep.try_recv().unwrap().unwrap();
            rep.send(request).unwrap();
            requests += 1;
        }
        if ready[1] {
            bytes += reader.read(&mut [0]).unwrap();
            writer.write_all(b"x").unwrap();
        }
        if ready[2] {
            assert_eq!(req.try_recv().unwrap().unwrap().text(), Ok("question"));
            req.send("question").unwrap();
            replies += 1;
        }
    }
    assert!(bytes > 0 && requests >= 100 && waits < 100_000);
}

#[test]
fn unread_data_is_ready_again_at_the_next_wait() {
    let (mut one, mut other) = UnixStream::pair().unwrap();
    other.write_all(b"abc").unwrap();
    let mut poller = Poller::new().unwrap();
    for expected in *b"abc" {
        for _ in 0..3 {
            let mut items = [Item::fd(&one, Interest::READABLE)];
            assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
        }
        let mut byte = [0];
        one.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [expected]);
    }
    let mut items = [Item::fd(&one, Interest::READABLE)];
    assert_eq!(poller.wait(&mut items, Some(SHORT)).unwrap(), 0);
}

#[test]
fn an_unreceived_request_is_ready_again_at_the_next_wait() {
    let (mut rep, endpoint) = crate::harness::rep();
    let mut req = req(&endpoint);
    req.send("question").unwrap();
    let asking = thread::spawn(move || req.recv_timeout(2 * LIMIT).unwrap());
    let mut poller = Poller::new().unwrap();
    for _ in 0..5 {
        let mut items = [Item::socket(&mut rep, Interest::READABLE)];
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
    }
    assert!(rep.try_recv().unwrap().is_some());
    let mut items = [Item::socket(&mut rep, Interest::READABLE)];
    assert_eq!(poller.wait(&mut items, Some(SHORT)).unwrap(), 0, "a reply is due");
    rep.send("answer").unwrap();
    // The poller does not take the other thread's request.
    assert!(asking.join().unwrap().is_some());
}

#[test]
fn items_work_over_many_waits() {
    let (mut rep, endpoint) = crate::harness::rep();
    let (reader, mut writer) = pipe().unwrap();
    let mut poller = Poller::new().unwrap();
    let mut items =
        [Item::socket(&mut rep, Interest::READABLE), Item::fd(&reader, Interest::READABLE)];
    for _ in 0..20 {
        assert_eq!(poller.wait(&mut items, Some(Duration::from_millis(1))).unwrap(), 0);
    }
    writer.write_all(b"x").unwrap();
    for _ in 0..20 {
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
        assert!(!items[0].is_readable() && items[1].is_readable());
    }
    let asking = thread::spawn(move || req(&endpoint).send("question"));
    let end = Instant::now() + LIMIT;
    while !items[0].is_readable() {
        assert!(Instant::now() < end, "the request was never seen");
        poller.wait(&mut items, Some(LIMIT)).unwrap();
    }
    assert!(items[1].is_readable());
    asking.join().unwrap().unwrap();
}

#[test]
fn descriptors_come_and_go_between_waits() {
    let mut poller = Poller::new().unwrap();
    let (kept, mut to_kept) = pipe().unwrap();
    for round in 0..50 {
        // New ones get the numbers of those that were just closed.
        let (reader, mut writer) = pipe().unwrap();
        let has_data = round % 2 == 0;
        if has_data {
            writer.write_all(b"x").unwrap();
        }
        let mut items =
            [Item::fd(&reader, Interest::READABLE), Item::fd(&kept, Interest::READABLE)];
        let ready = poller.wait(&mut items, Some(Duration::from_millis(10))).unwrap();
        assert_eq!((ready == 1, items[0].is_readable()), (has_data, has_data), "round {round}");
        assert!(!items[1].is_readable());
    }
    to_kept.write_all(b"x").unwrap();
    assert!(is_readable(&mut poller, &kept));
}

#[test]
fn items_change_places_and_interests_between_waits() {
    let (one, mut to_one) = pipe().unwrap();
    let (two, _to_two) = pipe().unwrap();
    let mut poller = Poller::new().unwrap();
    to_one.write_all(b"x").unwrap();
    for _ in 0..3 {
        let mut items = [Item::fd(&one, Interest::READABLE), Item::fd(&two, Interest::READABLE)];
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
        assert!(items[0].is_readable());
        let mut items = [Item::fd(&two, Interest::READABLE), Item::fd(&one, Interest::READABLE)];
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
        assert!(items[1].is_readable());
        let mut items = [Item::fd(&to_one, Interest::WRITABLE)];
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
        assert!(items[0].is_writable() && !items[0].is_readable());
        assert!(!is_readable(&mut poller, &two));
    }
}

/// The kernel goes on watching an open file after its registered descriptor is closed, if another
/// descriptor refers to it.
#[test]
fn a_closed_copy_of_a_descriptor_is_not_confused_with_a_new_item() {
    let (one, mut other) = UnixStream::pair().unwrap();
    let (idle, _keep) = pipe().unwrap();
    let mut poller = Poller::new().unwrap();
    let copy = one.try_clone().unwrap();
    let mut items = [Item::fd(&copy, Interest::READABLE)];
    assert_eq!(poller.wait(&mut items, Some(SHORT)).unwrap(), 0);
    drop(copy);
    other.write_all(b"for the other").unwrap();
    assert!(!is_readable(&mut poller, &idle), "nothing was ever written to it");
}

/// A regular file cannot be polled; the items before it must not stay registered.
#[test]
fn an_unpollable_item_is_an_error_and_leaves_nothing_behind() {
    let (busy, mut writer) = pipe().unwrap();
    let (idle, _keep) = pipe().unwrap();
    let file = std::fs::File::open("Cargo.toml").unwrap();
    let mut poller = Poller::new().unwrap();
    let mut items = [Item::fd(&busy, Interest::READABLE), Item::fd(&file, Interest::READABLE)];
    assert!(matches!(poller.wait(&mut items, Some(SHORT)), Err(Error::Io { .. })));
    writer.write_all(b"x").unwrap();
    assert!(!is_readable(&mut poller, &idle), "nothing was ever written to it");
    assert!(is_readable(&mut poller, &busy));
}

#[test]
fn a_descriptor_at_end_of_file_is_readable_at_every_wait() {
    let (reader, writer) = pipe().unwrap();
    drop(writer);
    let mut poller = Poller::new().unwrap();
    for _ in 0..3 {
        assert!(is_readable(&mut poller, &reader));
    }
}

#[test]
fn a_full_pipe_is_not_writable_until_it_is_read() {
    let (mut reader, writer) = full();
    let mut poller = Poller::new().unwrap();
    let mut items = [Item::fd(&writer, Interest::WRITABLE)];
    assert_eq!(poller.wait(&mut items, Some(SHORT)).unwrap(), 0);
    reader.read_exact(&mut [0; 65_536]).unwrap();
    assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
    assert!(items[0].is_writable());
}

/// As with poll(2): a write would not block, it would fail.
#[test]
fn a_broken_pipe_ends_the_wait_for_writability() {
    let (reader, writer) = full();
    let mut poller = Poller::new().unwrap();
    let mut items = [Item::fd(&writer, Interest::WRITABLE)];
    assert_eq!(poller.wait(&mut items, Some(SHORT)).unwrap(), 0);
    let waiting = blocked(move || {
        let mut items = [Item::fd(&writer, Interest::WRITABLE)];
        poller.wait(&mut items, Some(LIMIT)).unwrap()
    });
    drop(reader);
    assert_eq!(waiting.join().unwrap(), 1, "the broken pipe is not reported");
}

#[test]
fn a_poller_that_waits_drives_its_sockets_and_uses_no_cpu() {
    let test = this_test!();
    alone(test, a_poller_waits_drives_and_uses_no_cpu);
}

fn a_poller_waits_drives_and_uses_no_cpu() {
    let (mut rep, endpoint) = crate::harness::rep();
    let (reader, _writer) = pipe().unwrap();
    let mut poller = Poller::new().unwrap();
    // Writability is of no interest now, and the item is not readable.
    let mut items =
        [Item::socket(&mut rep, Interest::READABLE), Item::fd(&reader, Interest::READABLE)];
    let watch = Watch::start();
    assert_eq!(poller.wait(&mut items, Some(Duration::from_secs(1))).unwrap(), 0);
    watch.assert_calm(Duration::from_millis(100));
    let client = thread::spawn(move || assert_echo(&mut req(&endpoint), b"question"));
    assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
    let request = rep.try_recv().unwrap().unwrap();
    rep.send(request).unwrap();
    client.join().unwrap();
}

/// Requests are queued, but only writability is of interest.
#[test]
fn a_wait_for_writability_does_not_spin_while_requests_are_queued() {
    let test = this_test!();
    alone(test, a_wait_for_writability_does_not_spin);
}

fn a_wait_for_writability_does_not_spin() {
    let (mut rep, endpoint) = crate::harness::rep();
    let client = thread::spawn(move || {
        let mut req = req(&endpoint);
        req.send("question").unwrap();
        req.recv_timeout(LIMIT).unwrap()
    });
    crate::harness::drive_until!(rep, rep.counters().messages_received == 1);
    let mut poller = Poller::new().unwrap();
    let mut items = [Item::socket(&mut rep, Interest::WRITABLE)];
    let watch = Watch::start();
    assert_eq!(poller.wait(&mut items, Some(Duration::from_secs(1))).unwrap(), 0);
    watch.assert_calm(Duration::from_millis(200));
    rep.try_recv().unwrap().unwrap();
    rep.send("answer").unwrap();
    assert!(client.join().unwrap().is_some());
}
