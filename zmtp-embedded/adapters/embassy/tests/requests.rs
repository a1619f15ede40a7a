//! Requests over a serial line, and why a request has no reply. The line is two pipes in memory.

#[allow(dead_code, reason = "these tests need no network stack")]
mod loopback;

use core::cell::Cell;
use core::future::Future;
use std::process::exit;

use embassy_executor::Spawner;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::pipe::Pipe;
use embassy_time::{Duration, Timer};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use zmtp_embassy::zmtp_embedded::asynch::{Duplex, Rep, Req, Session};
use zmtp_embassy::zmtp_embedded::{Config, Limits, SocketType};
use zmtp_embassy::{MAX_PARTS, RequestError, Requests, SerialLine, now, wait_for_silence};

static REQ: Config = Config::new(SocketType::Req).with_limits(LIMITS);
static REP: Config = Config::new(SocketType::Rep).with_limits(LIMITS);
/// A greeting that is discarded as noise is sent again soon.
const LIMITS: Limits = Limits::DEFAULT.handshake_timeout(1_000);

type Lane = Pipe<NoopRawMutex, 256>;
type End<'l> = Duplex<&'l Lane, &'l Lane>;
type Queue = Requests<NoopRawMutex, 32>;

const SECOND: Duration = Duration::from_secs(1);

fn line<'l>(there: &'l Lane, back: &'l Lane) -> (End<'l>, End<'l>) {
    // `&Pipe` is both an IO and its reference.
    (Duplex { reader: back, writer: there }, Duplex { reader: there, writer: back })
}

/// Runs a test beside the other tasks, which never end.
async fn run(others: impl Future, test: impl Future<Output = ()>) {
    match select(test, others).await {
        Either::First(()) => {}
        Either::Second(_) => unreachable!("they never end"),
    }
}

/// Waits for the greeting of the REQ. A greeting that is sent before is discarded by its wait for silence.
async fn first_byte(lane: &Lane) {
    while lane.is_empty() {
        Timer::after_millis(1).await;
    }
}

/// Owns a REQ over a line.
async fn own(end: End<'_>, requests: &Queue, silence: Duration) {
    let (mut receive, mut send) = ([0; 96], [0; 96]);
    let session = Session::new(Req::new(&REQ, &mut receive, &mut send, 1));
    let line = SerialLine::new(end).with_silence(silence);
    zmtp_embassy::request(session, line, requests).await;
}

async fn requests_over_a_serial_line_are_answered_after_a_restart_of_the_peer() {
    let (there, back) = (Lane::new(), Lane::new());
    let (ours, mut peer) = line(&there, &back);
    let requests = Queue::new();
    let silence = Duration::from_millis(200);
    let answers = Cell::new(0);
    let restarts = async {
        let (mut receive, mut send) = ([0; 96], [0; 96]);
        let mut session = Session::new(Rep::new(&REP, &mut receive, &mut send));
        loop {
            // As `zmtp bridge`: a connection begins with bytes after silence.
            wait_for_silence(&mut peer, Duration::from_millis(20)).await;
            first_byte(&there).await;
            let mut rep = session.connect(&mut peer, now());
            for n in 0..4 {
                let Ok(_) = rep.receive(now).await else { break };
                if n == 3 {
                    break;
                }
                if rep.reply(&[b"21.5"], now).await.is_err() {
                    break;
                }
            }
            drop(rep);
            // It restarts in the middle of a reply, with some noise after it.
            for noise in [&b"\x01\x00\x00"[..], b"\xFF", b"boot"] {
                let _ = peer.write_all(noise).await;
                Timer::after_millis(2).await;
            }
        }
    };
    let asks = async {
        let mut failures = 0;
        while answers.get() < 12 {
            match requests.request(&[b"temperature?"], SECOND / 2).await {
                Ok(reply) => {
                    assert_eq!(reply.first(), b"21.5");
                    answers.set(answers.get() + 1);
                }
                Err(RequestError::NoReply | RequestError::NotSent) => failures += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(failures >= 3, "each restart leaves a request without a reply");
    };
    run(select(own(ours, &requests, silence), restarts), asks).await;
}

/// An end of a line that first returns these results, then is silent.
struct Noise(Vec<Result<usize, ErrorKind>>);

impl ErrorType for Noise {
    type Error = ErrorKind;
}

impl Read for Noise {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        match self.0.pop() {
            Some(Ok(n)) => Ok(n.min(buf.len())),
            Some(Err(kind)) => Err(kind),
            None => core::future::pending().await,
        }
    }
}

async fn bytes_and_errors_before_silence_are_discarded() {
    let mut noise = Noise(vec![Ok(1), Err(ErrorKind::Other), Ok(32), Err(ErrorKind::Other), Ok(7)]);
    run(core::future::pending::<()>(), wait_for_silence(&mut noise, Duration::from_millis(100)))
        .await;
    assert!(noise.0.is_empty());
}

async fn a_line_that_is_never_silent_ends_the_wait() {
    struct Busy;
    impl ErrorType for Busy {
        type Error = ErrorKind;
    }
    impl Read for Busy {
        async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
            Ok(buf.len())
        }
    }
    run(core::future::pending::<()>(), wait_for_silence(&mut Busy, Duration::from_millis(2))).await;
}

