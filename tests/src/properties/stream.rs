//! Properties of a connection whose peer sends any bytes.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::{BufferTooSmall, More, RoutingId, SocketType, Version};
use zmtp_core::{Config, Event, Instant, Limits, SendError};

use crate::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use crate::model;
use crate::random::Random;
use crate::reader::{Reader, is_last};

/// How a connection is set up, chosen by bytes.
#[derive(Debug)]
pub struct Setup {
    /// Our end.
    pub config: Config,
    /// The bytes before those of the input: none, a greeting, a greeting and READY, or the opening of an
    /// older version.
    pub opening: Vec<u8>,
    /// Where the bytes are split.
    pub seed: u64,
}

impl Setup {
    /// Takes four bytes: type, settings, opening, seed. `None` if there are fewer.
    pub fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let ([kind, settings, opening, seed], rest) = bytes.split_first_chunk()?;
        let types: Vec<SocketType> = SocketType::all().collect();
        let kind = types[usize::from(*kind) % types.len()];
        let tight = Limits::DEFAULT.max_command(96).max_frame(300).max_message(500).max_parts(5);
        let limits = if settings & 4 == 0 { Limits::DEFAULT.max_command(4096) } else { tight };
        let id =
            RoutingId::new(&vec![b'i'; usize::from(settings >> 3) * 8]).unwrap_or(RoutingId::EMPTY);
        let versions = [Version::V3_0, Version::V2_0, Version::V3_1];
        let min_version = match settings & 1 {
            0 => Version::V1_0,
            _ => versions[usize::from(opening / 8) % 3],
        };
        let config = Config::new(kind)
            .with_min_version(min_version)
            .with_require_socket_type(settings & 2 != 0)
            .with_routing_id(id)
            .with_limits(limits);
        let peer = types.iter().find(|peer| kind.accepts(**peer)).map_or("", |peer| peer.name());
        let code = types.iter().find(|peer| kind.accepts(**peer)).map_or(0, |peer| peer.code());
        let opening = match opening % 5 {
            0 => Vec::new(),
            1 => wire::greeting("NULL"),
            2 => [wire::greeting("NULL"), wire::ready(peer)].concat(),
            3 => wire::opening_of_2_0(code, b"me"),
            _ => wire::frame_of_1_0(0, b"me"),
        };
        Some((Self { config, opening, seed: u64::from(*seed) }, rest))
    }

    /// The bytes of the peer, including its opening.
    pub fn stream(&self, rest: &[u8]) -> Vec<u8> {
        [&self.opening, rest].concat()
    }
}

/// The events are the same for every split of the bytes and every way to drive the connection, and equal
/// those of the model.
pub fn same_events_for_any_chunking(bytes: &[u8]) {
    let Some((setup, rest)) = Setup::take(bytes) else { return };
    let stream = setup.stream(rest);
    let whole = run(&setup.config, &stream, Lane::Decode, Fetch::Eagerly, []);
    assert_eq!(whole.log(), model::log(&setup.config, &stream), "the model differs");
    let by_byte = run(&setup.config, &stream, Lane::Decode, Fetch::Lazily, [1]);
    assert_same(&whole, &by_byte);
    let mut random = Random::new(setup.seed);
    let sizes = core::iter::from_fn(|| Some(1 + random.below(40)));
    assert_same(&whole, &run(&setup.config, &stream, Lane::Both, Fetch::Eagerly, sizes));
}

/// Bodies read past `receive` come out as those read through it.
pub fn body_lane_equals_decode_lane(bytes: &[u8]) {
    let Some((setup, rest)) = Setup::take(bytes) else { return };
    let stream = setup.stream(rest);
    let through = run(&setup.config, &stream, Lane::Decode, Fetch::Eagerly, []);
    let mut random = Random::new(setup.seed);
    let sizes: Vec<usize> = (0..stream.len()).map(|_| 1 + random.below(20)).collect();
    for lane in [Lane::Body, Lane::Both] {
        for fetch in [Fetch::Eagerly, Fetch::Lazily] {
            let past = run(&setup.config, &stream, lane, fetch, sizes.iter().copied());
            assert_same(&through, &past);
        }
    }
}

