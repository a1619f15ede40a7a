//! Socket types as type parameters, and traits for the operations of each.

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

impl sealed::Sealed for Any {}
impl Kind for Any {}
impl CanSend for Any {}
impl CanReceive for Any {}
impl CanCork for Any {}
impl CanProxy for Any {}

impl sealed::Sealed for Channel {}
impl Kind for Channel {}
impl CanSend for Channel {}
impl CanReceive for Channel {}
impl HasImmediate for Channel {}
impl UsesZmtp for Channel {}
impl ThreadSafe for Channel {}

impl StaticKind for Channel {
    const KIND: SocketKind = SocketKind::Channel;
}

impl sealed::Sealed for Client {}
impl Kind for Client {}
impl CanSend for Client {}
impl CanReceive for Client {}
impl HasImmediate for Client {}
impl UsesZmtp for Client {}
impl ThreadSafe for Client {}
impl HasHelloBody for Client {}
impl HasHiccupBody for Client {}

impl StaticKind for Client {
    const KIND: SocketKind = SocketKind::Client;
}

impl sealed::Sealed for Dealer {}
impl Kind for Dealer {}
impl CanSend for Dealer {}
impl CanReceive for Dealer {}
impl CanCork for Dealer {}
impl CanConflate for Dealer {}
impl HasRoutingId for Dealer {}
impl HasImmediate for Dealer {}
impl UsesZmtp for Dealer {}
impl CanProxy for Dealer {}

impl StaticKind for Dealer {
    const KIND: SocketKind = SocketKind::Dealer;
}

impl sealed::Sealed for Dgram {}
impl Kind for Dgram {}
impl CanSend for Dgram {}
impl CanReceive for Dgram {}
impl UsesUdp for Dgram {}

impl StaticKind for Dgram {
    const KIND: SocketKind = SocketKind::Dgram;
}

impl sealed::Sealed for Dish {}
impl Kind for Dish {}
impl CanReceive for Dish {}
impl UsesUdp for Dish {}
impl UsesZmtp for Dish {}
impl ThreadSafe for Dish {}

impl StaticKind for Dish {
    const KIND: SocketKind = SocketKind::Dish;
}

impl sealed::Sealed for Gather {}
impl Kind for Gather {}
impl CanReceive for Gather {}
impl UsesZmtp for Gather {}
impl ThreadSafe for Gather {}

impl StaticKind for Gather {
    const KIND: SocketKind = SocketKind::Gather;
}

impl sealed::Sealed for Pair {}
impl Kind for Pair {}
impl CanSend for Pair {}
impl CanReceive for Pair {}
impl CanCork for Pair {}
impl HasImmediate for Pair {}
impl UsesZmtp for Pair {}
impl CanProxy for Pair {}
impl CanControl for Pair {}

impl StaticKind for Pair {
    const KIND: SocketKind = SocketKind::Pair;
}

impl sealed::Sealed for Peer {}
impl Kind for Peer {}
impl CanSend for Peer {}
impl CanReceive for Peer {}
impl UsesZmtp for Peer {}
impl ThreadSafe for Peer {}
impl HasHelloBody for Peer {}
impl HasDisconnectBody for Peer {}
impl HasHiccupBody for Peer {}
impl Numbers for Peer {}

impl StaticKind for Peer {
    const KIND: SocketKind = SocketKind::Peer;
}

impl sealed::Sealed for Pub {}
impl Kind for Pub {}
impl CanSend for Pub {}
impl CanCork for Pub {}
impl CanConflate for Pub {}
impl Publishes for Pub {}
impl HasTopics for Pub {}
impl UsesZmtp for Pub {}
impl CanProxy for Pub {}

impl StaticKind for Pub {
    const KIND: SocketKind = SocketKind::Pub;
}

impl sealed::Sealed for Pull {}
impl Kind for Pull {}
impl CanReceive for Pull {}
impl CanConflate for Pull {}
impl UsesZmtp for Pull {}
impl CanProxy for Pull {}

impl StaticKind for Pull {
    const KIND: SocketKind = SocketKind::Pull;
}

