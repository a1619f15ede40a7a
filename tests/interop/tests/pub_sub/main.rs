//! PUB, SUB, XPUB and XSUB against libzmq, in both directions.

#[path = "../common/mod.rs"]
mod common;
mod subscriptions;
mod volume;
mod xpub;

use core::time::Duration;

use common::any::until;
use common::libzmq;
use zmtp_interop::libzmq::{Context, Kind, Socket, option};
use zmtp_mio::Pub;

const SHORT: Duration = Duration::from_millis(20);

fn libzmq_sub(context: &Context, topics: &[&[u8]], endpoint: &str) -> Socket {
    let sub = libzmq(context, Kind::Sub);
    topics.iter().for_each(|topic| sub.set_bytes(option::SUBSCRIBE, topic).unwrap());
    sub.connect(endpoint).unwrap();
    sub
}

fn our_pub(endpoint: &str) -> (Pub, String) {
    let mut publisher = common::builder::<Pub>().build().unwrap();
    let endpoint = publisher.bind(endpoint).unwrap().to_string();
    (publisher, endpoint)
}

fn topics_known(publisher: &mut Pub, n: usize) {
    until("the subscriptions", || {
        publisher.wait(SHORT).unwrap();
        (publisher.topic_count() == n).then_some(())
    });
}
