//! The measured operations.

use core::hint::black_box;

use zmtp_core::wire::{FrameHeader, FrameKind, More, SocketType};
use zmtp_core::{Config, Connection, Event, Instant, Null};

use crate::nom_header;

static DEALER: Config = Config::new(SocketType::Dealer);
static ROUTER: Config = Config::new(SocketType::Router);
const NOW: Instant = Instant::from_millis(1);
const BODY: [u8; 64] = [0x5a; 64];
const SHORT: [u8; 2] = [0x00, 64];
const LONG: [u8; 9] = [0x02, 0, 0, 0, 0, 0, 1, 0, 0];

/// An operation.
pub(crate) struct Operation {
    /// A description of one operation.
    pub(crate) name: &'static str,
    /// Sets up once, then runs the operation this many times.
    pub(crate) run: fn(u64),
}

const fn op(name: &'static str, run: fn(u64)) -> Operation {
    Operation { name, run }
}

/// All operations, in the order of the table.
pub(crate) const OPERATIONS: [Operation; 11] = [
    op("nothing: the loop around the parsers below", |n| parse::<2>(n, |_| Ok(None), &SHORT)),
    op("parse a short frame header", |n| parse::<2>(n, FrameHeader::parse, &SHORT)),
    op("parse a short frame header, in nom", |n| parse::<2>(n, nom_header::parse, &SHORT)),
    op("parse a long frame header", |n| parse::<9>(n, FrameHeader::parse, &LONG)),
    op("parse a long frame header, in nom", |n| parse::<9>(n, nom_header::parse, &LONG)),
    op("emit a short frame header", |n| emit(n, 64)),
    op("emit a long frame header", |n| emit(n, 65_536)),
    op("encode a message of 64 bytes, copy included", encode),
    op("decode a message of 64 bytes, alone in its read", |n| decode(n, 1)),
    op("decode a message of 64 bytes, 100 to a read", |n| decode(n, 100)),
    op("two greetings and NULL handshakes, wired to each other", handshake),
];

#[inline]
fn parse<const LEN: usize>(
    n: u64,
    parse: impl Fn(&[u8]) -> Result<Option<(FrameHeader, usize)>, zmtp_core::wire::Malformed>,
    bytes: &[u8; LEN],
) {
    for _ in 0..n {
        // A slice of unknown length, like that of a receive buffer.
        let input: &[u8] = black_box(bytes);
        let _ = black_box(parse(input));
    }
}

fn emit(n: u64, len: u64) {
    for _ in 0..n {
        let header = FrameHeader::new(black_box(FrameKind::Message(More::Last)), black_box(len));
        black_box(header.emit().as_ref());
    }
}

fn encode(n: u64) {
    let (mut connection, _) = connected();
    let mut out = [0; FrameHeader::MAX_LEN + BODY.len()];
    for _ in 0..n {
        let body: &[u8] = black_box(&BODY);
        connection.encode_frame(More::Last, body, &mut out).expect("ready");
        black_box(&out);
    }
}

/// Decodes `n` messages or the next multiple of `per_read`.
fn decode(n: u64, per_read: usize) {
    let (mut connection, _) = connected();
    let mut bytes = [&SHORT[..], &BODY].concat().repeat(per_read);
    for _ in 0..n.div_ceil(per_read as u64) {
        let bytes: &mut [u8] = black_box(&mut bytes);
        let mut at = 0;
        // Until it needs more input, as a driver must.
        loop {
            let received = connection.receive(NOW, &mut bytes[at..]);
            at = bytes.len() - connection.unread();
            match received.event {
                Event::Frame | Event::Piece => black_box(&bytes[at - received.payload..at]),
                Event::NeedInput => break,
                event => unreachable!("messages only, not {event:?}"),
            };
        }
    }
}

fn handshake(n: u64) {
    for _ in 0..n {
        black_box(connected());
    }
}

/// Two ends after their handshake.
fn connected() -> (Connection<Null>, Connection<Null>) {
    let mut dealer = Connection::new(Null::new(), black_box(&DEALER), NOW);
    let mut router = Connection::new(Null::new(), black_box(&ROUTER), NOW);
    while !(dealer.is_ready() && router.is_ready()) {
        carry(&mut dealer, &mut router);
        carry(&mut router, &mut dealer);
    }
    (dealer, router)
}

/// Passes the bytes of one end to the other, which consumes all of them: a handshake fits one write.
fn carry(from: &mut Connection<Null>, to: &mut Connection<Null>) {
    let mut wire = [0; 128];
    let n = from.poll_transmit(&mut wire).expect("room for a greeting and READY");
    let mut at = 0;
    while to.receive(NOW, &mut wire[at..n]).event != Event::NeedInput {
        assert!(!to.has_failed(), "well-formed");
        at = n - to.unread();
    }
    assert_eq!(to.unread(), 0, "a handshake comes in whole commands");
}
