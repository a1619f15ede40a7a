//! Sockets whose kind is known at run time, options by kind, and what sockets of all kinds have.

use std::os::fd::{AsFd, AsRawFd};
use std::thread;
use std::time::Duration;

use crate::harness::{LIMIT, builder, drive_until};
use zmtp_mio::kind::{CanReceive, CanSend};
use zmtp_mio::{
    AnySocket, Endpoint, Error, EventKind, Heartbeat, HighWaterMark, Interest, Item, Linger,
    Options, Poller, Pub, Pull, Push, Rep, Req, Router, RoutingId, Socket, SocketKind, Stream, Sub,
    Xpub,
};

/// Code that is generic over what a kind can do.
fn pass(from: &mut Socket<impl CanSend>, to: &mut Socket<impl CanReceive>, text: &str) {
    from.send_timeout(text, LIMIT).unwrap();
    let message = to.recv_timeout(LIMIT).unwrap().expect("a message");
    assert_eq!(message.text(), Ok(text));
}

#[test]
fn a_socket_becomes_one_of_any_kind_and_back_with_its_connections() {
    let mut pull = builder::<Pull>().bind("inproc://any-kind").unwrap();
    let mut push = builder::<Push>().connect("inproc://any-kind").unwrap();
    pass(&mut push, &mut pull, "typed");
    let (mut any_push, mut any_pull) = (AnySocket::from(push), AnySocket::from(pull));
    assert_eq!((any_push.kind(), any_pull.kind()), (SocketKind::Push, SocketKind::Pull));
    pass(&mut any_push, &mut any_pull, "any");
    let any_push = Pull::try_from(any_push).expect_err("it is a PUSH");
    let (mut push, mut pull) =
        (Push::try_from(any_push).unwrap(), Pull::try_from(any_pull).unwrap());
    pass(&mut push, &mut pull, "typed again");
}

#[test]
fn each_kind_can_be_made_at_run_time_and_refuses_what_it_cannot_do() {
    for kind in SocketKind::ALL {
        let mut socket = AnySocket::builder(kind).build().unwrap();
        assert_eq!(socket.kind(), kind);
        let sent = socket.try_send(["id", "body"]).map_err(|error| error.error);
        assert_eq!(matches!(sent, Err(Error::NotSupported)), !kind.can_send(), "{kind}: {sent:?}");
        let received = socket.try_recv();
        let refused = matches!(received, Err(Error::NotSupported));
        assert_eq!(refused, !kind.can_receive(), "{kind}: {received:?}");
        let waited = socket.wait_for_subscribers(1, Duration::ZERO);
        let refused = matches!(waited, Err(Error::NotSupported));
        assert_eq!(refused, !kind.publishes(), "{kind}: {waited:?}");
        let subscribed = socket.subscribe("topic");
        let subscribes = matches!(kind, SocketKind::Sub | SocketKind::Xsub);
        assert_eq!(subscribed.is_ok(), subscribes, "{kind}: {subscribed:?}");
    }
}

