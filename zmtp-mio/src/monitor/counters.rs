//! Counters of a socket.

use core::fmt;

use zmtp_core::pattern::Reason;

use crate::count::{bytes, count, messages};

/// Counts of what a socket sent, received, connected and dropped since it was created. They never decrease.
///
/// ```
/// use zmtp_mio::{Pull, Push};
///
/// let mut pull = Pull::builder().bind("inproc://counted")?;
/// let mut push = Push::builder().connect("inproc://counted")?;
/// push.send("four")?;
/// pull.recv()?;
/// let counters = pull.counters();
/// assert_eq!((counters.messages_received, counters.bytes_received), (1, 4));
/// assert_eq!(counters.dropped.total(), 0);
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Counters {
    /// Messages whose last byte was passed to the system, or to a socket of this process (inproc).
    pub messages_sent: u64,
    /// Bytes of the parts of those messages, without framing.
    pub bytes_sent: u64,
    /// Messages that were received as a whole and queued for the application.
    pub messages_received: u64,
    /// Bytes of the parts of those messages, without framing and envelope.
    pub bytes_received: u64,
    /// Messages that were sent, and that may not have arrived when their connection ended: with TCP, the system of
    /// the peer had not acknowledged all bytes; with IPC, the peer had not read them. It is an upper bound: the
    /// peer may have received some of them. A peer that closes a TCP connection without reading also loses what
    /// its system has acknowledged, which is not counted here. Nor is what a peer has read and discards, because it closes
    /// the connection for an error in an earlier message.
    pub in_doubt: u64,
    /// Accepted connections.
    pub accepted: u64,
    /// Connection attempts, including the first of each endpoint.
    pub connection_attempts: u64,
    /// Successful handshakes.
    pub handshakes: u64,
    /// Connections that ended during their handshake, for any reason. The event
    /// [`Closed`](crate::EventKind::Closed) contains the reason.
    pub refused: u64,
    /// Connections that ended after their handshake, for any reason.
    pub disconnects: u64,
    /// Received commands that were ignored: unknown, malformed, or not for this socket type.
    pub ignored_commands: u64,
    /// Subscriptions of peers that were refused because of
    /// [`max_subscriptions`](crate::Options::max_subscriptions) or
    /// [`max_subscription_bytes`](crate::Options::max_subscription_bytes).
    pub refused_subscriptions: u64,
    /// Peers that were accepted although their READY has no `Socket-Type`.
    pub unnamed_peers: u64,
    /// Messages that were dropped, by cause.
    pub dropped: DroppedMessages,
    /// Events that were discarded because the queue of 1,024 events was full.
    pub events_lost: u64,
}

/// Counts of dropped messages, by cause: received messages that were not delivered to the application, and
/// messages of the application that were not sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DroppedMessages {
    /// Received by a REQ or REP without a delimiter or a body, or by a DISH as other frames than a group and a body.
    pub bad_envelope: u64,
    /// Received as a reply without a request that waits for it, or queued when its request was cancelled.
    pub unsolicited: u64,
    /// Received as a reply from another peer than that of the request.
    pub wrong_peer: u64,
    /// Received as a reply with another request id than that of the last request.
    pub wrong_request_id: u64,
    /// Received in part when the connection ended.
    pub incomplete: u64,
    /// Received by a SUB without a matching subscription, or by a DISH that is not in the group.
    pub not_subscribed: u64,
    /// Received by a socket type that only sends.
    pub not_received: u64,
    /// Received with several parts by a socket type whose messages have one part.
    pub multipart: u64,
    /// Datagrams that arrived when the receive buffer of the system was full. Counted with the next datagram that is
    /// received. Linux only; other systems do not report them.
    pub overflow: u64,
    /// Datagrams that are not messages of a RADIO: without bytes, shorter than their group, or with a 0 byte in it.
    pub malformed: u64,
    /// Datagrams to a DISH of more than 8,192 bytes, and datagrams above a limit, as over TCP: with a group and a body of
    /// together more than [`Limits::max_message`](crate::Limits::max_message), or one of them of more than
    /// [`Limits::max_frame`](crate::Limits::max_frame).
    pub too_long: u64,
    /// Datagrams from addresses that [`Options::accept_filter`](crate::Options::accept_filter) does not accept.
    pub filtered: u64,
    /// Received or to be sent, and replaced by a newer message (`ZMQ_CONFLATE`).
    pub conflated: u64,
    /// Not sent: no peer has the routing id.
    pub unroutable: u64,
    /// Not sent: the peer had disconnected.
    pub peer_gone: u64,
    /// Not sent: the queue of the peer was full, and the socket type does not wait.
    pub high_water_mark: u64,
    /// Not sent as a whole: the connection ended after some bytes of the message were written.
    pub half_sent: u64,
    /// Not sent: the system returned an error for the datagram.
    pub refused_datagrams: u64,
    /// Not sent: still queued when the application closed the connection or cancelled the request, or, in async code,
    /// accepted by a `Sink` that was dropped before the socket had room.
    pub cancelled: u64,
    /// Received, and lost when the connection ended, because the system had no memory to keep them without it.
    pub out_of_memory: u64,
}

