//! `zmtp bridge` between a pty, at whose far end this test is the firmware, and real sockets.

use core::time::Duration;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::process::{BOUND, Directory, Zmtp, within, zmtp};

const TCP: &str = "tcp://127.0.0.1:*";

/// Firmware at the end of a line, as far as bytes go.
struct Firmware {
    line: File,
    received: Receiver<Vec<u8>>,
    pending: Vec<u8>,
}

impl Firmware {
    /// A pty, and the name of the bridge's end of it.
    fn pty() -> (Self, String) {
        let line = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&line).unwrap();
        unlockpt(&line).unwrap();
        let name = ptsname(&line, Vec::new()).unwrap().into_string().unwrap();
        let line = File::from(line);
        let reader = line.try_clone().unwrap();
        (Self { line, received: listen(reader), pending: Vec::new() }, name)
    }

    /// Starts a bridge to an endpoint. What came before would be echoed by the system.
    fn bridged(endpoint: &str, options: &[&str]) -> (Self, Zmtp) {
        let (firmware, name) = Self::pty();
        let bridge = Zmtp::start([&["bridge", &name, endpoint], options].concat());
        within(|| !firmware.echoes());
        (firmware, bridge)
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    fn tcp(stream: TcpStream) -> Self {
        let line = File::from(std::os::fd::OwnedFd::from(stream));
        let reader = line.try_clone().unwrap();
        Self { line, received: listen(reader), pending: Vec::new() }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.line.write_all(bytes).unwrap();
    }

    #[track_caller]
    fn receive(&mut self, len: usize) -> Vec<u8> {
        while self.pending.len() < len {
            let more = self.received.recv_timeout(BOUND).expect("bytes of the peer");
            self.pending.extend(more);
        }
        self.pending.drain(..len).collect()
    }

    /// Greets as REQ with these metadata, and takes the peer's greeting and READY.
    #[track_caller]
    fn shake_hands(&mut self, socket_type: &str) {
        self.send(&wire::greeting("NULL"));
        let theirs = self.receive(64);
        assert_eq!((theirs[0], theirs[9], &theirs[12..16]), (0xFF, 0x7F, &b"NULL"[..]));
        self.send(&wire::ready(socket_type));
        let header = self.receive(2);
        assert_eq!(header[0], 4);
        assert!(self.receive(header[1].into()).starts_with(b"\x05READY"));
    }

    #[track_caller]
    fn ask(&mut self, body: &[u8]) {
        let message = wire::delimited(body);
        self.send(&message);
        assert_eq!(self.receive(message.len()), message);
    }

    /// Waits until nothing comes any more, and forgets what came.
    fn be_quiet(&mut self) {
        while self.received.recv_timeout(Duration::from_millis(300))
            != Err(RecvTimeoutError::Timeout)
        {}
        self.pending.clear();
    }
}

