//! The driver serves a socket whose task waited, and does not poll it any more.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::FutureExt as _;
#[cfg(feature = "futures")]
use futures_util::{SinkExt, StreamExt as _};
use zmtp_mio::{Context, Heartbeat, Pull};
#[cfg(feature = "futures")]
use zmtp_mio::{Message, Push};

use super::{end_of, with_each};
#[cfg(feature = "futures")]
use crate::harness::RawServer;
use crate::harness::{LIMIT, RawPeer, bound};

/// A PULL with a driver and frequent heartbeats.
fn pull() -> (Pull, String) {
    let often = Heartbeat::every(Duration::from_millis(20)).timeout(LIMIT);
    let context = Context::builder().build();
    bound(Pull::builder().context(&context).heartbeat(often).build().unwrap())
}

/// A peer that answers five PINGs, and then sends a message.
fn pinged(endpoint: String) -> JoinHandle<RawPeer> {
    thread::spawn(move || {
        let mut peer = RawPeer::ready(&endpoint, "PUSH");
        for _ in 0..5 {
            let (flags, body) = peer.read_frame();
            assert_eq!((flags, &body[..5]), (4, &b"\x04PING"[..]));
            let pong = [b"\x04PONG".as_slice(), &body[7..]].concat();
            peer.send(&wire::frame(4, &pong));
        }
        peer.send(&wire::message(&[b"after five PINGs"]));
        peer
    })
}

#[test]
fn heartbeats_go_on_while_a_future_is_kept() {
    with_each(async |reactor| {
        let (pull, endpoint) = pull();
        let mut pull = reactor.socket(pull);
        let message = {
            let mut receive = Box::pin(pull.recv());
            assert!((&mut receive).now_or_never().is_none());
            let _peer = end_of(pinged(endpoint)).await;
            receive.await.unwrap()
        };
        assert_eq!(message.text(), Ok("after five PINGs"));
    });
}

#[cfg(feature = "futures")]
#[test]
fn heartbeats_go_on_while_a_stream_is_not_polled() {
    with_each(async |reactor| {
        let (pull, endpoint) = pull();
        let mut pull = reactor.socket(pull);
        assert!(pull.next().now_or_never().is_none());
        let _peer = end_of(pinged(endpoint)).await;
        assert_eq!(pull.next().await.unwrap().unwrap().text(), Ok("after five PINGs"));
    });
}

#[cfg(feature = "futures")]
#[test]
fn the_message_of_a_cancelled_send_reaches_the_peer() {
    with_each(async |reactor| {
        let listener = RawServer::tcp();
        let context = Context::builder().build();
        let push = Push::builder().context(&context).connect(listener.endpoint().as_str()).unwrap();
        let mut push = reactor.socket(push);
        // The peer has not accepted the connection.
        let send = SinkExt::send(&mut push, Message::from("cancelled"));
        assert!(send.now_or_never().is_none());
        let peer = thread::spawn(move || {
            let mut peer = listener.accept_as("PULL");
            assert_eq!(peer.read_message(), [b"cancelled"]);
        });
        end_of(peer).await;
    });
}
