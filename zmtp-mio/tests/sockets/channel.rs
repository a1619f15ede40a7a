//! CHANNEL (RFC 52).

use std::time::Duration;

use crate::harness::threads::driven;
use crate::harness::{
    LIMIT, RawPeer, builder, closes, drive_until, events, eventually, transports,
};
use zmtp_mio::{Channel, CloseReason, Error, Socket, kind};

#[test]
fn both_ends_send_and_receive_in_any_order() {
    for place in transports().into_iter().chain(["inproc://both-ends-of-a-channel".into()]) {
        let one = builder::<Channel>().bind(&*place).unwrap();
        let other = builder::<Channel>().connect(one.last_endpoint().unwrap()).unwrap();
        driven(&[&one, &other], || {
            for n in 0..3 {
                other.send(format!("there {n}")).unwrap();
            }
            // Its peer is connected now.
            let there = one.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(there.text(), Ok("there 0"));
            for n in 0..3 {
                one.send(format!("back {n}")).unwrap();
            }
            for n in 0..3 {
                let back = other.recv_string(LIMIT).unwrap();
                assert_eq!(back.as_deref(), Some(&*format!("back {n}")));
            }
            for n in 1..3 {
                let there = one.recv_string(LIMIT).unwrap();
                assert_eq!(there.as_deref(), Some(&*format!("there {n}")));
            }
        });
    }
}

#[test]
fn sending_waits_for_a_peer() {
    let channel = builder::<Channel>().bind("tcp://127.0.0.1:*").unwrap();
    let failed = channel.send_timeout("?", Duration::from_millis(10)).unwrap_err();
    assert!(matches!(failed.error, Error::WouldBlock));
    assert_eq!(failed.message.text(), Ok("?"));
}

#[test]
fn a_second_peer_is_closed_until_the_first_is_gone() {
    type Alone = Socket<kind::Channel>;
    let mut channel = builder::<Alone>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = channel.last_endpoint().unwrap().to_string();
    let connect = || builder::<Alone>().immediate(true).connect(&*endpoint).unwrap();
    let mut first = connect();
    drive_until!(channel, {
        first.step().unwrap();
        channel.counters().handshakes == 1
    });
    let mut second = connect();
    drive_until!(channel, {
        second.step().unwrap();
        closes(&events!(channel)).contains(&CloseReason::PairTaken)
    });
    channel.send("for the first").unwrap();
    assert_eq!(first.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("for the first"));
    drop(first);
    drive_until!(channel, {
        let _ = second.try_send("2");
        channel.counters().messages_received > 0
    });
    channel.send("for the second").unwrap();
    assert_eq!(second.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("for the second"));
}

#[test]
fn messages_received_before_the_peer_closed_are_delivered() {
    let channel = builder::<Channel>().bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = RawPeer::connect(&channel.last_endpoint().unwrap().to_string());
    driven(&[&channel], || {
        peer.handshake_as("CHANNEL");
        peer.send_frames(&[b"last words"]);
        drop(peer);
        eventually("the end", || channel.counters().disconnects == 1);
        assert_eq!(channel.try_recv().unwrap().unwrap().text(), Ok("last words"));
        assert!(matches!(channel.try_send("too late").unwrap_err().error, Error::WouldBlock));
    });
}
