//! The limits on accepted connections whose handshake is not complete: of the socket, and of one address.

use core::net::IpAddr;
use std::collections::{HashMap, VecDeque};

use zmtp_core::pattern::PeerId;

use super::Engine;
use super::link::Link;
use super::peer::Peer;
use crate::monitor::CloseReason;

/// Ended handshakes may stay in a list. They are removed when its length exceeds twice the number of the others by this
/// number, so that the cost per handshake is constant.
const EARLY: usize = 64;
/// The clients that wait for the authenticator and are passed over, at most, to find one that does not.
const PASSED_OVER: usize = 64;

/// The accepted connections whose handshake runs.
#[derive(Debug, Default)]
pub(super) struct Handshakes {
    all: List,
    /// Those of each address that has one.
    of: HashMap<Source, List>,
}

/// An IPv4 address, or the network of an IPv6 address: one host has all addresses with the same 64 bits.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Source {
    V4(u32),
    V6(u64),
}

impl Source {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// Handshakes, oldest first.
#[derive(Debug, Default)]
struct List {
    /// In the order in which they began. Some of them have ended.
    begun: VecDeque<PeerId>,
    /// The number of those that have not ended.
    count: usize,
}

impl List {
    /// Removes ended ones if the list is long.
    fn tidy(&mut self, runs: impl Fn(PeerId) -> bool) {
        let most = 2 * self.count + EARLY;
        if self.begun.len() > most {
            self.begun.retain(|&peer| runs(peer));
            self.begun.shrink_to(most);
        }
    }

    const fn end(&mut self) {
        debug_assert!(self.count > 0, "more handshakes ended than began");
        self.count = self.count.saturating_sub(1);
    }
}

impl Handshakes {
    /// A handshake begins with a peer at this address, if it is a TCP peer.
    pub(super) fn begin(&mut self, peer: PeerId, address: Option<IpAddr>) {
        let of = address.map(|address| self.of.entry(Source::of(address)).or_default());
        for list in core::iter::once(&mut self.all).chain(of) {
            list.begun.push_back(peer);
            list.count += 1;
        }
    }

    /// One of them is complete, or its connection ends.
    pub(super) fn end(&mut self, address: Option<IpAddr>) {
        self.all.end();
        let Some(source) = address.map(Source::of) else { return };
        if let Some(list) = self.of.get_mut(&source) {
            list.end();
            if list.count == 0 {
                self.of.remove(&source);
            }
        }
    }
}

impl Engine {
    /// Closes the oldest unfinished handshakes, of this address and of all, if there are too many. What has arrived for
    /// one is read first and may complete it. Clients that wait for the authenticator stay as long as there are others:
    /// the server makes them wait.
    pub(super) fn limit_handshakes(&mut self, address: Option<IpAddr>) {
        let source = address.map(Source::of);
        if let Some(source) = source {
            let most = self.options.max_handshakes_per_address;
            self.limit_list(most, |handshakes| handshakes.of.get_mut(&source));
        }
        self.limit_list(self.options.max_handshakes, |handshakes| Some(&mut handshakes.all));
    }

    fn limit_list(
        &mut self,
        most: Option<usize>,
        list: impl Fn(&mut Handshakes) -> Option<&mut List>,
    ) {
        let Some(held) = list(&mut self.handshakes) else { return };
        let peers = &self.peers;
        held.tidy(|peer| {
            let slot = peers.get(peer.index() as usize);
            slot.is_some_and(|slot| slot.id == peer && slot.is_in_accepted_handshake())
        });
        let most = most.unwrap_or(usize::MAX).max(1);
        let mut passes = PASSED_OVER;
        while let Some(held) = list(&mut self.handshakes)
            && held.count >= most
        {
            let Some(peer) = held.begun.pop_front() else { return };
            let Some(index) = self.index(peer) else { continue };
            if self.peers[index].is_in_accepted_handshake() {
                self.receive(index);
            }
            if !self.peers[index].is_in_accepted_handshake() {
                continue;
            }
            let waits = self.peers[index].link_ref().is_some_and(Link::awaits_answer);
            match passes.checked_sub(1) {
                Some(rest) if waits => {
                    passes = rest;
                    if let Some(held) = list(&mut self.handshakes) {
                        held.begun.push_back(peer);
                    }
                }
                _ => self.close(index, CloseReason::TooManyHandshakes),
            }
        }
    }
}

impl Peer {
    /// The address of a TCP peer.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        self.details.as_ref()?.addresses.remote.map(|address| address.ip())
    }
}
