//! The REQ of the README over `zmtp bridge`, whose peer is restarted.

use crate::bridge::{Bridge, tool};
use crate::common::Place;
use crate::common::server::Server;
use crate::port;
use crate::qemu::{Board, Qemu, Wire, is_there};

const RESTARTS: u32 = 10;
/// Requests without an answer after which the test fails. Each takes a second.
const UNANSWERED: u32 = 20;

#[test]
fn the_req_of_the_readme_gets_answers_after_each_restart_of_its_peer() {
    if !is_there(Board::Mps2) {
        return;
    }
    let Some(tool) = tool() else { return };
    let endpoint = Place::free_port().endpoint.clone();
    let uart = port(&Place::free_port().endpoint);
    let (mut server, _) = Server::rep(&endpoint);
    let mut qemu = Qemu::start(Board::Mps2, "thermometer", &[], Wire::Listens(uart));
    let line = format!("tcp://127.0.0.1:{uart}");
    let _bridge = Bridge::start(&tool, &[&line, &endpoint]);
    for _ in 0..RESTARTS {
        answers(&mut qemu);
        drop(server);
        qemu.line_with("no answer");
        server = Server::rep(&endpoint).0;
    }
    answers(&mut qemu);
}

/// Waits for twenty answers more, twice: some of the first may have arrived earlier.
fn answers(qemu: &mut Qemu) {
    for _ in 0..2 {
        let found = (0..UNANSWERED).any(|_| qemu.line_with("").ends_with(" answers"));
        assert!(found, "{UNANSWERED} requests in a row have no answer");
    }
}
