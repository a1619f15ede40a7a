//! CURVE: `zmtp-mio` and libzmq side by side, each with its own library at both ends.
//!
//! ```text
//! cargo run --release -p zmtp-bench --features libzmq --bin curve [-- <rounds>]
//! ```
//!
//! In each round one library runs after the other. A figure is the median of the rounds. Both ends are threads of this
//! process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::time::{ClockId, clock_gettime};
use zmtp_bench::Result;
use zmtp_interop::libzmq;
use zmtp_mio::{AnySocket, Certificate, KeyPair, Pull, Push, Rep, Req};

const TCP: &str = "tcp://127.0.0.1:*";
/// How long a rate is measured, after a quarter of it to warm up.
const TIME: Duration = Duration::from_secs(2);
/// How long a call waits.
const WAIT: Duration = Duration::from_secs(1);
const ROUND_TRIPS: usize = 20_000;
const HANDSHAKES: usize = 500;

#[derive(Clone, Copy)]
enum Work {
    RoundTrips,
    OneWay(usize),
    Handshakes,
}

fn main() -> Result {
    let rounds = match env::args().nth(1) {
        Some(text) => text.parse::<usize>().map_err(|_| "the number of rounds")?,
        None => 5,
    };
    if rounds == 0 {
        return Err("at least one round".into());
    }
    let cases = [
        ("REQ/REP 64 B: p50, µs", "round trip", Work::RoundTrips),
        ("PUSH→PULL 64 B: messages per second", "message", Work::OneWay(64)),
        ("PUSH→PULL 1 KiB: messages per second", "message", Work::OneWay(1 << 10)),
        ("PUSH→PULL 64 KiB: messages per second", "message", Work::OneWay(64 << 10)),
        ("handshakes per second, one client after the other", "handshake", Work::Handshakes),
    ];
    println!("| work with CURVE | ours | libzmq | ours ÷ libzmq |\n|---|---|---|---|");
    for (name, unit, work) in cases {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..rounds {
            ours.push(measure::<Ours>(work)?);
            theirs.push(measure::<Libzmq>(work)?);
        }
        let cpu = format!("CPU time of both ends per {unit}, µs");
        for (at, name) in [name, cpu.as_str()].into_iter().enumerate() {
            let [ours, theirs] = [&ours, &theirs].map(|rounds| {
                median(&mut rounds.iter().map(|figures| figures[at]).collect::<Vec<_>>())
            });
            println!("| {name} | {ours:.2} | {theirs:.2} | {:.2} |", ours / theirs);
        }
    }
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The two ends of a pattern.
#[derive(Clone, Copy)]
enum Kind {
    Requests,
    OneWay,
}

/// One of the libraries, with the keys of a server and a client.
trait Library: Sized {
    type Socket: Socket;

    fn new() -> Result<Self>;
    /// A REP or PULL that listens, and its endpoint.
    fn server(&self, kind: Kind) -> Result<(Self::Socket, String)>;
    /// A REQ or PUSH that connects.
    fn client(&self, kind: Kind, endpoint: &str) -> Result<Self::Socket>;
}

trait Socket: Send + 'static {
    /// Sends. Returns without sending if there is no room within [`WAIT`].
    fn send(&mut self, body: &[u8]) -> Result;
    /// Receives a message; `None` if there is none within [`WAIT`].
    fn recv(&mut self) -> Result<Option<usize>>;
}

/// The figure of the work, and the CPU time of both ends per unit in microseconds.
fn measure<L: Library>(work: Work) -> Result<[f64; 2]> {
    let library = L::new()?;
    match work {
        Work::RoundTrips => round_trips(&library),
        Work::OneWay(size) => one_way(&library, size),
        Work::Handshakes => handshakes(&library),
    }
}

/// Answers requests with as many bytes until it is over.
fn echo(mut rep: impl Socket, over: &Arc<AtomicBool>) -> thread::JoinHandle<Result> {
    let over = Arc::clone(over);
    thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            if let Some(size) = rep.recv()? {
                rep.send(&vec![0; size])?;
            }
        }
        Ok(())
    })
}

