//! Which kind has which traits.

use super::sealed::Sealed;
use super::{
    Any, CanConflate, CanControl, CanCork, CanProxy, CanReceive, CanSend, Channel, Client, Dealer,
    Dgram, Dish, Gather, HasDisconnectBody, HasHelloBody, HasHiccupBody, HasImmediate,
    HasRoutingId, HasTopics, Kind, Numbers, Pair, Peer, Pub, Publishes, Pull, Push, Radio, Rep,
    Req, Router, Routes, Scatter, Server, StaticKind, Stream, Sub, Subscribes, ThreadSafe, UsesUdp,
    UsesZmtp, Xpub, Xsub,
};
use crate::socket_kind::SocketKind;

impl Sealed for Any {}
impl Kind for Any {}
impl CanSend for Any {}
impl CanReceive for Any {}
impl CanCork for Any {}
impl CanProxy for Any {}

impl Sealed for Channel {}
impl Kind for Channel {}
impl CanSend for Channel {}
impl CanReceive for Channel {}
impl HasImmediate for Channel {}
impl UsesZmtp for Channel {}
impl ThreadSafe for Channel {}

impl StaticKind for Channel {
    const KIND: SocketKind = SocketKind::Channel;
}

impl Sealed for Client {}
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

impl Sealed for Dealer {}
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

impl Sealed for Dgram {}
impl Kind for Dgram {}
impl CanSend for Dgram {}
impl CanReceive for Dgram {}
impl UsesUdp for Dgram {}

impl StaticKind for Dgram {
    const KIND: SocketKind = SocketKind::Dgram;
}

impl Sealed for Dish {}
impl Kind for Dish {}
impl CanReceive for Dish {}
impl UsesUdp for Dish {}
impl UsesZmtp for Dish {}
impl ThreadSafe for Dish {}

impl StaticKind for Dish {
    const KIND: SocketKind = SocketKind::Dish;
}

impl Sealed for Gather {}
impl Kind for Gather {}
impl CanReceive for Gather {}
impl UsesZmtp for Gather {}
impl ThreadSafe for Gather {}

impl StaticKind for Gather {
    const KIND: SocketKind = SocketKind::Gather;
}

impl Sealed for Pair {}
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

impl Sealed for Peer {}
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

impl Sealed for Pub {}
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

impl Sealed for Pull {}
impl Kind for Pull {}
impl CanReceive for Pull {}
impl CanConflate for Pull {}
impl UsesZmtp for Pull {}
impl CanProxy for Pull {}

impl StaticKind for Pull {
    const KIND: SocketKind = SocketKind::Pull;
}

impl Sealed for Push {}
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

impl Sealed for Radio {}
impl Kind for Radio {}
impl CanSend for Radio {}
impl UsesUdp for Radio {}
impl UsesZmtp for Radio {}
impl ThreadSafe for Radio {}

impl StaticKind for Radio {
    const KIND: SocketKind = SocketKind::Radio;
}

impl Sealed for Rep {}
impl Kind for Rep {}
impl CanSend for Rep {}
impl CanReceive for Rep {}
impl UsesZmtp for Rep {}
impl CanControl for Rep {}

impl StaticKind for Rep {
    const KIND: SocketKind = SocketKind::Rep;
}

impl Sealed for Req {}
impl Kind for Req {}
impl CanSend for Req {}
impl CanReceive for Req {}
impl HasRoutingId for Req {}
impl UsesZmtp for Req {}

impl StaticKind for Req {
    const KIND: SocketKind = SocketKind::Req;
}

impl Sealed for Router {}
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

impl Sealed for Scatter {}
impl Kind for Scatter {}
impl CanSend for Scatter {}
impl HasImmediate for Scatter {}
impl UsesZmtp for Scatter {}
impl ThreadSafe for Scatter {}

impl StaticKind for Scatter {
    const KIND: SocketKind = SocketKind::Scatter;
}

impl Sealed for Server {}
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

impl Sealed for Stream {}
impl Kind for Stream {}
impl CanSend for Stream {}
impl CanReceive for Stream {}
impl CanCork for Stream {}
impl Routes for Stream {}
impl CanProxy for Stream {}

impl StaticKind for Stream {
    const KIND: SocketKind = SocketKind::Stream;
}

impl Sealed for Sub {}
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

impl Sealed for Xpub {}
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

impl Sealed for Xsub {}
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
