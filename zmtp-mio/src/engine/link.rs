//! One open connection: its stream, its protocol state, and what is under way in each direction.

use std::sync::Arc;
use std::time::Instant;

use zmtp_core::pattern::Verdict;
use zmtp_core::{Config, Connection, NullOrOlder};

use super::output::Output;
use super::protocol::Protocol;
use super::queue::Letter;
use crate::monitor::CloseReason;
use crate::transport::Stream;

/// An open connection. At rest it owns its state and no buffer.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: Stream,
    pub(super) connection: Protocol,
    pub(super) rx: Rx,
    pub(super) tx: Tx,
    pub(super) since: Instant,
}

/// What is under way towards us.
#[derive(Debug, Default)]
pub(super) struct Rx {
    /// Bytes read and not decoded: part of a header or command, or what came behind the last
    /// message that fitted the queue.
    pub(super) stash: Vec<u8>,
    /// The letter whose frames are arriving.
    pub(super) letter: Letter,
    /// Where the frame under way goes.
    pub(super) verdict: Option<Verdict>,
    /// The peer closed its side: read until the end, a short read is not the last.
    pub(super) closing: bool,
    /// Reading waits until the queue has room.
    pub(super) paused: bool,
    /// Reading waits until control bytes could be written.
    pub(super) congested: bool,
    /// A letter came whole: the peer is of use, and dialling it again starts with a short wait.
    pub(super) proven: bool,
    /// There was an event for the first command that was ignored.
    pub(super) told_ignored: bool,
    /// There was one for the first message that was dropped.
    pub(super) told_dropped: bool,
}

impl Rx {
    /// The part of it that the application cannot receive yet: whole messages behind a full queue are
    /// no part of it.
    pub(super) fn unfinished(&self) -> usize {
        self.letter.bytes() + if self.paused { 0 } else { self.stash.len() }
    }

    /// Discards the message that is arriving, and its bytes that are not decoded.
    pub(super) fn discard(&mut self) {
        self.letter = Letter::default();
        self.stash = Vec::new();
    }

    /// What is held outside the queues.
    pub(super) fn held(&self) -> usize {
        self.stash.len() + self.letter.bytes()
    }
}

/// What is under way towards the peer.
#[derive(Debug, Default)]
pub(super) struct Tx {
    /// What is encoded and not written.
    pub(super) output: Output,
    /// The last write was cut short: the stream will say when it is writable.
    pub(super) blocked: bool,
    /// Writing failed: nothing can go out any more, but what came is still to be read.
    pub(super) broken: Option<CloseReason>,
    /// The connection is to be closed when everything is out.
    pub(super) leaving: bool,
    /// WRITABLE is registered.
    pub(super) watching: bool,
}

impl Link {
    pub(super) fn new(
        stream: Stream,
        config: &Arc<Config>,
        since: Instant,
        now: zmtp_core::Instant,
        raw: bool,
    ) -> Self {
        let connection = match raw {
            true => Protocol::Raw,
            false => Protocol::Zmtp(Connection::new(NullOrOlder::new(), Arc::clone(config), now)),
        };
        Self { stream, connection, rx: Rx::default(), tx: Tx::default(), since }
    }

    /// Whether the first message of the queue is partly written.
    pub(super) fn is_mid_letter(&self) -> bool {
        self.tx.output.is_mid_message()
    }

    /// How many messages at the front of the queue are encoded, or partly so: they stay there.
    pub(super) fn encoded(&self) -> usize {
        self.tx.output.messages()
    }
}
