//! The end of a socket: queued messages are sent within linger, the others are returned or dropped.

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use super::link::has_grown;
use super::peer::{Peer, State};
use super::queue::{Envelope, QueuedMessage};
use super::{Engine, Guard};
use crate::endpoint::Endpoint;
use crate::message::Message;
use crate::monitor::{Counters, EventKind};
use crate::options::Linger;
use crate::pattern::AnyPattern;
use zmtp_core::pattern::Pattern;

/// Where a deadline lies that is too far for the clock.
const FAR: Duration = Duration::from_secs(1 << 30);

/// The time that the peers of each socket have if sockets are closed one after the other.
const LEAST: Duration = Duration::from_millis(250);
/// The time between two counts of the bytes that peers have acknowledged: the first one, which doubles, and the longest.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LOOK: Duration = Duration::from_millis(10);
/// When everything is written, the longest time without an acknowledgement. The system continues to send after the
/// close, but discards what is left if the peer sends anything; with IPC, libzmq reads no more if its queue is full.
const SILENCE: Duration = Duration::from_secs(1);

/// The messages that a closed socket did not send.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct UnsentMessages {
    /// The messages, as the application sent them: those of each peer in order. Empty for PUB, XPUB, XSUB, RADIO and
    /// STREAM.
    pub messages: Vec<Message>,
    /// The number of messages that cannot be returned, counted once for each peer: those that were partly
    /// written, and those of PUB, XPUB, XSUB, RADIO and STREAM.
    pub others: u64,
    /// The number of messages that were written, and that may not have arrived: see
    /// [`Counters::in_doubt`](crate::Counters::in_doubt).
    pub in_doubt: u64,
    /// The number of messages from peers that the application did not receive.
    pub unreceived: u64,
    /// The counters of the socket after it was closed; after [`Context::shutdown`](crate::Context::shutdown), the sums
    /// of all its sockets. `dropped.cancelled` includes [`messages`](Self::messages). For all types but PUB, XPUB, RADIO,
    /// SUB and XSUB, and without `conflate`, the socket accepted `messages_sent` and `dropped.unsent()` messages.
    pub counters: Counters,
}

impl UnsentMessages {
    /// Returns the number of all messages that were not sent.
    pub fn count(&self) -> u64 {
        self.messages.len() as u64 + self.others
    }

    /// Returns whether everything was sent.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub(super) fn append(&mut self, mut more: Self) {
        self.messages.append(&mut more.messages);
        self.others += more.others;
        self.in_doubt += more.in_doubt;
        self.unreceived += more.unreceived;
        self.counters.add(&more.counters);
    }
}

/// The progress of the end of a socket.
#[derive(Debug)]
pub(super) struct Ending {
    linger: Linger,
    /// When linger is over.
    end: Instant,
    /// When linger is over unless peers acknowledge something before.
    idle_end: Instant,
    /// [`Engine::progress`] when it was looked up last.
    progress: u64,
    /// When that is counted next, and the time between the last two counts.
    next_look: Instant,
    look: Duration,
    /// When it grew.
    last_progress: Instant,
    /// How often a handle stopped the socket before.
    stops: u32,
}

fn after(now: Instant, wait: Option<Duration>) -> Instant {
    wait.and_then(|wait| now.checked_add(wait)).unwrap_or(now + FAR)
}

impl Engine {
    pub(crate) const fn linger(&self) -> Linger {
        self.options.linger
    }

    pub(crate) fn set_linger(&mut self, linger: Linger) {
        self.options.linger = linger;
    }

