//! ZAP (RFC 27): the socket bound to `inproc://zeromq.zap.01` in the same context decides about clients.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zmtp_core::mechanism::{Credentials, Status};
use zmtp_core::wire::{Metadata, RoutingId, SocketType};

use super::{Authenticator, ConnectingClient, Reply, User};
use crate::endpoint::Endpoint;
use crate::inproc::{About, Host, Mailbox, Pipe, Post, Registry, pipe};
use crate::message::Message;
use crate::options::Rules;
use crate::queue::QueuedMessage;

/// The name that a handler binds, after `inproc://`.
pub(crate) const NAME: &str = "zeromq.zap.01";
/// The version of the protocol.
const VERSION: &[u8] = b"1.0";
/// Requests without an answer may stay in the list. They are removed when its length exceeds twice the number of the
/// others by this number.
const EARLY: usize = 64;

/// The connection of a socket to the handler of its context.
///
/// It is made for the first request, and again after the handler is gone. The handler sees a DEALER. Its replies are
/// posted to the mailbox of the socket, so that neither end waits for a lock of the other.
pub(crate) struct Zap {
    registry: Arc<Registry>,
    mailbox: Arc<Mailbox>,
    /// What is posted to the mailbox when there is a reply.
    key: usize,
    state: Mutex<State>,
    rules: Rules,
}

#[derive(Default)]
struct State {
    pipe: Option<Pipe>,
    /// The requests without a reply.
    pending: HashMap<u64, Reply>,
    /// The length of `pending` at which those are removed whose connections are closed.
    limit: usize,
    /// The id of the last request.
    last: u64,
}

impl Zap {
    pub(crate) fn new(
        registry: Arc<Registry>,
        mailbox: Arc<Mailbox>,
        key: usize,
        rules: Rules,
    ) -> Self {
        Self { registry, mailbox, key, rules, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket that is bound to the name, if it can be a handler.
    fn handler(&self) -> Option<Host> {
        let host = self.registry.bound(NAME)?;
        matches!(host.about.socket_type, SocketType::Rep | SocketType::Router).then_some(host)
    }

    fn connect(&self, host: &Host) -> Pipe {
        let (ours, theirs) = pipe(None);
        host.mailbox.post(Post::Connection {
            endpoint: Arc::new(Endpoint::Inproc(NAME.into())),
            about: About {
                socket_type: SocketType::Dealer,
                routing_id: Box::new(RoutingId::EMPTY),
                mark: None,
            },
            pipe: Box::new(theirs),
        });
        ours.settle(&self.mailbox, self.key);
        ours
    }

    /// Reads the replies of the handler.
    pub(crate) fn read(&self) {
        let mut state = self.lock();
        let State { pipe: slot, pending, .. } = &mut *state;
        let Some(pipe) = slot else { return };
        let (mut answers, mut orphans) = (Vec::new(), HashMap::new());
        pipe.begin_reading();
        let closed = pipe.is_closed();
        while let Some(queued) = pipe.pop_message() {
            let known = request_id(&queued).filter(|number| pending.contains_key(number));
            let oldest = || pending.keys().min().copied();
            let number = if self.rules.reports_zap { known.or_else(oldest) } else { known };
            if let Some(reply) = number.and_then(|number| pending.remove(&number)) {
                let parsed = parse(&queued);
                answers.push((
                    reply,
                    if known.is_some() { parsed } else { parsed.and(Err(Fault::RequestId)) },
                ));
            }
        }
        pipe.end_reading(0);
        if closed {
            *slot = None;
            if !self.rules.reports_zap {
                orphans = core::mem::take(pending);
            }
        }
        drop(state);
        for (reply, answer) in answers {
            match answer {
                Ok(answer) => reply.send(answer),
                Err(fault) => reply.fail(fault as u32),
            }
        }
        orphans.into_values().for_each(|reply| reply.refuse(Status::Temporary));
    }
}

impl Authenticator for Zap {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        let mut state = self.lock();
        if state.pipe.as_ref().is_none_or(Pipe::is_closed) {
            let Some(host) = self.handler() else {
                drop(state);
                return match client.credentials {
                    // As in libzmq: each client that has the server's key.
                    #[cfg(feature = "curve")]
                    Credentials::Curve { .. }
                        if self.rules.zap_is_optional || client.domain.is_empty() =>
                    {
                        reply.accept_unnamed();
                    }
                    Credentials::Null if self.rules.zap_is_optional => reply.accept_unnamed(),
                    _ => reply.fail(Fault::NoHandler as u32),
                };
            };
            // The other pipe has no replies any more.
            let orphans = match self.rules.reports_zap {
                true => HashMap::new(),
                false => core::mem::take(&mut state.pending),
            };
            state.pipe = Some(self.connect(&host));
            drop(state);
            orphans.into_values().for_each(|reply| reply.refuse(Status::Temporary));
            state = self.lock();
        }
        let State { pipe, pending, limit, last } = &mut *state;
        if pending.len() >= *limit {
            pending.retain(|_, reply| reply.is_awaited());
            *limit = 2 * pending.len() + EARLY;
        }
        *last += 1;
        let Some(pipe) = pipe else { return };
        match pipe.push(request(*last, client)) {
            Ok(()) => {
                pipe.announce();
                pending.insert(*last, reply);
            }
            // The handler does not receive.
            Err(_) => {
                drop(state);
                reply.refuse(Status::Temporary);
            }
        }
    }
}

impl fmt::Debug for Zap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zap").field("pending", &self.lock().pending.len()).finish_non_exhaustive()
    }
}