impl Counters {
    /// Adds the counters of another socket.
    pub(crate) const fn add(&mut self, more: &Self) {
        // Each field, so that a new one is not forgotten.
        let Self {
            messages_sent,
            bytes_sent,
            messages_received,
            bytes_received,
            in_doubt,
            accepted,
            connection_attempts,
            handshakes,
            refused,
            disconnects,
            ignored_commands,
            refused_subscriptions,
            unnamed_peers,
            dropped,
            events_lost,
        } = more;
        self.messages_sent += *messages_sent;
        self.bytes_sent += *bytes_sent;
        self.messages_received += *messages_received;
        self.bytes_received += *bytes_received;
        self.in_doubt += *in_doubt;
        self.accepted += *accepted;
        self.connection_attempts += *connection_attempts;
        self.handshakes += *handshakes;
        self.refused += *refused;
        self.disconnects += *disconnects;
        self.ignored_commands += *ignored_commands;
        self.refused_subscriptions += *refused_subscriptions;
        self.unnamed_peers += *unnamed_peers;
        self.dropped.add(dropped);
        self.events_lost += *events_lost;
    }
}

impl DroppedMessages {
    const fn add(&mut self, more: &Self) {
        // Each field, so that a new one is not forgotten.
        let Self {
            bad_envelope,
            unsolicited,
            wrong_peer,
            wrong_request_id,
            incomplete,
            not_subscribed,
            not_received,
            multipart,
            overflow,
            malformed,
            too_long,
            filtered,
            conflated,
            unroutable,
            peer_gone,
            high_water_mark,
            half_sent,
            refused_datagrams,
            cancelled,
            out_of_memory,
        } = more;
        self.bad_envelope += *bad_envelope;
        self.unsolicited += *unsolicited;
        self.wrong_peer += *wrong_peer;
        self.wrong_request_id += *wrong_request_id;
        self.incomplete += *incomplete;
        self.not_subscribed += *not_subscribed;
        self.not_received += *not_received;
        self.multipart += *multipart;
        self.overflow += *overflow;
        self.malformed += *malformed;
        self.too_long += *too_long;
        self.filtered += *filtered;
        self.conflated += *conflated;
        self.unroutable += *unroutable;
        self.peer_gone += *peer_gone;
        self.high_water_mark += *high_water_mark;
        self.half_sent += *half_sent;
        self.refused_datagrams += *refused_datagrams;
        self.cancelled += *cancelled;
        self.out_of_memory += *out_of_memory;
    }

    /// Returns the number of messages of the application that were not sent.
    pub const fn unsent(&self) -> u64 {
        self.unroutable
            + self.peer_gone
            + self.high_water_mark
            + self.half_sent
            + self.refused_datagrams
            + self.cancelled
    }

    pub(super) const fn reject(&mut self, reason: Reason) {
        match reason {
            Reason::BadEnvelope | Reason::NotGroupAndBody => self.bad_envelope += 1,
            Reason::WrongPeer => self.wrong_peer += 1,
            Reason::WrongRequestId => self.wrong_request_id += 1,
            Reason::NotSubscribed => self.not_subscribed += 1,
            Reason::SendsOnly => self.not_received += 1,
            Reason::Multipart => self.multipart += 1,
            _ => self.unsolicited += 1,
        }
    }

