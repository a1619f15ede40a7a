//! `Stream` and `Sink`.

use std::thread;
use std::time::Duration;

use futures_util::future::join;
use futures_util::{SinkExt, StreamExt as _};
use zmtp_mio::{AsyncSocket, Context, Error, Message, Pull, Push};

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
        assert_eq!(unsent.counters.dropped.cancelled, 1);
    });
}

#[test]
fn a_message_that_a_sink_accepts_goes_to_the_socket_at_once() {
    with_each(async |reactor| {
        let endpoint = format!("inproc://{:?}-accepted", thread::current().id());
        let pull = builder::<Pull>().bind(endpoint.as_str()).unwrap();
        let push = builder::<Push>().connect(endpoint.as_str()).unwrap();
        let (mut pull, mut push) = (reactor.socket(pull), reactor.socket(push));
        push.feed(Message::from("accepted")).await.unwrap();
        let message = pull.recv_timeout(LIMIT).await.unwrap().expect("it is sent");
        assert_eq!(message.text(), Ok("accepted"));
    });
}

#[test]
fn an_accepted_message_without_room_is_sent_by_the_drop_or_counted() {
    with_each(async |reactor| {
        let mut push = reactor.socket(builder::<Push>().build().unwrap());
        push.feed(Message::from("counted")).await.unwrap();
        let mut push = push.into_inner();
        assert_eq!(push.counters().dropped.cancelled, 1);
        let endpoint = push.bind("tcp://127.0.0.1:*").unwrap();
        let mut push = reactor.socket(push);
        push.feed(Message::from("sent")).await.unwrap();
        let mut pull = reactor.socket(builder::<Pull>().connect(endpoint).unwrap());
        let peers = join(push.wait_for_peers(1, LIMIT), pull.wait_for_peers(1, LIMIT)).await;
        assert!(peers.0.unwrap() && peers.1.unwrap());
        let close = thread::spawn(move || drop(push));
        let message = pull.recv_timeout(LIMIT).await.unwrap().expect("it is sent");
        assert_eq!(message.text(), Ok("sent"));
        close.join().unwrap();
    });
}

#[test]
fn a_sink_of_a_stopped_socket_keeps_the_message_that_it_has_accepted() {
    with_each(async |reactor| {
        let context = Context::builder().build();
        let mut push = reactor.socket(Push::builder().context(&context).build().unwrap());
        push.feed(Message::from("accepted")).await.unwrap();
        context.shutdown(Duration::ZERO).unwrap();
        for _ in 0..2 {
            let sent = SinkExt::send(&mut push, Message::from("not accepted")).await;
            assert!(matches!(sent, Err(Error::Stopped)), "{sent:?}");
            let flushed = SinkExt::<Message>::flush(&mut push).await;
            assert!(matches!(flushed, Err(Error::Stopped)), "{flushed:?}");
        }
        let unsent = push.close(Duration::ZERO).await;
        assert_eq!(unsent.messages.iter().map(Message::text).collect::<Vec<_>>(), [Ok("accepted")]);
    });
}

#[test]
fn a_flush_that_is_woken_does_not_drop_the_message_of_a_sink() {
    with_each(async |reactor| {
        let mut push = builder::<Push>().build().unwrap();
        let handle = push.handle().unwrap();
        let mut push = reactor.socket(push);
        push.feed(Message::from("accepted")).await.unwrap();
        handle.wake().unwrap();
        let flushed = SinkExt::<Message>::flush(&mut push).await;
        assert!(matches!(flushed, Err(Error::Woken)), "{flushed:?}");
        let unsent = push.close(Duration::ZERO).await;
        assert_eq!(unsent.messages.len(), 1);
    });
}

#[test]
fn a_stream_ends_after_the_error_of_a_stopped_socket() {
    with_each(async |reactor| {
        let (mut pull, _) = bound(builder::<Pull>().build().unwrap());
        let handle = pull.handle().unwrap();
        let mut pull = reactor.socket(pull);
        handle.wake().unwrap();
        assert!(matches!(pull.next().await, Some(Err(Error::Woken))));
        handle.stop().unwrap();
        assert!(matches!(pull.next().await, Some(Err(Error::Stopped))));
        assert!(pull.next().await.is_none());
        let context = Context::builder().build();
        let mut pull = reactor.socket(Pull::builder().context(&context).build().unwrap());
        context.shutdown(Duration::ZERO).unwrap();
        let errors: Vec<_> = pull.by_ref().take(3).collect().await;
        assert!(matches!(errors[..], [Err(Error::Stopped)]), "{errors:?}");
        assert!(pull.next().await.is_none());
    });
}
