//! Shared by the tests: endpoints of both transports, and servers in threads.

#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod any;
pub(crate) mod secure;
pub(crate) mod server;
pub(crate) mod thread_safe;

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process;
use std::sync::{LazyLock, Mutex};
use std::thread::{self, JoinHandle};

use zmtp_interop::libzmq::{self, Context, Kind};
use zmtp_mio::kind::{self, StaticKind};
use zmtp_mio::{Builder, Error, Handle, Message, Rep, Socket, ThreadSafeSocket};

/// A socket type, whose builder has its kind.
pub(crate) trait OfKind {
    type Kind: StaticKind;
}

impl<K: StaticKind> OfKind for Socket<K> {
    type Kind = K;
}

impl<K: kind::ThreadSafe> OfKind for ThreadSafeSocket<K> {
    type Kind = K;
}

/// Settings of a socket in the mode that is tested: in the default context, whose driver serves it
/// between calls, or with `ZMTP_TEST_DRIVER=0` without a driver.
pub(crate) fn builder<S: OfKind>() -> Builder<S::Kind, S> {
    static CONTEXT: LazyLock<zmtp_mio::Context> = LazyLock::new(|| {
        let undriven = std::env::var_os("ZMTP_TEST_DRIVER").is_some_and(|value| value == "0");
        match undriven {
            true => zmtp_mio::Context::builder().driver(false).build(),
            false => zmtp_mio::Context::default(),
        }
    });
    Builder::default().context(&CONTEXT)
}

/// A socket of libzmq whose calls end within [`LONG`].
pub(crate) fn libzmq(context: &Context, kind: Kind) -> libzmq::Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_timeout(Some(LONG)).unwrap();
    socket
}

/// Prints why a test cannot run on this machine. Fails if skipping is forbidden (`ZMTP_NO_SKIP`).
#[track_caller]
pub(crate) fn skipped(why: &str) {
    assert!(std::env::var_os("ZMTP_NO_SKIP").is_none(), "{why}");
    println!("SKIPPED: {why}");
}

/// A time limit for every step on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Sizes around the boundaries of framing and buffering.
pub(crate) const SIZES: [usize; 9] =
    [0, 1, 255, 256, 65_535, 65_536, 65_537, 1_000_000, 20_000_000];

/// A port to bind later. Below the ports that the system assigns, where another connection, even the one to this port,
/// could use it meanwhile.
fn free_port(is_free: impl Fn(u16) -> bool) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = 20_000 + process::id() % 8_000;
    let mut ports = (0..4_000).map(|_| (start + NEXT.fetch_add(1, Ordering::Relaxed)) as u16);
    ports.find(|port| take(*port) && is_free(*port)).expect("a free port")
}

/// Takes a port until the end of this process; `false` if another process of the tests has it.
fn take(port: u16) -> bool {
    static TAKEN: Mutex<Vec<TcpListener>> = Mutex::new(Vec::new());
    // At another address, so that a test can bind the port.
    match TcpListener::bind(("127.83.0.1", port)) {
        Ok(listener) => {
            TAKEN.lock().unwrap().push(listener);
            true
        }
        Err(error) => error.kind() != ErrorKind::AddrInUse,
    }
}

/// A UDP port of this host to bind later: libzmq chooses none.
pub(crate) fn free_udp_port(host: &str) -> u16 {
    free_port(|port| UdpSocket::bind((host, port)).is_ok())
}

/// An endpoint to bind, and the file to remove after.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    file: Option<PathBuf>,
}

