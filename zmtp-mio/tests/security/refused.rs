//! The events of refused peers: what the peer offered, and what the socket accepts.

use std::io::Write;
use std::time::Duration;

use crate::harness::simulated::{simulated, turns_until};
use crate::harness::{OfKind, closes, events};
use wire::{frame_of_1_0, greeting_of, opening_of_2_0, ready};
use zmtp_core::PeerError;
use zmtp_core::wire::{MechanismName, UnsupportedVersion, Version};
use zmtp_mio::kind::UsesZmtp;
use zmtp_mio::testing::Simulation;
use zmtp_mio::{
    Builder, CloseReason, EventKind, KeyPair, Passwords, Pull, Push, SecretKey, SecurityRole,
};

/// The settings of a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Setting {
    Null,
    PlainServer,
    PlainClient,
    CurveServer,
    CurveClient,
}

use Setting::{CurveClient, CurveServer, Null, PlainClient, PlainServer};

const ALL: [Setting; 5] = [Null, PlainServer, PlainClient, CurveServer, CurveClient];

fn keys(number: u8) -> KeyPair {
    KeyPair::new(SecretKey::new([number; 32]))
}

impl Setting {
    fn builder<S: OfKind<Kind: UsesZmtp>>(self, simulation: &Simulation) -> Builder<S::Kind> {
        let builder = simulated::<S>(simulation);
        match self {
            Null => builder,
            PlainServer => builder.plain_server(Passwords::new().allow("admin", "secret")),
            PlainClient => builder.plain_client("admin", "secret"),
            CurveServer => builder.curve_server(keys(1)),
            CurveClient => builder.curve_client(*keys(1).public(), keys(2)),
        }
    }

    fn mechanism(self) -> MechanismName {
        match self {
            Null => MechanismName::NULL,
            PlainServer | PlainClient => MechanismName::PLAIN,
            CurveServer | CurveClient => MechanismName::CURVE,
        }
    }

    fn role(self) -> Option<SecurityRole> {
        match self {
            Null => None,
            PlainServer | CurveServer => Some(SecurityRole::Server),
            PlainClient | CurveClient => Some(SecurityRole::Client),
        }
    }

    /// The error of this end if the peer has these settings; `None` if the two match.
    fn error(self, peer: Self) -> Option<PeerError> {
        let (ours, peers) = (self.mechanism(), peer.mechanism());
        if ours != peers {
            return Some(PeerError::MechanismMismatch { ours, peer: peers });
        }
        let role = self.role().filter(|role| peer.role() == Some(*role))?;
        Some(PeerError::SameRole { mechanism: ours, role })
    }
}

#[test]
fn an_event_of_either_end_names_both_mechanisms_or_the_common_role() {
    for bound in ALL {
        for connecting in ALL {
            let simulation = Simulation::new();
            let mut pull = bound.builder::<Pull>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
            let endpoint = pull.last_endpoint().unwrap().to_string();
            let mut push = connecting.builder::<Push>(&simulation).connect(endpoint).unwrap();
            let mut kinds = [Vec::new(), Vec::new()];
            let ends =
                |kind: &EventKind| matches!(kind, EventKind::Closed(_) | EventKind::Ready(_));
            turns_until(&simulation, &format!("{bound:?} and {connecting:?}"), || {
                pull.step().unwrap();
                push.step().unwrap();
                kinds[0].extend(events!(pull));
                kinds[1].extend(events!(push));
                kinds.iter().all(|kinds| kinds.iter().any(ends))
            });
            let mut detected = 0;
            for (ours, peers, kinds) in
                [(bound, connecting, &kinds[0]), (connecting, bound, &kinds[1])]
            {
                let first = closes(kinds).first().copied();
                let error = ours.error(peers);
                let expected = error.map(|error| CloseReason::Protocol(error.into()));
                // Of two ends with one role, the first that detects it closes the connection.
                let same_role = matches!(error, Some(PeerError::SameRole { .. }));
                let closed = same_role && first == Some(CloseReason::ByPeer);
                assert!(first == expected || closed, "{ours:?} with {peers:?}: {kinds:?}");
                detected += u32::from(first == expected);
            }
            assert!(detected > 0, "{bound:?} and {connecting:?}: {kinds:?}");
        }
    }
}

#[test]
fn the_text_of_an_event_names_both_mechanisms() {
    let simulation = Simulation::new();
    let mut pull = CurveServer.builder::<Pull>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = simulation.connect(&pull.last_endpoint().unwrap().clone()).unwrap();
    peer.write_all(&greeting_of([3, 1], "NULL")).unwrap();
    let mut texts = Vec::new();
    turns_until(&simulation, "the refusal", || {
        pull.step().unwrap();
        texts.extend(std::iter::from_fn(|| pull.next_event()).map(|event| event.to_string()));
        texts.iter().any(|text| text.contains("closed"))
    });
    let expected = "peer uses mechanism \"NULL\", this socket uses \"CURVE\"";
    assert!(texts.iter().any(|text| text.contains(expected)), "{texts:?}");
}

#[test]
fn an_event_names_the_version_of_an_older_peer_and_the_lowest_version_that_is_accepted() {
    let peers = [
        (frame_of_1_0(0, b""), UnsupportedVersion::NoSignature(1), Version::V1_0),
        (opening_of_2_0(8, b""), UnsupportedVersion::Major(1), Version::V2_0),
        (greeting_of([3, 0], "NULL"), UnsupportedVersion::Major(3), Version::V3_0),
    ];
    for setting in ALL {
        for min in [Version::V1_0, Version::V2_0, Version::V3_0, Version::V3_1] {
            let lowest = if setting == Null { min } else { min.max(Version::V3_0) };
            for (opening, peer, version) in &peers {
                let simulation = Simulation::new();
                let mut pull = setting
                    .builder::<Pull>(&simulation)
                    .min_version(min)
                    .bind("tcp://127.0.0.1:*")
                    .unwrap();
                let endpoint = pull.last_endpoint().unwrap().clone();
                let mut raw = simulation.connect(&endpoint).unwrap();
                let mut opening = opening.clone();
                if *version == Version::V3_0 {
                    opening = greeting_of([3, 0], &setting.mechanism().to_string());
                    if setting == Null {
                        opening.extend(ready("PUSH"));
                    }
                }
                raw.write_all(&opening).unwrap();
                let mut kinds = Vec::new();
                for _ in 0..20 {
                    pull.step().unwrap();
                    kinds.extend(events!(pull));
                    simulation.clock().advance(Duration::from_millis(1));
                }
                let mechanism = setting.mechanism();
                let error = PeerError::UnsupportedVersion { peer: *peer, lowest, mechanism };
                let refused = (*version < lowest).then(|| CloseReason::Protocol(error.into()));
                let found = closes(&kinds).first().copied();
                assert_eq!(found, refused, "{setting:?} {min}, peer {version}: {kinds:?}");
            }
        }
    }
}
