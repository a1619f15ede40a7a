//! Sockets of microcontrollers whose frames are sealed, blocking and async.

use embassy_futures::block_on;
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Answer, Config, Heartbeat, OpenError, PeerError};
use zmtp_embedded::{Error, asynch, blocking};
use zmtp_tests::driver::{LogEntry, NOW};
use zmtp_tests::sealed::{OVERHEAD, Sealed};

use crate::line::{BODIES, DEADLINE, Peer, buffer, clock, config};

const KEY: u64 = 3;

#[test]
fn a_blocking_req_gets_replies_for_every_size_of_reads_and_writes() {
    for most in [1, 2, 3, 7, 64, usize::MAX] {
        let ours = config(SocketType::Req);
        let mut req = blocking::Req::new(ours, buffer(800), buffer(600), 5)
            .with_mechanism(ours, Sealed::client(KEY));
        let peer = Peer::new(SocketType::Rep, Sealed::server(KEY), most).echoing();
        req.connect_with(peer.clone(), Sealed::client(KEY), NOW);
        for body in BODIES {
            let reply = req.request(&[body, b"second"], DEADLINE, clock()).unwrap();
            assert_eq!(reply.parts().collect::<Vec<_>>(), [body, b"second"]);
        }
        // The request id, the delimiter and the parts, each in a box of its own.
        assert_eq!(peer.messages()[0].len(), 4);
    }
}

#[test]
fn an_async_req_gets_replies() {
    let ours = config(SocketType::Req);
    let mut req = asynch::Req::new(ours, buffer(800), buffer(600), 5)
        .with_mechanism(ours, Sealed::client(KEY));
    req.connect_with(
        Peer::new(SocketType::Rep, Sealed::server(KEY), 10).echoing(),
        Sealed::client(KEY),
        NOW,
    );
    for body in BODIES {
        let reply = block_on(req.request(&[body, b"second"], || NOW)).unwrap();
        assert_eq!(reply.parts().collect::<Vec<_>>(), [body, b"second"]);
    }
}

#[test]
fn a_rep_seals_the_envelope_that_it_returns() {
    let ours = config(SocketType::Rep);
    let mut rep = blocking::Rep::new(ours, buffer(800), buffer(800))
        .with_mechanism(ours, Sealed::server(KEY));
    let peer = Peer::new(SocketType::Dealer, Sealed::client(KEY), usize::MAX);
    rep.connect_with(peer.clone(), Sealed::server(KEY), NOW);
    rep.handshake(DEADLINE, clock()).unwrap();
    for (id, body) in [(&[1, 2, 3, 4][..], &b"one"[..]), (&[9; 260], b"two")] {
        peer.driver().take_log();
        peer.driver().send(&[id, b"", body]).unwrap();
        assert_eq!(rep.receive(DEADLINE, clock()).unwrap().only(), Some(body));
        rep.reply(&[body, b"!"], DEADLINE, clock()).unwrap();
        assert_eq!(peer.messages(), [[id, b"", body, b"!"]]);
    }
}

#[test]
fn subscriptions_and_their_cancellations_are_sealed() {
    let ours = config(SocketType::Sub);
    let mut sub = blocking::Sub::<_, 64>::new(ours, buffer(400), buffer(200))
        .with_mechanism(ours, Sealed::client(KEY));
    let peer = Peer::new(SocketType::Pub, Sealed::server(KEY), usize::MAX);
    sub.subscribe(b"early").unwrap();
    sub.connect_with(peer.clone(), Sealed::client(KEY), NOW);
    sub.handshake(DEADLINE, clock()).unwrap();
    sub.subscribe(b"late").unwrap();
    sub.flush(DEADLINE, clock()).unwrap();
    sub.cancel(b"early", DEADLINE, clock()).unwrap();
    sub.flush(DEADLINE, clock()).unwrap();
    let log = peer.driver().take_log();
    let entry = |what: fn(Vec<u8>) -> LogEntry, topic: &[u8]| what(topic.to_vec());
    let expected = [
        entry(LogEntry::Subscribe, b"early"),
        entry(LogEntry::Subscribe, b"late"),
        entry(LogEntry::Cancel, b"early"),
    ];
    assert_eq!(log[1..], expected);
    peer.driver().send(&["early bird"]).unwrap();
    peer.driver().send(&["later", "part"]).unwrap();
    let message = sub.receive(DEADLINE, clock()).unwrap();
    assert_eq!(message.parts().collect::<Vec<_>>(), [b"later".as_slice(), b"part"]);
    // A topic whose subscription would not fit the send buffer is refused at once.
    let error = sub.subscribe(&[b't'; 180]).unwrap_err();
    assert_eq!((error, sub.needed()), (Error::SendBuffer, 180 + 9 + OVERHEAD + 10));
}

