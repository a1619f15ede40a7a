//! What a monitor reports about the handler of ZAP.

use std::time::{Duration, Instant};

use zmtp_mio::libzmq::KindOptions;
use zmtp_mio::{AnySocket, Context, EventKind, Message, SocketKind};

use super::harness::LIMIT;
use super::{options, recv, socket};

/// The number of the first event of ZAP.
fn failure(server: &mut AnySocket, expected: u32) -> u32 {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < LIMIT, "{expected:#x}");
        assert!(server.recv_timeout(Duration::from_millis(10)).unwrap().is_none());
        while let Some(event) = server.next_event() {
            if let EventKind::ZapFailed(code) = event.kind {
                return code;
            }
        }
    }
}

/// A reply with this version, id, and status.
fn reply(version: &[u8], id: &[u8], status: &[u8]) -> Message {
    Message::from_parts([version, id, status, b"text", b"", b""])
}

#[test]
fn the_reason_of_a_refusal_is_reported() {
    type Answer = fn(&[u8]) -> Message;
    let cases: [(u32, Option<Answer>); 7] = [
        (0, None),
        (300, Some(|id| reply(b"1.0", id, b"300"))),
        (500, Some(|id| reply(b"1.0", id, b"500"))),
        (0x2000_0001, Some(|id| Message::from_parts([b"1.0", id]))),
        (0x2000_0002, Some(|_| reply(b"1.0", b"999", b"200"))),
        (0x2000_0003, Some(|id| reply(b"2.0", id, b"200"))),
        (0x2000_0004, Some(|id| reply(b"1.0", id, b"200x"))),
    ];
    for (code, answer) in cases {
        let context = Context::builder().build();
        let mut options = options();
        options.context = context.clone();
        let own = KindOptions::default();
        let mut handler = socket(SocketKind::Rep, &options, &own);
        let mut asked = options.clone();
        asked.zap_domain = "domain".into();
        (asked.rules.reports_zap, asked.rules.zap_is_optional) = (true, false);
        let mut server = socket(SocketKind::Pull, &asked, &own);
        let endpoint = server.bind("tcp://127.0.0.1:*").unwrap();
        let mut client = socket(SocketKind::Push, &options, &own);
        if let Some(answer) = answer {
            handler.bind("inproc://zeromq.zap.01").unwrap();
            client.connect(endpoint).unwrap();
            let request = recv(&mut handler);
            handler.send(answer(&request[1])).unwrap();
        } else {
            client.connect(endpoint).unwrap();
        }
        assert_eq!(failure(&mut server, code), code);
    }
}
