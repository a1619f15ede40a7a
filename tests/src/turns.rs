//! Operations on the types without lockstep, and machines that carry them out.

use core::fmt::Debug;

use zmtp_core::pattern::{
    BalancePeer, Dealer, DealerPeer, FairPeer, Pair, PeerId, Pull, Push, Router, RouterPeer,
    RoutingIds, Slots, Subscribe, Subscriptions,
};

use crate::model::{PairModel, RouterModel, TurnsModel};
use crate::script::PEERS;

/// An operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "machines handle each")]
pub enum Turn {
    /// A peer appears; a ROUTER's with this name.
    Attach(PeerId, &'static [u8]),
    /// A peer is gone.
    Detach(PeerId),
    /// A peer is gone though messages of it wait.
    Mute(PeerId),
    /// A message of a peer came.
    Received(PeerId),
    /// A message is sent; a ROUTER's to this name.
    Route(&'static [u8]),
    /// A peer's queue is full, or not any more.
    SetFull(PeerId, bool),
    /// A peer is reached, or not any more.
    SetUp(PeerId, bool),
    /// A message is taken.
    Take,
}

/// Names of a ROUTER's peers: none, and one such as it gives itself.
const NAMES: [&[u8]; 6] = [b"", b"", b"ann", b"bob", b"\0\0\0\0\x02", b"\0"];

impl Turn {
    /// Reads two bytes.
    pub fn take(bytes: &mut &[u8]) -> Option<Self> {
        let ([what, how], rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        let peer = PeerId(u32::from(*how) % PEERS);
        let name = NAMES[usize::from(how >> 3) % NAMES.len()];
        let on = how & 0x80 == 0;
        Some(match what % 12 {
            0 | 1 => Self::Attach(peer, name),
            2 if on => Self::Detach(peer),
            2 => Self::Mute(peer),
            3 | 4 => Self::SetUp(peer, on),
            5 => Self::SetFull(peer, on),
            6..=8 => Self::Route(name),
            9 => Self::Take,
            _ => Self::Received(peer),
        })
    }
}

/// A machine that carries out operations and returns their results.
pub trait Turning: Debug {
    /// Carries one out.
    fn apply(&mut self, turn: Turn) -> String;
}

/// Runs a script on two machines that must give the same results.
///
/// # Panics
///
/// If they do not.
pub fn run(mut script: &[u8], one: &mut dyn Turning, other: &mut dyn Turning) {
    let mut past = Vec::new();
    while let Some(turn) = Turn::take(&mut script) {
        past.push(turn);
        let said = [one.apply(turn), other.apply(turn)];
        let tail = &past[past.len().saturating_sub(12)..];
        assert!(said[0] == said[1], "{said:#?}\nafter {tail:#?}");
    }
}

/// What a machine does with each operation that concerns it; nothing with others.
macro_rules! turning {
    ([$($generics:tt)*] $machine:ty, $self:ident, { $($operation:pat => $call:expr,)* }, $state:expr) => {
        impl<$($generics)*> Turning for $machine {
            fn apply(&mut self, turn: Turn) -> String {
                let $self = self;
                let said = match turn {
                    $($operation => format!("{:?}", $call),)*
                    #[allow(unreachable_patterns, reason = "some machines take all")]
                    _ => String::new(),
                };
                format!("{said}; {:?}", $state)
            }
        }
    };
}

/// The model of one half: what that half does not do, it does not hear of.
#[derive(Debug)]
pub struct Half<const OUT: bool>(pub TurnsModel);

turning!([S: Slots<DealerPeer> + Debug] Dealer<S>, it, {
    Turn::Attach(peer, _) => it.attach(peer),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Mute(peer) => it.mute(peer),
    Turn::Received(peer) => it.received(peer),
    Turn::Route(_) => it.route(),
    Turn::SetFull(peer, full) => it.set_full(peer, full),
    Turn::SetUp(peer, up) => it.set_up(peer, up),
    Turn::Take => it.take(),
}, (it.may_route(), it.may_take()));

turning!([] TurnsModel, it, {
    Turn::Attach(peer, _) => it.attach(peer),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Mute(peer) => it.mute(peer),
    Turn::Received(peer) => { it.received(peer); },
    Turn::Route(_) => it.route(),
    Turn::SetFull(peer, full) => it.set_full(peer, full),
    Turn::SetUp(peer, up) => it.set_up(peer, up),
    Turn::Take => it.take(),
}, (it.may_route(), it.may_take()));

turning!([S: Slots<BalancePeer> + Debug] Push<S>, it, {
    Turn::Attach(peer, _) => it.attach(peer),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Route(_) => it.route(),
    Turn::SetFull(peer, full) => it.set_full(peer, full),
    Turn::SetUp(peer, up) => it.set_up(peer, up),
}, it.may_route());

turning!([] Half<true>, it, {
    Turn::Attach(peer, _) => it.0.attach(peer),
    Turn::Detach(peer) => it.0.detach(peer),
    Turn::Route(_) => it.0.route(),
    Turn::SetFull(peer, full) => it.0.set_full(peer, full),
    Turn::SetUp(peer, up) => it.0.set_up(peer, up),
}, it.0.may_route());

turning!([S: Slots<FairPeer> + Debug] Pull<S>, it, {
    Turn::Attach(peer, _) => it.attach(peer),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Received(peer) => it.received(peer),
    Turn::Take => it.take(),
}, it.may_take());

turning!([S: Slots<FairPeer> + Debug, F: Subscriptions + Debug] Subscribe<S, F>, it, {
    Turn::Attach(peer, _) => it.attach(peer),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Received(peer) => it.received(peer),
    Turn::Take => it.take(),
}, it.may_take());

turning!([] Half<false>, it, {
    Turn::Attach(peer, _) => it.0.attach(peer),
    Turn::Detach(peer) => it.0.detach(peer),
    Turn::Received(peer) => { it.0.received(peer); },
    Turn::Take => it.0.take(),
}, it.0.may_take());

turning!([S: Slots<RouterPeer> + Debug, I: RoutingIds + Debug] Router<S, I>, it, {
    Turn::Attach(peer, name) => it.attach(peer, name),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Mute(peer) => it.mute(peer),
    Turn::Received(peer) => it.received(peer),
    Turn::Route(name) => it.route(name),
    Turn::SetFull(peer, full) => it.set_full(peer, full),
    Turn::Take => it.take(),
}, (it.may_take(), it.may_route(), (0..PEERS).map(|peer| it.id(PeerId(peer)).map(<[u8]>::to_vec)).collect::<Vec<_>>()));

turning!([] RouterModel, it, {
    Turn::Attach(peer, name) => it.attach(peer, name),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Mute(peer) => it.mute(peer),
    Turn::Received(peer) => it.received(peer),
    Turn::Route(name) => it.route(name),
    Turn::SetFull(peer, full) => it.set_full(peer, full),
    Turn::Take => it.take(),
}, (it.may_take(), it.may_route(), (0..PEERS).map(|peer| it.id(PeerId(peer)).map(<[u8]>::to_vec)).collect::<Vec<_>>()));

turning!([] Pair, it, {
    Turn::Attach(peer, _) => it.attach(peer),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Mute(peer) => it.mute(peer),
    Turn::Received(peer) => it.received(peer),
    Turn::Route(_) => it.route(),
    Turn::SetFull(peer, full) => it.set_full(peer, full),
    Turn::SetUp(peer, up) => it.set_up(peer, up),
    Turn::Take => it.take(),
}, it.may_take());

turning!([] PairModel, it, {
    Turn::Attach(peer, _) => it.attach(peer),
    Turn::Detach(peer) => it.detach(peer),
    Turn::Mute(peer) => it.change(peer, |state| state.gone = true),
    Turn::Received(peer) => it.received(peer),
    Turn::Route(_) => it.route(),
    Turn::SetFull(peer, full) => it.change(peer, |state| state.full = full),
    Turn::SetUp(peer, up) => it.change(peer, |state| state.up = up),
    Turn::Take => it.take(),
}, it.may_take());
