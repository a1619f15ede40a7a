//! A board that QEMU emulates, killed when dropped.

use core::time::Duration;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;
use std::{env, thread};

use crate::LONG;
use crate::common::skipped;

/// A board, which determines the target and the emulator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Board {
    Microbit,
    Mps2,
    /// Code for a Cortex-M0 on the board of the Cortex-M3, which has Ethernet and executes the same instructions.
    Mps2WithCodeOfM0,
    Virt,
}

impl Board {
    const fn target(self) -> &'static str {
        match self {
            Self::Microbit | Self::Mps2WithCodeOfM0 => "thumbv6m-none-eabi",
            Self::Mps2 => "thumbv7m-none-eabi",
            Self::Virt => "riscv32imc-unknown-none-elf",
        }
    }

    const fn emulator(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Microbit => ("qemu-system-arm", &["-M", "microbit"]),
            Self::Mps2 | Self::Mps2WithCodeOfM0 => ("qemu-system-arm", &["-M", "mps2-an385"]),
            Self::Virt => ("qemu-system-riscv32", &["-M", "virt", "-bios", "none"]),
        }
    }
}

/// The connection between a board and its peer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    /// The UART connects to this port.
    Connects(u16),
    /// The UART waits for a connection to this port, and the board starts with it.
    Listens(u16),
    /// Ethernet: the host is 10.0.2.2.
    Ethernet,
    /// The same. A connection to this port of the host is one to port 5555 of the board.
    EthernetListens(u16),
}

/// A running program.
pub(crate) struct Qemu {
    child: Child,
    /// Decodes the output of the program to text.
    decoder: Option<Child>,
    lines: Receiver<String>,
    /// Output that the test has read, printed if it fails.
    seen: Vec<String>,
}

/// Whether firmware and emulator are installed; prints what is missing. Fails if skipping is forbidden.
pub(crate) fn is_there(board: Board) -> bool {
    let (emulator, _) = board.emulator();
    let found = Command::new(emulator).arg("--version").stdout(Stdio::null()).status().is_ok();
    let trouble = if env::var_os("ZMTP_FIRMWARE").is_none() {
        "no firmware: run .ci/firmware.sh, which builds it".to_owned()
    } else if !found {
        format!("no {emulator}: apt-get install qemu-system-arm qemu-system-misc")
    } else {
        return true;
    };
    skipped(&trouble);
    false
}

/// The program of `tests/firmware/log`, if it is built.
pub(crate) fn decoder() -> Option<PathBuf> {
    let decoder = env::var_os("ZMTP_DEFMT").map(PathBuf::from);
    if decoder.is_none() {
        skipped("no decoder of defmt in ZMTP_DEFMT: run .ci/firmware.sh");
    }
    decoder
}

impl Qemu {
    /// Starts a program of `tests/firmware`. `args` are the numbers that its `host::number` returns.
    pub(crate) fn start(board: Board, program: &str, args: &[(&str, u64)], wire: Wire) -> Self {
        let mut child = spawn(board, &image(board, program), args, wire);
        let lines = lines(BufReader::new(child.stdout.take().expect("a pipe")));
        Self { child, decoder: None, lines, seen: Vec::new() }
    }

