//! The options of the socket types, and the constructors.

use zmtp_core::pattern::{
    Channel, Client, Dealer, Dish, Filter, Gather, Mode, Pair, Publish, Pull, Push, Radio, Rep,
    Reports, Req, Router, Scatter, Server, Subscribe,
};
use zmtp_core::wire::SocketType;

use super::AnyPattern;
use super::any::{Publishing, Routes, Streaming, Subscribing};
use crate::message::Message;
use crate::options::Options;
use crate::routing_table::RoutingTable;
use crate::slots::Table;
use crate::socket_kind::SocketKind;
use crate::topics::{Counted, Share, Subscribers};

/// Options of a DEALER.
#[derive(Clone, Debug, Default)]
pub struct DealerOptions {
    /// Each new peer gets an empty message (`ZMQ_PROBE_ROUTER`).
    pub probe: bool,
    /// The first message to each new peer (`ZMQ_HELLO_MSG`).
    pub hello: Option<Message>,
    /// The message that is delivered when the connection to an endpoint is lost (`ZMQ_HICCUP_MSG`).
    pub hiccup: Option<Message>,
}

/// Options of a CLIENT, SERVER or PEER: messages of one part, because of a peer.
#[derive(Clone, Debug, Default)]
pub struct PeerMessages {
    /// The first message to each new peer (`ZMQ_HELLO_MSG`).
    pub hello: Option<Message>,
    /// SERVER and PEER: the message that is delivered when the connection of an accepted peer ends
    /// (`ZMQ_DISCONNECT_MSG`).
    pub disconnect: Option<Message>,
    /// CLIENT and PEER: the message that is delivered when the connection to an endpoint is lost (`ZMQ_HICCUP_MSG`).
    pub hiccup: Option<Message>,
}

/// Options of a PUB or XPUB.
#[derive(Clone, Debug, Default)]
pub struct PublishOptions {
    /// Which subscriptions and cancellations an XPUB delivers (`ZMQ_XPUB_VERBOSE`,
    /// `ZMQ_XPUB_VERBOSER`).
    pub reports: Reports,
    /// The application grants subscriptions (`ZMQ_XPUB_MANUAL`).
    pub manual: bool,
    /// The next message goes only to the peer whose request was received last (`ZMQ_XPUB_MANUAL_LAST_VALUE`).
    pub answers_last: bool,
    /// Sending waits for room in full queues (`ZMQ_XPUB_NODROP`).
    pub no_drop: bool,
    /// Messages go to the peers that did not subscribe to them (`ZMQ_INVERT_MATCHING`).
    pub invert: bool,
    /// The message that each new peer gets (`ZMQ_XPUB_WELCOME_MSG`).
    pub welcome: Option<Message>,
}

/// Options of a ROUTER.
#[derive(Clone, Debug, Default)]
pub struct RouterOptions {
    /// Sending reports unroutable messages, and waits for room (`ZMQ_ROUTER_MANDATORY`).
    pub mandatory: bool,
    /// A new peer takes over a routing id that is in use (`ZMQ_ROUTER_HANDOVER`).
    pub handover: bool,
    /// Each new peer gets an empty message (`ZMQ_PROBE_ROUTER`).
    pub probe: bool,
    /// The first message to each new peer (`ZMQ_HELLO_MSG`).
    pub hello: Option<Message>,
    /// The message that is delivered when the connection of an accepted peer ends (`ZMQ_DISCONNECT_MSG`).
    pub disconnect: Option<Message>,
    /// A message is delivered for each peer that connects (`ZMQ_ROUTER_NOTIFY`).
    pub notify_connect: bool,
    /// A message is delivered for each peer that disconnects (`ZMQ_ROUTER_NOTIFY`).
    pub notify_disconnect: bool,
}

/// Options of a STREAM.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamOptions {
    /// No message is delivered when a peer connects or disconnects (`ZMQ_STREAM_NOTIFY` is 0).
    pub silent: bool,
}

/// Options of a SUB or XSUB.
#[derive(Clone, Debug, Default)]
pub struct SubscribeOptions {
    /// Topics that are subscribed to when the socket is built.
    pub topics: Vec<Vec<u8>>,
    /// What matches no topic is received (`ZMQ_INVERT_MATCHING`).
    pub invert: bool,
    /// An XSUB sends every cancellation (`ZMQ_XSUB_VERBOSE_UNSUBSCRIBE`).
    pub all_cancellations: bool,
}

/// The options that only one kind, or two similar kinds, have.
#[derive(Clone, Debug, Default)]
pub struct KindOptions {
    /// Those of a DEALER.
    pub dealer: DealerOptions,
    /// Those of a CLIENT, SERVER or PEER.
    pub messages: PeerMessages,
    /// Those of a PUB, XPUB or RADIO.
    pub publish: PublishOptions,
    /// Those of a REQ.
    pub req: Mode,
    /// Those of a ROUTER.
    pub router: RouterOptions,
    /// Those of a STREAM.
    pub stream: StreamOptions,
    /// Those of a SUB or XSUB.
    pub subscribe: SubscribeOptions,
}

