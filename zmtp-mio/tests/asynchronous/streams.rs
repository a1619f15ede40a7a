//! `Stream` and `Sink`.

use std::time::Duration;

use futures_util::future::join;
use futures_util::{SinkExt, StreamExt as _};
use zmtp_mio::{AsyncSocket, Message, Pull, Push};

use super::with_each;
use crate::harness::{LIMIT, bound, builder};

#[test]
fn messages_flow_from_a_sink_to_a_stream() {
    with_each(async |reactor| {
        let (pull, endpoint) = bound(builder::<Pull>().build().unwrap());
        let mut pull = reactor.socket(pull);
        let mut push = reactor.socket(builder::<Push>().connect(endpoint.as_str()).unwrap());
        let sender = async {
            for n in 0..3_000_u32 {
                push.feed(Message::from(n.to_be_bytes().as_slice())).await.unwrap();
            }
            SinkExt::<Message>::flush(&mut push).await.unwrap();
        };
        let receiver = async {
            for n in 0..3_000_u32 {
                let message = pull.next().await.unwrap().unwrap();
                assert_eq!(message.bytes().unwrap(), n.to_be_bytes());
            }
        };
        join(sender, receiver).await;
    });
}

#[test]
fn a_send_follows_the_message_that_the_sink_has_accepted() {
    with_each(async |reactor| {
        let (pull, endpoint) = bound(builder::<Pull>().build().unwrap());
        let mut pull = reactor.socket(pull);
        let mut push = reactor.socket(builder::<Push>().connect(endpoint.as_str()).unwrap());
        let sender = async {
            push.feed(Message::from("first")).await.unwrap();
            AsyncSocket::send(&mut push, "second").await.unwrap();
            push.feed(Message::from("third")).await.unwrap();
            assert!(AsyncSocket::flush(&mut push, LIMIT).await.unwrap());
            push.feed(Message::from("fourth")).await.unwrap();
            push.into_inner()
        };
        let receiver = async {
            for text in ["first", "second", "third", "fourth"] {
                let message = pull.recv_timeout(LIMIT).await.unwrap().expect(text);
                assert_eq!(message.text(), Ok(text));
            }
        };
        drop(join(sender, receiver).await);
    });
}

#[test]
fn a_close_returns_the_message_that_the_sink_has_accepted() {
    with_each(async |reactor| {
        let mut push = reactor.socket(builder::<Push>().build().unwrap());
        push.feed(Message::from("accepted")).await.unwrap();
        let sent = AsyncSocket::flush(&mut push, Duration::ZERO).await.unwrap();
        assert!(!sent, "without a peer");
        let unsent = push.close(Duration::ZERO).await;
        assert_eq!(unsent.messages.len(), 1);
        assert_eq!(unsent.messages[0].text(), Ok("accepted"));
    });
}
