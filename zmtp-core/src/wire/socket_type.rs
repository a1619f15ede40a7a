//! Socket types and which may talk to which (RFC 37 § The Socket-Type Property).

/// The socket types of ZMTP, drafts included.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the documentation: RFCs 28 to 31 and 41 to 52")]
pub enum SocketType {
    Pair,
    Pub,
    Sub,
    Req,
    Rep,
    Dealer,
    Router,
    Pull,
    Push,
    Xpub,
    Xsub,
    Server,
    Client,
    Radio,
    Dish,
    Gather,
    Scatter,
    Peer,
    Channel,
}

impl SocketType {
    /// Each type with its name on the wire and its code in libzmq and ZMTP 2.0.
    const TABLE: [(Self, &'static str, u8); 19] = [
        (Self::Pair, "PAIR", 0),
        (Self::Pub, "PUB", 1),
        (Self::Sub, "SUB", 2),
        (Self::Req, "REQ", 3),
        (Self::Rep, "REP", 4),
        (Self::Dealer, "DEALER", 5),
        (Self::Router, "ROUTER", 6),
        (Self::Pull, "PULL", 7),
        (Self::Push, "PUSH", 8),
        (Self::Xpub, "XPUB", 9),
        (Self::Xsub, "XSUB", 10),
        (Self::Server, "SERVER", 12),
        (Self::Client, "CLIENT", 13),
        (Self::Radio, "RADIO", 14),
        (Self::Dish, "DISH", 15),
        (Self::Gather, "GATHER", 16),
        (Self::Scatter, "SCATTER", 17),
        (Self::Peer, "PEER", 19),
        (Self::Channel, "CHANNEL", 20),
    ];

    /// Every type.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.iter().map(|(kind, ..)| *kind)
    }

    /// The type called `name` in a Socket-Type property. Case matters, as with libzmq.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::TABLE.iter().find(|(_, text, _)| text.as_bytes() == name).map(|(kind, ..)| *kind)
    }

    /// The name in a Socket-Type property.
    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, text, _)| text)
    }

    /// The code in a ZMTP 2.0 greeting and in libzmq's API (`ZMQ_TYPE`).
    pub fn code(self) -> u8 {
        Self::TABLE.iter().find(|(kind, ..)| *kind == self).map_or(u8::MAX, |(.., code)| *code)
    }

    /// The type with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::TABLE.iter().find(|(.., other)| *other == code).map(|(kind, ..)| *kind)
    }

    /// Whether this type may talk to a peer of type `peer`. It is so in both directions or none.
    pub const fn accepts(self, peer: Self) -> bool {
        use SocketType::{
            Channel, Client, Dealer, Dish, Gather, Pair, Peer, Pub, Pull, Push, Radio, Rep, Req,
            Router, Scatter, Server, Sub, Xpub, Xsub,
        };
        matches!(
            (self, peer),
            (Pair, Pair)
                | (Pub | Xpub, Sub | Xsub)
                | (Sub | Xsub, Pub | Xpub)
                | (Req, Rep | Router)
                | (Rep, Req | Dealer)
                | (Dealer, Rep | Dealer | Router)
                | (Router, Req | Dealer | Router)
                | (Pull, Push)
                | (Push, Pull)
                | (Server, Client)
                | (Client, Server)
                | (Radio, Dish)
                | (Dish, Radio)
                | (Gather, Scatter)
                | (Scatter, Gather)
                | (Peer, Peer)
                | (Channel, Channel)
        )
    }

    /// Whether the type announces its routing id in READY, even an empty one, as libzmq does.
    pub const fn sends_identity(self) -> bool {
        matches!(self, Self::Req | Self::Dealer | Self::Router)
    }

    /// Whether SUBSCRIBE and CANCEL mean something to this type.
    pub const fn takes_subscriptions(self) -> bool {
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
    fn exactly_12_of_the_66_stable_pairs_are_legal_in_both_directions() {
        let stable: Vec<_> = SocketType::all().filter(|kind| kind.code() <= 10).collect();
        let mut legal = 0;
        for (index, &one) in stable.iter().enumerate() {
            for &other in &stable[index..] {
                assert_eq!(one.accepts(other), other.accepts(one), "{one} {other}");
                legal += usize::from(one.accepts(other));
            }
        }
        assert_eq!(legal, 12);
    }
}
