//! Properties of the application in READY (`ZMQ_METADATA`).

use std::sync::Arc;
use std::thread;

use crate::harness::{LIMIT, RawPeer, builder, drive_until, half_ready};
use zmtp_mio::{Builder, Dealer, Error, Properties, PropertyError, Pull, Push, Router, kind};

type Settings<K> = Box<dyn Fn(Builder<K>) -> Builder<K>>;

/// The settings of both ends for each mechanism.
fn mechanisms() -> Vec<(&'static str, Settings<kind::Router>, Settings<kind::Dealer>)> {
    use zmtp_mio::Passwords;

    let mut all: Vec<(&'static str, Settings<kind::Router>, Settings<kind::Dealer>)> = vec![
        ("NULL", Box::new(|router| router), Box::new(|dealer| dealer)),
        (
            "PLAIN",
            Box::new(|router| router.plain_server(Passwords::new().allow("me", "secret"))),
            Box::new(|dealer| dealer.plain_client("me", "secret")),
        ),
    ];
    #[cfg(feature = "curve")]
    {
        let keys = || zmtp_mio::Certificate::generate().unwrap().keys().unwrap();
        let (server, client) = (keys(), keys());
        let public = *server.public();
        all.push((
            "CURVE",
            Box::new(move |router| router.curve_server(server.clone())),
            Box::new(move |dealer| dealer.curve_client(public, client.clone())),
        ));
    }
    all
}

#[test]
fn both_ends_read_the_metadata_of_the_other_with_each_message() {
    for (mechanism, router, dealer) in mechanisms() {
        let router = router(builder::<Router>()).metadata("X-Room", "kitchen");
        let mut router = router.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = router.last_endpoint().unwrap().clone();
        // As much as there is room for, with the longest routing id.
        let long = vec![7; 512 - 2 * 5 - "X-Long".len() - "X-One1".len()];
        let dealer = dealer(builder::<Dealer>())
            .routing_id(zmtp_core::wire::RoutingId::new(&[b'r'; 255]).unwrap())
            .metadata("X-One", "1")
            .metadata("X-Long", long.clone());
        let asking = thread::spawn(move || {
            let mut dealer = dealer.connect(endpoint).unwrap();
            dealer.send("question").unwrap();
            let reply = dealer.recv_timeout(LIMIT).unwrap().unwrap();
            reply.properties().unwrap().clone()
        });
        let question = router.recv_timeout(LIMIT).unwrap().unwrap_or_else(|| panic!("{mechanism}"));
        let properties = question.properties().unwrap();
        let expected = [("X-One".to_owned(), b"1".to_vec()), ("X-Long".to_owned(), long)];
        assert_eq!(properties.peer_metadata, expected, "{mechanism}");
        assert_eq!(properties.peer_property("x-one"), Some(&b"1"[..]));
        router.send_to(question.part(0).unwrap(), "answer", LIMIT).unwrap();
        drive_until!(router, asking.is_finished());
        let properties: Properties = asking.join().unwrap();
        assert_eq!(properties.peer_property("X-Room"), Some(&b"kitchen"[..]), "{mechanism}");
        assert_eq!(properties.peer_property("X-Other"), None);
    }
}

#[test]
fn messages_of_a_connection_share_their_properties() {
    let mut pull = Pull::builder().bind("tcp://127.0.0.1:*").unwrap();
    let mut push = Push::builder().connect(pull.last_endpoint().unwrap().clone()).unwrap();
    let mut take = |body: &str| {
        push.send(body).unwrap();
        let mut message = pull.recv_timeout(LIMIT).unwrap().unwrap();
        let properties = message.take_properties().unwrap();
        assert_eq!((message.properties(), message.text()), (None, Ok(body)));
        properties
    };
    let (first, second) = (take("1"), take("2"));
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn metadata_follows_the_properties_of_the_protocol() {
    let mut dealer = builder::<Dealer>().metadata("X-a", "1").build().unwrap();
    let endpoint = dealer.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let mut peer = half_ready(&endpoint, "DEALER");
    drive_until!(dealer, dealer.counters().handshakes == 1);
    peer.read_exact(64);
    let expected = [
        wire::property("Socket-Type", b"DEALER"),
        wire::property("Identity", b""),
        wire::property("X-a", b"1"),
    ];
    assert_eq!(peer.read_frame().1, [b"\x05READY".to_vec(), expected.concat()].concat());
}

#[test]
fn properties_that_cannot_be_announced_are_an_error() {
    let error = |name: &str, value: &[u8]| match builder::<Dealer>().metadata(name, value).build() {
        Err(Error::Metadata { source, .. }) => source,
        other => panic!("{other:?}"),
    };
    assert_eq!(error("Room", b""), PropertyError::Name);
    assert_eq!(error("X-a", &[0; 505]), PropertyError::TooLong);
    let twice = builder::<Dealer>().metadata("X-a", "1").metadata("x-a", "2").build();
    assert!(twice.unwrap_err().to_string().contains("\"x-a\""));
}

#[test]
fn at_most_4_kib_of_the_metadata_of_a_peer_are_kept() {
    let mut router = builder::<Router>().build().unwrap();
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let mut peer = RawPeer::connect(&endpoint);
    let mut properties = wire::property("Socket-Type", b"DEALER");
    for n in 0..60 {
        properties.extend(wire::property(&format!("X-{n}"), &[n; 1_000]));
    }
    properties.extend(wire::property("Resource", b"not of the application"));
    peer.send(&[wire::greeting("NULL"), wire::command("READY", &properties)].concat());
    peer.send(&wire::message(&[b"hello"]));
    let message = router.recv_timeout(LIMIT).unwrap().unwrap();
    let kept = &message.properties().unwrap().peer_metadata;
    let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-0", "X-1", "X-2"]);
}
