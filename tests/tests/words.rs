//! The texts of errors and names.

use std::collections::BTreeSet;

use zmtp_core::pattern::{NoRoom, OutOfTurn};
use zmtp_core::wire::{
    BufferTooSmall, CommandName, GroupError, Malformed, MechanismName, RoutingId, SocketType,
    UnsupportedVersion, Version,
};
use zmtp_core::{Error, Limit, LimitExceeded, PeerError, SecurityRole, SendError, Timeout};

fn errors() -> Vec<(Error, &'static str)> {
    let malformed = [
        (Malformed::CommandName, "command name"),
        (Malformed::EmptyFrame, "length 0"),
        (Malformed::ErrorReason, "ERROR"),
        (Malformed::FrameSize(1 << 63), "0x8000000000000000"),
        (Malformed::Group(GroupError::TooLong(256)), "256"),
        (Malformed::Group(GroupError::Zero), "is 0"),
        (Malformed::Metadata, "metadata"),
        (Malformed::MoreOnCommand, "on a command"),
        (Malformed::MoreOnIdentity, "on an identity frame"),
        (Malformed::NotGroupAndBody, "a DISH"),
        (Malformed::Ping, "TTL"),
        (Malformed::ReservedFlags(0x40), "0x40"),
    ];
    let (ours, peer) = (SocketType::Rep, SocketType::Push);
    let null = MechanismName::NULL;
    let unsupported =
        |peer| PeerError::UnsupportedVersion { peer, lowest: Version::V3_1, mechanism: null };
    let offered = MechanismName::new(b"X\xff");
    let mechanism = MechanismName::PLAIN;
    let peers = [
        (PeerError::IncompatibleSocketType { ours, peer }, "a REP socket cannot connect to a PUSH"),
        (
            PeerError::MechanismMismatch { ours: null, peer: offered },
            "peer uses mechanism \"X\\xff\", this socket uses \"NULL\"",
        ),
        (PeerError::MessageInHandshake, "during the handshake"),
        (PeerError::MissingSocketType, "without Socket-Type"),
        (unsupported(UnsupportedVersion::NoSignature(0x47)), "0x47"),
        (unsupported(UnsupportedVersion::Major(0)), "1.0"),
        (unsupported(UnsupportedVersion::Major(1)), "2.0"),
        (unsupported(UnsupportedVersion::Major(3)), "3.0"),
        (PeerError::Refused, "refused"),
        (
            PeerError::SameRole { mechanism, role: SecurityRole::Client },
            "both ends are clients of PLAIN",
        ),
        (
            PeerError::SameRole { mechanism, role: SecurityRole::Server },
            "both ends are servers of PLAIN",
        ),
        (PeerError::RoutingIdTooLong(300), "300"),
        (PeerError::SecondReady, "second READY"),
        (PeerError::UnexpectedCommand(CommandName::Hello), "Hello"),
        (PeerError::UnknownSocketType, "unknown socket type"),
    ];
    let limits = [
        (Limit::Command, "bytes in a command"),
        (Limit::Frame, "bytes in a frame"),
        (Limit::Message, "bytes in a message"),
        (Limit::Parts, "parts"),
    ];
    let exceeded = |limit| LimitExceeded { limit, allowed: 100, got: 107 };
    let times = [Timeout::Handshake, Timeout::Heartbeat, Timeout::Ttl];
    malformed
        .into_iter()
        .map(|(error, said)| (error.into(), said))
        .chain(peers.into_iter().map(|(error, said)| (error.into(), said)))
        .chain(limits.into_iter().map(|(limit, said)| (Error::Limit(exceeded(limit)), said)))
        .chain(times.into_iter().map(|time| (Error::TimedOut(time), "")))
        .collect()
}

#[test]
fn every_error_has_a_specific_and_unique_text() {
    let mut all = BTreeSet::new();
    for (error, said) in errors() {
        let text = error.to_string();
        assert!(text.contains(said) && text.len() > 8, "{text:?} lacks {said:?}");
        assert!(all.insert(text.clone()), "{text:?} twice");
        let _ = error.kind();
    }
    let peer = UnsupportedVersion::Major(1);
    let (lowest, mechanism) = (Version::V3_0, MechanismName::CURVE);
    let old = PeerError::UnsupportedVersion { peer, lowest, mechanism }.to_string();
    assert_eq!(
        old,
        "peer uses ZMTP 2.0, which is not accepted; this socket uses CURVE and accepts ZMTP 3.0 and higher"
    );
    let over =
        Error::Limit(LimitExceeded { limit: Limit::Frame, allowed: 100, got: 107 }).to_string();
    assert_eq!(over, "107 bytes in a frame, 7 more than the limit of 100");
    let one = |limit| Error::Limit(LimitExceeded { limit, allowed: 0, got: 1 }).to_string();
    assert_eq!(one(Limit::Command), "1 byte in a command, 1 more than the limit of 0");
    assert_eq!(one(Limit::Parts), "1 part in a message, 1 more than the limit of 0");
}

#[test]
fn other_errors_have_specific_texts() {
    assert_eq!(SendError::NotReady.to_string(), "handshake is not complete");
    assert_eq!(SendError::Failed.to_string(), "connection failed");
    assert_eq!(SendError::BufferTooSmall(3).to_string(), "buffer too small by 3 bytes");
    assert_eq!(SendError::Sealed.to_string(), "frames of this connection can only be sealed whole");
    assert_eq!(BufferTooSmall { missing: 3 }.to_string(), "buffer too small by 3 bytes");
    assert_eq!(NoRoom.to_string(), "no room for another peer or topic");
    let turns = [
        OutOfTurn::NoRequestSent,
        OutOfTurn::NoRequestTaken,
        OutOfTurn::ReplyDue,
        OutOfTurn::ReplyPending,
    ];
    let said: BTreeSet<String> = turns.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), turns.len());
}

#[test]
fn names_are_displayed_as_on_the_wire() {
    assert_eq!(SocketType::Xpub.to_string(), "XPUB");
    assert_eq!(Version { major: 3, minor: 1 }.to_string(), "3.1");
    let name = MechanismName::new(b"PLAIN");
    assert_eq!((name.to_string(), name.bytes().len()), ("PLAIN".into(), 20));
    let (ann, bob) = (RoutingId::new(b"a\0").unwrap(), RoutingId::new(b"b").unwrap());
    assert_eq!(format!("{ann:?}"), "\"a\\x00\"");
    assert!(ann != bob && ann == RoutingId::new(b"a\0").unwrap());
}