#[test]
fn a_pub_opens_subscriptions_and_publishes_sealed() {
    let ours = config(SocketType::Pub);
    let mut publisher = asynch::Pub::<_, 64>::new(ours, buffer(200), buffer(200))
        .with_mechanism(ours, Sealed::server(KEY));
    let peer = Peer::new(SocketType::Sub, Sealed::client(KEY), usize::MAX);
    publisher.connect_with(peer.clone(), Sealed::server(KEY), NOW);
    block_on(publisher.handshake(|| NOW)).unwrap();
    peer.driver().subscribe(zmtp_core::Subscription::Subscribe, b"a").unwrap();
    // Serving never ends: it reads what there is at its first poll.
    block_on(embassy_futures::select::select(publisher.serve(|| NOW), async {}));
    assert_eq!(block_on(publisher.publish(&[b"abc", b"d"], || NOW)), Ok(true));
    assert_eq!(block_on(publisher.publish(&[b"b"], || NOW)), Ok(false));
    block_on(publisher.flush(|| NOW)).unwrap();
    assert_eq!(peer.messages(), [[b"abc".as_slice(), b"d"]]);
}

#[test]
fn heartbeats_are_sealed() {
    let config: &'static Config =
        Box::leak(Box::new(Config::new(SocketType::Dealer).with_heartbeat(Heartbeat::every(100))));
    let mut dealer = blocking::Dealer::new(config, buffer(200), buffer(200))
        .with_mechanism(config, Sealed::client(KEY));
    let peer = Peer::new(SocketType::Dealer, Sealed::server(KEY), usize::MAX);
    dealer.connect_with(peer.clone(), Sealed::client(KEY), NOW);
    dealer.handshake(DEADLINE, clock()).unwrap();
    for beat in 1..5 {
        let at = NOW.after(100 * beat);
        dealer.flush(DEADLINE, || at).unwrap();
        // The PONG is read, and nothing else comes.
        assert_eq!(dealer.receive(at, || at).unwrap_err(), Error::TimedOut);
        assert_eq!(dealer.failure(), None);
    }
    peer.driver().send(&["x"]).unwrap();
    let at = NOW.after(450);
    assert_eq!(dealer.receive(DEADLINE, || at).unwrap().only(), Some(&b"x"[..]));
}

#[test]
fn messages_come_in_chunks_of_whole_parts() {
    let ours = config(SocketType::Dealer);
    let mut dealer = blocking::Dealer::new(ours, buffer(400), buffer(200))
        .with_mechanism(ours, Sealed::client(KEY));
    let peer = Peer::new(SocketType::Dealer, Sealed::server(KEY), usize::MAX);
    dealer.connect_with(peer.clone(), Sealed::client(KEY), NOW);
    dealer.handshake(DEADLINE, clock()).unwrap();
    peer.driver().send(&[&b"one"[..], b"", &[5; 300]]).unwrap();
    let mut chunks = Vec::new();
    loop {
        let chunk = dealer.receive_chunk(DEADLINE, clock()).unwrap();
        chunks.push((chunk.bytes.to_vec(), chunk.ends_part));
        if chunk.ends_message {
            break;
        }
    }
    assert_eq!(chunks, [(b"one".to_vec(), true), (vec![], true), (vec![5; 300], true)]);
}