impl sealed::Sealed for Push {}
impl Kind for Push {}
impl CanSend for Push {}
impl CanCork for Push {}
impl CanConflate for Push {}
impl HasImmediate for Push {}
impl UsesZmtp for Push {}
impl CanProxy for Push {}

impl StaticKind for Push {
    const KIND: SocketKind = SocketKind::Push;
}

impl sealed::Sealed for Radio {}
impl Kind for Radio {}
impl CanSend for Radio {}
impl UsesUdp for Radio {}
impl UsesZmtp for Radio {}
impl ThreadSafe for Radio {}

impl StaticKind for Radio {
    const KIND: SocketKind = SocketKind::Radio;
}

impl sealed::Sealed for Rep {}
impl Kind for Rep {}
impl CanSend for Rep {}
impl CanReceive for Rep {}
impl UsesZmtp for Rep {}
impl CanControl for Rep {}

impl StaticKind for Rep {
    const KIND: SocketKind = SocketKind::Rep;
}

impl sealed::Sealed for Req {}
impl Kind for Req {}
impl CanSend for Req {}
impl CanReceive for Req {}
impl HasRoutingId for Req {}
impl UsesZmtp for Req {}

impl StaticKind for Req {
    const KIND: SocketKind = SocketKind::Req;
}

impl sealed::Sealed for Router {}
impl Kind for Router {}
impl CanSend for Router {}
impl CanReceive for Router {}
impl CanCork for Router {}
impl HasRoutingId for Router {}
impl Routes for Router {}
impl UsesZmtp for Router {}
impl CanProxy for Router {}

impl StaticKind for Router {
    const KIND: SocketKind = SocketKind::Router;
}

impl sealed::Sealed for Scatter {}
impl Kind for Scatter {}
impl CanSend for Scatter {}
impl HasImmediate for Scatter {}
impl UsesZmtp for Scatter {}
impl ThreadSafe for Scatter {}

impl StaticKind for Scatter {
    const KIND: SocketKind = SocketKind::Scatter;
}

impl sealed::Sealed for Server {}
impl Kind for Server {}
impl CanSend for Server {}
impl CanReceive for Server {}
impl UsesZmtp for Server {}
impl ThreadSafe for Server {}
impl HasHelloBody for Server {}
impl HasDisconnectBody for Server {}
impl Numbers for Server {}

impl StaticKind for Server {
    const KIND: SocketKind = SocketKind::Server;
}

impl sealed::Sealed for Stream {}
impl Kind for Stream {}
impl CanSend for Stream {}
impl CanReceive for Stream {}
impl CanCork for Stream {}
impl Routes for Stream {}
impl CanProxy for Stream {}

impl StaticKind for Stream {
    const KIND: SocketKind = SocketKind::Stream;
}

impl sealed::Sealed for Sub {}
impl Kind for Sub {}
impl CanReceive for Sub {}
impl CanConflate for Sub {}
impl Subscribes for Sub {}
impl HasTopics for Sub {}
impl UsesZmtp for Sub {}
impl CanProxy for Sub {}

impl StaticKind for Sub {
    const KIND: SocketKind = SocketKind::Sub;
}

impl sealed::Sealed for Xpub {}
impl Kind for Xpub {}
impl CanSend for Xpub {}
impl CanReceive for Xpub {}
impl CanCork for Xpub {}
impl Publishes for Xpub {}
impl HasTopics for Xpub {}
impl UsesZmtp for Xpub {}
impl CanProxy for Xpub {}

impl StaticKind for Xpub {
    const KIND: SocketKind = SocketKind::Xpub;
}

impl sealed::Sealed for Xsub {}
impl Kind for Xsub {}
impl CanSend for Xsub {}
impl CanReceive for Xsub {}
impl Subscribes for Xsub {}
impl HasTopics for Xsub {}
impl UsesZmtp for Xsub {}
impl CanProxy for Xsub {}

impl StaticKind for Xsub {
    const KIND: SocketKind = SocketKind::Xsub;
}
