//! Handlers of ZAP: the rows of `malformed.md` about them, and the recorded dialogues with one.

use std::io::Write;
use std::sync::mpsc;
use std::thread;

use wire::{command, greeting, opening_of_2_0};
use zmtp_mio::{Context, Message, Options, Pull, Rep, Security};
use zmtp_tests::malformed::{self, What, cases};
use zmtp_tests::vectors::{Step, Vector};

use super::play::{LIMIT, Play};

const HANDLER: &str = "inproc://zeromq.zap.01";

type Parts = Vec<Vec<u8>>;

/// A PULL in a context of its own, because the name of the handler exists once in a context.
fn pull(context: &Context, security: Security, domain: &str) -> Play<Pull> {
    let mut options = Options::default();
    (options.security, options.zap_domain) = (security, domain.into());
    // One row waits for this time.
    options.limits = options.limits.handshake_timeout(LIMIT / 2);
    Play::new(Pull::builder().options(options).context(context).build().unwrap(), true)
}

/// A handler that answers one request.
struct Handler {
    requests: mpsc::Receiver<Parts>,
    /// The handler exists as long as this end: one that ends refuses its clients.
    _end: mpsc::Sender<()>,
}

impl Handler {
    fn new(context: &Context, answer: impl FnOnce(&[Vec<u8>]) -> Parts + Send + 'static) -> Self {
        let mut rep = Rep::builder().context(context).bind(HANDLER).unwrap();
        let (request_in, requests) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        thread::spawn(move || {
            let Some(request) = rep.recv_timeout(LIMIT).unwrap() else { return };
            let request: Parts = request.parts().map(<[u8]>::to_vec).collect();
            request_in.send(request.clone()).unwrap();
            rep.send(Message::from_parts(answer(&request))).unwrap();
            let _ = ended.recv();
        });
        Self { requests, _end: end }
    }
}

/// The reply of a row to the request with this id.
fn reply_of(row: &str, id: &[u8]) -> Option<Parts> {
    let frames: &[&[u8]] = match row {
        "ZAP reply: version 1.1" => &[b"1.1", id, b"200", b"", b"u", b""],
        "ZAP reply: wrong request id" => &[b"1.0", b"zz", b"200", b"", b"u", b""],
        "ZAP reply: status 201" => &[b"1.0", id, b"201", b"", b"u", b""],
        // With the delimiter.
        "ZAP reply: six frames" => &[b"1.0", id, b"200", b"", b"u"],
        "ZAP reply: bad metadata" => &[b"1.0", id, b"200", b"", b"u", b"\x01"],
        _ => return None,
    };
    Some(frames.iter().map(|frame| frame.to_vec()).collect())
}

#[test]
fn every_row_about_zap_has_the_outcome_of_libzmq() {
    let mut count = 0;
    for (row, case) in malformed::libzmq().into_iter().zip(cases()) {
        let What::Elsewhere { file: "sockets/zap.rs", .. } = case.what else { continue };
        println!("{}", case.input);
        count += 1;
        assert!(row.outcome.closes && row.outcome.sent == "-" && row.outcome.delivered == "-");
        let context = Context::builder().build();
        let handler = Handler::new(&context, move |request| {
            reply_of(case.input, &request[1]).expect("a reply for each row")
        });
        let hello = [greeting("PLAIN"), command("HELLO", b"\x01a\x01b")].concat();
        closes_silently(pull(&context, Security::plain_server(), "g"), &hello);
        assert!(handler.requests.try_recv().is_ok());
    }
    assert_eq!(count, 5);
}

#[test]
fn with_a_domain_older_peers_are_refused_and_not_asked_about() {
    for opening in [b"\x01\0".to_vec(), opening_of_2_0(8, b"")] {
        let context = Context::builder().build();
        let handler = Handler::new(&context, |_| panic!("asked about an older peer"));
        closes_silently(pull(&context, Security::NULL, "g"), &opening);
        assert!(handler.requests.try_recv().is_err());
    }
}

/// The peer is refused: nothing follows the greeting, and nothing is delivered.
fn closes_silently(mut play: Play<Pull>, bytes: &[u8]) {
    play.peers[0].write_all(bytes).unwrap();
    play.closes();
    assert!(play.unread[0].len() <= 64, "{:x?}", play.unread[0]);
    assert!(play.socket.try_recv().unwrap().is_none());
    assert_eq!(play.socket.counters().handshakes, 0);
}

/// The frames in the text of a vector, without the delimiter.
fn frames(text: &str) -> Parts {
    let byte = |text: &str| u8::from_str_radix(text, 16).expect("hex");
    let frame = |text: &str| match text.trim() {
        "-" => Vec::new(),
        bytes => bytes.split(' ').map(byte).collect(),
    };
    text.split('|').skip(1).map(frame).collect()
}

#[test]
fn a_handler_gets_the_recorded_request_and_a_refused_peer_is_closed_where_libzmq_ignores_it() {
    for (name, refused) in [("null-zap-200", false), ("null-zap-300", true), ("null-zap-400", true)]
    {
        let vector = Vector::named(name);
        let find = |start: &str| {
            let mut texts = vector.steps.iter().filter_map(|step| match step {
                Step::Aside(text) => text.trim().strip_prefix(start),
                _ => None,
            });
            frames(texts.next_back().expect("a line with these frames"))
        };
        let (request, reply) = (find("ZAP request:"), find("ZAP reply:"));
        let context = Context::builder().build();
        let handler = Handler::new(&context, |_| reply);
        let mut play = pull(&context, Security::NULL, "dom");
        let mut closed = false;
        for (at, step) in vector.steps.iter().enumerate() {
            println!("{name} step {at}: {step:?}");
            match step {
                Step::Aside(_) => {}
                Step::Observed(_) | Step::Close if refused => {
                    play.closes();
                    closed = true;
                }
                _ => play.step(step),
            }
        }
        assert_eq!(closed, refused);
        assert_eq!(handler.requests.recv_timeout(LIMIT).unwrap(), request, "{name}");
    }
}
