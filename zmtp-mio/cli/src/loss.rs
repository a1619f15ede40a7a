//! The messages that a command loses. Every command with sockets ends here, whatever ended it.

use zmtp_mio::kind::Kind;
use zmtp_mio::{Counters, DroppedMessages, Linger, Socket, SocketKind};

use crate::exit::{Failure, LOST};
use crate::output::Output;
use crate::text::count;
use crate::traffic::Tally;

/// The messages that the socket did not get.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unsent {
    /// Their number.
    Messages(u64),
    /// The number of the first line. How many follow is not known.
    LinesFrom(u64),
    /// The reply to the request of this number.
    ReplyTo(u64),
}

/// What the socket does not know.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) unsent: Option<Unsent>,
    /// Messages that were received and neither printed nor forwarded.
    pub(crate) discarded: u64,
    /// Messages for which the socket found no peer, and which the command dropped.
    pub(crate) unroutable: u64,
    /// The command receives no message on request. Those that arrive are not lost.
    pub(crate) only_sends: bool,
    /// An endpoint is one of UDP.
    pub(crate) is_udp: bool,
    /// The last error of a connection.
    pub(crate) trouble: Option<String>,
}

/// Messages that were lost for one reason.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Loss {
    /// Their number, if it is known.
    pub(crate) n: Option<u64>,
    /// A short name for programs.
    pub(crate) cause: &'static str,
    pub(crate) text: String,
}

/// Closes the socket, prints the totals and reports every loss. Returns the exit code: losses change only 0.
pub(crate) fn finish<K: Kind>(
    socket: Socket<K>,
    linger: Linger,
    mut known: Known,
    tally: &Tally,
    result: Result<u8, Failure>,
    output: &Output,
) -> Result<u8, Failure> {
    if matches!(result, Err(Failure::OutputClosed)) {
        // The reader has ended the command.
        known.unsent = None;
    }
    let kind = socket.kind();
    let (Counters { dropped, .. }, losses) = close(socket, linger, &known);
    let lost = taken(kind, &dropped, &known).iter().map(|(n, ..)| n).sum();
    tally.finish(&dropped, lost, output);
    report(&losses, None, output);
    code(result, losses.iter().any(Loss::is_certain))
}

/// The exit code of a command that may have lost messages.
pub(crate) fn code(result: Result<u8, Failure>, lost: bool) -> Result<u8, Failure> {
    match result {
        Ok(0) | Err(Failure::OutputClosed) if lost => Ok(LOST),
        result => result,
    }
}

/// Prints losses. `end` is the name of the socket, if the command has several.
pub(crate) fn report(losses: &[Loss], end: Option<&'static str>, output: &Output) {
    for loss in losses {
        output.lost(loss, end);
    }
}

/// Closes the socket, which sends what is queued within linger. Returns its counters and its losses.
pub(crate) fn close<K: Kind>(
    socket: Socket<K>,
    linger: Linger,
    known: &Known,
) -> (Counters, Vec<Loss>) {
    let kind = socket.kind();
    // The end of the socket ends the messages that are arriving.
    let incomplete = socket.counters().dropped.incomplete;
    let closed = socket.close(linger);
    let discarded = known.discarded + closed.unreceived;
    let mut losses = unsent(kind, &closed.counters, known);
    losses.extend(received(kind, &closed.counters.dropped, incomplete, discarded, known));
    (closed.counters, losses)
}

/// Whether messages are sent to all peers. A peer that leaves them loses nothing.
pub(crate) const fn fans_out(kind: SocketKind) -> bool {
    kind.publishes() || matches!(kind, SocketKind::Xsub)
}

/// Whether a receiver that leaves loses nothing: the messages are subscriptions, or for all that listen.
const fn listens(kind: SocketKind) -> bool {
    use SocketKind::{Dgram, Dish, Sub, Xpub, Xsub};
    matches!(kind, Dgram | Dish | Sub | Xpub | Xsub)
}

/// Whether messages are sent to all peers, over connections.
const fn over_connections(kind: SocketKind, known: &Known) -> bool {
    fans_out(kind) && !known.is_udp
}

/// The messages that the socket took and lost: their number, the cause and the reason. For a REQ these are requests
/// without a reply.
fn taken<'a>(
    kind: SocketKind,
    dropped: &DroppedMessages,
    known: &'a Known,
) -> [(u64, &'static str, &'a str); 5] {
    let trouble = known.trouble.as_deref();
    let slow = if fans_out(kind) { "subscribers were too slow" } else { "the peer was too slow" };
    let is_lost = !over_connections(kind, known);
    let left = if is_lost { dropped.peer_gone + dropped.half_sent } else { 0 };
    [
        (dropped.unroutable + known.unroutable, "unroutable", "no peer has the address"),
        (dropped.high_water_mark, "high_water_mark", slow),
        (dropped.refused_datagrams, "refused_datagrams", "the system refused the datagram"),
        (left, "peer_gone", trouble.unwrap_or("the peer had disconnected")),
        (dropped.cancelled, "cancelled", trouble.unwrap_or("--linger was over")),
    ]
}