    /// Returns the sum of all causes.
    pub const fn total(&self) -> u64 {
        let mut total = 0;
        let counts = self.counts();
        let mut at = 0;
        while at < counts.len() {
            total += counts[at].1;
            at += 1;
        }
        total
    }

    /// Returns the name of each field, and its value.
    ///
    /// ```
    /// let dropped = zmtp_mio::Push::new()?.counters().dropped;
    /// assert!(dropped.causes().any(|cause| cause == ("peer_gone", 0)));
    /// # Ok::<(), zmtp_mio::Error>(())
    /// ```
    pub fn causes(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        self.counts().into_iter()
    }

    const fn counts(&self) -> [(&'static str, u64); 20] {
        [
            ("bad_envelope", self.bad_envelope),
            ("unsolicited", self.unsolicited),
            ("wrong_peer", self.wrong_peer),
            ("wrong_request_id", self.wrong_request_id),
            ("incomplete", self.incomplete),
            ("not_subscribed", self.not_subscribed),
            ("not_received", self.not_received),
            ("multipart", self.multipart),
            ("overflow", self.overflow),
            ("malformed", self.malformed),
            ("too_long", self.too_long),
            ("filtered", self.filtered),
            ("conflated", self.conflated),
            ("unroutable", self.unroutable),
            ("peer_gone", self.peer_gone),
            ("high_water_mark", self.high_water_mark),
            ("half_sent", self.half_sent),
            ("refused_datagrams", self.refused_datagrams),
            ("cancelled", self.cancelled),
            ("out_of_memory", self.out_of_memory),
        ]
    }
}

/// Writes one line: sums of messages, bytes and connections, and each cause of a drop that occurred.
impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sent {} ({}), received {} ({}); {}, {} accepted, {}, {} refused, {}; dropped {}",
            messages(self.messages_sent),
            bytes(self.bytes_sent),
            self.messages_received,
            bytes(self.bytes_received),
            count(self.handshakes, "handshake", "handshakes"),
            self.accepted,
            count(self.connection_attempts, "connection attempt", "connection attempts"),
            self.refused,
            count(self.disconnects, "disconnect", "disconnects"),
            self.dropped,
        )?;
        for (n, one, several) in [
            (self.in_doubt, "message in doubt", "messages in doubt"),
            (self.ignored_commands, "ignored command", "ignored commands"),
            (self.refused_subscriptions, "refused subscription", "refused subscriptions"),
            (self.unnamed_peers, "peer without socket type", "peers without socket type"),
            (self.events_lost, "event lost", "events lost"),
        ] {
            if n > 0 {
                write!(f, "; {}", count(n, one, several))?;
            }
        }
        Ok(())
    }
}

/// Writes the sum, and each cause that occurred.
impl fmt::Display for DroppedMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.total())?;
        let mut separator = " (";
        for (cause, n) in self.causes().filter(|(_, n)| *n > 0) {
            write!(f, "{separator}{} {n}", cause.replace('_', " "))?;
            separator = ", ";
        }
        f.write_str(if separator == ", " { ")" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_shown_in_one_line() {
        let mut counters = Counters { messages_sent: 3, bytes_sent: 12, ..Counters::default() };
        assert!(counters.to_string().ends_with("dropped 0"), "{counters}");
        counters.dropped.reject(Reason::BadEnvelope);
        counters.dropped.peer_gone = 2;
        counters.events_lost = 1;
        let text = counters.to_string();
        assert!(text.starts_with("sent 3 messages (12 bytes), received 0 (0 bytes);"), "{text}");
        assert!(text.ends_with("dropped 3 (bad envelope 1, peer gone 2); 1 event lost"), "{text}");
        counters = Counters {
            messages_sent: 1,
            bytes_sent: 1,
            messages_received: 1,
            bytes_received: 1,
            handshakes: 1,
            connection_attempts: 1,
            disconnects: 1,
            in_doubt: 1,
            ignored_commands: 1,
            refused_subscriptions: 1,
            unnamed_peers: 1,
            ..Counters::default()
        };
        assert_eq!(
            counters.to_string(),
            "sent 1 message (1 byte), received 1 (1 byte); 1 handshake, 0 accepted, 1 connection attempt, 0 refused, \
             1 disconnect; dropped 0; 1 message in doubt; 1 ignored command; 1 refused subscription; \
             1 peer without socket type"
        );
    }
}
