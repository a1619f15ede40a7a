//! DISH: joins groups, and receives the messages of these groups from the peers in turn (RFC 48).

use super::incoming::{Incoming, IncomingRules};
use super::{FixedSubscriptions, NoRoom, Reason, Subscriptions, Verdict};
use crate::wire::{FrameHeader, Group};

/// A table of the groups that a socket joined. Unlike topics, groups are compared as a whole, and each is in the table
/// once.
pub trait JoinedGroups: Subscriptions {
    /// Whether the table contains a group.
    fn contains(&self, group: &[u8]) -> bool;

    /// Adds a group. [`Subscriptions::remove`] removes it.
    ///
    /// # Errors
    ///
    /// [`JoinError::Joined`] if the table contains the group, [`JoinError::NoRoom`] if the table is full.
    fn join(&mut self, group: &[u8]) -> Result<(), JoinError> {
        if self.contains(group) {
            return Err(JoinError::Joined);
        }
        Ok(self.add(group)?)
    }
}

/// Why a DISH does not join a group.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "tables construct it")]
pub enum JoinError {
    /// The socket is in the group already (`EINVAL` in libzmq).
    Joined,
    /// The table has no room for another group.
    NoRoom,
}

impl From<NoRoom> for JoinError {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl core::fmt::Display for JoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Joined => "the socket is in the group already",
            Self::NoRoom => "no room for another group",
        })
    }
}

impl core::error::Error for JoinError {}

/// The rules of DISH.
///
/// A message has two frames: its group of up to 255 bytes, which the driver stores as its first part, and its body
/// (RFC 37 § The Radio-Dish Pattern). Messages of groups that the socket has not joined are rejected, because a
/// connection over UDP delivers all of them. Any other message is rejected with [`Reason::NotGroupAndBody`], which
/// [ends the connection](Reason::ends_connection).
pub type Dish<S, J> = Incoming<S, DishRules<J>>;

/// The state of DISH besides [`Incoming`]: its groups, in a table of type `J`.
#[derive(Debug)]
pub struct DishRules<J> {
    joined: J,
}

impl<S, J: JoinedGroups> Incoming<S, DishRules<J>> {
    /// Creates a DISH without peers. `joined` is usually an empty table.
    pub const fn new(peers: S, joined: J) -> Self {
        Self::with(peers, DishRules { joined })
    }

    /// Joins a group. Send a JOIN to all peers: a
    /// [subscription](crate::Connection::encode_subscription) to the group.
    ///
    /// # Errors
    ///
    /// [`JoinError`]. Nothing has changed then; send nothing.
    pub fn join(&mut self, group: Group<'_>) -> Result<(), JoinError> {
        self.rules.joined.join(group.bytes())
    }

    /// Leaves a group. Returns `true` if the socket was in the group: send a LEAVE to all peers, the cancellation of
    /// the subscription. Otherwise nothing has changed (`EINVAL` in libzmq).
    pub fn leave(&mut self, group: Group<'_>) -> bool {
        self.rules.joined.remove(group.bytes())
    }

    /// Whether the messages of a group are delivered.
    pub fn is_joined(&self, group: &[u8]) -> bool {
        self.rules.joined.contains(group)
    }

    /// Calls `each` for every group. Send a JOIN for each of them to every peer that connects.
    pub fn replay(&self, each: impl FnMut(&[u8])) {
        self.rules.joined.each(each);
    }

    /// The table of groups.
    pub const fn joined(&self) -> &J {
        &self.rules.joined
    }
}

impl<J: JoinedGroups> IncomingRules for DishRules<J> {
    const KEEPS_UNSENT: bool = true;

    fn accept(&self, frame: FrameHeader, first: bool) -> Verdict {
        match (first, frame.is_final()) {
            (true, false) if frame.len() <= Group::MAX_LEN as u64 => Verdict::Subject,
            (false, true) => Verdict::Deliver,
            _ => Verdict::Reject(Reason::NotGroupAndBody),
        }
    }