    /// Whether the socket is closed, or being closed.
    #[inline]
    pub(super) const fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Accepts nothing from now on. `since` is the time from which linger counts, if that is earlier.
    pub(super) fn begin_ending(&mut self, linger: Linger, since: Option<Instant>) {
        self.stop_listening();
        let now = self.tick();
        let since = since.unwrap_or(now).min(now);
        let end = after(since, linger.total);
        // A slow peer gets some time to read.
        let least = after(now, linger.idle.map(|idle| idle.min(LEAST)));
        let idle_end = after(since, linger.idle).max(least).min(end);
        let (progress, stops) = (self.progress(), self.stops());
        self.ending = Some(Ending {
            linger,
            end,
            idle_end,
            progress,
            look: FIRST_LOOK,
            next_look: now + FIRST_LOOK,
            last_progress: now,
            stops,
        });
        // Connections that cannot be written to are closed, so that their messages can move to new ones.
        for index in 0..self.peers.capacity() {
            if self.peers.get(index).is_some_and(Peer::is_blocked) {
                self.schedule(index);
            }
        }
    }

    /// Ends linger at this time at the latest.
    pub(super) fn shorten_linger(&mut self, linger: Linger) {
        let end = after(self.tick(), linger.total);
        if let Some(ending) = &mut self.ending {
            ending.end = ending.end.min(end);
            ending.idle_end = ending.idle_end.min(end);
        }
    }

    /// The time of the next turn while the socket continues to send; `None` if linger is over.
    pub(super) fn lingers_until(&mut self) -> Option<Instant> {
        let now = self.tick();
        let (unsent, stops) = (self.unsent(), self.stops());
        let ending = self.ending.as_ref()?;
        // Peers that read slowly acknowledge bytes that were written long before.
        let looks = now >= ending.next_look
            || now >= ending.idle_end
            || unsent == 0 && now >= ending.last_progress + SILENCE;
        let progress = if looks { self.progress() } else { ending.progress };
        let waits = unsent > 0 || self.peers.iter().any(|(_, peer)| peer.awaits_acknowledgement());
        let ending = self.ending.as_mut()?;
        if looks {
            ending.look = (2 * ending.look).min(LOOK);
            ending.next_look = now + ending.look;
        }
        let progresses = has_grown(ending.progress, progress);
        ending.progress = progress;
        if progresses {
            ending.last_progress = now;
            ending.idle_end = after(now, ending.linger.idle).min(ending.end);
        }
        let end = match unsent {
            0 => ending.idle_end.min(ending.last_progress + SILENCE),
            _ => ending.idle_end,
        };
        let lingers = waits && now < end && stops == ending.stops;
        // No event reports an acknowledgement.
        lingers.then_some(if unsent == 0 { end.min(ending.next_look) } else { end })
    }

    /// Closes everything. Returns what was not sent.
    pub(super) fn finish(&mut self) -> UnsentMessages {
        let mut unsent = UnsentMessages::default();
        self.forget_unbound(|_| true);
        for index in 0..self.peers.capacity() {
            self.close_peer(index, &mut unsent);
        }
        self.release_descriptors();
        if let Some(mailbox) = &self.mailbox {
            mailbox.close();
        }
        unsent.counters = self.monitor.counters;
        unsent
    }

