//! Sealed messages, heartbeats and subscriptions, cut into pieces of every size.

use wire::frame;
use zmtp_core::wire::SocketType::{Dealer, Pub, Sub};
use zmtp_core::wire::{FrameHeader, More};
use zmtp_core::{Config, Error, Event, Heartbeat, SendError, Subscription, Timeout};
use zmtp_tests::driver::{Fetch, Lane, LogEntry, NOW};
use zmtp_tests::pair::messages;
use zmtp_tests::properties::assert_same;
use zmtp_tests::random::Random;
use zmtp_tests::reader::Reader;
use zmtp_tests::sealed::{OVERHEAD, Sealed};

use crate::{KEY, LAST, ready_pair, ready_server, received};

/// What a client sends in traffic: bodies of all sizes, messages of many parts, commands.
fn traffic() -> Vec<u8> {
    let (config, server) = (Config::new(Dealer), Config::new(Dealer));
    let mut client = ready_pair(&config, &server).left;
    for len in [0, 1, 221, 222, 223, 254, 255, 256, 257, 600] {
        client.send(&[vec![len as u8; len]]).unwrap();
    }
    client.send(&["several", "", "parts"]).unwrap();
    let mut bytes = client.take_sent();
    // Commands, as the mechanism seals them.
    let sealed = Sealed::client(KEY);
    for (counter, body) in [(1_000, &b"\x04PING\0\0one"[..]), (1_001, b"\x04PING\0\0two")] {
        bytes.extend(frame(0, &sealed.box_of(counter, 2, body)));
    }
    bytes.extend(frame(0, &sealed.box_of(1_002, 2, b"\x05WORDS")));
    bytes.extend(frame(0, &sealed.box_of(1_003, 0, b"the end")));
    bytes
}

#[test]
fn the_events_are_the_same_for_every_split_in_two_and_byte_by_byte() {
    let (config, bytes) = (Config::new(Dealer), traffic());
    let mut whole = ready_server(&config, Lane::Decode, Fetch::Eagerly);
    whole.feed(&bytes);
    let last = LogEntry::Frame(FrameHeader::new(LAST, 7), b"the end".to_vec());
    assert_eq!(whole.log().last(), Some(&last));
    assert_eq!(messages(whole.log()).len(), 12);
    let run = |lane, fetch, sizes: &[usize]| {
        let mut cut = ready_server(&config, lane, fetch);
        cut.feed_in_pieces(&bytes, sizes.iter().copied());
        assert_same(&whole, &cut);
    };
    for cut in 1..bytes.len() {
        run(Lane::Decode, Fetch::Lazily, &[cut, usize::MAX]);
        run(Lane::Body, Fetch::Eagerly, &[cut, usize::MAX]);
    }
    for lane in [Lane::Decode, Lane::Body, Lane::Both] {
        for fetch in [Fetch::Eagerly, Fetch::Lazily] {
            run(lane, fetch, &[1]);
        }
    }
    let mut random = Random::new(9);
    for largest in [2, 3, 7, 10, 64, 300, 1_000] {
        let sizes: Vec<usize> = (0..bytes.len()).map(|_| 1 + random.below(largest)).collect();
        run(Lane::Both, Fetch::Lazily, &sizes);
    }
}

#[test]
fn a_large_body_goes_through_and_is_missing_to_the_byte_until_it_is_whole() {
    let config = Config::new(Dealer);
    let mut client = ready_pair(&config, &config).left;
    let body = vec![0x5a; 300_000];
    client.send(&[&body]).unwrap();
    let bytes = client.take_sent();
    let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
    let connection = server.connection_mut();
    // The front of the frame came into a small buffer.
    let mut small = bytes[..500].to_vec();
    let missing = connection.receive(NOW, &mut small);
    assert_eq!((missing.event, missing.payload), (Event::Sealed, bytes.len() - 500));
    assert_eq!((connection.unread(), connection.incoming()), (500, None));
    // All of it is collected in another one, and opened there.
    let mut large = [small, bytes[500..].to_vec()].concat();
    let mut reader = Reader::new(core::mem::take(&mut large));
    assert_eq!(reader.receive(connection, NOW).0, Event::Nothing);
    let (event, payload) = reader.receive(connection, NOW);
    assert_eq!((event, payload == body), (Event::Frame, true));
    assert_eq!(reader.receive(connection, NOW).0, Event::NeedInput);
}

