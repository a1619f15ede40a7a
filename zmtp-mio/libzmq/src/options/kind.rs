//! Options that only some socket types have.

use libc::c_int;
use zmtp_mio::libzmq::KindOptions;
use zmtp_mio::{Message, Reports, SocketKind};

use super::{Request, Settings, Value, int};
use crate::errno::{Errno, Outcome};

const SUBSCRIBE: c_int = 6;
const UNSUBSCRIBE: c_int = 7;
const ROUTER_MANDATORY: c_int = 33;
const XPUB_VERBOSE: c_int = 40;
const ROUTER_RAW: c_int = 41;
const PROBE_ROUTER: c_int = 51;
const REQ_CORRELATE: c_int = 52;
const REQ_RELAXED: c_int = 53;
const ROUTER_HANDOVER: c_int = 56;
const CONNECT_ROUTING_ID: c_int = 61;
const XPUB_NODROP: c_int = 69;
const XPUB_MANUAL: c_int = 71;
const XPUB_WELCOME_MSG: c_int = 72;
const STREAM_NOTIFY: c_int = 73;
const INVERT_MATCHING: c_int = 74;
const XPUB_VERBOSER: c_int = 78;
const ROUTER_NOTIFY: c_int = 97;
const XPUB_MANUAL_LAST_VALUE: c_int = 98;
const ONLY_FIRST_SUBSCRIBE: c_int = 108;
const HELLO_MSG: c_int = 110;
const DISCONNECT_MSG: c_int = 111;
const HICCUP_MSG: c_int = 114;
const XSUB_VERBOSE_UNSUBSCRIBE: c_int = 115;

/// Numbers that the Rust options do not store as the program has set them.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    invert: bool,
    notify: c_int,
}

/// An option that the socket carries out.
pub(super) fn request(settings: &Settings, option: c_int) -> Option<Outcome<Request>> {
    let request = match option {
        SUBSCRIBE => Request::Subscribe,
        UNSUBSCRIBE => Request::Unsubscribe,
        _ => return None,
    };
    let is_manual = settings.kind == SocketKind::Xpub && settings.own.publish.manual;
    Some(match settings.kind {
        SocketKind::Sub => Ok(request),
        _ if is_manual => Ok(request),
        _ => Err(Errno::EINVAL),
    })
}

/// Whether sockets of a kind have an option.
const fn has(kind: SocketKind, option: c_int) -> bool {
    use SocketKind::{
        Client, Dealer, Peer, Pub, Radio, Rep, Req, Router, Server, Stream, Xpub, Xsub,
    };

    match option {
        // They have no effect on a REP, which does not address a peer by its routing id.
        ROUTER_MANDATORY | ROUTER_HANDOVER => matches!(kind, Rep | Router | Peer | Server),
        ROUTER_RAW => matches!(kind, Router),
        ROUTER_NOTIFY => matches!(kind, Router | Peer | Server),
        PROBE_ROUTER => matches!(kind, Router | Dealer | Req),
        REQ_CORRELATE | REQ_RELAXED => matches!(kind, Req),
        CONNECT_ROUTING_ID => matches!(kind, Router | Stream | Peer),
        XPUB_VERBOSE | XPUB_VERBOSER | XPUB_MANUAL | XPUB_MANUAL_LAST_VALUE | XPUB_WELCOME_MSG => {
            matches!(kind, Pub | Xpub)
        }
        XPUB_NODROP => matches!(kind, Pub | Xpub | Radio),
        STREAM_NOTIFY => matches!(kind, Stream),
        ONLY_FIRST_SUBSCRIBE => matches!(kind, Pub | Xpub | Xsub),
        HELLO_MSG | DISCONNECT_MSG | HICCUP_MSG => {
            matches!(kind, Router | Dealer | Client | Server | Peer)
        }
        XSUB_VERBOSE_UNSUBSCRIBE => matches!(kind, Xsub),
        _ => true,
    }
}

pub(super) fn set(settings: &mut Settings, option: c_int, value: Value<'_>) -> Option<Outcome<()>> {
    if !has(settings.kind, option) {
        return Some(Err(Errno::EINVAL));
    }
    let KindOptions { dealer, messages, publish, req, router, stream, subscribe, .. } =
        &mut settings.own;
    let message = || {
        let bytes = value.bytes();
        (!bytes.is_empty()).then(|| Message::from(bytes))
    };
    Some(match option {
        ROUTER_MANDATORY => value.switch().map(|on| router.mandatory = on),
        ROUTER_HANDOVER => value.switch().map(|on| router.handover = on),
        ROUTER_RAW => value.switch().map(|on| settings.raw = on),
        ROUTER_NOTIFY => value.int_from(0).and_then(|bits| match bits {
            0..=3 => {
                settings.kinds.notify = bits;
                router.notify_connect = bits & 1 != 0;
                router.notify_disconnect = bits & 2 != 0;
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }),
        PROBE_ROUTER => value.switch().map(|on| {
            router.probe = on;
            dealer.probe = on;
        }),
        REQ_CORRELATE => value.switch().map(|on| req.correlate = on),
        REQ_RELAXED => value.switch().map(|on| req.relaxed = on),
        CONNECT_ROUTING_ID => match value.bytes() {
            [] => Err(Errno::EINVAL),
            id => {
                settings.connect_routing_id = Some(id.to_vec());
                Ok(())
            }
        },
        XPUB_VERBOSE => value.switch().map(|on| {
            publish.reports = if on { Reports::Subscriptions } else { Reports::Changes };
        }),
        XPUB_VERBOSER => value.switch().map(|on| {
            publish.reports = if on { Reports::All } else { Reports::Changes };
        }),
        XPUB_NODROP => value.switch().map(|on| publish.no_drop = on),
        XPUB_MANUAL => value.switch().map(|on| publish.manual = on),
        XPUB_MANUAL_LAST_VALUE => value.switch().map(|on| {
            (publish.manual, publish.answers_last) = (on, on);
        }),
        XPUB_WELCOME_MSG => {
            publish.welcome = message();
            Ok(())
        }
        STREAM_NOTIFY => value.flag().map(|on| stream.silent = !on),
        INVERT_MATCHING => value.relaxed().map(|on| {
            settings.kinds.invert = on;
            (publish.invert, subscribe.invert) = (on, on);
        }),
        // Only the first part of a message can be a subscription.
        ONLY_FIRST_SUBSCRIBE => value.switch().map(|_| ()),
        XSUB_VERBOSE_UNSUBSCRIBE => value.switch().map(|on| subscribe.all_cancellations = on),
        HELLO_MSG => {
            (dealer.hello, messages.hello, router.hello) = (message(), message(), message());
            Ok(())
        }
        DISCONNECT_MSG => {
            (messages.disconnect, router.disconnect) = (message(), message());
            Ok(())
        }
        HICCUP_MSG => {
            (dealer.hiccup, messages.hiccup) = (message(), message());
            Ok(())
        }
        _ => return None,
    })
}

pub(super) fn get(settings: &Settings, option: c_int) -> Option<Vec<u8>> {
    Some(match option {
        INVERT_MATCHING => int(settings.kinds.invert),
        // 0 for types that do not have it.
        ROUTER_NOTIFY => int(settings.kinds.notify),
        _ => return None,
    })
}
