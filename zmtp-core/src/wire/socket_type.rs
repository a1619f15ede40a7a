//! Socket types and which of them are compatible (RFC 37 § The Socket-Type Property).

use crate::buffer::is_name;

/// The socket types of ZMTP, including drafts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the names are the documentation: RFCs 28 to 31, 41, 48, 49, 51 and 52"
)]
#[repr(u8)]
pub enum SocketType {
    Pair = 0,
    Pub = 1,
    Sub = 2,
    Req = 3,
    Rep = 4,
    Dealer = 5,
    Router = 6,
    Pull = 7,
    Push = 8,
    Xpub = 9,
    Xsub = 10,
    Server = 12,
    Client = 13,
    Radio = 14,
    Dish = 15,
    Gather = 16,
    Scatter = 17,
    Peer = 19,
    Channel = 20,
}

impl SocketType {
    /// Every type, in the order of the codes.
    const ALL: [Self; 19] = [
        Self::Pair,
        Self::Pub,
        Self::Sub,
        Self::Req,
        Self::Rep,
        Self::Dealer,
        Self::Router,
        Self::Pull,
        Self::Push,
        Self::Xpub,
        Self::Xsub,
        Self::Server,
        Self::Client,
        Self::Radio,
        Self::Dish,
        Self::Gather,
        Self::Scatter,
        Self::Peer,
        Self::Channel,
    ];

    /// Every type.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied()
    }

    /// The type with this name in a Socket-Type property. Names are case-sensitive, as in libzmq.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::all().find(|one| one.bytes() == name)
    }

    /// The name of this type in a Socket-Type property.
    #[inline(always)]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pair => "PAIR",
            Self::Pub => "PUB",
            Self::Sub => "SUB",
            Self::Req => "REQ",
            Self::Rep => "REP",
            Self::Dealer => "DEALER",
            Self::Router => "ROUTER",
            Self::Pull => "PULL",
            Self::Push => "PUSH",
            Self::Xpub => "XPUB",
            Self::Xsub => "XSUB",
            Self::Server => "SERVER",
            Self::Client => "CLIENT",
            Self::Radio => "RADIO",
            Self::Dish => "DISH",
            Self::Gather => "GATHER",
            Self::Scatter => "SCATTER",
            Self::Peer => "PEER",
            Self::Channel => "CHANNEL",
        }
    }

    /// The body of the READY of this type, up to the length of the routing id if the type has one.
    #[inline(always)]
    pub(crate) const fn ready(self) -> &'static str {
        macro_rules! ready {
            ($name:literal) => {
                concat!("\x05READY\x0bSocket-Type\0\0\0", $name)
            };
            ($name:literal, identity) => {
                concat!(ready!($name), "\x08Identity\0\0\0")
            };
        }
        match self {
            Self::Pair => ready!("\x04PAIR"),
            Self::Pub => ready!("\x03PUB"),
            Self::Sub => ready!("\x03SUB"),
            Self::Req => ready!("\x03REQ", identity),
            Self::Rep => ready!("\x03REP"),
            Self::Dealer => ready!("\x06DEALER", identity),
            Self::Router => ready!("\x06ROUTER", identity),
            Self::Pull => ready!("\x04PULL"),
            Self::Push => ready!("\x04PUSH"),
            Self::Xpub => ready!("\x04XPUB"),
            Self::Xsub => ready!("\x04XSUB"),
            Self::Server => ready!("\x06SERVER"),
            Self::Client => ready!("\x06CLIENT"),
            Self::Radio => ready!("\x05RADIO"),
            Self::Dish => ready!("\x04DISH"),
            Self::Gather => ready!("\x06GATHER"),
            Self::Scatter => ready!("\x07SCATTER"),
            Self::Peer => ready!("\x04PEER"),
            Self::Channel => ready!("\x07CHANNEL"),
        }
    }

    /// The bytes of [`SocketType::name`].
    #[inline(always)]
    pub(crate) const fn bytes(self) -> &'static [u8] {
        self.name().as_bytes()
    }

    /// The code of this type in a ZMTP 2.0 greeting and in the API of libzmq (`ZMQ_TYPE`).
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The type with this code; `None` if no type has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().find(|one| one.code() == code).copied()
    }

    /// Whether this type is compatible with a peer of type `peer`. The relation is symmetric.
    pub fn accepts(self, peer: Self) -> bool {
        self.peers().contains(&peer)
    }

    /// The types that this type is compatible with.
    #[inline(always)]
    pub const fn peers(self) -> &'static [Self] {
        match self {
            Self::Pair => &[Self::Pair],
            Self::Pub | Self::Xpub => &[Self::Sub, Self::Xsub],
            Self::Sub | Self::Xsub => &[Self::Pub, Self::Xpub],
            Self::Req => &[Self::Rep, Self::Router],
            Self::Rep => &[Self::Req, Self::Dealer],
            Self::Dealer => &[Self::Rep, Self::Dealer, Self::Router],
            Self::Router => &[Self::Req, Self::Dealer, Self::Router],
            Self::Pull => &[Self::Push],
            Self::Push => &[Self::Pull],
            Self::Server => &[Self::Client],
            Self::Client => &[Self::Server],
            Self::Radio => &[Self::Dish],
            Self::Dish => &[Self::Radio],
            Self::Gather => &[Self::Scatter],
            Self::Scatter => &[Self::Gather],
            Self::Peer => &[Self::Peer],
            Self::Channel => &[Self::Channel],
        }
    }

    /// The compatible type that is called `name`. Without a loop, so that a binary with a constant
    /// `self` contains the names of compatible types only.
    #[inline(always)]
    pub(crate) fn peer_named(self, name: &[u8]) -> Option<Self> {
        match self.peers() {
            [a, ..] if is_name(name, a.bytes()) => Some(*a),
            [_, b, ..] if is_name(name, b.bytes()) => Some(*b),
            [_, _, c] if is_name(name, c.bytes()) => Some(*c),
            _ => None,
        }
    }

    /// Whether the READY of a socket of this type includes the property Identity, also if the
    /// routing id is empty, as in libzmq.
    pub const fn sends_identity(self) -> bool {
        matches!(self, Self::Req | Self::Dealer | Self::Router)
    }

    /// Whether a socket of this type joins groups: DISH.
    pub const fn joins_groups(self) -> bool {
        matches!(self, Self::Dish)
    }

    /// Whether a socket of this type accepts members of groups: RADIO.
    pub const fn accepts_members(self) -> bool {
        matches!(self, Self::Radio)
    }

    /// Whether this type needs commands, which peers older than ZMTP 3.0 do not have: RADIO and DISH.
    pub(crate) const fn needs_commands(self) -> bool {
        self.joins_groups() || self.accepts_members()
    }

    /// Whether a socket of this type accepts subscriptions: PUB and XPUB.
    pub const fn accepts_subscriptions(self) -> bool {
        matches!(self, Self::Pub | Self::Xpub)
    }
}