#[test]
fn a_frame_is_sealed_where_it_is_or_copied_and_never_begun() {
    let config = Config::new(Dealer);
    let mut client = ready_pair(&config, &config).left;
    let connection = client.connection_mut();
    assert!(connection.is_sealed());
    assert_eq!(connection.begin_frame(More::Last, 1).unwrap_err(), SendError::Sealed);
    assert_eq!(connection.frame_len(0), 2 + OVERHEAD);
    assert_eq!(connection.frame_len(223), 9 + OVERHEAD + 223);
    let headroom = connection.headroom();
    // What does not fit takes no counter.
    for room in 0..connection.frame_len(5) {
        let missing = connection.frame_len(5) - room;
        let full = Err(SendError::BufferTooSmall(missing));
        assert_eq!(connection.encode_frame(More::Last, b"hello", &mut vec![0; room]), full);
    }
    for room in 0..headroom {
        let missing = SendError::BufferTooSmall(headroom - room);
        assert_eq!(connection.finish_frame(More::Last, &mut vec![0; room]), Err(missing));
    }
    let mut copied = [0; 64];
    let n = connection.encode_frame(More::Follows, b"hello", &mut copied).unwrap();
    let mut in_place = [&vec![0xee; headroom][..], b"world"].concat();
    let start = connection.finish_frame(More::Last, &mut in_place).unwrap();
    let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
    server.feed(&[&copied[..n], &in_place[start..]].concat());
    assert_eq!(messages(server.log()), [[b"hello", b"world"]]);
}

#[test]
fn frames_that_were_received_are_forwarded_sealed() {
    let config = Config::new(Dealer);
    let mut client = ready_pair(&config, &config).left;
    let envelope = [frame(1, b"id"), frame(1, &[7; 300]), frame(1, b"")].concat();
    let connection = client.connection_mut();
    let mut out = vec![0; connection.forwarded_len(&envelope)];
    let short = connection.forward_frames(&envelope, &mut vec![0; out.len() - 1]);
    assert_eq!(short, Err(SendError::BufferTooSmall(1)));
    assert_eq!(connection.forward_frames(&envelope, &mut out), Ok(out.len()));
    client.send(&["x"]).unwrap();
    let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
    server.feed(&[out, client.take_sent()].concat());
    let parts: [&[u8]; 4] = [b"id", &[7; 300], b"", b"x"];
    assert_eq!(messages(server.log()), [parts]);
}

#[test]
fn heartbeats_are_sealed() {
    let config = Config::new(Dealer).with_heartbeat(Heartbeat::every(100).ttl(500));
    let plain = Config::new(Dealer);
    let mut pair = ready_pair(&config, &plain);
    for _ in 0..5 {
        pair.left.wait(100);
        let ping = pair.left.take_sent();
        assert_eq!(ping.len(), 2 + OVERHEAD + 7);
        assert!(!ping.windows(4).any(|bytes| bytes == b"PING"));
        pair.right.feed(&ping);
        assert_eq!(pair.right.connection().poll_timeout(), Some(NOW.after(500)));
        let pong = pair.right.take_sent();
        assert_eq!(pong.len(), 2 + OVERHEAD + 5);
        pair.left.feed(&pong);
        assert_eq!(pair.left.connection().error(), None);
    }
    pair.left.wait(100);
    pair.left.wait(100);
    assert_eq!(pair.left.connection().error(), Some(Error::TimedOut(Timeout::Heartbeat)));
    pair.right.wait(500);
    assert_eq!(pair.right.connection().error(), Some(Error::TimedOut(Timeout::Ttl)));
}

#[test]
fn a_sealed_pong_that_does_not_fit_stays_due() {
    let mut server = received(0, &[]);
    assert!(server.connection().has_failed());
    let config = Config::new(Dealer);
    server = ready_server(&config, Lane::Decode, Fetch::Lazily);
    let connection = server.connection_mut();
    let ping = Sealed::client(KEY).box_of(100, 2, b"\x04PING\0\0abc");
    Reader::new(frame(0, &ping)).receive_all(connection, NOW);
    let len = 2 + OVERHEAD + 8;
    for room in 0..len {
        let missing = connection.poll_transmit(&mut vec![0; room]).unwrap_err().missing;
        assert_eq!(missing, len - room);
    }
    assert_eq!(connection.poll_transmit(&mut [0; 100]), Ok(len));
    assert_eq!(connection.poll_transmit(&mut [0; 100]), Ok(0));
}

#[test]
fn subscriptions_are_sealed() {
    let (sub, publisher) = (Config::new(Sub), Config::new(Pub));
    let mut pair = ready_pair(&sub, &publisher);
    for topic in [vec![], b"topic".to_vec(), vec![b't'; 300]] {
        for what in [Subscription::Subscribe, Subscription::Cancel] {
            pair.left.subscribe(what, &topic).unwrap();
            let sent = pair.left.take_sent();
            assert!(!sent.windows(5).any(|bytes| bytes == b"topic" || bytes == b"SUBSC"));
            pair.right.feed(&sent);
        }
        let expected = [LogEntry::Subscribe(topic.clone()), LogEntry::Cancel(topic)];
        assert_eq!(pair.right.take_log(), expected);
    }
}
