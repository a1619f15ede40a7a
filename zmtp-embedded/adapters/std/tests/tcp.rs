//! Sockets over TCP streams of `std`.

use std::net::{TcpListener, TcpStream};
use std::thread;

use zmtp_embedded::blocking::{Rep, Req};
use zmtp_embedded::{Config, Error, Instant, SocketType};
use zmtp_embedded_std::{Clock, Std};

static REQ: Config = Config::new(SocketType::Req);
static REP: Config = Config::new(SocketType::Rep);
/// Milliseconds.
const LIMIT: u32 = 30_000;

#[test]
fn requests_and_replies_pass_and_a_quiet_stream_does_not_close_the_link() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let clock = Clock::start();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let (mut receive, mut send) = ([0; 512], [0; 512]);
        let mut rep = Rep::new(&REP, &mut receive, &mut send);
        rep.connect(Std::tcp(stream).expect("options"), clock.now());
        for _ in 0..100 {
            let request = rep.receive(clock.now().after(LIMIT), || clock.now());
            let body = request.expect("a request").first().to_vec();
            rep.reply(&[&body], clock.now().after(LIMIT), || clock.now()).expect("a good peer");
        }
        // The end of the stream, not a timeout.
        let end = rep.receive(clock.now().after(LIMIT), || clock.now()).err();
        assert!(matches!(end, Some(Error::Closed | Error::Io(_))), "{end:?}");
    });
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 1);
    let stream = TcpStream::connect(address).expect("a server");
    req.connect(Std::tcp(stream).expect("options"), clock.now());
    for at in 0..100_u8 {
        let reply = req.request(&[&[at; 40]], clock.now().after(LIMIT), || clock.now());
        assert_eq!(reply.expect("a reply").only(), Some(&[at; 40][..]));
    }
    drop(req);
    server.join().expect("the server ends");
}

#[test]
fn a_stream_without_bytes_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 1);
    let stream = TcpStream::connect(address).expect("a server");
    req.connect(Std::tcp(stream).expect("options"), Instant::from_millis(0));
    let mut ms = 0;
    let now = || {
        ms += 1;
        Instant::from_millis(ms)
    };
    let result = req.request(&[b"?"], Instant::from_millis(20), now).err();
    assert!(matches!(result, Some(Error::TimedOut)), "{result:?}");
    assert!(!req.is_closed());
}