    /// Closes a connection of a peer, and removes the messages that are queued for it.
    fn close_peer(&mut self, index: usize, unsent: &mut UnsentMessages) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let is_ready = peer.is_ready();
        let (dropped, in_doubt) = (self.monitor.counters.dropped, self.monitor.counters.in_doubt);
        match core::mem::replace(&mut peer.state, State::Closed) {
            State::Handshake(link) | State::Ready(link) => {
                self.end_link(index, link, crate::monitor::CloseReason::ByUs, is_ready);
            }
            State::Inproc(mut pipe, properties) => {
                self.end_pipe(index, &mut pipe, &properties);
            }
            State::Connecting(_)
            | State::Negotiating(..)
            | State::Waiting
            | State::Resolving
            | State::Udp(_)
            | State::Closed => {}
        }
        let now = &mut self.monitor.counters.dropped;
        // Those of which a part is written, and those of a STREAM.
        let lost = now.half_sent - dropped.half_sent + (now.peer_gone - dropped.peer_gone);
        let (mut cancelled, mut copies) = (0, 0);
        let Some(peer) = self.peers.get_mut(index) else { return };
        unsent.unreceived += peer.incoming.len() as u64;
        while let Some(queued) = peer.outgoing.pop() {
            if queued.is_message() {
                cancelled += 1;
                match as_sent(&self.pattern, peer.id, queued) {
                    Some(message) => unsent.messages.push(message),
                    None => copies += 1,
                }
            }
        }
        self.monitor.counters.dropped.cancelled += cancelled;
        unsent.others += lost + copies;
        unsent.in_doubt += self.monitor.counters.in_doubt - in_doubt;
        let count = cancelled + lost;
        if count > 0 {
            self.endpoint_event(index, EventKind::UnsentMessages(count));
        }
    }

    /// Stops listening: another socket may listen on the same endpoints from now on.
    fn stop_listening(&mut self) {
        self.listeners.clear();
        for name in core::mem::take(&mut self.names) {
            if let Endpoint::Inproc(name) = &*name {
                self.options.context.registry().unbind(name);
            }
        }
        self.forget_unbound(|peer| peer.unsent() == 0);
    }

    /// Waits no longer for the names of these peers to be bound.
    fn forget_unbound(&self, is_one: impl Fn(&Peer) -> bool) {
        for (index, peer) in &self.peers {
            if matches!(peer.state, State::Waiting) && is_one(peer) {
                self.forget_inproc(index, &peer.endpoint);
            }
        }
    }

    /// Drops the messages for names that no socket has bound: none will bind them.
    pub(super) fn drop_unbound(&mut self) {
        let waiting = |peer: &Peer| matches!(peer.state, State::Waiting);
        let unbound: Vec<_> = (self.peers.iter())
            .filter(|(_, peer)| waiting(peer) && matches!(*peer.endpoint, Endpoint::Inproc(_)))
            .map(|(_, peer)| Arc::clone(&peer.endpoint))
            .collect();
        for endpoint in unbound {
            self.disconnect(&endpoint);
        }
    }

    /// The number of messages and commands that are not written.
    pub(crate) fn unsent(&self) -> usize {
        self.peers.iter().map(|(_, peer)| peer.unsent()).sum()
    }

    /// Grows when bytes arrive at a peer, or a peer of this process takes a message, modulo 2^64.
    fn progress(&self) -> u64 {
        self.peers.iter().map(|(_, peer)| peer.arrivals()).fold(0, u64::wrapping_add)
    }
}

impl Guard<'_> {
    /// Ends the socket: queued messages are sent within linger, the others are returned.
    pub(super) fn end(&mut self, linger: Linger, since: Option<Instant>) -> UnsentMessages {
        self.begin_ending(linger, since);
        while let Some(until) = self.lingers_until() {
            if self.turn_unwoken(Some(until)).is_err() {
                break;
            }
        }
        self.finish()
    }
}

/// A queued message as the application sent it; `None` if peers have copies of it.
fn as_sent(
    pattern: &AnyPattern,
    peer: zmtp_core::pattern::PeerId,
    queued: QueuedMessage,
) -> Option<Message> {
    let QueuedMessage { envelope, mut message } = queued;
    match pattern {
        AnyPattern::Router(..) if !matches!(envelope, Envelope::Address) => {
            message.push_front(pattern.routing_id(peer).unwrap_or_default());
        }
        // It was encoded: the frames up to the delimiter are not the application's.
        AnyPattern::Req(_) | AnyPattern::Rep(_) if matches!(envelope, Envelope::None) => {
            while message.pop_front().is_some_and(|frame| !frame.is_empty()) {}
        }
        AnyPattern::Server(rules, ..) => message.set_routing_id(rules.id(peer)),
        AnyPattern::Publish(..)
        | AnyPattern::Radio(..)
        | AnyPattern::Subscribe(..)
        | AnyPattern::Stream(..) => {
            return None;
        }
        _ => {}
    }
    Some(message)
}
