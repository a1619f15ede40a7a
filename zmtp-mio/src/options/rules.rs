//! Rules of libzmq that differ from the defaults of this crate.

/// Rules of libzmq that the package `zmtp-libzmq` turns on. All are off by default. They may change in any release.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "hidden")]
pub struct Rules {
    /// The high-water mark of a connection within the process is the sum of the sender's and the receiver's, in messages.
    /// It is exact, and each message can be received at once. Half of the sum must be received before there is room again.
    /// If one of the marks has no limit, neither has the sum. Only if both ends have this rule. A send reads first what
    /// other sockets of the process have sent, for example subscriptions.
    pub sums_marks: bool,
    /// Endpoints that are not connected have their share of the messages, unless
    /// [`Options::immediate`](crate::Options::immediate) is set: they take part in the turns also while other peers are
    /// connected.
    pub shares_unreached: bool,
    /// When an endpoint of TCP or IPC is unbound, the connections that were accepted there are closed too, after what is
    /// queued for them is written. [`EventKind::Unbound`](crate::EventKind::Unbound) reports it.
    pub unbind_closes: bool,
    /// Socket types are not compared within the process.
    pub inproc_accepts_all: bool,
    /// If there is neither an authenticator nor a ZAP handler, a client with NULL or CURVE is accepted in spite of the
    /// [`zap_domain`](crate::Options::zap_domain) (`ZMQ_ZAP_ENFORCE_DOMAIN` is 0).
    pub zap_is_optional: bool,
    /// A socket that would be refused stays connected and is ignored: one whose routing id another peer of a ROUTER has, and
    /// a second peer of a PAIR or CHANNEL. The same holds for a peer of a ROUTER that loses its routing id to another one.
    pub keeps_refused: bool,
    /// A request of a REQ that a later request replaces, and that is not sent, stays in its queue.
    pub keeps_requests: bool,
    /// A REQ whose peer is lost waits for a reply that does not come. It can send another request. It does not report
    /// [`Error::PeerLost`](crate::Error::PeerLost).
    pub waits_if_lost: bool,
    /// Messages that the application has not received are dropped when it disconnects from their sender.
    pub disconnect_drops: bool,
    /// [`EventKind::ZapFailed`](crate::EventKind::ZapFailed) reports why ZAP refused a client. Any invalid reply of the
    /// handler refuses one. If the handler is closed, the clients that wait for it continue to wait.
    pub reports_zap: bool,
    /// After a refusal, or if the configurations of the two ends do not match, the wait before the next attempt has at
    /// least the length of the default [`Reconnect::longest`](crate::Reconnect::longest).
    pub waits_after_refusal: bool,
    /// PINGs are also sent to peers of ZMTP 3.0.
    pub pings_to_3_0: bool,
    /// A message of a PUB, XPUB or RADIO that waits for room counts against the high-water mark of a connection of TCP or
    /// IPC, also if it is written, until the next turn that is not one of those that sends run from time to time. At the
    /// mark, a send that does not wait fails for a millisecond.
    pub counts_bursts: bool,
    /// What a connection needs waits less for the program. The driver serves a socket that had no call for a millisecond,
    /// instead of three, and a send that does not wait runs a turn after one, instead of ten.
    pub serves_soon: bool,
}

impl Rules {
    /// All rules of libzmq.
    pub const LIBZMQ: Self = Self {
        sums_marks: true,
        shares_unreached: true,
        unbind_closes: true,
        inproc_accepts_all: true,
        zap_is_optional: true,
        keeps_refused: true,
        keeps_requests: true,
        waits_if_lost: true,
        disconnect_drops: true,
        reports_zap: true,
        waits_after_refusal: true,
        pings_to_3_0: true,
        counts_bursts: true,
        serves_soon: true,
    };
}
