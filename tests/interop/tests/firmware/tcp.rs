//! A TCP stack in the firmware. It logs with defmt, which is decoded here.

use crate::common::Place;
use crate::common::server::Server;
use crate::qemu::{Board, Qemu, Wire, decoder, is_there};

#[test]
fn firmware_reconnects_to_a_restarted_peer() {
    if !is_there(Board::Mps2) {
        return;
    }
    let Some(decoder) = decoder() else { return };
    let endpoint = Place::free_port().endpoint.clone();
    let (mut server, _) = Server::rep(&endpoint);
    let port = endpoint.rsplit(':').next().unwrap().parse().unwrap();
    let mut qemu = Qemu::start_decoded(&decoder, "tcp", &[("port", port)], Wire::Ethernet);
    for round in 0..3 {
        qemu.line_with("INFO  connected");
        // More requests, so that the connection is in use when it breaks.
        qemu.line_with("INFO  50 replies");
        drop(server);
        // It detects the loss and retries until a peer accepts.
        qemu.line_with("WARN  lost");
        qemu.line_with("WARN  no peer");
        server = Server::rep(&endpoint).0;
        println!("round {round}: lost and found");
    }
    qemu.line_with("INFO  50 replies");
}
