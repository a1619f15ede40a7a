//! Options whose effect the other end sees, in both directions.

mod common;

use core::time::Duration;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

use common::any::{until, until_joined};
use common::{LONG, Place, libzmq};
use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{AcceptFilter, Dealer, Pull, Push, Router, RoutingId, Socks, Xpub, Xsub};

fn parts(message: &zmtp_mio::Message) -> Vec<Vec<u8>> {
    message.parts().map(<[u8]>::to_vec).collect()
}

#[test]
fn our_dealer_and_libzmqs_router_exchange_hello_messages_and_a_hiccup_is_delivered() {
    let context = Context::new().unwrap();
    let router = libzmq(&context, Kind::Router);
    router.set_bytes(option::HELLO_MSG, b"from libzmq").unwrap();
    router.set_bytes(option::DISCONNECT_MSG, b"gone").unwrap();
    router.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.last_endpoint();
    let mut dealer = common::builder::<Dealer>()
        .routing_id(RoutingId::new(b"d").unwrap())
        .hello_message("from ours")
        .hiccup_message("hiccup")
        .connect(&endpoint)
        .unwrap();
    let hello = dealer.recv_string(LONG).unwrap();
    assert_eq!(hello.as_deref(), Some("from libzmq"));
    assert_eq!(router.recv().unwrap(), [&b"d"[..], b"from ours"]);
    drop(router);
    drop(context);
    assert_eq!(dealer.recv_string(LONG).unwrap().as_deref(), Some("hiccup"));
}

#[test]
fn our_router_and_libzmqs_dealer_exchange_hello_messages_and_a_disconnection_is_delivered() {
    let mut router = common::builder::<Router>()
        .hello_message("from ours")
        .disconnect_message("gone")
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let context = Context::new().unwrap();
    let dealer = libzmq(&context, Kind::Dealer);
    dealer.set_bytes(option::ROUTING_ID, b"d").unwrap();
    dealer.set_bytes(option::HELLO_MSG, b"from libzmq").unwrap();
    dealer.connect(&router.last_endpoint().unwrap().to_string()).unwrap();
    let receiving = thread::spawn(move || (dealer.recv().unwrap(), dealer));
    let hello = router.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(parts(&hello), [&b"d"[..], b"from libzmq"]);
    let (came, dealer) = until_joined("the hello message at libzmq's end", receiving, || {
        router.wait(Duration::from_millis(10))
    });
    assert_eq!(came, [b"from ours"]);
    drop(dealer);
    drop(context);
    let gone = router.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(parts(&gone), [&b"d"[..], b"gone"]);
}

#[test]
fn metadata_is_readable_with_each_message_at_both_ends() {
    let context = Context::new().unwrap();
    let router = libzmq(&context, Kind::Router);
    router.set_bytes(option::METADATA, b"X-Room:kitchen").unwrap();
    router.set_bytes(option::METADATA, b"X-Floor:second").unwrap();
    router.bind("tcp://127.0.0.1:*").unwrap();
    let mut dealer = common::builder::<Dealer>()
        .metadata("X-One", "1")
        .metadata("X-Two", "zwei")
        .connect(router.last_endpoint())
        .unwrap();
    dealer.send("question").unwrap();
    let asking = thread::spawn(move || {
        let answer = dealer.recv_timeout(LONG).unwrap().unwrap();
        answer.properties().unwrap().clone()
    });
    let id = router.recv_frame().unwrap();
    let body = router.recv_frame().unwrap();
    assert_eq!(body.property("X-One").as_deref(), Some("1"));
    assert_eq!(body.property("X-Two").as_deref(), Some("zwei"));
    router.send(&[id.bytes(), b"answer"]).unwrap();
    let properties = asking.join().unwrap();
    assert_eq!(properties.peer_property("X-Room"), Some(&b"kitchen"[..]));
    assert_eq!(properties.peer_property("X-Floor"), Some(&b"second"[..]));
}

#[test]
fn our_xpub_sends_a_last_value_to_the_last_of_libzmqs_subscribers_only() {
    let xpub = common::builder::<Xpub>().manual_last_value(true);
    let mut xpub = xpub.bind("tcp://127.0.0.1:*").unwrap();
    let context = Context::new().unwrap();
    let subs = [(); 2].map(|()| {
        let sub = libzmq(&context, Kind::Sub);
        sub.set_bytes(option::SUBSCRIBE, b"t").unwrap();
        sub.connect(&xpub.last_endpoint().unwrap().to_string()).unwrap();
        let request = xpub.recv_timeout(LONG).unwrap().unwrap();
        assert_eq!(request.bytes(), Some(&b"\x01t"[..]));
        assert!(xpub.subscribe("t"));
        xpub.send("t last").unwrap();
        sub
    });
    xpub.send("t next").unwrap();
    let reading = thread::spawn(move || subs.map(|sub| [sub.recv().unwrap(), sub.recv().unwrap()]));
    let came = until_joined("both", reading, || xpub.wait(Duration::from_millis(10)));
    assert_eq!(came, [(); 2].map(|()| [[b"t last"], [b"t next"]]));
}

