//! Events as records of the crate `log`, with the feature `log`.

use log::{Level, log};

use super::event::{Event, EventKind};
use super::reason::CloseReason;

/// Logs an event. What an operator should know is a warning, the rest is for debugging.
pub(super) fn log(event: &Event) {
    log!(target: "zmtp_mio", level(&event.kind), "{event}");
}

const fn level(kind: &EventKind) -> Level {
    use CloseReason::{ByPeer, ByUs, HandedOver, RequestCancelled};
    match kind {
        EventKind::Listening
        | EventKind::Unbound
        | EventKind::Accepted
        | EventKind::Connected
        | EventKind::Ready(_)
        | EventKind::Retrying(_)
        | EventKind::Ignored(_)
        | EventKind::Queued { .. }
        | EventKind::Closed(ByPeer | ByUs | HandedOver | RequestCancelled) => Level::Debug,
        EventKind::BindFailed(_)
        | EventKind::AcceptPaused(_)
        | EventKind::Closed(_)
        | EventKind::NotRetrying
        | EventKind::Refused(_)
        | EventKind::DatagramFailed(_)
        | EventKind::Dropped(_)
        | EventKind::DroppedDatagram(_)
        | EventKind::SubscriptionRefused
        | EventKind::UnsentMessages(_)
        | EventKind::ZapFailed(_) => Level::Warn,
    }
}
