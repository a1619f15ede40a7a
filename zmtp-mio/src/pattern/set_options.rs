//! Setting the options of a socket: when it is built, and while it is used.

use zmtp_core::pattern::{Filter, Reports};
use zmtp_core::wire::SocketType;

use super::any::{OnConflict, Publisher, Publishing};
use super::{AnyPattern, KindOptions, PublishOptions};
use crate::options::Options;
use crate::topics::Subscribers;

impl AnyPattern {
    /// Includes peers that the socket still connects to in the turns of the others, as in libzmq. Call this before there
    /// are peers.
    pub(super) const fn share_turns(&mut self) {
        match self {
            Self::Client(rules, _) => rules.share_turns(),
            Self::Dealer(rules, _) => rules.share_turns(),
            Self::Push(rules) | Self::Scatter(rules) => rules.share_turns(),
            Self::Req(rules) => rules.share_turns(),
            _ => {}
        }
    }

    /// Sets the options of the kind. Those that are used when a peer connects apply to later peers.
    pub(crate) fn set_options(&mut self, own: KindOptions, options: &Options) {
        let conflict = match options.rules.keeps_refused {
            true => OnConflict::Ignore,
            false => OnConflict::Close,
        };
        match self {
            Self::Channel(rules, on_conflict) => {
                rules.set_only_connected(options.immediate);
                *on_conflict = conflict;
            }
            Self::Client(rules, messages) => {
                rules.set_only_connected(options.immediate);
                *messages = own.messages;
            }
            Self::Dealer(rules, dealing) => {
                rules.set_only_connected(options.immediate);
                *dealing = own.dealer;
            }
            Self::Pair(rules, on_conflict) => {
                rules.set_only_connected(options.immediate);
                *on_conflict = conflict;
            }
            Self::Publish(rules, publishing) => set_publish(rules, publishing, own.publish),
            Self::Push(rules) | Self::Scatter(rules) => rules.set_only_connected(options.immediate),
            Self::Radio(_, publishing) => publishing.options = own.publish,
            Self::Req(rules) => {
                rules.set_mode(own.req);
                if options.rules.waits_if_lost {
                    rules.wait_if_lost();
                }
            }
            Self::Router(rules, routing, on_conflict) => {
                rules.set_handover(own.router.handover);
                *routing = own.router;
                *on_conflict = conflict;
            }
            Self::Server(_, _, messages) => *messages = own.messages,
            Self::Stream(_, streaming) => streaming.options = own.stream,
            Self::Subscribe(rules, subscribing) => {
                rules.set_filter(match own.subscribe.invert {
                    true => Filter::Inverted,
                    false => Filter::Matching,
                });
                let is_xsub = rules.socket_type() == SocketType::Xsub;
                subscribing.all_cancellations = is_xsub && own.subscribe.all_cancellations;
            }
            Self::Dgram(_) | Self::Dish(_) | Self::Gather(_) | Self::Pull(_) | Self::Rep(_) => {}
        }
    }
}

fn set_publish(rules: &mut Publisher, publishing: &mut Publishing, options: PublishOptions) {
    if rules.socket_type() == SocketType::Xpub {
        let was_manual = publishing.options.manual;
        rules.set_reports(if options.manual { Reports::All } else { options.reports });
        let share = rules.topics().share();
        match (was_manual, options.manual) {
            (false, true) => rules.set_manual(Some(Subscribers::counting(share))),
            (true, false) => rules.set_manual(None),
            _ => {}
        }
        let counts = options.reports == Reports::All && !options.manual && !options.cancels_once;
        rules.topics_mut().set_counting(counts);
    }
    publishing.options = options;
}