impl Place {
    pub(crate) fn ipc() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("zmtp-interop-{}-{number}.sock", process::id());
        let file = std::env::temp_dir().join(name);
        Self { endpoint: format!("ipc://{}", file.display()), file: Some(file) }
    }

    pub(crate) fn tcp() -> Self {
        Self { endpoint: "tcp://127.0.0.1:*".into(), file: None }
    }

    /// A TCP port to listen on later.
    pub(crate) fn free_port() -> Self {
        let port = free_port(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
        Self { endpoint: format!("tcp://127.0.0.1:{port}"), file: None }
    }

    /// One of each transport.
    pub(crate) fn both() -> [Self; 2] {
        [Self::tcp(), Self::ipc()]
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Our REP, which echoes in a thread until it is dropped.
#[derive(Debug)]
pub(crate) struct OurRep {
    pub(crate) endpoint: String,
    stop: Handle,
    thread: Option<JoinHandle<()>>,
}

impl OurRep {
    pub(crate) fn echo(endpoint: &str) -> Self {
        let mut rep = builder::<Rep>().bind(endpoint).unwrap();
        let endpoint = rep.endpoints().next().unwrap().to_string();
        let stop = rep.handle().unwrap();
        let thread = thread::spawn(move || {
            loop {
                match rep.recv() {
                    Ok(request) => rep.send(request).unwrap(),
                    Err(Error::Stopped) => return,
                    Err(error) => panic!("{error}"),
                }
            }
        });
        Self { endpoint, stop, thread: Some(thread) }
    }
}

impl Drop for OurRep {
    fn drop(&mut self) {
        self.stop.stop().unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// libzmq's REP, which echoes in a thread until its context is shut down.
#[derive(Debug)]
pub(crate) struct LibzmqRep {
    pub(crate) endpoint: String,
    context: Context,
    thread: Option<JoinHandle<()>>,
}

impl LibzmqRep {
    pub(crate) fn echo(endpoint: &str) -> Self {
        let context = Context::new().unwrap();
        let rep = context.socket(Kind::Rep).unwrap();
        rep.set_timeout(None).unwrap();
        rep.bind(endpoint).unwrap();
        let endpoint = rep.last_endpoint();
        let thread = thread::spawn(move || {
            while let Ok(request) = rep.recv() {
                let parts: Vec<_> = request.iter().map(Vec::as_slice).collect();
                if rep.send(&parts).is_err() {
                    return;
                }
            }
        });
        Self { endpoint, context, thread: Some(thread) }
    }
}

impl Drop for LibzmqRep {
    fn drop(&mut self) {
        self.context.shutdown().unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// libzmq's REQ, connected.
pub(crate) fn libzmq_req(endpoint: &str) -> libzmq::Socket {
    let req = Context::new().unwrap().socket(Kind::Req).unwrap();
    req.set_timeout(Some(LONG)).unwrap();
    req.connect(endpoint).unwrap();
    req
}

/// Bytes that reveal a shifted or reordered body.
pub(crate) fn body(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

/// The parts of a message, in the type of libzmq's wrapper.
pub(crate) fn parts(message: &Message) -> Vec<Vec<u8>> {
    message.parts().map(<[u8]>::to_vec).collect()
}

static CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let (mut value, mut bit) = (at as u32, 0);
        while bit < 8 {
            value = (value >> 1) ^ (0xedb8_8320 * (value & 1));
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
};

/// CRC-32 (as in Ethernet) of all added bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Crc(u32);

impl Crc {
    pub(crate) const fn new() -> Self {
        Self(u32::MAX)
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 >> 8) ^ CRC_TABLE[usize::from(self.0 as u8 ^ byte)];
        }
    }
}

/// Message `number` of a long series with short, long and multipart messages.
pub(crate) fn numbered(number: u32) -> Vec<Vec<u8>> {
    let mut first = number.to_be_bytes().to_vec();
    first.resize(4 + (number as usize * 7) % 300, number as u8);
    match number % 5 {
        0 => vec![first, vec![]],
        1 => vec![first, body((number as usize * 13) % 400), vec![1]],
        _ => vec![first],
    }
}

/// Checks received messages of such a series: each message, the order, and all bytes.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Check {
    next: u32,
    crc: Crc,
}

impl Check {
    pub(crate) const fn new() -> Self {
        Self { next: 0, crc: Crc::new() }
    }

    /// The next message.
    pub(crate) fn add<P: AsRef<[u8]>>(&mut self, parts: impl IntoIterator<Item = P>) {
        let mut count = 0;
        for part in parts {
            let part = part.as_ref();
            if count == 0 {
                assert!(part.starts_with(&self.next.to_be_bytes()), "not number {}", self.next);
            }
            count += 1;
            self.crc.add(part);
            self.crc.add(&[count]);
        }
        self.next += 1;
    }

    /// Checks that all `n` messages arrived with the bytes that were sent.
    pub(crate) fn finish(self, n: u32) {
        let mut sent = Self::new();
        (0..n).for_each(|number| sent.add(numbered(number)));
        assert_eq!((self.next, self.crc), (sent.next, sent.crc));
    }
}

/// The parts in the type of libzmq's wrapper.
pub(crate) fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}