    fn check(&self, group: &[u8]) -> Verdict {
        match self.joined.contains(group) {
            true => Verdict::Deliver,
            false => Verdict::Reject(Reason::NotSubscribed),
        }
    }
}

/// Groups take the room of topics.
impl<const BYTES: usize> JoinedGroups for FixedSubscriptions<BYTES> {
    fn contains(&self, group: &[u8]) -> bool {
        self.place(group).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FairPeer, Fixed, Pattern, PeerId};
    use super::*;
    use crate::wire::{FrameKind, More};

    const A: PeerId = PeerId::new(0, 0);

    type One = Dish<Fixed<FairPeer, 1>, FixedSubscriptions<24>>;

    fn dish() -> One {
        let mut dish = Dish::new(Fixed::new(), FixedSubscriptions::new());
        dish.connected(A, &[]).unwrap();
        dish
    }

    fn group(name: &str) -> Group<'_> {
        Group::new(name.as_bytes()).unwrap()
    }

    fn groups(dish: &One) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        dish.replay(|group| all.push(group.to_vec()));
        all
    }

    #[test]
    fn a_group_is_joined_once_and_left_once() {
        let mut dish = dish();
        assert_eq!(dish.join(group("TV")), Ok(()));
        assert_eq!(dish.join(group("TV")), Err(JoinError::Joined));
        assert!(!dish.leave(group("T")));
        assert!(dish.leave(group("TV")));
        assert!(!dish.leave(group("TV")));
        assert_eq!(dish.join(group("TV")), Ok(()));
    }

    #[test]
    fn the_groups_are_replayed_to_a_peer_that_connects() {
        let mut dish = dish();
        for name in ["TV", "", "Radio"] {
            dish.join(group(name)).unwrap();
        }
        dish.leave(group("TV"));
        assert_eq!(groups(&dish), [&b""[..], b"Radio"]);
    }

    #[test]
    fn a_full_table_refuses_a_group_and_keeps_the_others() {
        let mut dish = dish();
        dish.join(group("0123456789abcdef")).unwrap();
        assert_eq!(dish.join(group("Radio")), Err(JoinError::NoRoom));
        assert_eq!(groups(&dish), [b"0123456789abcdef"]);
    }

    #[test]
    fn messages_of_exactly_the_joined_groups_are_delivered() {
        let mut dish = dish();
        dish.join(group("TV")).unwrap();
        let frame = |more, len| FrameHeader::new(FrameKind::Message(more), len);
        assert_eq!(dish.accept(A, frame(More::Follows, 2), true), Verdict::Subject);
        assert_eq!(dish.check(A, b"TV"), Verdict::Deliver);
        assert_eq!(dish.accept(A, frame(More::Last, 9_000), false), Verdict::Deliver);
        assert!(dish.received(A) && dish.is_joined(b"TV"));
        assert_eq!(dish.take(), Ok(Some(A)));
        for other in ["T", "TVs", "tv", ""] {
            let rejected = Verdict::Reject(Reason::NotSubscribed);
            assert_eq!(dish.check(A, other.as_bytes()), rejected);
        }
    }

    #[test]
    fn a_message_that_is_not_a_group_and_a_body_ends_the_connection() {
        let mut dish = dish();
        let frame = |more, len| FrameHeader::new(FrameKind::Message(more), len);
        let rejected = Verdict::Reject(Reason::NotGroupAndBody);
        assert_eq!(dish.accept(A, frame(More::Last, 6), true), rejected, "one frame");
        assert_eq!(dish.accept(A, frame(More::Follows, 255), true), Verdict::Subject);
        assert_eq!(dish.accept(A, frame(More::Follows, 6), false), rejected, "three frames");
        assert_eq!(dish.accept(A, frame(More::Follows, 256), true), rejected, "a long group");
        assert!(Reason::NotGroupAndBody.ends_connection());
        assert!(!Reason::NotSubscribed.ends_connection());
    }
}
