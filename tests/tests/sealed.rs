//! Connections whose frames are sealed: however the bytes are cut, and everything that must be refused.

use wire::{command, frame, greeting, opening_of_2_0, ready};
use zmtp_core::wire::SocketType::{Dealer, Pub, Pull, Push, Sub};
use zmtp_core::wire::{FrameHeader, FrameKind, More, UnsupportedVersion};
use zmtp_core::{
    Answer, Config, Connection, Error, ErrorKind, Event, Heartbeat, IgnoredCommand, Limit,
    LimitExceeded, Limits, OpenError, PeerError, SendError, Subscription, Timeout,
};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::pair::{Pair, messages};
use zmtp_tests::properties::assert_same;
use zmtp_tests::random::Random;
use zmtp_tests::reader::Reader;
use zmtp_tests::sealed::{OVERHEAD, Sealed};

const KEY: u64 = 7;
const LAST: FrameKind = FrameKind::Message(More::Last);

type Ends<'c> = Pair<'c, Sealed>;

fn pair<'c>(client: &'c Config, server: &'c Config) -> Ends<'c> {
    Pair::secured([Sealed::client(KEY), Sealed::server(KEY)], [client, server], usize::MAX)
}

/// Two ends whose handshake is over.
fn ready_pair<'c>(client: &'c Config, server: &'c Config) -> Ends<'c> {
    let mut pair = pair(client, server);
    pair.run();
    assert!(pair.left.connection().is_ready() && pair.right.connection().is_ready());
    pair.left.take_log();
    pair.right.take_log();
    pair
}

/// A server whose handshake is over, driven in this way.
fn ready_server(config: &Config, lane: Lane, fetch: Fetch) -> Driver<'_, Sealed> {
    let client_config = Config::new(Dealer);
    let mut client =
        Driver::secured(Sealed::client(KEY), &client_config, Lane::Decode, Fetch::Eagerly);
    let mut server = Driver::secured(Sealed::server(KEY), config, lane, fetch);
    while !(client.connection().is_ready() && server.connection().is_ready()) {
        server.feed(&client.take_sent());
        client.feed(&server.take_sent());
    }
    server.take_log();
    server.take_sent();
    server
}

/// A server that received this box, in a frame of its own, in traffic.
fn received(outer: u8, sealed: &[u8]) -> Driver<'static, Sealed> {
    static CONFIG: Config = Config::new(Dealer);
    let mut server = ready_server(&CONFIG, Lane::Decode, Fetch::Eagerly);
    server.feed(&frame(outer, sealed));
    server
}

