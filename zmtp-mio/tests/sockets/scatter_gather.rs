//! SCATTER and GATHER (RFC 49).

use std::time::Duration;

use crate::harness::threads::driven;
use crate::harness::{LIMIT, RawPeer, builder, eventually, transports};
use zmtp_mio::{Error, Gather, Scatter};

#[test]
fn messages_go_from_a_scatter_to_a_gather_in_order() {
    for place in transports().into_iter().chain(["inproc://scattered".into()]) {
        let gather = builder::<Gather>().bind(&*place).unwrap();
        let scatter = builder::<Scatter>().connect(gather.last_endpoint().unwrap()).unwrap();
        driven(&[&gather, &scatter], || {
            for n in 0..1_000 {
                scatter.send(n.to_string()).unwrap();
            }
            assert!(scatter.flush(LIMIT).unwrap());
            for n in 0..1_000 {
                let text = gather.recv_string(LIMIT).unwrap();
                assert_eq!(text, Some(n.to_string()));
            }
        });
    }
}

#[test]
fn a_scatter_sends_to_its_gathers_in_turn() {
    let gathers = [(); 2].map(|()| builder::<Gather>().bind("tcp://127.0.0.1:*").unwrap());
    let scatter = builder::<Scatter>().build().unwrap();
    for gather in &gathers {
        scatter.connect(gather.last_endpoint().unwrap()).unwrap();
    }
    driven(&[&gathers[0], &gathers[1], &scatter], || {
        assert!(scatter.wait_for_peers(2, LIMIT).unwrap());
        for _ in 0..6 {
            scatter.send("work").unwrap();
        }
        for gather in &gathers {
            for _ in 0..3 {
                assert!(gather.recv_timeout(LIMIT).unwrap().is_some());
            }
        }
    });
}

#[test]
fn a_gather_receives_from_its_scatters_in_turn() {
    let gather = builder::<Gather>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = gather.last_endpoint().unwrap().to_string();
    let mut scatters = [(); 2].map(|()| RawPeer::connect(&endpoint));
    driven(&[&gather], || {
        for (n, scatter) in scatters.iter_mut().enumerate() {
            scatter.handshake_as("SCATTER");
            for _ in 0..3 {
                scatter.send_frames(&[&[n as u8]]);
            }
        }
        eventually("all messages", || gather.counters().messages_received == 6);
        let from = [(); 6].map(|()| gather.try_recv().unwrap().unwrap().bytes().unwrap()[0]);
        assert!(from.windows(2).all(|pair| pair[0] != pair[1]), "{from:?}");
    });
}

#[test]
fn a_scatter_without_a_gather_waits() {
    let scatter = builder::<Scatter>().bind("tcp://127.0.0.1:*").unwrap();
    let failed = scatter.send_timeout("?", Duration::from_millis(10)).unwrap_err();
    assert!(matches!(failed.error, Error::WouldBlock));
}

#[test]
fn a_scatter_drops_and_counts_what_its_peers_send() {
    let scatter = builder::<Scatter>().bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = RawPeer::connect(&scatter.last_endpoint().unwrap().to_string());
    driven(&[&scatter], || {
        peer.handshake_as("GATHER");
        peer.send_frames(&[b"not for a SCATTER"]);
        eventually("the count", || scatter.counters().dropped.not_received == 1);
        scatter.send("still there").unwrap();
        assert!(scatter.flush(LIMIT).unwrap());
        assert_eq!(peer.read_frame().1, b"still there");
    });
}