#[test]
fn what_is_larger_than_a_buffer_is_an_error_with_the_size_that_it_needs() {
    let ours = config(SocketType::Dealer);
    let new = || {
        let mut dealer = blocking::Dealer::new(ours, buffer(300), buffer(200))
            .with_mechanism(ours, Sealed::client(KEY));
        let peer = Peer::new(SocketType::Dealer, Sealed::server(KEY), usize::MAX);
        dealer.connect_with(peer.clone(), Sealed::client(KEY), NOW);
        dealer.handshake(DEADLINE, clock()).unwrap();
        (dealer, peer)
    };
    // A box cannot be opened in pieces: it fits the buffer, or the link ends.
    let (mut dealer, peer) = new();
    peer.driver().send(&[[7; 300]]).unwrap();
    assert_eq!(dealer.receive(DEADLINE, clock()).unwrap_err(), Error::ReceiveBuffer);
    assert_eq!(dealer.needed(), 9 + OVERHEAD + 300);
    assert!(dealer.is_closed());
    // A message whose parts fit only one by one is discarded, and the next one comes.
    let (mut dealer, peer) = new();
    peer.driver().send(&[[7; 200], [8; 200]]).unwrap();
    peer.driver().send(&["next"]).unwrap();
    assert_eq!(dealer.receive(DEADLINE, clock()).unwrap_err(), Error::ReceiveBuffer);
    assert_eq!(dealer.receive(DEADLINE, clock()).unwrap().only(), Some(&b"next"[..]));
    // What is sent must fit, whole, and cannot be begun in pieces.
    let (mut dealer, peer) = new();
    let fits = 200 - 2 - OVERHEAD;
    dealer.send(&[&vec![1; fits]], DEADLINE, clock()).unwrap();
    let error = dealer.send(&[&vec![1; fits + 1]], DEADLINE, clock()).unwrap_err();
    assert_eq!((error, dealer.needed()), (Error::SendBuffer, 201));
    let last = zmtp_core::wire::More::Last;
    let error = dealer.begin(last, 1_000, DEADLINE, clock()).unwrap_err();
    assert_eq!((error, dealer.needed()), (Error::SendBuffer, 9 + OVERHEAD + 1_000));
    dealer.send(&[b"still here"], DEADLINE, clock()).unwrap();
    assert_eq!(peer.messages(), [[vec![1; fits]], [b"still here".to_vec()]]);
}

#[test]
fn halves_send_and_receive_sealed() {
    let ours = config(SocketType::Dealer);
    let mut dealer = asynch::Dealer::new(ours, buffer(400), buffer(400))
        .with_mechanism(ours, Sealed::client(KEY));
    let peer = Peer::new(SocketType::Dealer, Sealed::server(KEY), 50).echoing();
    let duplex = asynch::Duplex { reader: peer.clone(), writer: peer };
    dealer.connect_with(duplex, Sealed::client(KEY), NOW);
    block_on(dealer.handshake(|| NOW)).unwrap();
    let mut split = dealer.split().unwrap();
    let (mut sender, mut receiver) = split.halves();
    block_on(sender.send(&[b"one", &[2; 200]], || NOW)).unwrap();
    let message = block_on(receiver.receive(|| NOW)).unwrap();
    assert_eq!(message.parts().collect::<Vec<_>>(), [&b"one"[..], &[2; 200]]);
}

#[test]
fn refusals_and_bad_boxes_end_the_link() {
    let ours = config(SocketType::Dealer);
    let mut dealer = blocking::Dealer::new(ours, buffer(200), buffer(200))
        .with_mechanism(ours, Sealed::client(KEY));
    let wrong = Sealed::client(KEY).with_credentials(b"wrong");
    dealer.connect_with(Peer::new(SocketType::Dealer, Sealed::server(KEY), usize::MAX), wrong, NOW);
    assert_eq!(dealer.handshake(DEADLINE, clock()).unwrap_err(), Error::Connection);
    assert_eq!(dealer.failure(), Some(PeerError::Refused.into()));
    assert_eq!(dealer.refusal(), Some(&b"400"[..]));

    // A peer that waits for an answer of its application.
    let peer = Peer::new(SocketType::Dealer, Sealed::server(KEY).asking(), usize::MAX);
    dealer.connect_with(peer.clone(), Sealed::client(KEY), NOW);
    assert_eq!(dealer.handshake(NOW, || NOW).unwrap_err(), Error::TimedOut);
    assert_eq!(dealer.receive(DEADLINE, clock()).unwrap_err(), Error::TimedOut);
    peer.driver().answer(Answer::Accept);
    dealer.handshake(DEADLINE, clock()).unwrap();
    peer.driver().take_sent();
    peer.send_raw(&frame(0, &Sealed::server(KEY).box_of(0, 0, b"x")));
    assert_eq!(dealer.receive(DEADLINE, clock()).unwrap_err(), Error::Connection);
    assert_eq!(dealer.failure(), Some(PeerError::Sealed(OpenError::Replayed).into()));
}
