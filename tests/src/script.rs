//! Operations on REQ and REP, read from bytes, and implementations that carry them out.

use core::fmt::Debug;

use zmtp_core::pattern::{Pattern, PeerId, Rep, RepPeer, Req, ReqPeer, Slots, Verdict};
use zmtp_core::wire::{FrameHeader, FrameKind, More};

use crate::model::{RepModel, ReqModel};

/// Indices of peers in scripts.
pub const PEERS: u32 = 6;
/// Peers that there is room for: one too few.
pub const ROOM: usize = 5;

/// The peer that a byte stands for: one of two generations at an index.
pub const fn peer(byte: u8) -> PeerId {
    PeerId::new(byte as u32 % PEERS, (byte as u32 / PEERS) & 1)
}

/// An operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "implementations handle each")]
pub enum Op {
    /// As [`Pattern::attached`].
    Attached(PeerId),
    /// As [`Pattern::closed`].
    Closed(PeerId),
    /// As [`Pattern::connected`].
    Connected(PeerId),
    /// As [`Pattern::detached`].
    Detached(PeerId),
    /// As [`Pattern::disconnected`].
    Disconnected(PeerId),
    /// A frame arrives, and something happens before its body is complete.
    Frame(PeerId, FrameHeader, Id, Meanwhile),
    /// REQ: the request is cancelled.
    CancelRequest,
    /// REQ: the request to this peer is lost.
    Lost(PeerId),
    /// As [`Pattern::reroute`].
    Reroute,
    /// As [`Pattern::route`], and for REQ as [`Pattern::sent`], at once or not.
    Send(Out),
    /// As [`Pattern::sent`].
    Sent(PeerId),
    /// As [`Pattern::take`].
    Take,
}

/// When a request is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "machines handle each")]
pub enum Out {
    /// Later, or never.
    Later,
    /// At once.
    Now,
}

/// The request id in a frame of four bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "machines handle each")]
pub enum Id {
    /// The one before the last request's.
    Last,
    /// The last request's.
    This,
}

/// What happens while the body of a frame arrives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "machines handle each")]
pub enum Meanwhile {
    /// The request is cancelled.
    CancelRequest,
    /// It is lost.
    Lost,
    /// Nothing.
    Nothing,
    /// Another request is sent.
    Send,
}

impl Op {
    /// Reads three bytes.
    pub fn take(bytes: &mut &[u8]) -> Option<Self> {
        let ([what, which, how], rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        let peer = peer(*which);
        Some(match what % 16 {
            0 => Self::Attached(peer),
            1 => Self::Connected(peer),
            2 => Self::Disconnected(peer),
            3 if how % 4 == 0 => Self::Closed(peer),
            3 => Self::Lost(peer),
            4 if how % 4 == 0 => Self::Detached(peer),
            5 if how % 2 == 0 => Self::CancelRequest,
            4 => Self::Sent(peer),
            5 => Self::Send(Out::Later),
            6 | 7 => Self::Send(Out::Now),
            8 | 9 => Self::Take,
            10 if how % 4 == 0 => Self::Reroute,
            _ => Self::frame(peer, *how),
        })
    }

    fn frame(peer: PeerId, how: u8) -> Self {
        let more = if how & 1 == 0 { More::Follows } else { More::Last };
        // Delimiters and ids are what matters.
        let len = [0, 4, 0, 9][usize::from(how >> 1 & 3)];
        let id = if how & 0x18 == 0x18 { Id::Last } else { Id::This };
        let meanwhile = match how >> 5 {
            0 => Meanwhile::CancelRequest,
            1 => Meanwhile::Send,
            2 => Meanwhile::Lost,
            _ => Meanwhile::Nothing,
        };
        Self::Frame(peer, FrameHeader::new(FrameKind::Message(more), len), id, meanwhile)
    }
}

/// REQ or REP, or a model of one.
pub trait Machine: Pattern + Debug {
    /// REQ: gives the request up.
    fn cancel_request(&mut self) -> Option<PeerId> {
        None
    }

    /// REQ: the request to a peer is lost.
    fn lost(&mut self, _peer: PeerId) -> bool {
        false
    }

    /// REQ: the id of the last request.
    fn request_id(&self) -> Option<[u8; 4]> {
        None
    }

    /// REP: the queued requests of a peer.
    fn queued(&mut self, _peer: PeerId) -> u32 {
        0
    }