#[test]
fn an_option_that_a_kind_does_not_have_is_refused_with_its_name() {
    let set = |set: fn(&mut Options)| {
        let mut options = Options::default();
        set(&mut options);
        options
    };
    let conflate = set(|options| options.conflate = true);
    let cases = [
        (SocketKind::Pair, "conflate", conflate.clone()),
        (SocketKind::Rep, "conflate", conflate.clone()),
        (SocketKind::Router, "conflate", conflate),
        (SocketKind::Pub, "immediate", set(|options| options.immediate = true)),
        (
            SocketKind::Pull,
            "routing_id",
            set(|options| {
                options.routing_id = RoutingId::new(b"me").unwrap();
            }),
        ),
        (
            SocketKind::Pull,
            "send_mark",
            set(|options| {
                options.send_mark = HighWaterMark::UNLIMITED;
            }),
        ),
        (
            SocketKind::Push,
            "receive_mark",
            set(|options| {
                options.receive_mark = HighWaterMark::UNLIMITED;
            }),
        ),
        (SocketKind::Req, "max_subscriptions", set(|options| options.max_subscriptions = None)),
        (
            SocketKind::Stream,
            "heartbeat",
            set(|options| {
                options.heartbeat = Some(Heartbeat::every(Duration::from_secs(1)));
            }),
        ),
        (SocketKind::Stream, "max_handshakes", set(|options| options.max_handshakes = None)),
        (
            SocketKind::Stream,
            "max_handshakes_per_address",
            set(|options| options.max_handshakes_per_address = None),
        ),
    ];
    for (kind, name, options) in cases {
        match AnySocket::builder(kind).options(options.clone()).build() {
            Err(error @ Error::Option { option }) => {
                assert_eq!(option, name, "{kind}");
                assert!(error.to_string().contains(name), "{error}");
            }
            other => panic!("{kind}, {name}: {other:?}"),
        }
        let fitting = options.for_kind(kind);
        assert!(AnySocket::builder(kind).options(fitting).build().is_ok(), "{kind}, {name}");
    }
    // A typed builder refuses it too.
    let options = set(|options| options.conflate = true);
    assert!(matches!(builder::<Rep>().options(options).build(), Err(Error::Option { .. })));
}

#[test]
fn a_message_limit_above_the_limit_of_the_socket_is_refused() {
    let max_bytes = builder::<Rep>().max_bytes(1 << 20);
    // The default of the other limit is no contradiction.
    assert!(max_bytes.clone().build().is_ok());
    assert!(max_bytes.clone().max_message(1 << 20).build().is_ok());
    for error in [
        max_bytes.max_message((1 << 20) + 1).build().unwrap_err(),
        builder::<Rep>().max_message(1 << 30).build().unwrap_err(),
    ] {
        assert!(matches!(error, Error::Limits { .. }), "{error}");
        assert!(error.to_string().contains("`max_message`"), "{error}");
    }
    assert!(builder::<Rep>().max_message(1 << 30).max_bytes(1 << 30).build().is_ok());
    assert!(builder::<Rep>().max_message(1 << 30).max_bytes(None).build().is_ok());
}

#[test]
fn every_limit_can_be_none() {
    let mut options = Options::default();
    options.linger = Linger::from(None);
    options.send_mark = HighWaterMark::UNLIMITED;
    options.receive_mark = HighWaterMark::new(None, None);
    (options.max_bytes, options.max_connections, options.max_handshakes) = (None, None, None);
    let limits = options.limits.max_frame(None).max_message(None).max_parts(None);
    options.limits = limits.handshake_timeout(None);
    let mut rep = builder::<Rep>().options(options.clone()).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.last_endpoint().unwrap().clone();
    let server = thread::spawn(move || {
        let request = rep.recv_timeout(LIMIT).unwrap().expect("a request");
        rep.send(request).unwrap();
    });
    let mut req = builder::<Req>().options(options).connect(endpoint).unwrap();
    let reply = req.request(vec![7; 300_000], LIMIT).unwrap().expect("a reply");
    assert_eq!(reply.byte_len(), 300_000);
    server.join().unwrap();
    let publisher = builder::<Xpub>().max_subscriptions(None, None).build();
    assert!(publisher.is_ok());
}

#[test]
fn the_last_endpoint_is_the_one_bound_or_connected_last() {
    let mut rep = builder::<Rep>().build().unwrap();
    assert_eq!(rep.last_endpoint(), None);
    let bound = rep.bind("tcp://127.0.0.1:*").unwrap();
    assert_eq!(rep.last_endpoint(), Some(&bound));
    assert!(rep.bind(&bound).is_err(), "it is in use");
    assert_eq!(rep.last_endpoint(), Some(&bound));
    let name: Endpoint = "inproc://last-endpoint".parse().unwrap();
    rep.connect(name.clone()).unwrap();
    assert_eq!(rep.last_endpoint(), Some(&name));
    assert_eq!(rep.endpoints().collect::<Vec<_>>(), [bound]);
}

