//! Operations on REQ and REP, read from bytes, and machines that carry them out.

use core::fmt::Debug;

use zmtp_core::pattern::{PeerId, Rep, RepPeer, Req, ReqPeer, Slots, Verdict};
use zmtp_core::wire::{FrameHeader, FrameKind, More};

use crate::model::{RepModel, ReqModel};

/// Peers that scripts name.
pub const PEERS: u32 = 6;
/// Peers that scripts have room for: one too few.
pub const ROOM: usize = 5;

/// An operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "machines handle each")]
pub enum Op {
    /// A peer appears.
    Attach(PeerId),
    /// A peer is gone.
    Detach(PeerId),
    /// REQ: a peer's connection broke. REP: it cannot be answered.
    Down(PeerId),
    /// A frame comes, and something happens before its body is there.
    Frame(PeerId, FrameHeader, Id, Meanwhile),
    /// REQ gives the request up.
    GiveUp,
    /// The request is lost with this peer; REP forgets the peer that a reply is due to.
    Lost(PeerId),
    /// REQ chooses a peer, and has the request out at once or not; REP addresses a reply.
    Send(Out),
    /// REQ's request to a peer is out.
    Sent(PeerId),
    /// REQ moves a request that is not out to a peer that is up.
    Reroute,
    /// The application takes a message.
    Take,
    /// REQ: a peer's handshake is over.
    Up(PeerId),
}

/// When a request is out.
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

/// What happens while a frame's body comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "machines handle each")]
pub enum Meanwhile {
    /// The request is given up.
    GiveUp,
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
        let ([what, peer, how], rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        let peer = PeerId(u32::from(*peer) % PEERS);
        Some(match what % 16 {
            0 => Self::Attach(peer),
            1 => Self::Up(peer),
            2 => Self::Down(peer),
            3 => Self::Lost(peer),
            4 if how % 4 == 0 => Self::Detach(peer),
            5 if how % 2 == 0 => Self::GiveUp,
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
            0 => Meanwhile::GiveUp,
            1 => Meanwhile::Send,
            2 => Meanwhile::Lost,
            _ => Meanwhile::Nothing,
        };
        Self::Frame(peer, FrameHeader::new(FrameKind::Message(more), len), id, meanwhile)
    }
}

/// A machine that carries out operations and returns their results.
pub trait Machine: Debug {
    /// Carries one out.
    fn apply(&mut self, op: Op) -> String;
}

/// A REQ whose request can be marked as sent at once.
macro_rules! ask {
    ($req:expr, $out:expr) => {{
        let routed = $req.route();
        if let (Ok(peer), Out::Now) = (routed, $out) {
            $req.sent(peer);
        }
        routed
    }};
}

macro_rules! req {
    ($machine:ty $(, $slots:ident)?) => {
        impl $(<$slots: Slots<ReqPeer> + Debug>)? Machine for $machine {
            fn apply(&mut self, op: Op) -> String {
                let said = match op {
                    Op::Attach(peer) => format!("{:?}", self.attach(peer)),
                    Op::Detach(peer) => format!("{:?}", self.detach(peer)),
                    Op::Down(peer) => format!("{:?}", self.down(peer)),
                    Op::GiveUp => format!("{:?}", self.give_up()),
                    Op::Lost(peer) => format!("{:?}", self.lost(peer)),
                    Op::Reroute => format!("{:?}", self.reroute()),
                    Op::Send(out) => format!("{:?}", ask!(self, out)),
                    Op::Sent(peer) => format!("{:?}", self.sent(peer)),
                    Op::Take => format!("{:?}", self.take()),
                    Op::Up(peer) => format!("{:?}", self.up(peer)),
                    Op::Frame(peer, header, id, meanwhile) => {
                        let this = u32::from_ne_bytes(self.request_id().unwrap_or_default());
                        let id = match id {
                            Id::Last => this.wrapping_sub(1),
                            Id::This => this,
                        };
                        let verdict = self.accept(peer, header);
                        let mut said = format!("{verdict:?}");
                        match meanwhile {
                            Meanwhile::GiveUp => said += &format!(" {:?}", self.give_up()),
                            Meanwhile::Lost => said += &format!(" {:?}", self.lost(peer)),
                            Meanwhile::Nothing => {}
                            Meanwhile::Send => said += &format!(" {:?}", ask!(self, Out::Now)),
                        }
                        if verdict == Verdict::RequestId {
                            let verdict = self.check_request_id(peer, id.to_ne_bytes());
                            said += &format!(" {verdict:?}");
                        }
                        if verdict == Verdict::Deliver && header.is_final() {
                            said += &format!(" {:?}", self.received(peer));
                        }
                        said
                    }
                };
                let (route, take) = (self.may_route(), self.may_take());
                format!("{said}; {route} {take} {:?}", self.request_id())
            }
        }
    };
}

req!(Req<S>, S);
req!(ReqModel);

macro_rules! rep {
    ($machine:ty $(, $slots:ident)?) => {
        impl $(<$slots: Slots<RepPeer> + Debug>)? Machine for $machine {
            fn apply(&mut self, op: Op) -> String {
                let said = match op {
                    Op::Attach(peer) => format!("{:?}", self.attach(peer)),
                    Op::Detach(peer) => format!("{:?}", self.detach(peer)),
                    Op::Down(peer) => format!("{:?}", self.unreachable(peer)),
                    Op::GiveUp | Op::Reroute => String::new(),
                    Op::Lost(peer) => format!("{:?}", self.forget(peer)),
                    Op::Sent(peer) | Op::Up(peer) => format!("{:?}", self.queued(peer)),
                    Op::Send(_) => format!("{:?}", self.reply()),
                    Op::Take => format!("{:?}", self.take()),
                    Op::Frame(peer, header, ..) => {
                        let verdict = self.accept(peer, header);
                        if verdict == Verdict::Deliver && header.is_final() {
                            self.received(peer);
                        }
                        format!("{verdict:?}")
                    }
                };
                format!("{said}; {} {}", self.may_take(), self.may_reply())
            }
        }
    };
}

rep!(Rep<S>, S);
rep!(RepModel);

/// Runs a script on several machines that must give the same results.
///
/// # Panics
///
/// If their results differ.
pub fn run(mut script: &[u8], machines: &mut [&mut dyn Machine]) {
    let mut attached = Vec::new();
    let mut past = Vec::new();
    while let Some(op) = Op::take(&mut script) {
        match op {
            // A peer appears once.
            Op::Attach(peer) if attached.contains(&peer) => continue,
            Op::Attach(peer) if attached.len() < ROOM => attached.push(peer),
            Op::Detach(peer) => attached.retain(|other| *other != peer),
            _ => {}
        }
        past.push(op);
        let said: Vec<String> = machines.iter_mut().map(|machine| machine.apply(op)).collect();
        let tail = &past[past.len().saturating_sub(12)..];
        assert!(said.iter().all(|other| *other == said[0]), "{said:#?}\nafter {tail:#?}");
    }
}
