//! Lazy Pirate: a REQ that retries.

mod pipe;

use pipe::{End, greeting, pipe, ready, ticking};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Req, Retry};

static REQ: Config = Config::new(SocketType::Req);

/// A REP that sends these bytes: none, or a reply.
fn server(say: &[u8]) -> End {
    let (ours, peer) = pipe(1_000);
    peer.say(say);
    ours
}

#[test]
fn a_request_is_retried_over_new_connections() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 41);
    let silent = [greeting(), ready("REP")].concat();
    let answer = [frame(1, &44_u32.to_ne_bytes()), frame(1, b""), frame(0, b"at last")].concat();
    let mut servers = vec![
        Some(server(&[&silent[..], &answer].concat())),
        Some(server(&silent)),
        None,
        Some(server(b"\x00garbage in front of everything")),
        Some(server(&silent)),
    ];
    let mut lasts = Vec::new();
    let mut reconnect = |last: Option<End>| {
        lasts.push(last.is_some());
        servers.pop().expect("no more tries than servers")
    };
    let retry = Retry { timeout: 1_000, tries: 9 };
    let reply = req.request_with_retries(&[b"ask"], retry, &mut reconnect, ticking(10));
    assert_eq!(reply.expect("the last server answers").only(), Some(&b"at last"[..]));
    assert_eq!(lasts, [false, true, true, false, true]);
}

#[test]
fn the_last_error_is_returned_after_all_tries() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 41);
    let mut tries = 0;
    let mut reconnect = |_: Option<End>| {
        tries += 1;
        (tries < 3).then(|| server(&[greeting(), ready("REP")].concat()))
    };
    let retry = Retry { timeout: 1_000, tries: 2 };
    let error = req.request_with_retries(&[b"ask"], retry, &mut reconnect, ticking(10)).err();
    assert_eq!(error, Some(Error::NoReply));
    let retry = Retry { timeout: 1_000, tries: 1 };
    let error = req.request_with_retries(&[b"ask"], retry, &mut reconnect, ticking(10)).err();
    assert_eq!(error, Some(Error::Closed));
    assert_eq!(tries, 3);
    let _ = Instant::NEVER;
}