    /// Whether [`Pattern::sent`] follows [`Pattern::route`].
    const ASKS: bool;
}

macro_rules! req {
    ($machine:ty $(, $slots:ident)?) => {
        impl $(<$slots: Slots<ReqPeer> + Debug>)? Machine for $machine {
            const ASKS: bool = true;

            fn cancel_request(&mut self) -> Option<PeerId> {
                self.cancel_request()
            }

            fn lost(&mut self, peer: PeerId) -> bool {
                self.lost(peer)
            }

            fn request_id(&self) -> Option<[u8; 4]> {
                self.request_id()
            }
        }
    };
}

req!(Req<S>, S);
req!(ReqModel);

macro_rules! rep {
    ($machine:ty $(, $slots:ident)?) => {
        impl $(<$slots: Slots<RepPeer> + Debug>)? Machine for $machine {
            const ASKS: bool = false;

            fn queued(&mut self, peer: PeerId) -> u32 {
                Self::queued(self, peer)
            }
        }
    };
}

rep!(Rep<S>, S);
rep!(RepModel);

/// Chooses a peer, and reports the message as written, at once or not.
fn send<M: Machine>(machine: &mut M, out: Out) -> String {
    let routed = machine.route(&[]);
    if let (Ok(peer), Out::Now, true) = (routed, out, M::ASKS) {
        machine.sent(peer);
    }
    format!("{routed:?}")
}

fn frame<M: Machine>(
    machine: &mut M,
    peer: PeerId,
    header: FrameHeader,
    id: Id,
    meanwhile: Meanwhile,
) -> String {
    let this = u32::from_ne_bytes(machine.request_id().unwrap_or_default());
    let id = match id {
        Id::Last => this.wrapping_sub(1),
        Id::This => this,
    };
    let verdict = machine.accept(peer, header, false);
    let mut result = format!("{verdict:?}");
    if M::ASKS {
        result += &match meanwhile {
            Meanwhile::CancelRequest => format!(" {:?}", machine.cancel_request()),
            Meanwhile::Lost => format!(" {:?}", machine.lost(peer)),
            Meanwhile::Nothing => String::new(),
            Meanwhile::Send => send(machine, Out::Now),
        };
    }
    if verdict == Verdict::RequestId {
        result += &format!(" {:?}", machine.check(peer, &id.to_ne_bytes()));
    }
    if verdict == Verdict::Deliver && header.is_final() {
        result += &format!(" {:?}", machine.received(peer));
    }
    result
}

impl Op {
    /// Carries the operation out, and describes the result and what can be observed after it.
    fn apply<M: Machine>(self, machine: &mut M) -> String {
        let result = match self {
            Self::Attached(peer) => format!("{:?}", machine.attached(peer)),
            Self::Closed(peer) => format!("{:?}", machine.closed(peer)),
            Self::Connected(peer) => format!("{:?}", machine.connected(peer, &[])),
            Self::Detached(peer) => format!("{:?}", machine.detached(peer)),
            Self::Disconnected(peer) => format!("{:?}", machine.disconnected(peer)),
            Self::Frame(peer, header, id, meanwhile) => frame(machine, peer, header, id, meanwhile),
            Self::CancelRequest => format!("{:?}", machine.cancel_request()),
            Self::Lost(peer) => format!("{:?}", machine.lost(peer)),
            Self::Reroute => format!("{:?}", machine.reroute()),
            Self::Send(out) => send(machine, out),
            Self::Sent(peer) => format!("{:?}", machine.sent(peer)),
            Self::Take => format!("{:?}", machine.take()),
        };
        let queued: u32 = (0..12).map(|byte| machine.queued(peer(byte))).sum();
        let (take, route) = (machine.may_take(), machine.may_route());
        format!("{result}; {take} {route} {:?} {queued}", machine.request_id())
    }
}

/// Runs a script on an implementation and its model.
///
/// # Panics
///
/// If their results differ.
pub fn run(mut script: &[u8], model: &mut impl Machine, machine: &mut impl Machine) {
    let mut past = Vec::new();
    while let Some(op) = Op::take(&mut script) {
        past.push(op);
        let results = [op.apply(model), op.apply(machine)];
        let tail = &past[past.len().saturating_sub(12)..];
        assert!(results[0] == results[1], "{results:#?}\nafter {tail:#?}");
    }
}