#[test]
fn the_descriptor_is_readable_when_something_happens() {
    let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let mut push = builder::<Push>().connect(pull.last_endpoint().unwrap()).unwrap();
    push.send("news").unwrap();
    drive_until!(push, {
        let _ = pull.step();
        push.counters().messages_sent == 1
    });
    assert_eq!(pull.as_fd().as_raw_fd(), pull.as_raw_fd());
    // Any event loop can wait for it.
    let mut poller = Poller::new().unwrap();
    let fd = pull.as_fd().try_clone_to_owned().unwrap();
    let mut waits = 0;
    while pull.try_recv().unwrap().is_none() {
        let mut items = [Item::fd(&fd, Interest::READABLE)];
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
        waits += 1;
        assert!(waits < 1_000);
    }
}

#[test]
fn a_message_has_the_properties_of_its_peer() {
    let mut router = builder::<Router>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.last_endpoint().unwrap();
    let mut req =
        builder::<Req>().routing_id(RoutingId::new(b"ann").unwrap()).connect(endpoint).unwrap();
    req.send("hello").unwrap();
    drive_until!(req, {
        let _ = router.step();
        req.counters().messages_sent == 1
    });
    let message = router.recv_timeout(LIMIT).unwrap().unwrap();
    let properties = message.properties().expect("properties");
    let peer = router.last_peer().unwrap();
    assert_eq!(properties.connection, peer.connection);
    assert_eq!((properties.peer_address, properties.socket_type), (peer.remote, peer.socket_type));
    assert_eq!(properties.routing_id, b"ann");
    let mut events = std::iter::from_fn(|| router.next_event());
    let ready = events.find(|event| matches!(event.kind, EventKind::Ready(_))).unwrap();
    assert_eq!(ready.connection, Some(properties.connection));
}

#[test]
fn another_thread_reads_the_events() {
    let mut rep = builder::<Rep>().build().unwrap();
    let events = rep.events();
    assert!(events.try_next().is_none());
    let reader = thread::spawn(move || {
        let event = events.next_timeout(LIMIT).expect("an event");
        // The socket is dropped: the wait ends.
        while events.next_timeout(Duration::MAX).is_some() {}
        event
    });
    let endpoint = rep.bind("tcp://127.0.0.1:*").unwrap();
    drop(rep);
    let event = reader.join().unwrap();
    assert_eq!((event.kind, &*event.endpoint), (EventKind::Listening, &endpoint));
}

#[test]
fn the_poller_keeps_registrations_and_notices_a_new_socket_with_an_old_descriptor() {
    let mut poller = Poller::new().unwrap();
    for round in 0..3 {
        let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
        let mut push = builder::<Push>().connect(pull.last_endpoint().unwrap()).unwrap();
        for message in 0..3 {
            push.send(format!("{round} {message}")).unwrap();
            let mut items = [
                Item::socket(&mut pull, Interest::READABLE),
                Item::socket(&mut push, Interest::WRITABLE),
            ];
            while !items[0].is_readable() {
                assert!(poller.wait(&mut items, Some(LIMIT)).unwrap() > 0);
            }
            let received = pull.try_recv().unwrap().unwrap();
            assert_eq!(received.text(), Ok(&*format!("{round} {message}")));
        }
    }
}

#[test]
fn publishers_and_subscribers_count_topics() {
    let mut publisher = builder::<Pub>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.last_endpoint().unwrap();
    let mut sub = builder::<Sub>().topic("a").topic("b").connect(endpoint).unwrap();
    assert_eq!(sub.topic_count(), 2);
    drive_until!(sub, publisher.wait_for_subscribers(1, Duration::ZERO).unwrap());
    drive_until!(sub, {
        let _ = publisher.step();
        publisher.topic_count() == 2
    });
    let stream = AnySocket::from(builder::<Stream>().build().unwrap());
    assert_eq!(stream.kind().to_string(), "STREAM");
}
