//! A REP that echoes, on a thread of its own.

use std::thread::{self, JoinHandle};

use zmtp_mio::{CloseReason, Counters, Handle, Options, Rep, Req};

use super::{LIMIT, builder, closes, events};

/// A REP that echoes on a thread of its own until it is stopped.
#[derive(Debug)]
pub(crate) struct Echo {
    stop: Handle,
    thread: Option<JoinHandle<Rep>>,
    pub(crate) endpoint: String,
}

impl Echo {
    pub(crate) fn new() -> Self {
        Self::on("tcp://127.0.0.1:*")
    }

    pub(crate) fn on(endpoint: &str) -> Self {
        Self::with(builder::<Rep>().bind(endpoint).unwrap())
    }

    /// Echoes with a REP that is bound.
    pub(crate) fn with(mut rep: Rep) -> Self {
        let endpoint = rep.endpoints().next().unwrap().to_string();
        let stop = rep.handle().unwrap();
        let serve = move || {
            loop {
                match rep.recv() {
                    Ok(request) => rep.send(request).unwrap(),
                    Err(zmtp_mio::Error::Stopped) => return rep,
                    Err(error) => panic!("the server failed: {error}"),
                }
            }
        };
        Self { stop, thread: Some(thread::spawn(serve)), endpoint }
    }

    /// Stops, and returns the socket with its counters and events.
    pub(crate) fn stop(mut self) -> Rep {
        self.stop.stop().unwrap();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sends a request and asserts that the reply is the same.
pub(crate) fn assert_echo(req: &mut Req, body: &[u8]) {
    let reply = req.request(body, LIMIT).unwrap().expect("no reply in time");
    assert!(reply.bytes().unwrap() == body, "{reply:?} is not {} bytes of the request", body.len());
}

/// An echo server with changed options.
pub(crate) fn echo_with(change: impl FnOnce(&mut Options)) -> Echo {
    Echo::with(rep_with(change))
}

/// A REP with changed options on a free port.
pub(crate) fn rep_with(change: impl FnOnce(&mut Options)) -> Rep {
    let mut options = Options::default();
    change(&mut options);
    builder::<Rep>().options(options).bind("tcp://127.0.0.1:*").unwrap()
}

pub(crate) fn endpoint_of(rep: &Rep) -> String {
    rep.endpoints().next().unwrap().to_string()
}

/// Stops a server, and returns its counters and why connections ended.
pub(crate) fn outcome(echo: Echo) -> (Counters, Vec<CloseReason>) {
    let mut rep = echo.stop();
    let kinds = events!(rep);
    (rep.counters(), closes(&kinds))
}