impl core::fmt::Display for SocketType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_are_one_to_one() {
        for kind in SocketType::all() {
            assert_eq!(SocketType::from_name(kind.name().as_bytes()), Some(kind));
            assert_eq!(SocketType::from_code(kind.code()), Some(kind));
            assert_eq!(SocketType::all().filter(|other| other.code() == kind.code()).count(), 1);
        }
        assert_eq!(SocketType::from_code(11), None);
        assert_eq!(SocketType::from_name(b"push"), None);
        assert_eq!(SocketType::from_name(b"STREAM"), None);
    }

    #[test]
    fn exactly_12_of_the_66_stable_pairs_are_compatible_in_both_directions() {
        let stable: Vec<_> = SocketType::all().filter(|kind| kind.code() <= 10).collect();
        let mut compatible = 0;
        for (index, &one) in stable.iter().enumerate() {
            for &other in &stable[index..] {
                assert_eq!(one.accepts(other), other.accepts(one), "{one} {other}");
                compatible += usize::from(one.accepts(other));
            }
        }
        assert_eq!(compatible, 12);
    }

    #[test]
    fn of_all_pairs_with_a_type_for_messages_of_one_part_exactly_5_are_compatible() {
        use SocketType::{Channel, Client, Dish, Gather, Peer, Radio, Scatter, Server};
        let pairs =
            [(Server, Client), (Radio, Dish), (Gather, Scatter), (Peer, Peer), (Channel, Channel)];
        for one in SocketType::all().filter(|kind| kind.code() > 10) {
            for other in SocketType::all() {
                let is_pair = pairs.contains(&(one, other)) || pairs.contains(&(other, one));
                assert_eq!(one.accepts(other), is_pair, "{one} {other}");
                assert_eq!(other.accepts(one), is_pair, "{other} {one}");
                let named = one.peer_named(other.bytes());
                assert_eq!(named, is_pair.then_some(other), "{one} {other}");
            }
        }
    }
}