/// A request (RFC 27 § The ZAP Request), as a DEALER sends it.
fn request(number: u64, client: &ConnectingClient<'_>) -> QueuedMessage {
    let address = client.address.map(|address| address.ip().to_canonical().to_string());
    let mut message = Message::from_parts([
        b"",
        VERSION,
        number.to_string().as_bytes(),
        client.domain.as_bytes(),
        address.unwrap_or_default().as_bytes(),
        client.routing_id,
        client.mechanism().as_bytes(),
    ]);
    match client.credentials {
        #[cfg(feature = "curve")]
        Credentials::Curve { public_key } => message.push(public_key.as_bytes()),
        Credentials::Plain { username, password } => {
            message.push(username);
            message.push(password);
        }
        _ => {}
    }
    message.into()
}

/// The frame of a reply at an index.
fn frame(queued: &QueuedMessage, index: usize) -> Option<&[u8]> {
    queued.frame(index).map(|(_, body)| body)
}

fn request_id(queued: &QueuedMessage) -> Option<u64> {
    str::from_utf8(frame(queued, 2)?).ok()?.parse().ok()
}

/// What is wrong with a reply: the numbers of libzmq (`ZMQ_PROTOCOL_ERROR_ZAP_*`).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u32)]
enum Fault {
    /// There is no handler to reply.
    NoHandler = 0,
    /// The first frame is not empty.
    Reply = 0x2000_0000,
    /// The number of frames.
    Frames = 0x2000_0001,
    RequestId = 0x2000_0002,
    Version = 0x2000_0003,
    Status = 0x2000_0004,
    Metadata = 0x2000_0005,
}

/// The answer in a reply (RFC 27 § The ZAP Reply).
fn parse(queued: &QueuedMessage) -> Result<Result<User, Status>, Fault> {
    let get = |index| frame(queued, index).ok_or(Fault::Frames);
    get(6)?;
    if frame(queued, 7).is_some() {
        return Err(Fault::Frames);
    }
    if !get(0)?.is_empty() {
        return Err(Fault::Reply);
    }
    if get(1)? != VERSION {
        return Err(Fault::Version);
    }
    let code = get(3)?;
    if code != b"200" {
        return Status::from_code(code).map(Err).ok_or(Fault::Status);
    }
    let text = |bytes| str::from_utf8(bytes).map_err(|_| Fault::Metadata);
    let mut user = User::new(text(get(5)?)?);
    for property in Metadata::new(get(6)?).map_err(|_| Fault::Metadata)? {
        user = user.with(text(property.name)?, property.value);
    }
    Ok(Ok(user))
}
