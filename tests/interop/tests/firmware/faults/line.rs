//! A serial line with seeded faults, between two TCP connections.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::LONG;

/// One fault in this many bytes, of those that are lost or doubled.
const RARITY: u64 = 300;
/// One greeting in this many has noise before it.
const NOISE_RARITY: u64 = 4;

/// The line. Its threads end with its ends.
pub(super) struct Line {
    /// Where the bridge connects to.
    pub(super) port: u16,
    state: Arc<State>,
}

/// How many faults there were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    dropped: u64,
    doubled: u64,
    noise: u64,
}

struct State {
    faulty: AtomicBool,
    frozen: AtomicBool,
    dropped: AtomicU64,
    doubled: AtomicU64,
    noise: AtomicU64,
}

impl Line {
    /// Joins QEMU's UART, which listens on a port, to the peer that connects to ours.
    pub(super) fn start(uart: u16, seed: u64) -> Self {
        let state = Arc::new(State {
            faulty: AtomicBool::new(true),
            frozen: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            doubled: AtomicU64::new(0),
            noise: AtomicU64::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let (bridge, _) = listener.accept().unwrap();
            let board = connect(uart);
            for stream in [&bridge, &board] {
                stream.set_nodelay(true).unwrap();
            }
            let ends = |stream: &TcpStream| stream.try_clone().unwrap();
            let other = (ends(&board), ends(&bridge), Arc::clone(&shared));
            thread::spawn(move || pump(other.0, other.1, Random(seed), &other.2));
            pump(bridge, board, Random(seed.rotate_left(17) | 1), &shared);
        });
        Self { port, state }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            dropped: self.state.dropped.load(Ordering::Relaxed),
            doubled: self.state.doubled.load(Ordering::Relaxed),
            noise: self.state.noise.load(Ordering::Relaxed),
        }
    }

    pub(super) fn total(&self) -> u64 {
        let Counts { dropped, doubled, noise } = self.counts();
        dropped + doubled + noise
    }

    /// Nothing is read from either end, or again.
    pub(super) fn freeze(&self, frozen: bool) {
        self.state.frozen.store(frozen, Ordering::Relaxed);
    }

    pub(super) fn stop_faults(&self) {
        self.state.faulty.store(false, Ordering::Relaxed);
    }
}

/// QEMU may not listen yet.
fn connect(port: u16) -> TcpStream {
    let end = Instant::now() + LONG;
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, mut random: Random, state: &State) {
    let mut scratch = [0; 1_024];
    let result: io::Result<()> = (|| {
        loop {
            while state.frozen.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
            }
            let n = from.read(&mut scratch)?;
            if n == 0 {
                return Ok(());
            }
            if state.faulty.load(Ordering::Relaxed) {
                to.write_all(&spoil(&scratch[..n], &mut random, state))?;
            } else {
                to.write_all(&scratch[..n])?;
            }
        }
    })();
    drop(result);
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// The bytes with faults.
fn spoil(bytes: &[u8], random: &mut Random, state: &State) -> Vec<u8> {
    let count = |fault: &AtomicU64| fault.fetch_add(1, Ordering::Relaxed);
    let mut spoiled = Vec::with_capacity(bytes.len() + 64);
    if bytes.starts_with(&[0xFF, 0, 0, 0, 0, 0, 0, 0]) && random.below(NOISE_RARITY) == 0 {
        count(&state.noise);
        for _ in 0..=random.below(32) {
            spoiled.push(random.below(256) as u8);
        }
    }
    for byte in bytes {
        match random.below(2 * RARITY) {
            0 => {
                count(&state.dropped);
            }
            1 => {
                count(&state.doubled);
                spoiled.extend([*byte, *byte]);
            }
            _ => spoiled.push(*byte),
        }
    }
    spoiled
}

/// The generator `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}
