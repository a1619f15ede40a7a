//! A failed connection: its errors, and calls after the failure.

mod pipe;

use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

use embedded_io::{ErrorType, Read as _, Write as _};
use pipe::{End, PipeError, greeting, peer, pipe};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::blocking::{Dealer, Pull};
use zmtp_embedded::{Error, asynch};

static DEALER: Config = Config::new(SocketType::Dealer);
static PULL: Config = Config::new(SocketType::Pull);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

#[test]
fn a_refusal_can_be_read_after_any_call() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, peer) = pipe(1_000);
    peer.say(&[greeting(), frame(4, b"\x05ERROR\x02no")].concat());
    dealer.connect(ours, NOW);
    assert_eq!(dealer.send(&[b"x"], DEADLINE, || NOW), Err(Error::Connection));
    for _ in 0..2 {
        assert_eq!(dealer.receive(DEADLINE, || NOW), Err(Error::Connection));
        assert_eq!(dealer.refusal(), Some(&b"no"[..]));
    }
    let (ours, _peer) = pipe(1_000);
    dealer.connect(ours, NOW);
    assert_eq!(dealer.refusal(), None);
}

#[cfg(feature = "chunks")]
#[test]
fn a_part_in_pieces_ends_with_the_connection() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, peer) = peer("ROUTER", 1_000);
    dealer.connect(ours, NOW);
    dealer.begin(zmtp_core::wire::More::Last, 100, DEADLINE, || NOW).expect("a good peer");
    dealer.push(&[1; 10], DEADLINE, || NOW).expect("there is room");
    peer.say(&[0xff]);
    assert_eq!(dealer.receive(DEADLINE, || NOW), Err(Error::Connection));
    peer.heard();
    assert_eq!(dealer.push(&[2; 90], DEADLINE, || NOW), Err(Error::Connection));
    assert_eq!(peer.heard(), b"");
}

/// Reports more bytes than it was given.
struct Liar;

impl ErrorType for Liar {
    type Error = PipeError;
}

impl embedded_io::Read for Liar {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, PipeError> {
        Ok(bytes.len() + 3)
    }
}

impl embedded_io::Write for Liar {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, PipeError> {
        Ok(bytes.len() + 3)
    }

    fn flush(&mut self) -> Result<(), PipeError> {
        Ok(())
    }
}

#[test]
fn an_io_with_wrong_counts_ends_the_handshake_before_the_deadline() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    pull.connect(Liar, NOW);
    let mut asked = 0;
    let result = pull.handshake(DEADLINE, || {
        asked += 1;
        NOW
    });
    assert!(result.is_err() && asked < 20, "{result:?} {asked}");
    assert!(pull.is_closed());
}

/// An IO that is pending while the pipe is empty.
struct Reader(End);

/// An IO that writes a limited number of bytes.
struct Writer(End, Rc<Cell<usize>>);

impl ErrorType for Reader {
    type Error = PipeError;
}

impl ErrorType for Writer {
    type Error = PipeError;
}

impl embedded_io_async::Read for Reader {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, PipeError> {
        poll_fn(|_| match self.0.read(bytes) {
            Err(_) => Poll::Pending,
            result => Poll::Ready(result),
        })
        .await
    }
}

impl embedded_io_async::Write for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, PipeError> {
        poll_fn(|_| {
            let n = bytes.len().min(self.1.get());
            if n == 0 {
                return Poll::Pending;
            }
            self.1.set(self.1.get() - n);
            Poll::Ready(self.0.write(&bytes[..n]))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), PipeError> {
        Ok(())
    }
}

#[test]
fn both_halves_report_a_failure_even_if_the_peer_does_not_read() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = asynch::Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, peer) = peer("ROUTER", 1_000);
    let room = Rc::new(Cell::new(1_000));
    let writer = Writer(ours.clone(), room.clone());
    dealer.connect(asynch::Duplex { reader: Reader(ours), writer }, NOW);
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(dealer.handshake(|| NOW)).poll(&mut context).is_ready());
    room.set(0);
    let mut split = dealer.split().expect("connected");
    let (mut sender, mut receiver) = split.halves();
    let mut receiving = pin!(receiver.receive(|| NOW));
    {
        let parts: [&[u8]; 1] = [&[0; 40]];
        let mut sending = pin!(sender.send(&parts, || NOW));
        assert!(sending.as_mut().poll(&mut context).is_pending());
        peer.say(&[0xff]);
        assert!(receiving.as_mut().poll(&mut context).is_pending(), "the other half writes");
        room.set(10);
        assert_eq!(sending.poll(&mut context), Poll::Ready(Err(Error::Connection)));
    }
    assert_eq!(receiving.poll(&mut context), Poll::Ready(Err(Error::Connection)));
}

/// Neither reads nor writes: every call returns `TimedOut` at once.
struct TimesOut(Rc<Cell<u32>>);

impl ErrorType for TimesOut {
    type Error = PipeError;
}

impl embedded_io_async::Read for TimesOut {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, PipeError> {
        self.0.set(self.0.get() + 1);
        assert!(self.0.get() < 1_000, "the call does not yield");
        Err(PipeError(embedded_io::ErrorKind::TimedOut))
    }
}

impl embedded_io_async::Write for TimesOut {
    async fn write(&mut self, _: &[u8]) -> Result<usize, PipeError> {
        self.0.set(self.0.get() + 1);
        assert!(self.0.get() < 1_000, "the call does not yield");
        Err(PipeError(embedded_io::ErrorKind::TimedOut))
    }

    async fn flush(&mut self) -> Result<(), PipeError> {
        Ok(())
    }
}

#[test]
fn an_async_io_that_times_out_at_once_yields_to_other_tasks() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = asynch::Dealer::new(&DEALER, &mut receive, &mut send);
    let calls = Rc::new(Cell::new(0));
    dealer.connect(TimesOut(calls.clone()), NOW);
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(dealer.handshake(|| NOW)).poll(&mut context).is_pending());
    assert!(calls.get() > 0);
    let halves = (TimesOut(calls.clone()), TimesOut(calls.clone()));
    let (reader, writer) = halves;
    let mut dealer = asynch::Dealer::new(&DEALER, &mut receive, &mut send);
    dealer.connect(asynch::Duplex { reader, writer }, NOW);
    let mut split = dealer.split().expect("connected");
    let (_, mut receiver) = split.halves();
    assert!(pin!(receiver.receive(|| NOW)).poll(&mut context).is_pending());
}
