//! PINGs to peers of ZMTP 3.0.

use std::time::Duration;

use zmtp_mio::libzmq::KindOptions;
use zmtp_mio::{Heartbeat, SocketKind};

use super::harness::RawPeer;
use super::{options, socket};

#[test]
fn a_peer_of_zmtp_3_0_gets_pings() {
    let mut options = options();
    options.heartbeat = Some(Heartbeat::every(Duration::from_millis(10)));
    let mut router = socket(SocketKind::Router, &options, &KindOptions::default());
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let mut peer = RawPeer::connect(&endpoint);
    peer.send(&wire::greeting_of([3, 0], "NULL"));
    peer.send(&wire::ready("DEALER"));
    peer.read_exact(64);
    let (_, ready) = peer.read_frame();
    assert_eq!(&ready[..6], b"\x05READY");
    assert_eq!(peer.read_frame(), (4, b"\x04PING\0\0".to_vec()));
}