async fn a_request_without_a_connection_is_not_sent_later() {
    let (there, back) = (Lane::new(), Lane::new());
    let (ours, mut peer) = line(&there, &back);
    let requests = Queue::new();
    let asks = async {
        let error = requests.request(&[b"early"], Duration::from_millis(20)).await.err();
        assert_eq!(error, Some(RequestError::NotSent));
        let (mut receive, mut send) = ([0; 96], [0; 96]);
        let mut rep = Rep::new(&REP, &mut receive, &mut send);
        first_byte(&there).await;
        rep.connect(&mut peer, now());
        let late = async { while requests.request(&[b"late"], 30 * SECOND).await.is_err() {} };
        let answer = async {
            let request = rep.receive(now).await.expect("a good peer");
            assert_eq!(request.only(), Some(&b"late"[..]));
            rep.reply(&[b""], now).await.expect("a good peer");
            core::future::pending::<()>().await;
        };
        select(late, answer).await;
    };
    run(own(ours, &requests, Duration::from_millis(1)), asks).await;
}

async fn what_does_not_fit_is_too_large() {
    let (there, back) = (Lane::new(), Lane::new());
    let (ours, mut peer) = line(&there, &back);
    let requests = Queue::new();
    let asks = async {
        let too_large = async |parts: &[&[u8]]| {
            let error = requests.request(parts, 30 * SECOND).await.err();
            assert_eq!(error, Some(RequestError::TooLarge), "{parts:?}");
        };
        too_large(&[&[0; 33]]).await;
        too_large(&[&b""[..]; MAX_PARTS + 1]).await;
        let (mut receive, mut send) = ([0; 96], [0; 256]);
        let mut rep = Rep::new(&REP, &mut receive, &mut send);
        first_byte(&there).await;
        rep.connect(&mut peer, now());
        let answer = async {
            // One reply is larger than the queue takes, one larger than the receive buffer of the REQ.
            for reply in [&[1; 33][..], &[2; 120]] {
                rep.receive(now).await.expect("a good peer");
                rep.reply(&[reply], now).await.expect("a good peer");
            }
            core::future::pending::<()>().await;
        };
        let ask = async {
            too_large(&[b"one"]).await;
            too_large(&[b"two"]).await;
        };
        select(ask, answer).await;
    };
    run(own(ours, &requests, Duration::from_millis(1)), asks).await;
}

async fn a_request_whose_reply_does_not_arrive_has_no_reply() {
    let (there, back) = (Lane::new(), Lane::new());
    let (ours, mut peer) = line(&there, &back);
    let requests = Queue::new();
    let asks = async {
        let (mut receive, mut send) = ([0; 96], [0; 96]);
        let mut rep = Rep::new(&REP, &mut receive, &mut send);
        first_byte(&there).await;
        rep.connect(&mut peer, now());
        let answer = async {
            rep.receive(now).await.expect("a good peer");
            core::future::pending::<()>().await;
        };
        let ask = async {
            // The first request waits for the handshake and may not be sent.
            let mut error = RequestError::NotSent;
            while error == RequestError::NotSent {
                error = requests.request(&[b"?"], SECOND).await.expect_err("no reply");
            }
            assert_eq!(error, RequestError::NoReply);
        };
        select(ask, answer).await;
    };
    run(own(ours, &requests, Duration::from_millis(1)), asks).await;
}

#[embassy_executor::task]
async fn test() {
    requests_over_a_serial_line_are_answered_after_a_restart_of_the_peer().await;
    println!("requests_over_a_serial_line_are_answered_after_a_restart_of_the_peer");
    bytes_and_errors_before_silence_are_discarded().await;
    println!("bytes_and_errors_before_silence_are_discarded");
    a_line_that_is_never_silent_ends_the_wait().await;
    println!("a_line_that_is_never_silent_ends_the_wait");
    a_request_without_a_connection_is_not_sent_later().await;
    println!("a_request_without_a_connection_is_not_sent_later");
    what_does_not_fit_is_too_large().await;
    println!("what_does_not_fit_is_too_large");
    a_request_whose_reply_does_not_arrive_has_no_reply().await;
    println!("a_request_whose_reply_does_not_arrive_has_no_reply");
    exit(0);
}

fn start(spawner: Spawner) {
    spawner.spawn(test().expect("a task"));
}

fn main() {
    loopback::run(start);
}