fn listen(mut line: File) -> Receiver<Vec<u8>> {
    let (found, received) = channel();
    thread::spawn(move || {
        let mut scratch = [0; 4_096];
        while let Ok(n @ 1..) = line.read(&mut scratch) {
            if found.send(scratch[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    received
}

#[test]
fn firmware_on_a_pty_exchanges_messages_with_a_rep() {
    let directory = Directory::new();
    let ipc = directory.ipc("rep.sock");
    let (_rep, tcp) = Zmtp::rep(&[TCP, &ipc, "-q"]);
    for endpoint in [tcp, ipc] {
        let (mut firmware, _bridge) = Firmware::bridged(&endpoint, &[]);
        firmware.shake_hands("REQ");
        for len in [0, 1, 255, 256, 4_096, 60_000] {
            // Every byte passes: no echo, no newline made of another, no flow control.
            let body: Vec<u8> = (0..len).map(|n: u32| n as u8).collect();
            firmware.ask(&body);
        }
    }
}

#[test]
fn noise_before_the_greeting_is_discarded() {
    let (_rep, tcp) = Zmtp::rep(&[TCP, "-q"]);
    let (mut firmware, _bridge) = Firmware::bridged(&tcp, &[]);
    firmware.send(b"U-Boot 2026.01\r\n\xFF\xFF\x00");
    firmware.shake_hands("REQ");
    firmware.ask(b"hello");
}

#[test]
fn firmware_that_is_reset_within_a_message_gets_a_new_session() {
    let (_rep, tcp) = Zmtp::rep(&[TCP, "-q"]);
    let (mut firmware, bridge) = Firmware::bridged(&tcp, &["-v"]);
    for round in 0..3 {
        firmware.shake_hands("REQ");
        firmware.ask(b"hello");
        // The greeting inside of this one is none.
        firmware.ask(&wire::greeting("NULL"));
        firmware.send(&wire::delimited(&[round; 1_000])[..500]);
        firmware.be_quiet();
    }
    let expected = ["connected", "the device has restarted", "connected"];
    assert_eq!(
        expected.map(|_| bridge.error_line()),
        expected.map(|line| format!("zmtp: {line}\n"))
    );
}

#[test]
fn the_bridge_reconnects_to_a_restarted_peer() {
    let (rep, tcp) = Zmtp::rep(&[TCP, "-q"]);
    let (mut firmware, bridge) = Firmware::bridged(&tcp, &["-v"]);
    firmware.shake_hands("REQ");
    firmware.ask(b"before");
    drop(rep);
    assert_eq!(bridge.error_line(), "zmtp: connected\n");
    assert!(bridge.error_line().contains("waiting for the next greeting"));
    // It sends its greeting before there is a peer.
    firmware.send(&wire::greeting("NULL"));
    assert!(bridge.error_line().contains("trying again"));
    let (_rep, _) = Zmtp::rep(&[&tcp, "-q"]);
    assert_eq!(firmware.receive(10)[0], 0xFF);
    firmware.be_quiet();
    firmware.shake_hands("REQ");
    firmware.ask(b"after");
}

#[test]
fn a_bridge_can_listen() {
    let (mut firmware, bridge) = Firmware::bridged(TCP, &[]);
    let tcp = bridge.listening();
    for _ in 0..2 {
        let req = Zmtp::start(["req", &tcp, "question", "--timeout", "15s"]);
        firmware.shake_hands("REP");
        assert_eq!(firmware.receive(12), wire::delimited(b"question"));
        firmware.send(&wire::delimited(b"answer"));
        assert_eq!(req.finish().good(), "answer\n");
        firmware.be_quiet();
    }
}

#[test]
fn a_line_over_tcp_is_reopened() {
    let (_rep, tcp) = Zmtp::rep(&[TCP, "-q"]);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("tcp://{}", server.local_addr().unwrap());
    let _bridge = Zmtp::start(["bridge", &line, &tcp]);
    for _ in 0..3 {
        let (stream, _) = server.accept().unwrap();
        let mut firmware = Firmware::tcp(stream.try_clone().unwrap());
        firmware.shake_hands("REQ");
        firmware.ask(b"hello");
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }
}

#[test]
fn a_pty_is_raw_only_as_long_as_it_is_bridged() {
    let (firmware, name) = Firmware::pty();
    // With an end open its settings stay.
    let _kept = File::options().read(true).write(true).open(&name).unwrap();
    assert!(firmware.echoes());
    let bridge = Zmtp::start(["bridge", &name, TCP, "--baud", "9600"]);
    let _ = bridge.listening();
    assert!(!firmware.echoes());
    bridge.signal("-TERM");
    assert_eq!(bridge.finish().bad(143), "");
    assert!(firmware.echoes());
}

#[test]
fn a_bridge_removes_its_socket_file_however_it_ends() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129), ("-QUIT", 131)] {
        let directory = Directory::new();
        let ipc = directory.ipc("bridge.sock");
        let (_firmware, name) = Firmware::pty();
        let line = ["bridge", &name, &ipc, "--bind"];
        let bridge = Zmtp::through(&["env", "--default-signal"], &line);
        assert_eq!(bridge.listening(), ipc);
        assert!(directory.path("bridge.sock").exists());
        bridge.signal(signal);
        bridge.finish().bad(code);
        assert!(!directory.path("bridge.sock").exists(), "{signal}");
    }
    let directory = Directory::new();
    zmtp(["bridge", "/dev/no-such-line", &directory.ipc("bridge.sock"), "--bind"]).bad(1);
    assert!(!directory.path("bridge.sock").exists());
}

/// Whether a connection to this port is being attempted.
#[cfg(target_os = "linux")]
fn is_attempted(port: u16) -> bool {
    const SYN_SENT: &str = "02";
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().any(|line| {
        let mut words = line.split_whitespace().skip(2);
        let [remote, state] = [words.next(), words.next()].map(Option::unwrap_or_default);
        remote.ends_with(&format!(":{port:04X}")) && state == SYN_SENT
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_bridge_that_is_ended_while_it_opens_the_line_leaves_no_socket_file() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    // When its queue is full, further attempts wait.
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let full: Vec<TcpStream> = std::iter::from_fn(|| connect().ok()).collect();
    within(|| !is_attempted(address.port()));
    let directory = Directory::new();
    let line = ["bridge", &format!("tcp://{address}"), &directory.ipc("bridge.sock"), "--bind"];
    let bridge = Zmtp::start(line);
    within(|| is_attempted(address.port()));
    bridge.signal("-INT");
    bridge.finish().bad(130);
    assert!(!directory.path("bridge.sock").exists());
    drop(full);
}

#[test]
fn missing_devices_and_endpoints_are_reported() {
    let done = zmtp(["bridge", "/dev/no-such-line", "tcp://127.0.0.1:5555"]);
    assert!(done.bad(1).contains("/dev/no-such-line"), "{done:?}");
    let done = zmtp(["bridge", "/dev/null", "5555"]);
    assert!(done.bad(4).contains("\"5555\""), "{done:?}");
}