fn refused(error: OpenError) -> Vec<LogEntry> {
    vec![LogEntry::Failed(PeerError::Sealed(error).into())]
}

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
fn a_handshake_succeeds_for_every_size_of_pieces() {
    let (config, server) = (Config::new(Push), Config::new(Pull));
    for largest in 1..80 {
        let ends = [Sealed::client(KEY), Sealed::server(KEY)];
        let mut pair = Pair::secured(ends, [&config, &server], largest);
        pair.run();
        pair.left.send(&["a", "b"]).unwrap();
        pair.run();
        assert_eq!(messages(pair.right.log()), [[b"a", b"b"]]);
        assert!(matches!(pair.left.log(), [LogEntry::Ready(_)]));
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

#[test]
fn the_reason_of_a_refusal_goes_out_in_an_error() {
    let config = Config::new(Dealer);
    let ends = [Sealed::client(KEY).with_credentials(b"wrong"), Sealed::server(KEY)];
    let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
    pair.run();
    let denied = Error::Peer(PeerError::Denied);
    assert_eq!(pair.right.log(), [LogEntry::Failed(denied)]);
    assert!(pair.right.connection().sends_error());
    assert_eq!(denied.kind(), ErrorKind::Configuration);
    let refused = Error::Peer(PeerError::Refused);
    assert_eq!(pair.left.log(), [LogEntry::Refused(b"400".to_vec()), LogEntry::Failed(refused)]);
}

#[test]
fn a_handshake_waits_for_an_answer_and_its_deadline_runs_on() {
    let config = Config::new(Dealer).with_limits(Limits::DEFAULT.handshake_timeout(300));
    let waiting = || {
        let ends = [Sealed::client(KEY).with_credentials(b"me"), Sealed::server(KEY).asking()];
        let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
        pair.run();
        assert_eq!(pair.right.log(), [LogEntry::Waiting]);
        assert_eq!(pair.right.connection().mechanism().credentials(), b"me");
        assert_eq!(pair.right.rest(), command("HELLO", b"me"));
        pair
    };
    let mut pair = waiting();
    pair.right.wait(100);
    pair.right.answer(Answer::Accept);
    pair.run();
    assert!(pair.left.connection().is_ready() && pair.right.connection().is_ready());
    pair.left.send(&["x"]).unwrap();
    pair.run();
    assert_eq!(messages(pair.right.log()), [[b"x"]]);
    // A late answer changes nothing.
    pair.right.answer(Answer::Refuse(b"300"));
    assert_eq!(pair.right.connection().error(), None);

    for reason in [&b"300"[..], b"", &[b'r'; 300]] {
        let mut pair = waiting();
        pair.right.answer(Answer::Refuse(reason));
        assert_eq!(pair.right.connection().error(), Some(PeerError::Denied.into()));
        pair.run();
        let sent = reason[..reason.len().min(255)].to_vec();
        assert_eq!(pair.left.log()[0], LogEntry::Refused(sent));
    }

    let mut pair = waiting();
    pair.right.wait(299);
    assert_eq!(pair.right.connection().error(), None);
    pair.right.wait(1);
    let late = Error::TimedOut(Timeout::Handshake);
    assert_eq!(pair.right.log(), [LogEntry::Waiting, LogEntry::Failed(late)]);
    pair.right.answer(Answer::Accept);
    assert_eq!(pair.right.connection().error(), Some(late));
}

#[test]
fn bytes_that_arrive_during_the_wait_stay_unread() {
    let config = Config::new(Dealer);
    let ends = [Sealed::client(KEY), Sealed::server(KEY).asking()];
    let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
    pair.run();
    pair.right.feed(&command("INITIATE", b""));
    assert_eq!(pair.right.log(), [LogEntry::Waiting]);
    // A client must not send INITIATE before WELCOME; with the answer it is read and refused or not
    // by the mechanism, as if it had arrived then.
    pair.right.answer(Answer::Accept);
    assert_eq!(pair.right.rest(), b"");
}

#[test]
fn the_limit_on_sealed_frames_is_that_on_frames_and_the_overhead() {
    let config = Config::new(Dealer).with_limits(Limits::DEFAULT.max_frame(1_000).max_command(64));
    let sealed = Sealed::client(KEY);
    for (len, fits) in [(999, true), (1_000, true), (1_001, false), (5_000, false)] {
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        let bytes = frame(0, &sealed.box_of(100, 0, &vec![7; len]));
        if fits {
            server.feed(&bytes);
            assert_eq!(messages(server.log()), [[vec![7; len]]]);
        } else {
            // The header alone shows it.
            server.feed(&bytes[..9]);
            let exceeded = LimitExceeded { limit: Limit::Frame, allowed: 1_000, got: len as u64 };
            assert_eq!(server.log(), [LogEntry::Failed(exceeded.into())]);
        }
    }
    // What is in the box is held to its own limit.
    let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
    server.feed(&frame(0, &sealed.box_of(100, 2, &[7; 65])));
    let exceeded = LimitExceeded { limit: Limit::Command, allowed: 64, got: 65 };
    assert_eq!(server.log(), [LogEntry::Failed(exceeded.into())]);
    let config = Config::new(Dealer).with_limits(Limits::DEFAULT.max_message(50).max_parts(3));
    let parts = |len: usize| {
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        for counter in 0..4 {
            server.feed(&frame(0, &sealed.box_of(100 + counter, 1, &vec![7; len])));
        }
        server.connection().error()
    };
    let exceeded = |limit, allowed, got| Some(LimitExceeded { limit, allowed, got }.into());
    assert_eq!(parts(20), exceeded(Limit::Message, 50, 60));
    assert_eq!(parts(0), exceeded(Limit::Parts, 3, 4));
}

#[test]
fn a_box_whose_bytes_were_changed_is_refused() {
    let good = Sealed::client(KEY).box_of(100, 0, b"body");
    assert_eq!(messages(received(0, &good).log()), [[b"body"]]);
    for at in 0..good.len() {
        for bit in [1, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            let error = if at < 8 { OpenError::Clear } else { OpenError::Forged };
            assert_eq!(received(0, &bad).log(), refused(error), "byte {at}");
        }
    }
    // Neither does another key open it, nor does an end open its own box.
    let other = Sealed::client(KEY + 1).box_of(100, 0, b"body");
    assert_eq!(received(0, &other).log(), refused(OpenError::Forged));
    let echoed = Sealed::server(KEY).box_of(100, 0, b"body");
    assert_eq!(received(0, &echoed).log(), refused(OpenError::Forged));
}

#[test]
fn a_counter_must_rise() {
    let sealed = Sealed::client(KEY);
    for (counters, error) in [
        (&[100, 101, 500, u64::MAX][..], None),
        (&[100, 100], Some(OpenError::Replayed)),
        (&[100, 99], Some(OpenError::Replayed)),
        (&[0], Some(OpenError::Replayed)),
    ] {
        let mut server = received(0, &sealed.box_of(counters[0], 0, b"x"));
        for counter in &counters[1..] {
            server.feed(&frame(0, &sealed.box_of(*counter, 0, b"x")));
        }
        let expected = error.map(|error| PeerError::Sealed(error).into());
        assert_eq!(server.connection().error(), expected, "{counters:?}");
    }
}

#[test]
fn a_connection_whose_counter_is_used_up_fails() {
    let config = Config::new(Dealer);
    let client = Sealed::client(KEY).counting_from(u64::MAX - 1);
    let ends = [client, Sealed::server(KEY)];
    let mut pair = Pair::secured(ends.clone(), [&config, &config], usize::MAX);
    pair.run();
    assert_eq!(pair.left.send(&["one", "two"]), Ok(()));
    assert_eq!(pair.left.send(&["three"]), Err(SendError::Failed));
    assert_eq!(pair.left.connection().error(), Some(Error::Exhausted));
    assert_eq!(Error::Exhausted.kind(), ErrorKind::TimedOut);
    // A PONG needs a counter too.
    let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
    pair.run();
    pair.left.send(&["one", "two"]).unwrap();
    let ping = Sealed::server(KEY).box_of(100, 2, b"\x04PING\0\0");
    pair.left.feed(&frame(0, &ping));
    assert_eq!(pair.left.connection().error(), Some(Error::Exhausted));
}

#[test]
fn a_box_without_room_for_its_overhead_is_refused() {
    let good = Sealed::client(KEY).box_of(100, 0, b"");
    assert_eq!(messages(received(0, &good).log()), [[b""]]);
    for len in 0..OVERHEAD {
        assert_eq!(received(0, &good[..len]).log(), refused(OpenError::TooShort));
    }
}

#[test]
fn flags_other_than_more_or_command_are_refused() {
    let sealed = Sealed::client(KEY);
    for flags in 0..=255 {
        let server = received(0, &sealed.box_of(100, flags, b"\x05WORDS"));
        let error = server.connection().error();
        match flags {
            0..=2 => assert_eq!(error, None),
            _ => assert_eq!(error, Some(PeerError::Sealed(OpenError::Flags).into())),
        }
    }
    // Outside, only the flags of a message's last frame are accepted.
    let good = sealed.box_of(100, 0, b"body");
    for outer in [1, 4] {
        assert_eq!(received(outer, &good).log(), refused(OpenError::Clear));
    }
    let unknown = received(0, &sealed.box_of(100, 2, b"\0\0"));
    assert_eq!(unknown.log(), [LogEntry::Ignored(IgnoredCommand::Malformed)]);
}

#[test]
fn frames_in_the_clear_are_refused_after_the_handshake() {
    for bytes in [frame(0, &[7; 100]), frame(1, &[7; 300]), command("PING", &[0; 40])] {
        let config = Config::new(Dealer);
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        server.feed(&bytes);
        assert_eq!(server.log(), refused(OpenError::Clear));
    }
    for bytes in [frame(0, b"hello"), command("PING", b"\0\0"), ready("DEALER")] {
        let config = Config::new(Dealer);
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        server.feed(&bytes);
        let error = server.connection().error();
        let expected = [OpenError::Clear, OpenError::TooShort].map(PeerError::Sealed);
        assert!(matches!(error, Some(Error::Peer(error)) if expected.contains(&error)));
    }
}

#[test]
fn a_message_during_the_handshake_is_refused_sealed_or_not() {
    let config = Config::new(Dealer);
    let boxed = frame(0, &Sealed::client(KEY).box_of(100, 0, b"body"));
    for bytes in [frame(0, b"body"), boxed] {
        let ends = [Sealed::client(KEY), Sealed::server(KEY)];
        for hello in [false, true] {
            let mut server =
                Driver::secured(ends[1].clone(), &config, Lane::Decode, Fetch::Eagerly);
            server.feed(&greeting("SEALED"));
            if hello {
                server.feed(&command("HELLO", b"secret"));
            }
            server.feed(&bytes);
            let error = PeerError::MessageInHandshake.into();
            assert_eq!(server.log(), [LogEntry::Failed(error)]);
        }
    }
}

#[test]
fn a_peer_without_security_is_refused() {
    let config = Config::new(Dealer);
    let fed = |bytes: &[u8]| {
        let mut server =
            Driver::secured(Sealed::server(KEY), &config, Lane::Decode, Fetch::Eagerly);
        server.feed(bytes);
        server
    };
    for bytes in [opening_of_2_0(5, b"me"), b"\x01\0\x03\0hi".to_vec()] {
        let error = fed(&bytes).connection().error();
        assert!(
            matches!(error, Some(Error::Peer(PeerError::UnsupportedVersion(_)))),
            "{error:?} for {bytes:?}"
        );
    }
    let unsupported = PeerError::UnsupportedVersion(UnsupportedVersion::Major(1)).into();
    assert_eq!(fed(&opening_of_2_0(5, b"me")).log(), [LogEntry::Failed(unsupported)]);
    let server = fed(&[greeting("NULL"), ready("DEALER")].concat());
    let error = server.connection().error();
    assert!(matches!(error, Some(Error::Peer(PeerError::MechanismMismatch { .. }))));
    assert!(server.sent().ends_with(b"\x05ERROR\x12Mechanism mismatch"));
    // The other commands of a NULL handshake are no commands of this one.
    let server = fed(&[greeting("SEALED"), ready("DEALER")].concat());
    let error = server.connection().error();
    assert!(matches!(error, Some(Error::Peer(PeerError::UnexpectedCommand(_)))));
    assert!(!server.connection().is_ready());
}

#[test]
fn a_connection_starts_anew_with_new_counters() {
    let config = Config::new(Dealer);
    let mut connection = Connection::new(Sealed::server(KEY), &config, NOW);
    for _ in 0..2 {
        let mut client =
            Driver::secured(Sealed::client(KEY), &config, Lane::Decode, Fetch::Eagerly);
        let mut reader = Reader::default();
        while !client.connection().is_ready() {
            reader.push(&client.take_sent());
            reader.receive_all(&mut connection, NOW);
            let mut out = [0; 512];
            while let Ok(n @ 1..) = connection.poll_transmit(&mut out) {
                client.feed(&out[..n]);
            }
        }
        client.send(&["x"]).unwrap();
        reader.push(&client.take_sent());
        assert!(reader.receive_all(&mut connection, NOW).contains(&Event::Frame));
        connection.restart(Sealed::server(KEY), NOW);
    }
}
