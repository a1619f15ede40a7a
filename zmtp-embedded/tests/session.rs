//! Sessions: their state outlives connections over any IO.

mod pipe;

use pipe::asynch::{Stutter, both, finish};
use pipe::{End, PipeError, greeting, peer, pipe, ready, ticking};
use wire::frame;
use zmtp_core::pattern::OutOfTurn;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::{Error, asynch, blocking};

static REQ: Config = Config::new(SocketType::Req);
static SUB: Config = Config::new(SocketType::Sub);
static DEALER: Config = Config::new(SocketType::Dealer);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

fn now() -> Instant {
    NOW
}

/// A stream that is connected again and again, with halves that borrow it, as `TcpSocket` of `embassy-net`.
struct Tcp(Option<Stutter>);

struct Reader<'t>(&'t Stutter);
struct Writer<'t>(&'t Stutter);

impl Tcp {
    fn connect(&mut self) -> End {
        let (ours, peer) = peer("ROUTER", 1_000);
        self.0 = Some(Stutter::new(ours));
        peer
    }

    #[expect(clippy::needless_pass_by_ref_mut, reason = "as the split of `TcpSocket`")]
    fn split(&mut self) -> (Reader<'_>, Writer<'_>) {
        let stream = self.0.as_ref().expect("connected");
        (Reader(stream), Writer(stream))
    }
}

impl embedded_io_async::ErrorType for Reader<'_> {
    type Error = PipeError;
}

impl embedded_io_async::ErrorType for Writer<'_> {
    type Error = PipeError;
}

impl embedded_io_async::Read for Reader<'_> {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, PipeError> {
        embedded_io_async::Read::read(&mut self.0.clone(), bytes).await
    }
}

impl embedded_io_async::Write for Writer<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, PipeError> {
        embedded_io_async::Write::write(&mut self.0.clone(), bytes).await
    }

    async fn flush(&mut self) -> Result<(), PipeError> {
        Ok(())
    }
}

#[test]
fn halves_that_borrow_a_stream_can_be_connected_again() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let dealer = asynch::Dealer::new(&DEALER, &mut receive, &mut send);
    let mut session = asynch::Session::new(dealer);
    let mut tcp = Tcp(None);
    for round in 0..10_u8 {
        let peer = tcp.connect();
        let (reader, writer) = tcp.split();
        let mut dealer = session.connect(asynch::Duplex { reader, writer }, NOW);
        finish(dealer.handshake(now)).expect("a good peer");
        let mut split = dealer.split().expect("connected");
        let (mut sender, mut receiver) = split.halves();
        peer.say(&frame(0, &[round]));
        let (sent, received) = both(sender.send(&[b"out"], now), receiver.receive(now));
        assert_eq!(sent, Ok(()));
        assert_eq!(received.map(|message| message.first() == [round]), Ok(true));
        assert!(peer.heard().ends_with(&frame(0, b"out")));
    }
}

#[test]
fn a_session_keeps_its_turn_and_borrows_its_io() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let req = blocking::Req::new(&REQ, &mut receive, &mut send, 0);
    let mut session = blocking::Session::new(req);
    // The pipe stays in the hands of the caller, as a UART does.
    let (mut uart, rep) = pipe(1_000);
    let handshake = [greeting(), ready("REP")].concat();
    rep.say(&handshake);
    {
        let mut req = session.connect(&mut uart, NOW);
        req.send(&[b"ask"], DEADLINE, now).expect("ready");
    }
    assert!(session.is_closed() && !session.is_ready());
    rep.heard();
    rep.say(&handshake);
    let mut req = session.connect(&mut uart, NOW);
    let lost = req.receive(DEADLINE, ticking(50)).err();
    assert_eq!(lost, Some(Error::PeerLost));
    let none = req.receive(DEADLINE, ticking(50)).err();
    assert_eq!(none, Some(Error::OutOfTurn(OutOfTurn::NoRequestSent)));
    rep.heard();
    rep.say(&[frame(1, &2_u32.to_ne_bytes()), frame(1, b""), frame(0, b"answer")].concat());
    // The id of the request follows that of the lost one.
    let handshaken = req.request(&[b"ask"], DEADLINE, now).map(|reply| reply.first().to_vec());
    assert_eq!(handshaken, Ok(b"answer".to_vec()));
}

#[test]
fn subscriptions_are_sent_over_each_connection_and_the_io_is_returned() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let sub = blocking::Sub::<_, 64>::new(&SUB, &mut receive, &mut send);
    let mut session = blocking::Session::new(sub);
    session.subscribe(b"a").expect("it fits");
    let (mut io, publisher) = pipe(1_000);
    for round in 0..3 {
        publisher.say(&[greeting(), ready("PUB"), frame(0, &[b'a', round])].concat());
        let mut sub = session.connect(io, NOW);
        let message = sub.receive(DEADLINE, now).map(|message| message.first().to_vec());
        assert_eq!(message, Ok(vec![b'a', round]));
        assert_eq!(sub.receive(DEADLINE, ticking(50)).err(), Some(Error::TimedOut));
        assert!(publisher.heard().ends_with(&frame(4, b"\x09SUBSCRIBEa")));
        io = sub.disconnect().expect("connected");
    }
}

#[test]
fn a_session_reports_why_its_last_connection_failed() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let dealer = blocking::Dealer::new(&DEALER, &mut receive, &mut send);
    let mut session = blocking::Session::new(dealer);
    let (io, wrong) = pipe(1_000);
    wrong.say(&[greeting(), frame(4, b"\x05ERROR\x02no")].concat());
    assert_eq!(session.connect(io, NOW).handshake(DEADLINE, now), Err(Error::Connection));
    assert!(session.failure().is_some());
    assert_eq!(session.refusal(), Some(&b"no"[..]));
}

#[test]
fn a_connection_that_was_forgotten_leaves_a_session_without_buffers() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let dealer = blocking::Dealer::new(&DEALER, &mut receive, &mut send);
    let mut session = blocking::Session::new(dealer);
    let (ours, _peer) = peer("ROUTER", 1_000);
    core::mem::forget(session.connect(ours, NOW));
    let (ours, _peer) = peer("ROUTER", 1_000);
    let mut dealer = session.connect(ours, NOW);
    assert_eq!(dealer.handshake(DEADLINE, now), Err(Error::SendBuffer));
}