fn round_trips<L: Library>(library: &L) -> Result<[f64; 2]> {
    let (rep, endpoint) = library.server(Kind::Requests)?;
    let over = Arc::new(AtomicBool::new(false));
    let server = echo(rep, &over);
    let mut req = library.client(Kind::Requests, &endpoint)?;
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    let mut before = cpu();
    for at in 0..ROUND_TRIPS + ROUND_TRIPS / 4 {
        if at == ROUND_TRIPS / 4 {
            before = cpu();
        }
        let begun = Instant::now();
        req.send(&[0; 64])?;
        while req.recv()?.is_none() {}
        if at >= ROUND_TRIPS / 4 {
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    let used = (cpu() - before) * 1e6 / ROUND_TRIPS as f64;
    over.store(true, Ordering::Relaxed);
    server.join().map_err(|_| "the server panicked")??;
    Ok([median(&mut times), used])
}

fn one_way<L: Library>(library: &L, size: usize) -> Result<[f64; 2]> {
    let (mut pull, endpoint) = library.server(Kind::OneWay)?;
    let over = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let both = (Arc::clone(&over), Arc::clone(&count));
    let receiving = thread::spawn(move || -> Result {
        let (over, count) = both;
        while !over.load(Ordering::Relaxed) {
            if pull.recv()?.is_some() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    });
    let both = (Arc::clone(&over), Arc::clone(&count));
    let timing = thread::spawn(move || {
        let (over, count) = both;
        while count.load(Ordering::Relaxed) == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(TIME / 4);
        let (begun, before, first) = (Instant::now(), cpu(), count.load(Ordering::Relaxed));
        thread::sleep(TIME);
        let (last, time) = (count.load(Ordering::Relaxed), begun.elapsed());
        let used = cpu() - before;
        over.store(true, Ordering::Relaxed);
        let messages = (last - first) as f64;
        [messages / time.as_secs_f64(), used * 1e6 / messages]
    });
    let mut push = library.client(Kind::OneWay, &endpoint)?;
    let body = vec![7; size];
    while !over.load(Ordering::Relaxed) {
        push.send(&body)?;
    }
    receiving.join().map_err(|_| "the receiver panicked")??;
    Ok(timing.join().map_err(|_| "the clock panicked")?)
}

/// Clients that connect, get a reply and close, one after the other.
fn handshakes<L: Library>(library: &L) -> Result<[f64; 2]> {
    let (rep, endpoint) = library.server(Kind::Requests)?;
    let over = Arc::new(AtomicBool::new(false));
    let server = echo(rep, &over);
    let (begun, before) = (Instant::now(), cpu());
    for _ in 0..HANDSHAKES {
        let mut req = library.client(Kind::Requests, &endpoint)?;
        req.send(b"x")?;
        while req.recv()?.is_none() {}
    }
    let result = [
        HANDSHAKES as f64 / begun.elapsed().as_secs_f64(),
        (cpu() - before) * 1e6 / HANDSHAKES as f64,
    ];
    over.store(true, Ordering::Relaxed);
    server.join().map_err(|_| "the server panicked")??;
    Ok(result)
}

/// The CPU time of the process in seconds.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

struct Ours {
    server: KeyPair,
    client: KeyPair,
}

impl Library for Ours {
    type Socket = AnySocket;

    fn new() -> Result<Self> {
        let keys = || {
            Certificate::generate()?.keys().ok_or_else(|| std::io::Error::other("no secret key"))
        };
        Ok(Self { server: keys()?, client: keys()? })
    }

    fn server(&self, kind: Kind) -> Result<(AnySocket, String)> {
        let keys = self.server.clone();
        let socket: AnySocket = match kind {
            Kind::Requests => Rep::builder().curve_server(keys).bind(TCP)?.into(),
            Kind::OneWay => Pull::builder().curve_server(keys).bind(TCP)?.into(),
        };
        let endpoint = socket.last_endpoint().ok_or("not bound")?.to_string();
        Ok((socket, endpoint))
    }

    fn client(&self, kind: Kind, endpoint: &str) -> Result<AnySocket> {
        let (server, own) = (*self.server.public(), self.client.clone());
        Ok(match kind {
            Kind::Requests => Req::builder().curve_client(server, own).connect(endpoint)?.into(),
            Kind::OneWay => {
                let push = Push::builder().curve_client(server, own).linger(Duration::ZERO);
                push.connect(endpoint)?.into()
            }
        })
    }
}

impl Socket for AnySocket {
    fn send(&mut self, body: &[u8]) -> Result {
        match self.send_timeout(body, WAIT) {
            Err(error) if !matches!(error.error, zmtp_mio::Error::WouldBlock) => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn recv(&mut self) -> Result<Option<usize>> {
        Ok(self.recv_timeout(WAIT)?.map(|message| message.byte_len()))
    }
}

struct Libzmq {
    context: libzmq::Context,
    server: (String, String),
    client: (String, String),
}

impl Libzmq {
    fn socket(&self, kind: libzmq::Kind) -> Result<libzmq::Socket> {
        let socket = self.context.socket(kind)?;
        socket.set_timeout(Some(WAIT))?;
        socket.set_i32(libzmq::option::LINGER, 0)?;
        Ok(socket)
    }
}

impl Library for Libzmq {
    type Socket = libzmq::Socket;

    fn new() -> Result<Self> {
        let context = libzmq::Context::new()?;
        let (server, client) = (libzmq::curve_keypair()?, libzmq::curve_keypair()?);
        Ok(Self { context, server, client })
    }

    fn server(&self, kind: Kind) -> Result<(libzmq::Socket, String)> {
        let socket = self.socket(match kind {
            Kind::Requests => libzmq::Kind::Rep,
            Kind::OneWay => libzmq::Kind::Pull,
        })?;
        socket.set_i32(libzmq::option::CURVE_SERVER, 1)?;
        socket.set_bytes(libzmq::option::CURVE_SECRETKEY, self.server.1.as_bytes())?;
        socket.bind(TCP)?;
        let endpoint = socket.last_endpoint();
        Ok((socket, endpoint))
    }

    fn client(&self, kind: Kind, endpoint: &str) -> Result<libzmq::Socket> {
        let socket = self.socket(match kind {
            Kind::Requests => libzmq::Kind::Req,
            Kind::OneWay => libzmq::Kind::Push,
        })?;
        socket.set_bytes(libzmq::option::CURVE_SERVERKEY, self.server.0.as_bytes())?;
        socket.set_bytes(libzmq::option::CURVE_PUBLICKEY, self.client.0.as_bytes())?;
        socket.set_bytes(libzmq::option::CURVE_SECRETKEY, self.client.1.as_bytes())?;
        socket.connect(endpoint)?;
        Ok(socket)
    }
}

impl Socket for libzmq::Socket {
    fn send(&mut self, body: &[u8]) -> Result {
        match self.send_frame(libzmq::Frame::with_bytes(body)?, false) {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn recv(&mut self) -> Result<Option<usize>> {
        match self.recv_frame() {
            Ok(frame) => Ok(Some(frame.bytes().len())),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
