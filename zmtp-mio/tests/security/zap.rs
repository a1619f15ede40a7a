//! Handlers of ZAP (RFC 27) at `inproc://zeromq.zap.01`, as REP and as ROUTER.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{LIMIT, builder, closes, context, drive_until, events};
use zmtp_core::PeerError;
use zmtp_mio::{
    Certificate, CloseReason, Context, Endpoint, EventKind, KeyPair, Message, Options, Pull, Push,
    Rep, Router, RoutingId, Security,
};

const NAME: &str = "inproc://zeromq.zap.01";

/// A context of its own, in the mode that is tested: another test binds the same name.
fn own() -> Context {
    Context::builder().driver(context().has_driver()).build()
}

fn keys() -> KeyPair {
    Certificate::generate().unwrap().keys().unwrap()
}

/// A request of one part for each frame after the delimiter.
fn frames(request: &Message) -> Vec<Vec<u8>> {
    request.parts().map(<[u8]>::to_vec).collect()
}

/// A reply with these frames after the request id.
fn reply(id: &[u8], rest: [&[u8]; 4]) -> Message {
    Message::from_parts([&[&b"1.0"[..], id], &rest[..]].concat())
}

const OK: [&[u8]; 4] = [b"200", b"OK", b"alice", b"\x06Colour\0\0\0\x04blue"];

/// A server, and a client that connects to it.
struct Pair {
    pull: Pull,
    push: Push,
}

impl Pair {
    fn new(context: &Context, server: Options, client: Options) -> Self {
        let pull = Pull::builder().options(server).context(context).bind("tcp://127.0.0.1:*");
        let pull = pull.unwrap();
        let endpoint = pull.last_endpoint().unwrap().clone();
        Self { pull, push: client_of(client, &endpoint) }
    }

    /// The reason in the ERROR that the client got, once it is refused.
    #[track_caller]
    fn refused(&mut self) -> Option<Vec<u8>> {
        let Self { pull, push } = self;
        drive_until!(pull, push.step().is_ok() && push.counters().refused > 0);
        assert_eq!((pull.counters().handshakes, push.counters().handshakes), (0, 0));
        events!(push).iter().find_map(|kind| match kind {
            EventKind::Refused(refused) => Some(refused.bytes().to_vec()),
            _ => None,
        })
    }

    /// A message of the client, once it is accepted.
    #[track_caller]
    fn accepted(&mut self) -> Message {
        let Self { pull, push } = self;
        let mut sent = false;
        let mut got;
        drive_until!(pull, {
            push.step().unwrap();
            sent = sent || push.try_send("hello").is_ok();
            got = pull.try_recv().unwrap();
            got.is_some()
        });
        got.unwrap()
    }
}

fn client_of(options: Options, endpoint: &Endpoint) -> Push {
    let mut options = options;
    options.linger = Duration::ZERO.into();
    builder::<Push>().options(options).connect(endpoint).unwrap()
}

fn options(security: Security, domain: &str) -> Options {
    let mut options = Options::default();
    (options.security, options.zap_domain) = (security, domain.into());
    options
}

/// The options of a server and its client, and the frames from the mechanism on, for each mechanism.
fn mechanisms(domain: &str) -> [(Options, Options, Vec<Vec<u8>>); 3] {
    let (server, client) = (keys(), keys());
    let public = *client.public();
    let secured = Security::curve_client(*server.public(), client);
    [
        (options(Security::NULL, domain), Options::default(), vec![b"NULL".to_vec()]),
        (
            options(Security::plain_server(), domain),
            options(Security::plain_client("admin", "secret"), ""),
            vec![b"PLAIN".to_vec(), b"admin".to_vec(), b"secret".to_vec()],
        ),
        (
            options(Security::curve_server(server), domain),
            options(secured, ""),
            vec![b"CURVE".to_vec(), public.as_bytes().to_vec()],
        ),
    ]
}

/// A REP that answers `count` requests with what `answer` returns.
fn rep_handler(
    context: &Context,
    count: usize,
    answer: impl Fn(&[Vec<u8>]) -> Message + Send + 'static,
) -> thread::JoinHandle<()> {
    let mut rep = Rep::builder().context(context).bind(NAME).unwrap();
    thread::spawn(move || {
        for _ in 0..count {
            let request = rep.recv_timeout(LIMIT).unwrap().expect("a request in time");
            rep.send(answer(&frames(&request))).unwrap();
        }
        // Until the reply is read: closing drops none, but the next test needs the name.
        drop(rep);
    })
}