/// The unconsumed bytes are an incomplete command or header.
pub fn little_is_left_unconsumed(bytes: &[u8]) {
    let Some((setup, rest)) = Setup::take(bytes) else { return };
    let max_command = setup.config.limits.max_command as usize;
    let mut driver = Driver::new(&setup.config);
    for byte in setup.stream(rest) {
        driver.feed(&[byte]);
        if driver.connection().error().is_some() {
            return;
        }
        let left = driver.rest();
        // [`Driver::feed`] checks older peers, which have no commands.
        match (left.first(), wire::is_legacy(&setup.stream(rest))) {
            (_, Some(true)) => assert!(left.len() <= 265),
            (Some(flags), _) if flags & 4 != 0 => assert!(left.len() < max_command + 9),
            _ => assert!(left.len() <= 9),
        }
        assert!(driver.connection().incoming().is_none() || left.is_empty());
    }
}

/// A failed connection repeats its error, consumes nothing and sends nothing.
pub fn errors_repeat(bytes: &[u8]) {
    let Some((setup, rest)) = Setup::take(bytes) else { return };
    let mut driver = Driver::new(&setup.config);
    driver.feed(&setup.stream(rest));
    let connection = driver.connection_mut();
    let Some(error) = connection.error() else { return };
    for piece in [&b""[..], &wire::greeting("NULL"), &wire::ready("REP"), rest] {
        let mut reader = Reader::new(piece);
        assert_eq!(reader.receive(connection, NOW), (Event::Failed, Vec::new()));
        assert_eq!((connection.error(), reader.consumed()), (Some(error), 0));
        assert_eq!(connection.handle_timeout(Instant::NEVER), Err(error));
        assert_eq!(connection.begin_frame(More::Last, 0).unwrap_err(), SendError::Failed);
        assert_eq!(connection.body_received(1), None);
        assert_eq!(connection.poll_transmit(&mut [0; 512]), Ok(0));
        assert_eq!(connection.poll_timeout(), None);
        assert!(connection.incoming().is_none() && !connection.is_ready());
    }
}

/// The bytes sent do not depend on the size of the output buffer.
pub fn transmits_the_same_into_any_room(bytes: &[u8]) {
    let Some((setup, rest)) = Setup::take(bytes) else { return };
    let stream = setup.stream(rest);
    let roomy = run(&setup.config, &stream, Lane::Decode, Fetch::Eagerly, [1]);
    let mut connection =
        zmtp_core::Connection::new(zmtp_core::NullOrOlder::new(), &setup.config, NOW);
    let (mut sent, mut pending) = (Vec::new(), Reader::default());
    let mut drain = |connection: &mut zmtp_core::Connection<_, _>| {
        // Buffers of every size from 0, so that each piece is refused before it fits.
        let mut room = 0;
        loop {
            let mut out = vec![0; room];
            match connection.poll_transmit(&mut out) {
                Ok(0) => return,
                Ok(n) => {
                    sent.extend_from_slice(&out[..n]);
                    room = 0;
                }
                Err(BufferTooSmall { missing }) => {
                    assert!(missing > 0);
                    room += 1;
                }
            }
        }
    };
    drain(&mut connection);
    for byte in stream {
        pending.push(&[byte]);
        loop {
            let (event, _) = pending.receive(&mut connection, NOW);
            drain(&mut connection);
            if is_last(event) && event != Event::NeedTransmit {
                break;
            }
        }
    }
    assert_eq!(sent.escape_ascii().to_string(), roomy.sent().escape_ascii().to_string());
}

/// A connection that received a stream in pieces of these sizes.
pub fn run<'c>(
    config: &'c Config,
    stream: &[u8],
    lane: Lane,
    fetch: Fetch,
    sizes: impl IntoIterator<Item = usize>,
) -> Driver<'c> {
    let mut driver = Driver::with(config, lane, fetch);
    driver.feed_in_pieces(stream, sizes);
    driver
}

/// Asserts that two connections gave the same result.
///
/// # Panics
///
/// If they did not.
pub fn assert_same<M: Mechanism>(one: &Driver<'_, M>, other: &Driver<'_, M>) {
    assert_eq!(one.log(), other.log());
    if !matches!(one.log().last(), Some(LogEntry::Failed(_))) {
        // A failed connection may have been stopped before it sent everything.
        assert_eq!(one.sent(), other.sent());
        assert_eq!(one.unfinished(), other.unfinished());
        assert_eq!(one.rest(), other.rest());
        assert_eq!(one.connection().peer(), other.connection().peer());
    }
}
