//! Socket types as type parameters, and traits for the operations of each.

mod traits_of_each;

use crate::socket_kind::SocketKind;

/// A socket type as the parameter of a [`Socket`](crate::Socket). Sealed.
pub trait Kind: sealed::Sealed + Send + Sync + 'static {}

/// A kind that is known when the program is compiled: every kind but [`Any`].
pub trait StaticKind: Kind {
    /// The kind as a value.
    const KIND: SocketKind;
}

/// A kind whose sockets can send.
pub trait CanSend: Kind {}

/// A kind whose sockets can receive.
pub trait CanReceive: Kind {}

/// A kind whose sockets can collect messages and write many of them at once; see
/// [`Socket::cork`](crate::Socket::cork).
pub trait CanCork: CanSend {}

/// A kind whose sockets can keep only the newest message of a queue (`ZMQ_CONFLATE`).
pub trait CanConflate: Kind {}

/// A kind that announces a routing id to its peers (`ZMQ_ROUTING_ID`).
pub trait HasRoutingId: Kind {}

/// A kind with the option [`immediate`](crate::Options::immediate): by default it queues messages for
/// endpoints that are not connected yet (`ZMQ_IMMEDIATE`).
pub trait HasImmediate: CanSend {}

/// A kind that publishes: [`Pub`] and [`Xpub`].
pub trait Publishes: CanSend {}

/// A kind that subscribes: [`Sub`] and [`Xsub`].
pub trait Subscribes: CanReceive {}

/// A kind that counts its topics: [`Pub`], [`Xpub`], [`Sub`] and [`Xsub`].
pub trait HasTopics: Kind {}

/// A kind that sends a message to the peer whose routing id is its first part: [`Router`] and [`Stream`].
pub trait Routes: CanSend + CanReceive {}

/// A kind of which several threads may use one socket at the same time; see
/// [`ThreadSafeSocket`](crate::ThreadSafeSocket).
pub trait ThreadSafe: UsesZmtp {}

/// A kind that sends a message to the peer with its routing id, a number: [`Peer`] and [`Server`].
pub trait Numbers: CanSend + CanReceive + ThreadSafe {}

/// A kind whose first message to each new peer can be set, and has one part: [`Client`], [`Peer`] and [`Server`].
pub trait HasHelloBody: ThreadSafe {}

/// A kind that can deliver a message of one part when a peer leaves: [`Peer`] and [`Server`].
pub trait HasDisconnectBody: ThreadSafe {}

/// A kind that can deliver a message of one part when it loses a connection: [`Client`] and [`Peer`].
pub trait HasHiccupBody: ThreadSafe {}

/// A kind that has the transport `udp://`: [`Dgram`], [`Dish`] and [`Radio`].
pub trait UsesUdp: StaticKind {}

/// A kind that uses ZMTP: every kind but [`Dgram`], [`Stream`] and [`Any`].
pub trait UsesZmtp: StaticKind {}

/// A kind that a [`Proxy`](crate::Proxy) can use: every kind but [`Req`] and [`Rep`], which
/// alternate between sending and receiving. Use [`Dealer`] and [`Router`] in their place.
pub trait CanProxy: Kind {}

/// A kind that can control a [`Proxy`](crate::Proxy): [`Pair`] and [`Rep`].
pub trait CanControl: Kind {}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
}

/// CHANNEL; see [`crate::Channel`].
#[derive(Clone, Copy, Debug)]
pub struct Channel;

/// CLIENT; see [`crate::Client`].
#[derive(Clone, Copy, Debug)]
pub struct Client;

/// DEALER; see [`crate::Dealer`].
#[derive(Clone, Copy, Debug)]
pub struct Dealer;

/// DGRAM; see [`crate::Dgram`].
#[derive(Clone, Copy, Debug)]
pub struct Dgram;

/// DISH; see [`crate::Dish`].
#[derive(Clone, Copy, Debug)]
pub struct Dish;

/// GATHER; see [`crate::Gather`].
#[derive(Clone, Copy, Debug)]
pub struct Gather;

/// PAIR; see [`crate::Pair`].
#[derive(Clone, Copy, Debug)]
pub struct Pair;

/// PEER; see [`crate::Peer`].
#[derive(Clone, Copy, Debug)]
pub struct Peer;

/// PUB; see [`crate::Pub`].
#[derive(Clone, Copy, Debug)]
pub struct Pub;

/// PULL; see [`crate::Pull`].
#[derive(Clone, Copy, Debug)]
pub struct Pull;

/// PUSH; see [`crate::Push`].
#[derive(Clone, Copy, Debug)]
pub struct Push;

/// RADIO; see [`crate::Radio`].
#[derive(Clone, Copy, Debug)]
pub struct Radio;

/// REP; see [`crate::Rep`].
#[derive(Clone, Copy, Debug)]
pub struct Rep;

/// REQ; see [`crate::Req`].
#[derive(Clone, Copy, Debug)]
pub struct Req;

/// ROUTER; see [`crate::Router`].
#[derive(Clone, Copy, Debug)]
pub struct Router;

/// SCATTER; see [`crate::Scatter`].
#[derive(Clone, Copy, Debug)]
pub struct Scatter;

/// SERVER; see [`crate::Server`].
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// STREAM; see [`crate::Stream`].
#[derive(Clone, Copy, Debug)]
pub struct Stream;

/// SUB; see [`crate::Sub`].
#[derive(Clone, Copy, Debug)]
pub struct Sub;

/// XPUB; see [`crate::Xpub`].
#[derive(Clone, Copy, Debug)]
pub struct Xpub;

/// XSUB; see [`crate::Xsub`].
#[derive(Clone, Copy, Debug)]
pub struct Xsub;

/// Any socket type, known at run time; see [`crate::AnySocket`].
#[derive(Clone, Copy, Debug)]
pub struct Any;