#[test]
fn a_rep_gets_the_frames_of_the_rfc_and_its_answer_is_in_every_message() {
    for (server, client, credentials) in mechanisms("the domain") {
        let context = own();
        let expected = credentials.clone();
        let handler = rep_handler(&context, 1, move |request| {
            assert_eq!(request[0], b"1.0");
            assert_eq!(request[2..5], [&b"the domain"[..], b"127.0.0.1", b""]);
            assert_eq!(request[5..], expected);
            reply(&request[1], OK)
        });
        let mut pair = Pair::new(&context, server, client);
        let message = pair.accepted();
        let properties = message.properties().unwrap();
        assert_eq!(properties.user_id.as_deref(), Some("alice"));
        assert_eq!(properties.metadata, [("Colour".into(), b"blue".to_vec())]);
        let peer = pair.pull.peers().next().unwrap();
        assert_eq!(peer.user.unwrap().id, "alice");
        handler.join().unwrap();
    }
}

#[test]
fn a_router_answers_in_any_order_and_a_slow_answer_delays_its_client_only() {
    let context = own();
    let mut router = Router::builder().context(&context).bind(NAME).unwrap();
    let (mut server, client, credentials) = mechanisms("").into_iter().nth(1).unwrap();
    server.routing_id = RoutingId::EMPTY;
    let mut pair = Pair::new(&context, server, client.clone());
    let mut next = |pair: &mut Pair| {
        let mut request;
        let Pair { pull, push } = pair;
        drive_until!(pull, {
            push.step().unwrap();
            request = router.try_recv().unwrap();
            request.is_some()
        });
        frames(&request.unwrap())
    };
    let first = next(&mut pair);
    assert_eq!((&first[1][..], &first[2][..]), (&b""[..], &b"1.0"[..]));
    assert_eq!(first[7..], credentials);
    let endpoint = pair.pull.last_endpoint().unwrap().clone();
    let mut other = Pair { push: client_of(client, &endpoint), pull: pair.pull };
    let second = next(&mut other);
    assert_ne!(first[3], second[3], "each request has its id");
    for request in [&second, &first] {
        let answer =
            Message::from_parts([&[&request[0][..], b"", b"1.0", &request[3]], &OK[..]].concat());
        let Pair { pull, push: second_push } = &mut other;
        let before = pull.counters().handshakes;
        assert_eq!(before, u64::from(request[3] == first[3]));
        router.send(answer).unwrap();
        drive_until!(pull, {
            router.step().unwrap();
            pair.push.step().unwrap();
            second_push.step().unwrap();
            pull.counters().handshakes > before
        });
    }
    assert_eq!(other.push.counters().handshakes, 1);
    assert_eq!(pair.push.counters().handshakes, 1);
}

#[test]
fn the_status_of_a_refusal_reaches_the_client() {
    for (at, status, reason) in [
        (0, "400", Some(&b"400"[..])),
        (0, "500", Some(b"500")),
        (0, "300", None),
        (1, "400", Some(b"400")),
        (1, "500", Some(b"500")),
        (1, "300", None),
        (2, "400", Some(b"400")),
        (2, "500", Some(b"500")),
        (2, "300", None),
    ] {
        let context = own();
        let (server, client, _) = mechanisms("d").into_iter().nth(at).unwrap();
        let _handler = rep_handler(&context, 1, move |request| {
            reply(&request[1], [status.as_bytes(), b"text", b"", b""])
        });
        let mut pair = Pair::new(&context, server, client);
        assert_eq!(pair.refused().as_deref(), reason, "{at} {status}");
        let denied = CloseReason::Protocol(PeerError::Denied.into());
        assert!(closes(&events!(pair.pull)).contains(&denied));
    }
}

#[test]
fn nonsense_of_the_handler_closes_that_connection_only() {
    let nonsense: [fn(&[u8]) -> Message; 8] = [
        |id| Message::from_parts([b"2.0", id, b"200", b"OK", b"u", b""]),
        |id| Message::from_parts([b"1.0", id, b"200", b"OK", b"u"]),
        |id| Message::from_parts([b"1.0", id, b"200", b"OK", b"u", b"", b""]),
        |id| reply(id, [b"201", b"OK", b"u", b""]),
        |id| reply(id, [b"", b"OK", b"u", b""]),
        |id| reply(id, [b"200", b"OK", b"\xff", b""]),
        |id| reply(id, [b"200", b"OK", b"u", b"\x06Colour\0\0\0\x05blue"]),
        |id| reply(id, [b"200", b"OK", b"u", b"\x01\xff\0\0\0\0"]),
    ];
    for (at, nonsense) in nonsense.into_iter().enumerate() {
        let context = own();
        let (server, client, _) = mechanisms("d").into_iter().nth(at % 3).unwrap();
        let handler = rep_handler(&context, 2, move |request| match request[1] == b"1" {
            true => nonsense(&request[1]),
            false => reply(&request[1], OK),
        });
        let mut pair = Pair::new(&context, server, client.clone());
        assert_eq!(pair.refused(), None, "{at}");
        let endpoint = pair.pull.last_endpoint().unwrap().clone();
        pair.push = client_of(client, &endpoint);
        let message = pair.accepted();
        assert_eq!(message.properties().unwrap().user_id.as_deref(), Some("alice"));
        handler.join().unwrap();
    }
}

