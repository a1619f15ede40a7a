//! What is sent to a peer: what its queue and its connection hold, and whether they take more.

use super::super::link::{Link, Output, Run, Spares};
use super::super::queue::Mark;
use super::{Peer, State};

impl Peer {
    /// Whether its stream accepts no more bytes now.
    pub(in crate::engine) fn is_blocked(&self) -> bool {
        if let State::Udp(link) = &self.state {
            return link.blocked;
        }
        self.link_ref().is_some_and(|link| link.send.blocked || link.send.broken.is_some())
    }

    /// The memory that the messages for the peer occupy.
    pub(in crate::engine) fn outgoing_memory(&self) -> usize {
        self.outgoing.weight() + self.link_ref().map_or(0, Link::send_memory)
    }

    /// Whether it is connected, without anything to write.
    pub(in crate::engine) fn is_quiet(&self) -> bool {
        self.outgoing.is_empty() && self.link_ref().is_some_and(Link::is_quiet)
    }

    /// Whether each message for it is visible to the other end at once.
    pub(in crate::engine) const fn is_unbounded_inproc(&self) -> bool {
        matches!(&self.state, State::Inproc(pipe, _) if pipe.is_unbounded())
    }

    /// Whether messages for the peer can be queued. `keeps_unsent` is whether they are kept for the next
    /// connection.
    pub(in crate::engine) fn takes_messages(&self, keeps_unsent: bool) -> bool {
        let ending = self.closing.is_some()
            || self.link_ref().is_some_and(|link| link.send.broken.is_some());
        let waits = self.reconnects() && keeps_unsent;
        !matches!(self.state, State::Closed) && (!ending || waits)
    }

    /// The output of a connection that takes messages, if no message was queued before.
    pub(in crate::engine) fn open_output(&mut self) -> Option<&mut Output> {
        match &mut self.state {
            State::Ready(link)
                if link.send.takes_messages
                    && self.closing.is_none()
                    && self.outgoing.is_empty() =>
            {
                Some(&mut link.send.output)
            }
            _ => None,
        }
    }

    /// The number of messages that are not completely written.
    pub(in crate::engine) fn queued_count(&self) -> usize {
        self.outgoing.len() + self.link_ref().map_or(0, |link| link.send.output.message_count())
    }

    /// The bytes of their bodies.
    pub(in crate::engine) fn queued_bytes(&self, run: &Run) -> usize {
        self.outgoing.body_len() + self.link_ref().map_or(0, |link| link.send.output.body_len(run))
    }

    /// Whether the messages that are not written, or that a peer of this process has not read, reach the mark. If
    /// so, the mailbox gets the key of a peer of this process when it has read some.
    pub(in crate::engine) fn reaches(&mut self, mark: &Mark, run: &Run) -> bool {
        let (count, bytes) = (self.queued_count(), self.queued_bytes(run));
        let reached_mark =
            |mark: &Mark, (unread, len)| mark.is_reached(count + unread, bytes + len);
        match &mut self.state {
            State::Inproc(pipe, _) => {
                let mark = pipe.limit(*mark);
                let reached = |unread| reached_mark(&mark, unread);
                reached(pipe.unread_at_most())
                    && reached(pipe.unread())
                    && pipe.want_room()
                    && reached(pipe.unread())
            }
            _ => self.burst >= mark.messages || reached_mark(mark, (0, 0)),
        }
    }

    /// The bytes that the next write has about, at least.
    pub(in crate::engine) fn output_len(&self) -> usize {
        self.outgoing.body_len() + self.link_ref().map_or(0, |link| link.send.output.len())
    }

    /// Queues the messages again that its connection has taken and not begun to write.
    pub(in crate::engine) fn take_back(&mut self, run: &Run, spares: &mut Spares) {
        let Some(link) = self.link() else { return };
        let messages = link.take_back(run, spares);
        for message in messages.into_iter().rev() {
            self.outgoing.push_front(message);
        }
    }

    /// The number of messages, and bytes of commands, that are not written.
    pub(in crate::engine) fn unsent(&self) -> usize {
        match self.link_ref() {
            Some(link) if link.send.broken.is_some() => self.queued_count(),
            Some(link) => self.queued_count() + link.unwritten(),
            None => self.outgoing.len(),
        }
    }

    /// A number that grows when something that was sent over its connection arrives, modulo 2^64: for TCP at the system of
    /// the peer, otherwise at the peer. It may fall when more is sent: see [`Link::arrivals`].
    pub(in crate::engine) fn arrivals(&self) -> u64 {
        match &self.state {
            State::Handshake(link) | State::Ready(link) => link.arrivals(),
            State::Inproc(pipe, _) => pipe.arrivals(),
            State::Udp(link) => link.sent,
            _ => 0,
        }
    }

    /// Whether a close now may lose written bytes.
    pub(in crate::engine) fn awaits_acknowledgement(&self) -> bool {
        self.link_ref().is_some_and(|link| {
            link.send.broken.is_none()
                && link.stream.close_may_lose()
                && link.stream.unacknowledged() > 0
        })
    }
}