#[test]
fn libzmqs_xpub_receives_every_cancellation_of_our_xsub() {
    let context = Context::new().unwrap();
    let xpub = libzmq(&context, Kind::Xpub);
    xpub.set_i32(option::XPUB_MANUAL, 1).unwrap();
    xpub.bind("tcp://127.0.0.1:*").unwrap();
    let xsub = common::builder::<Xsub>().all_cancellations(true);
    let mut xsub = xsub.connect(xpub.last_endpoint()).unwrap();
    until("the connection", || {
        xsub.wait(Duration::from_millis(10)).unwrap();
        (xsub.counters().handshakes == 1).then_some(())
    });
    for _ in 0..2 {
        xsub.subscribe("t");
    }
    for _ in 0..3 {
        xsub.unsubscribe("t");
    }
    let reading = thread::spawn(move || [(); 5].map(|()| xpub.recv().unwrap().remove(0)));
    let [subscribe, cancel] = [b"\x01t".to_vec(), b"\0t".to_vec()];
    let expected = [subscribe.clone(), subscribe, cancel.clone(), cancel.clone(), cancel];
    let came = until_joined("every report", reading, || xsub.wait(Duration::from_millis(10)));
    assert_eq!(came, expected);
}

#[test]
fn the_ipc_wildcard_of_each_library_is_reached_by_the_other() {
    let context = Context::new().unwrap();
    let filter = AcceptFilter::default().process(std::process::id());
    let mut ours = common::builder::<Pull>().accept_filter(filter).bind("ipc://*").unwrap();
    let push = libzmq(&context, Kind::Push);
    push.connect(&ours.last_endpoint().unwrap().to_string()).unwrap();
    push.send(&[b"to ours"]).unwrap();
    assert_eq!(ours.recv_string(LONG).unwrap().as_deref(), Some("to ours"));
    let theirs = libzmq(&context, Kind::Pull);
    theirs.bind("ipc://*").unwrap();
    let mut push = common::builder::<Push>().connect(theirs.last_endpoint()).unwrap();
    push.send("to libzmq").unwrap();
    let reading = thread::spawn(move || theirs.recv().unwrap());
    let came = until_joined("the message", reading, || push.wait(Duration::from_millis(10)));
    assert_eq!(came, [b"to libzmq"]);
}

#[test]
fn libzmq_connects_to_a_listener_of_the_application() {
    let mut pull = common::builder::<Pull>().build().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = pull.bind_listener(listener).unwrap().to_string();
    let context = Context::new().unwrap();
    let push = libzmq(&context, Kind::Push);
    push.connect(&endpoint).unwrap();
    push.send(&[b"hello"]).unwrap();
    assert_eq!(pull.recv_string(LONG).unwrap().as_deref(), Some("hello"));
}

#[test]
fn a_filter_of_ours_refuses_the_connections_of_libzmq() {
    let filter = AcceptFilter::default().address("192.0.2.1".parse().unwrap());
    let mut pull =
        common::builder::<Pull>().accept_filter(filter).bind("tcp://127.0.0.1:*").unwrap();
    let context = Context::new().unwrap();
    let push = libzmq(&context, Kind::Push);
    push.connect(&pull.last_endpoint().unwrap().to_string()).unwrap();
    until("two attempts", || {
        pull.wait(Duration::from_millis(10)).unwrap();
        (pull.counters().refused >= 2).then_some(())
    });
    assert_eq!(pull.counters().handshakes, 0);
}

/// A SOCKS5 proxy of Debian, which is ended when it is dropped.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn each_library_reaches_the_other_through_a_proxy_with_a_login() {
    let place = Place::free_port();
    let address = place.endpoint.strip_prefix("tcp://").unwrap();
    let port = address.rsplit_once(':').unwrap().1;
    let child = Command::new("microsocks")
        .args(["-i", "127.0.0.1", "-p", port, "-u", "me", "-P", "secret"])
        .stderr(Stdio::null())
        .spawn();
    let _proxy = match child {
        Ok(child) => Proxy(child),
        Err(error) => {
            return common::skipped(&format!("no microsocks on this machine: {error}"));
        }
    };
    until("the proxy to listen", || TcpStream::connect(address).ok());
    let context = Context::new().unwrap();

    let theirs = libzmq(&context, Kind::Pull);
    theirs.bind("tcp://127.0.0.1:*").unwrap();
    let proxy = Socks::new(address).unwrap().login("me", "secret");
    let push = common::builder::<Push>().socks(proxy);
    let mut push = push.connect(theirs.last_endpoint()).unwrap();
    push.send("to libzmq").unwrap();
    let reading = thread::spawn(move || theirs.recv().unwrap());
    let came = until_joined("the message", reading, || push.wait(Duration::from_millis(10)));
    assert_eq!(came, [b"to libzmq"]);

    let mut ours = common::builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let theirs = libzmq(&context, Kind::Push);
    theirs.set_bytes(option::SOCKS_PROXY, address.as_bytes()).unwrap();
    theirs.set_bytes(option::SOCKS_USERNAME, b"me").unwrap();
    theirs.set_bytes(option::SOCKS_PASSWORD, b"secret").unwrap();
    theirs.connect(&ours.last_endpoint().unwrap().to_string()).unwrap();
    theirs.send(&[b"to ours"]).unwrap();
    assert_eq!(ours.recv_string(LONG).unwrap().as_deref(), Some("to ours"));
}
