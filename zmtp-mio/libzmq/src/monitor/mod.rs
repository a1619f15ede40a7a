//! `zmq_socket_monitor`: the events of a socket as messages of a PAIR.
//!
//! A thread reads the events and sends them. It ends when the socket is closed, or when the program ends the monitor.

mod event;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use libc::c_int;
use zmtp_mio::libzmq::{self, KindOptions, SharedSocket};
use zmtp_mio::{AnySocket, Error, EventReader, Message, Options, SocketKind};

use crate::context::Context;
use crate::errno::{Errno, Outcome};
use crate::socket::Notice;
use crate::thread;
use event::{CLOSED, Encoder, STOPPED, descriptor};

/// The first part of a message is two bytes and a number; or there is a part for each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    V1,
    #[cfg_attr(not(feature = "draft"), allow(dead_code, reason = "only the draft API has it"))]
    V2,
}

/// How long a send waits before it looks whether the monitor has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The longest wait for an event.
const LONG: Duration = Duration::from_secs(1 << 30);

/// An endpoint that a socket listens on, and its descriptor.
pub(crate) type Bound = (String, Option<c_int>);

/// The monitor of a socket.
#[derive(Debug)]
pub(crate) struct Monitor {
    #[cfg_attr(
        not(feature = "draft"),
        allow(dead_code, reason = "only the draft API asks for it")
    )]
    mask: u64,
    ends: Arc<AtomicBool>,
    last: Arc<Mutex<Last>>,
}

/// What a closed socket leaves to its monitor.
#[derive(Debug, Default)]
pub(crate) struct Last {
    /// The endpoints that the socket no longer listens on, with their descriptors.
    pub(crate) unbound: Vec<Bound>,
    /// The descriptor of `ZMQ_FD`. pyzmq makes the endpoint of a monitor from its number, which another socket must not
    /// get before the endpoint is free.
    pub(crate) notice: Option<Notice>,
}

/// What the thread has.
struct Sending {
    pair: AnySocket,
    events: EventReader,
    encoder: Encoder,
    ends: Arc<AtomicBool>,
    last: Arc<Mutex<Last>>,
}

impl Monitor {
    /// Begins to send the events of `mask` to an endpoint that [`check`] allows.
    pub(crate) fn begin(
        context: &Arc<Context>,
        socket: &SharedSocket,
        endpoint: &str,
        mask: u64,
        format: Format,
        kind: SocketKind,
    ) -> Outcome<Self> {
        let mut options = Options::default();
        options.context = context.inner().clone();
        options.linger = Duration::ZERO.into();
        let mut pair = libzmq::build(kind, options, KindOptions::default())?;
        pair.bind(endpoint)?;
        let events = libzmq::begin_events(socket)?;
        let ends = Arc::new(AtomicBool::new(false));
        let encoder = Encoder::new(mask, format);
        let last = Arc::<Mutex<Last>>::default();
        let (ended, left) = (Arc::clone(&ends), Arc::clone(&last));
        let sending = Sending { pair, events, encoder, ends: ended, last: left };
        let context = Arc::clone(context);
        context.began();
        let spawned = thread::spawn(Builder::new().name("zmq-monitor".into()), {
            let context = Arc::clone(&context);
            move || {
                let (pair, notice) = sending.run();
                let ended = move || {
                    drop(notice);
                    context.ended();
                };
                libzmq::close_later(pair, Duration::ZERO, ended);
            }
        });
        match spawned {
            Ok(thread) => {
                context.keep(thread);
                Ok(Self { mask, ends, last })
            }
            Err(error) => {
                context.ended();
                Err(error)
            }
        }
    }

    /// Whether the program has asked for the sizes of queues.
    #[cfg(feature = "draft")]
    pub(crate) const fn has_sizes(&self) -> bool {
        self.mask & event::PIPES_STATS != 0
    }

    /// Ends the monitor, after the events that are queued and the ends of the endpoints.
    pub(crate) fn end(&self, socket: &SharedSocket, last: Last) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        self.ends.store(true, Ordering::Release);
        libzmq::end_events(socket);
    }
}

impl Sending {
    /// Sends events until the end. Returns the socket, and what is dropped after it.
    fn run(mut self) -> (AnySocket, Option<Notice>) {
        let mut is_read = true;
        while is_read && let Some(event) = self.events.next_timeout(LONG) {
            let mut messages = self.encoder.encode(&event).into_iter();
            is_read = messages.all(|message| self.send(message).is_ok());
        }
        let Last { unbound, notice } =
            std::mem::take(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner));
        if !is_read {
            return (self.pair, notice);
        }
        let closed = unbound
            .iter()
            .map(|(endpoint, of)| self.encoder.message(CLOSED, &[descriptor(*of)], endpoint, ""));
        let last: Vec<_> =
            closed.chain([self.encoder.message(STOPPED, &[0], "", "")]).flatten().collect();
        for message in last {
            if self.send(message).is_err() {
                break;
            }
        }
        (self.pair, notice)
    }

    /// Waits for the program to connect, unless the monitor ends.
    fn send(&mut self, message: Message) -> Result<(), Error> {
        let mut message = message;
        // A PUB learns of a subscription.
        let _ = self.pair.step();
        loop {
            let error = match self.pair.send_timeout(message, LOOK) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !matches!(error.error, Error::WouldBlock) || self.ends.load(Ordering::Acquire) {
                return Err(error.error);
            }
            message = *error.message;
        }
    }
}

/// Fails unless the endpoint is one of inproc.
pub(crate) fn check(endpoint: &str) -> Outcome<()> {
    match endpoint.split_once("://").ok_or(Errno::EINVAL)? {
        ("inproc", _) => Ok(()),
        _ => Err(Errno(libc::EPROTONOSUPPORT)),
    }
}

/// Whether the events of a monitor can be sent by a socket of this kind.
pub(crate) const fn is_allowed(kind: SocketKind) -> bool {
    matches!(kind, SocketKind::Pair | SocketKind::Pub | SocketKind::Push)
}

/// The mask of an int.
pub(crate) const fn mask(events: c_int) -> u64 {
    events as u32 as u64
}