#[test]
fn an_answer_to_no_request_leaves_the_client_waiting_up_to_its_deadline() {
    let context = own();
    let (mut server, client, _) = mechanisms("").into_iter().nth(1).unwrap();
    server.limits = server.limits.handshake_timeout(Duration::from_millis(300));
    let mut handler = Rep::builder().context(&context).bind(NAME).unwrap();
    let mut pair = Pair::new(&context, server, client);
    let Pair { pull, push } = &mut pair;
    drive_until!(pull, {
        push.step().unwrap();
        if handler.try_recv().unwrap().is_some() {
            handler.send(reply(b"another", OK)).unwrap();
        }
        push.counters().refused > 0
    });
    assert_eq!((pull.counters().handshakes, push.counters().handshakes), (0, 0));
    let closed = closes(&events!(pair.pull));
    let timeout = |reason: &CloseReason| {
        matches!(reason, CloseReason::Protocol(zmtp_mio::ProtocolError::TimedOut(_)))
    };
    assert!(closed.iter().any(timeout), "{closed:?}");
}

#[test]
fn without_a_handler_null_and_curve_accept_only_without_a_domain() {
    let context = own();
    // A socket of another type is not a handler.
    let _pull = Pull::builder().context(&context).bind(NAME).unwrap();
    for (domain, all) in [("d", [false; 3]), ("", [true, false, true])] {
        for ((server, client, _), accepted) in mechanisms(domain).into_iter().zip(all) {
            let mut pair = Pair::new(&context, server, client);
            match accepted {
                true => assert_eq!(pair.accepted().properties().unwrap().user_id, None),
                false => assert_eq!(pair.refused(), None),
            }
        }
    }
}

#[test]
fn a_handler_that_is_gone_refuses_and_the_next_one_is_asked() {
    let context = own();
    let mut dying = Rep::builder().context(&context).bind(NAME).unwrap();
    let (server, client, _) = mechanisms("").into_iter().nth(1).unwrap();
    let mut pair = Pair::new(&context, server, client.clone());
    let Pair { pull, push } = &mut pair;
    drive_until!(pull, push.step().is_ok() && dying.try_recv().unwrap().is_some());
    drop(dying);
    assert_eq!(pair.refused(), None);
    let handler = rep_handler(&context, 1, |request| reply(&request[1], OK));
    let endpoint = pair.pull.last_endpoint().unwrap().clone();
    pair.push = client_of(client, &endpoint);
    assert_eq!(pair.accepted().properties().unwrap().user_id.as_deref(), Some("alice"));
    handler.join().unwrap();
}

#[test]
fn a_wait_in_the_thread_of_the_handler_ends_and_loses_the_client_only() {
    let context = own();
    let mut handler = Rep::builder().context(&context).driver(false).bind(NAME).unwrap();
    let (mut server, client, _) = mechanisms("").into_iter().nth(1).unwrap();
    server.limits = server.limits.handshake_timeout(Duration::from_millis(300));
    let mut pair = Pair::new(&context, server, client.clone());
    let connecting = thread::spawn({
        let mut push = pair.push;
        move || {
            drive_until!(push, push.counters().refused > 0);
        }
    });
    // The same thread serves the handler and waits for a message of the client.
    let end = Instant::now() + LIMIT;
    while pair.pull.counters().refused == 0 {
        assert!(Instant::now() < end, "no refusal");
        assert!(pair.pull.recv_timeout(Duration::from_millis(50)).unwrap().is_none());
    }
    drive_until!(pair.pull, connecting.is_finished());
    connecting.join().unwrap();
    // The requests of all attempts are there, and the answers to lost ones change nothing.
    let endpoint = pair.pull.last_endpoint().unwrap().clone();
    pair.push = client_of(client, &endpoint);
    let Pair { pull, push } = &mut pair;
    drive_until!(pull, {
        push.step().unwrap();
        if let Some(request) = handler.try_recv().unwrap() {
            handler.send(reply(&frames(&request)[1], OK)).unwrap();
        }
        push.counters().handshakes == 1
    });
    assert_eq!(pair.accepted().properties().unwrap().user_id.as_deref(), Some("alice"));
}