    /// As `start`, on the board with Ethernet, for a program that logs with defmt.
    pub(crate) fn start_decoded(
        decoder: &Path,
        program: &str,
        args: &[(&str, u64)],
        wire: Wire,
    ) -> Self {
        let image = image(Board::Mps2, program);
        let mut child = spawn(Board::Mps2, &image, args, wire);
        let mut decoder = Command::new(decoder)
            .arg(image)
            .stdin(child.stdout.take().expect("a pipe"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the decoder starts");
        let lines = lines(BufReader::new(decoder.stdout.take().expect("a pipe")));
        Self { child, decoder: Some(decoder), lines, seen: Vec::new() }
    }

    /// The next line that the program prints, if it arrives in time.
    pub(crate) fn line(&mut self, within: Duration) -> Option<String> {
        match self.lines.recv_timeout(within) {
            Ok(line) => {
                assert!(!line.starts_with("PANIC"), "{line}\n{:#?}", self.seen);
                self.seen.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Waits for a line with this prefix.
    #[track_caller]
    pub(crate) fn line_with(&mut self, start: &str) -> String {
        let end = Instant::now() + LONG;
        while let Some(rest) = end.checked_duration_since(Instant::now()) {
            match self.line(rest) {
                Some(line) if line.starts_with(start) => return line,
                Some(_) => {}
                None => break,
            }
        }
        panic!("no line {start:?}: {:#?}", self.seen);
    }

    /// Waits for the end of the program, which must be successful; returns its last line.
    #[track_caller]
    pub(crate) fn finish(mut self) -> String {
        let end = Instant::now() + LONG;
        while let Some(rest) = end.checked_duration_since(Instant::now()) {
            // Also `None` at the end of the output.
            if self.line(rest).is_none() {
                break;
            }
        }
        let mut status = None;
        while status.is_none() && Instant::now() < end {
            status = self.child.try_wait().expect("a child");
            thread::sleep(Duration::from_millis(5));
        }
        let status = status.unwrap_or_else(|| panic!("it does not end: {:#?}", self.seen));
        assert!(status.success(), "{status}: {:#?}", self.seen);
        self.seen.pop().unwrap_or_default()
    }

    /// The line read last.
    pub(crate) fn last(&self) -> &str {
        self.seen.last().map_or("", String::as_str)
    }

    /// Whether the program is still running.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }
}

fn image(board: Board, program: &str) -> PathBuf {
    let mut image = PathBuf::from(env::var_os("ZMTP_FIRMWARE").expect("is_there"));
    image.extend([board.target(), "firmware", program]);
    assert!(image.exists(), "{} is not built", image.display());
    image
}

fn spawn(board: Board, image: &Path, args: &[(&str, u64)], wire: Wire) -> Child {
    let (emulator, machine) = board.emulator();
    let mut semihosting = String::from("enable=on,target=native,arg=firmware");
    for (name, value) in args {
        semihosting += &format!(",arg={name}={value}");
    }
    let mut command = Command::new(emulator);
    command.args(machine).args(["-display", "none", "-monitor", "none"]);
    command.args(["-semihosting-config", &semihosting]);
    match wire {
        Wire::Connects(port) => {
            command.args(["-serial", &format!("tcp:127.0.0.1:{port},nodelay=on")]);
        }
        Wire::Listens(port) => {
            let line = format!("tcp:127.0.0.1:{port},server=on,wait=on,nodelay=on");
            command.args(["-serial", &line]);
        }
        Wire::Ethernet => ethernet(&mut command, board, "user"),
        Wire::EthernetListens(port) => {
            let forwards = format!("user,hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:5555");
            ethernet(&mut command, board, &forwards);
        }
    }
    command.arg("-kernel").arg(image);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("QEMU starts")
}

/// Connects the board to a network of QEMU, through a LAN9118 or a card of virtio 1.0.
fn ethernet(command: &mut Command, board: Board, network: &str) {
    command.args(["-serial", "null"]);
    if board == Board::Virt {
        command.args(["-netdev", &format!("{network},id=network")]);
        command.args(["-device", "virtio-net-device,netdev=network"]);
        command.args(["-global", "virtio-mmio.force-legacy=false"]);
    } else {
        command.args(["-nic", network]);
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        for child in [Some(&mut self.child), self.decoder.as_mut()].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn lines(output: BufReader<impl std::io::Read + Send + 'static>) -> Receiver<String> {
    let (found, lines) = channel();
    thread::spawn(move || {
        let mut bytes = output.split(b'\n');
        // Read to the end in any case: otherwise QEMU would never exit.
        while let Some(Ok(line)) = bytes.next() {
            let _ = found.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    lines
}