impl KindOptions {
    pub(crate) fn pattern(self, kind: SocketKind, options: &Options) -> AnyPattern {
        let mut pattern = match kind {
            SocketKind::Channel => AnyPattern::channel(options.immediate),
            SocketKind::Client => AnyPattern::client(self.messages, options.immediate),
            SocketKind::Dealer => AnyPattern::dealer(self.dealer, options.immediate),
            SocketKind::Dgram => AnyPattern::dgram(),
            SocketKind::Dish => AnyPattern::dish(),
            SocketKind::Gather => AnyPattern::gather(),
            SocketKind::Pair => AnyPattern::pair(options.immediate),
            SocketKind::Peer => AnyPattern::server(SocketType::Peer, self.messages),
            SocketKind::Pub => AnyPattern::publish(self.publish, share(options)),
            SocketKind::Pull => AnyPattern::pull(),
            SocketKind::Push => AnyPattern::push(options.immediate),
            SocketKind::Radio => AnyPattern::radio(self.publish, share(options)),
            SocketKind::Rep => AnyPattern::rep(),
            SocketKind::Req => AnyPattern::req(self.req),
            SocketKind::Router => AnyPattern::router(self.router),
            SocketKind::Scatter => AnyPattern::scatter(options.immediate),
            SocketKind::Server => AnyPattern::server(SocketType::Server, self.messages),
            SocketKind::Stream => AnyPattern::stream(self.stream),
            SocketKind::Sub => AnyPattern::subscribe(self.subscribe),
            SocketKind::Xpub => AnyPattern::xpublish(self.publish, share(options)),
            SocketKind::Xsub => AnyPattern::xsubscribe(&self.subscribe),
        };
        if options.rules.shares_unreached {
            pattern.share_turns();
        }
        pattern
    }
}

/// The number of topics that one peer may subscribe to, and of their bytes.
fn share(options: &Options) -> (usize, usize) {
    let (topics, bytes) = (options.max_subscriptions, options.max_subscription_bytes);
    (topics.unwrap_or(usize::MAX), bytes.unwrap_or(usize::MAX))
}

/// The constructors: one per socket type. `immediate` is
/// [`Options::immediate`](crate::Options::immediate).
impl AnyPattern {
    pub(crate) const fn channel(immediate: bool) -> Self {
        Self::Channel(Channel::new(immediate))
    }

    pub(crate) const fn client(messages: PeerMessages, immediate: bool) -> Self {
        Self::Client(Client::new(Table::new(), immediate), messages)
    }

    pub(crate) const fn dgram() -> Self {
        Self::Dgram(Dealer::new(Table::new(), false))
    }

    pub(crate) fn dish() -> Self {
        Self::Dish(Dish::new(Table::new(), Counted::new()))
    }

    /// `share` is how many groups one peer may join. Of the options, only `no_drop` applies.
    pub(crate) fn radio(options: PublishOptions, share: Share) -> Self {
        let radio = Radio::new(Table::new(), Subscribers::new(share));
        Self::Radio(radio, Publishing::new(options))
    }

    pub(crate) const fn gather() -> Self {
        Self::Gather(Gather::new(Table::new()))
    }

    pub(crate) const fn scatter(immediate: bool) -> Self {
        Self::Scatter(Scatter::new(Table::new(), immediate))
    }

    /// SERVER or PEER.
    pub(crate) fn server(socket_type: SocketType, messages: PeerMessages) -> Self {
        let (peers, ids) = (Table::new(), RoutingTable::new());
        // A peer that the socket connects to has a routing id at once.
        Self::Server(Server::new(peers, ids, fastrand::u32(..), false), socket_type, messages)
    }

    pub(crate) const fn dealer(options: DealerOptions, immediate: bool) -> Self {
        Self::Dealer(Dealer::new(Table::new(), immediate), options)
    }

    pub(crate) const fn pair(immediate: bool) -> Self {
        Self::Pair(Pair::new(immediate))
    }

    /// `share` is what one peer may subscribe to.
    pub(crate) fn publish(options: PublishOptions, share: Share) -> Self {
        let publish = Publish::publisher(Table::new(), Subscribers::new(share));
        Self::Publish(publish, Publishing::new(options))
    }

    /// `share` is what one peer may subscribe to.
    pub(crate) fn xpublish(options: PublishOptions, share: Share) -> Self {
        let peers = Table::new();
        let publish = match (options.manual, options.reports) {
            (true, _) => {
                Publish::manual(peers, Subscribers::new(share), Subscribers::counting(share))
            }
            (false, Reports::All) => {
                Publish::with_reports(peers, Subscribers::counting(share), Reports::All)
            }
            (false, reports) => Publish::with_reports(peers, Subscribers::new(share), reports),
        };
        Self::Publish(publish, Publishing::new(options))
    }

    pub(crate) const fn pull() -> Self {
        Self::Pull(Pull::new(Table::new()))
    }

    pub(crate) const fn push(immediate: bool) -> Self {
        Self::Push(Push::new(Table::new(), immediate))
    }

    pub(crate) const fn rep() -> Self {
        Self::Rep(Rep::new(Table::new()))
    }

    pub(crate) fn req(mode: Mode) -> Self {
        Self::Req(Req::new(Table::new(), mode, fastrand::u32(..)))
    }

    pub(crate) fn router(options: RouterOptions) -> Self {
        Self::Router(routes(options.handover), options)
    }

    pub(crate) fn stream(options: StreamOptions) -> Self {
        Self::Stream(routes(false), Streaming::new(options))
    }

    pub(crate) fn subscribe(options: SubscribeOptions) -> Self {
        let filter = if options.invert { Filter::Inverted } else { Filter::Matching };
        let mut subscribe = Subscribe::new(Table::new(), Counted::new(), filter);
        for topic in options.topics {
            // The table of topics grows.
            let _ = subscribe.subscribe(&topic);
        }
        Self::Subscribe(subscribe, Subscribing { all_cancellations: false })
    }

    pub(crate) fn xsubscribe(options: &SubscribeOptions) -> Self {
        let subscribe = Subscribe::new(Table::new(), Counted::new(), Filter::All);
        Self::Subscribe(subscribe, Subscribing { all_cancellations: options.all_cancellations })
    }
}

fn routes(handover: bool) -> Routes {
    Router::new(Table::new(), RoutingTable::new(), fastrand::u32(..), handover)
}
