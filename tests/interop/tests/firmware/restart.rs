//! The REQ of the README over `zmtp bridge`, whose peer is restarted.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::common::Place;
use crate::common::server::Server;
use crate::qemu::{Board, Qemu, Wire, is_there, skipped};
use crate::{LONG, port};

const RESTARTS: u32 = 10;
/// Requests without an answer after which the test fails. Each takes a second.
const UNANSWERED: u32 = 20;

/// The bridge of the tool, with its default settings.
pub(crate) struct Bridge(Child);

impl Bridge {
    /// Starts it, again if QEMU does not listen yet: then it ends at once.
    pub(crate) fn start(tool: &Path, arguments: &[&str]) -> Self {
        let end = Instant::now() + LONG;
        while Instant::now() < end {
            let mut command = Command::new(tool);
            command.arg("bridge").args(arguments).arg("--quiet");
            let mut child = command.stdin(Stdio::null()).spawn().expect("zmtp starts");
            let looks = (0..50).map(|_| thread::sleep(Duration::from_millis(10)));
            if looks.map(|()| child.try_wait()).all(|ended| matches!(ended, Ok(None))) {
                return Self(child);
            }
        }
        panic!("the bridge ends");
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_req_of_the_readme_gets_answers_after_each_restart_of_its_peer() {
    if !is_there(Board::Mps2) {
        return;
    }
    let Some(tool) = env::var_os("ZMTP_TOOL") else {
        return skipped("no tool zmtp in ZMTP_TOOL: run .ci/firmware.sh");
    };
    let endpoint = Place::free_port().endpoint.clone();
    let uart = port(&Place::free_port().endpoint);
    let (mut server, _) = Server::rep(&endpoint);
    let mut qemu = Qemu::start(Board::Mps2, "thermometer", &[], Wire::Listens(uart));
    let line = format!("tcp://127.0.0.1:{uart}");
    let _bridge = Bridge::start(Path::new(&tool), &[&line, &endpoint]);
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