/// The messages that were not sent, by cause.
fn unsent(kind: SocketKind, counters: &Counters, known: &Known) -> Vec<Loss> {
    let mut losses = Vec::new();
    let mut add = |n: u64, cause, why: &str| {
        if n > 0 {
            let text =
                format!("{}: {why}", count(n, "message was not sent", "messages were not sent"));
            losses.push(Loss { n: Some(n), cause, text });
        }
    };
    // Each request without a reply is an error of its own.
    if kind != SocketKind::Req {
        for (n, cause, why) in taken(kind, &counters.dropped, known) {
            add(n, cause, why);
        }
    }
    match known.unsent {
        Some(Unsent::Messages(n)) => add(n, "unsent", "the command ended first"),
        Some(Unsent::LinesFrom(line)) => {
            let text = format!("the lines from line {line} on were not sent");
            losses.push(Loss { n: None, cause: "unsent", text });
        }
        Some(Unsent::ReplyTo(request)) => {
            let text = format!("the reply to request {request} was not sent");
            losses.push(Loss { n: Some(1), cause: "unsent", text });
        }
        None => {}
    }
    if counters.in_doubt > 0 && kind != SocketKind::Req && !over_connections(kind, known) {
        let what = count(counters.in_doubt, "message", "messages");
        let text = format!("{what} may not have arrived: the connection ended first");
        losses.push(Loss { n: Some(counters.in_doubt), cause: IN_DOUBT, text });
    }
    losses
}

/// The messages that were received and not delivered.
fn received(
    kind: SocketKind,
    dropped: &DroppedMessages,
    incomplete: u64,
    discarded: u64,
    known: &Known,
) -> Vec<Loss> {
    let mut losses = Vec::new();
    let mut add = |n: u64, cause, [one, more]: [&str; 2], why| {
        if n > 0 {
            losses.push(Loss { n: Some(n), cause, text: count(n, one, more) + why });
        }
    };
    let were = ["message was incomplete", "messages were incomplete"];
    add(incomplete, "incomplete", were, ": the connection ended first");
    let were = ["datagram was dropped", "datagrams were dropped"];
    add(dropped.overflow, "overflow", were, ": the receive buffer was full (--receive-buffer)");
    if !known.only_sends && !listens(kind) {
        let were = ["received message was discarded", "received messages were discarded"];
        add(discarded, "discarded", were, "");
    }
    losses
}

/// The cause of messages that may have arrived.
const IN_DOUBT: &str = "in_doubt";

impl Loss {
    /// Whether the messages did not arrive.
    pub(crate) fn is_certain(&self) -> bool {
        self.cause != IN_DOUBT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(losses: &[Loss]) -> Vec<&str> {
        losses.iter().map(|loss| loss.cause).collect()
    }

    #[test]
    fn messages_for_a_subscriber_that_leaves_are_not_lost() {
        let mut counters = Counters::default();
        counters.dropped.peer_gone = 3;
        counters.in_doubt = 1;
        // Newer messages replaced these.
        counters.dropped.conflated = 4;
        let mut known = Known::default();
        assert_eq!(unsent(SocketKind::Pub, &counters, &known), []);
        assert_eq!(causes(&unsent(SocketKind::Push, &counters, &known)), ["peer_gone", "in_doubt"]);
        known.is_udp = true;
        assert_eq!(unsent(SocketKind::Radio, &counters, &known)[0].n, Some(3));
        counters.dropped.cancelled = 2;
        known.is_udp = false;
        let losses = unsent(SocketKind::Pub, &counters, &known);
        assert_eq!(losses[0].text, "2 messages were not sent: --linger was over");
    }

    #[test]
    fn a_receiver_loses_what_it_discards_unless_it_listens_or_only_sends() {
        let dropped = DroppedMessages::default();
        let mut known = Known::default();
        let of = |kind, known: &Known| causes(&received(kind, &dropped, 0, 2, known)).len();
        assert_eq!([SocketKind::Pull, SocketKind::Sub].map(|kind| of(kind, &known)), [1, 0]);
        known.only_sends = true;
        assert_eq!(of(SocketKind::Dealer, &known), 0);
    }

    #[test]
    fn a_loss_changes_only_the_exit_code_0() {
        assert_eq!(code(Ok(0), true).unwrap(), 5);
        assert_eq!(code(Ok(0), false).unwrap(), 0);
        assert_eq!(code(Ok(3), true).unwrap(), 3);
        assert_eq!(code(Err(Failure::OutputClosed), true).unwrap(), 5);
        assert_eq!(code(Err(Failure::Interrupted(2)), true).unwrap_err().code(), 130);
    }
}
