//! ROUTER and DEALER against libzmq, in both directions.

#[path = "../common/mod.rs"]
mod common;
mod routing_ids;
mod traffic;

use std::time::Duration;

use common::{LONG, libzmq, parts};
use zmtp_interop::libzmq::{Context, Kind, Socket, option};
use zmtp_mio::{CloseReason, EventKind, Router};

const SHORT: Duration = Duration::from_millis(20);
const MANY: u32 = 50_000;

/// A libzmq DEALER with this routing id.
fn called(context: &Context, name: &[u8], endpoint: &str) -> Socket {
    let dealer = libzmq(context, Kind::Dealer);
    dealer.set_bytes(option::ROUTING_ID, name).unwrap();
    dealer.connect(endpoint).unwrap();
    dealer
}

fn our_router(endpoint: &str) -> (Router, String) {
    let mut router = common::builder::<Router>().build().unwrap();
    let endpoint = router.bind(endpoint).unwrap().to_string();
    (router, endpoint)
}

fn receive(router: &mut Router) -> Vec<Vec<u8>> {
    parts(&router.recv_timeout(LONG).unwrap().expect("a message"))
}

fn closes(router: &mut Router, reason: CloseReason) -> bool {
    std::iter::from_fn(|| router.next_event()).any(|event| event.kind == EventKind::Closed(reason))
}
