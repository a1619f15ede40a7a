//! Vocabulary of the tests: endpoints of both transports, and servers on threads.

#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod server;

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process;
use std::thread::{self, JoinHandle};

use zmtp_interop::libzmq::{self, Context, Kind};
use zmtp_mio::{Error, Handle, Message, Rep};

/// Longer than anything here takes on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Sizes around each edge of framing and buffering.
pub(crate) const SIZES: [usize; 9] =
    [0, 1, 255, 256, 65_535, 65_536, 65_537, 1_000_000, 20_000_000];

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

    /// A TCP port to listen on later. Below the ports that the system hands out, where another
    /// connection, or the very one that dials it, might take it meanwhile.
    pub(crate) fn free_port() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let start = 20_000 + process::id() % 8_000;
        let free = (0..4_000).find_map(|_| {
            let port = start + NEXT.fetch_add(1, Ordering::Relaxed);
            TcpListener::bind(("127.0.0.1", port as u16)).is_ok().then_some(port)
        });
        let port = free.expect("a free port");
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

/// Our REP, echoing on a thread until dropped.
#[derive(Debug)]
pub(crate) struct OurRep {
    pub(crate) endpoint: String,
    stop: Handle,
    thread: Option<JoinHandle<()>>,
}

impl OurRep {
    pub(crate) fn echo(endpoint: &str) -> Self {
        let mut rep = Rep::builder().bind(endpoint).unwrap();
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

/// libzmq's REP, echoing on a thread until its context is shut down.
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

/// Octets that tell a shifted or mixed-up body.
pub(crate) fn body(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

/// A message's parts, as libzmq's wrapper has them.
pub(crate) fn parts(message: &Message) -> Vec<Vec<u8>> {
    message.parts().map(<[u8]>::to_vec).collect()
}
