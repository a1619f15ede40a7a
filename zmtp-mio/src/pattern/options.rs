//! The options of the socket types, and the rules of a new socket.

use zmtp_core::pattern::{
    Channel, Client, Dealer, Dish, Filter, Gather, Mode, Pair, Publish, Pull, Push, Radio, Rep,
    Reports, Req, Router, Scatter, Server, Subscribe,
};
use zmtp_core::wire::SocketType;

use super::AnyPattern;
use super::any::{OnConflict, Publishing, Routes, Streaming, Subscribing};
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
    /// With [`Reports::All`], a cancellation is delivered once, however often the peer has subscribed, as in libzmq.
    pub cancels_once: bool,
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
    /// The rules of a socket of this kind.
    pub(crate) fn pattern(self, kind: SocketKind, options: &Options) -> AnyPattern {
        let mut pattern = AnyPattern::new(kind, share(options));
        if options.rules.shares_unreached {
            pattern.share_turns();
        }
        if let (SocketKind::Sub, AnyPattern::Subscribe(rules, _)) = (kind, &mut pattern) {
            for topic in &self.subscribe.topics {
                // The table of topics grows.
                let _ = rules.subscribe(topic);
            }
        }
        pattern.set_options(self, options);
        pattern
    }
}

/// The number of topics that one peer may subscribe to, and of their bytes.
fn share(options: &Options) -> Share {
    let (topics, bytes) = (options.max_subscriptions, options.max_subscription_bytes);
    (topics.unwrap_or(usize::MAX), bytes.unwrap_or(usize::MAX))
}

impl AnyPattern {
    /// The rules of a kind with the default options. `share` is what one peer may subscribe to.
    fn new(kind: SocketKind, share: Share) -> Self {
        let close = OnConflict::Close;
        match kind {
            SocketKind::Channel => Self::Channel(Channel::new(false), close),
            SocketKind::Client => {
                Self::Client(Client::new(Table::new(), false), PeerMessages::default())
            }
            SocketKind::Dealer => {
                Self::Dealer(Dealer::new(Table::new(), false), DealerOptions::default())
            }
            SocketKind::Dgram => Self::Dgram(Dealer::new(Table::new(), false)),
            SocketKind::Dish => Self::Dish(Dish::new(Table::new(), Counted::new())),
            SocketKind::Gather => Self::Gather(Gather::new(Table::new())),
            SocketKind::Pair => Self::Pair(Pair::new(false), close),
            SocketKind::Peer => server(SocketType::Peer),
            SocketKind::Pub => {
                let publish = Publish::publisher(Table::new(), Subscribers::new(share));
                Self::Publish(publish, Publishing::new())
            }
            SocketKind::Pull => Self::Pull(Pull::new(Table::new())),
            SocketKind::Push => Self::Push(Push::new(Table::new(), false)),
            SocketKind::Radio => {
                let radio = Radio::new(Table::new(), Subscribers::new(share));
                Self::Radio(radio, Publishing::new())
            }
            SocketKind::Rep => Self::Rep(Rep::new(Table::new())),
            SocketKind::Req => {
                Self::Req(Req::new(Table::new(), Mode::default(), fastrand::u32(..)))
            }
            SocketKind::Router => Self::Router(routes(), RouterOptions::default(), close),
            SocketKind::Scatter => Self::Scatter(Scatter::new(Table::new(), false)),
            SocketKind::Server => server(SocketType::Server),
            SocketKind::Stream => Self::Stream(routes(), Streaming::new()),
            SocketKind::Sub => subscriber(Filter::Matching),
            SocketKind::Xpub => {
                let (peers, topics) = (Table::new(), Subscribers::new(share));
                let publish = Publish::with_reports(peers, topics, Reports::default());
                Self::Publish(publish, Publishing::new())
            }
            SocketKind::Xsub => subscriber(Filter::All),
        }
    }
}

fn routes() -> Routes {
    Router::new(Table::new(), RoutingTable::new(), fastrand::u32(..), false)
}

fn server(socket_type: SocketType) -> AnyPattern {
    let (peers, ids) = (Table::new(), RoutingTable::new());
    // A peer that the socket connects to has a routing id at once.
    let server = Server::new(peers, ids, fastrand::u32(..), false);
    AnyPattern::Server(server, socket_type, PeerMessages::default())
}

fn subscriber(filter: Filter) -> AnyPattern {
    let subscribe = Subscribe::new(Table::new(), Counted::new(), filter);
    AnyPattern::Subscribe(subscribe, Subscribing { all_cancellations: false })
}
