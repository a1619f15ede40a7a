//! `Stream` and `Sink`.

use futures_util::future::join;
use futures_util::{SinkExt, StreamExt as _};
use zmtp_mio::{Message, Pull, Push};

use super::with_each;
use crate::harness::{bound, builder};

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
