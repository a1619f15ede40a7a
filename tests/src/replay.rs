//! A recorded dialogue, played again with our connection in libzmq's place.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::{Mode, Reason};
use zmtp_core::wire::{Framing, More, SocketType};
use zmtp_core::{Config, Error, Heartbeat, Instant, NullOrOlder, PeerError, Timeout};

use crate::driver::NOW;
use crate::endpoint::Endpoint;
use crate::vectors::{Bytes, Step, Vector};
use wire::Frame;

/// How a dialogue is played, and in what we differ from libzmq.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a row of a table")]
pub struct Play {
    /// What the application's lines are held against.
    pub app: App,
    /// The number of commands that libzmq sends and a connection alone does not.
    pub left_out: usize,
    /// What happens where libzmq closes.
    pub close: Close,
}

/// What the application's lines are held against.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "replays must handle each")]
pub enum App {
    /// Nothing, because a pattern decides that we do not have yet. Message frames are emitted as
    /// libzmq sent them.
    Later(&'static str),
    /// Messages as they go over the connection; through REP's or REQ's rules for these.
    Messages,
    /// The same behind a first part that names the peer.
    Routed,
}

/// What happens where libzmq closes.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "replays must handle each")]
pub enum Close {
    /// We fail with this error.
    Fails(Error),
    /// So many milliseconds after the handshake, or the peer's last byte, we miss this.
    Misses(Timeout, u64),
    /// We fail with this error where libzmq leaves the close to the peer or the handshake's timeout.
    FailsSooner(Error),
    /// libzmq does not close.
    Never,
    /// We go on, for this reason.
    Stays(&'static str),
    /// We reject these messages, and close because of the last one.
    Rejects(&'static [Reason]),
    /// We go on and reject one message.
    StaysAndRejects(Reason),
}

impl Play {
    /// As libzmq does it, to the byte.
    pub const SAME: Self = Self { app: App::Messages, left_out: 0, close: Close::Never };

    /// A dialogue of a ROUTER.
    pub const ROUTED: Self = Self { app: App::Routed, ..Self::SAME };

    /// A dialogue whose pattern comes later.
    pub const fn later(why: &'static str) -> Self {
        Self { app: App::Later(why), ..Self::SAME }
    }

    /// The dialogue has this number of commands that libzmq sends and a connection alone does not.
    #[must_use]
    pub const fn leaves_out(mut self, commands: usize) -> Self {
        self.left_out = commands;
        self
    }

    /// What happens where libzmq closes.
    #[must_use]
    pub const fn close(mut self, close: Close) -> Self {
        self.close = close;
        self
    }
}

/// Plays a dialogue.
///
/// # Panics
///
/// At the first difference.
pub fn replay(vector: &Vector, play: Play) {
    replay_secured(vector, play, NullOrOlder::new);
}

/// Plays a dialogue with a security mechanism that sends the same bytes each time.
///
/// # Panics
///
/// At the first difference. The as-server bit of a greeting may differ: libzmq never sets it.
pub fn replay_secured<M: Mechanism>(vector: &Vector, play: Play, mechanism: impl Fn() -> M) {
    let config = Config::new(vector.sut.socket_type)
        .with_routing_id(vector.sut.routing_id)
        .with_heartbeat(heartbeat(&vector.sut.text));
    let correlate = vector.sut.text.contains("REQ_CORRELATE=1");
    let mode = Mode { correlate, relaxed: vector.sut.text.contains("REQ_RELAXED=1") };
    let mut left_out = 0;
    for mut steps in vector.connections() {
        let mechanism = mechanism();
        if mechanism.as_server() {
            ignore_as_server(&mut steps);
        }
        let endpoint = Endpoint::secured(mechanism, &config, mode, id_before_recorded(&steps));
        let mut player =
            Player { endpoint, play, out: Vec::new(), left_out: 0, heard: NOW, closed: false };
        for (at, step) in steps.iter().enumerate() {
            println!("{} step {at}: {step:?}", vector.name);
            player.step(step);
        }
        player.finish();
        left_out += player.left_out;
    }
    assert_eq!(left_out, play.left_out, "commands that a connection alone does not send");
}

/// Lets the as-server bit of libzmq's greeting be any.
fn ignore_as_server(steps: &mut [Step]) {
    let first = steps.iter_mut().find_map(|step| match step {
        Step::Libzmq(bytes) => Some(bytes),
        _ => None,
    });
    *first.and_then(|bytes| bytes.any.get_mut(32)).expect("libzmq sends a greeting") = true;
}

struct Player<'c, M> {
    endpoint: Endpoint<'c, M>,
    play: Play,
    /// What we sent and the dialogue has not come to.
    out: Vec<u8>,
    left_out: usize,
    /// When bytes last arrived.
    heard: Instant,
    closed: bool,
}

impl<M: Mechanism> Player<'_, M> {
    fn step(&mut self, step: &Step) {
        match step {
            // The mechanism decides as the ZAP handler did.
            Step::Aside(_) => {}
            Step::Heading(text) => self.heading(text),
            Step::Peer(bytes) => {
                self.endpoint.arrive(bytes);
                self.heard = self.endpoint.driver().now();
            }
            Step::Libzmq(bytes) => self.sent(bytes),
            Step::Observed(what) => {
                if what.starts_with("idle") {
                    self.endpoint.driver().wait(1_000);
                    assert_eq!(self.endpoint.error(), None);
                }
                self.fetch();
                assert!(self.out.is_empty(), "libzmq is silent, we say {:x?}", self.out);
                if what.starts_with("stays open") {
                    let sooner = match self.play.close {
                        Close::FailsSooner(error) => Some(error),
                        _ => None,
                    };
                    assert_eq!(self.endpoint.error(), sooner);
                }
            }
            Step::Close => self.closed(),
            Step::Send(message) => self.send(message),
            Step::Receive(message) => self.receive(message.as_deref()),
        }
    }

    /// The groups that a DISH joins are in the headings.
    fn heading(&mut self, text: &str) {
        if text.starts_with("group joined before") {
            self.endpoint.join(b"early");
        } else if text.starts_with("later join") {
            self.endpoint.join(b"Movies");
            self.endpoint.leave(b"early");
        }
    }

    fn fetch(&mut self) {
        self.out.extend(self.endpoint.driver().take_sent());
    }

    /// Compares what we sent with what libzmq sent.
    fn sent(&mut self, bytes: &Bytes) {
        self.fetch();
        let mut expected = without_application_metadata(bytes);
        while !expected.recorded.is_empty() {
            if self.out.is_empty() {
                self.say_as(&expected.recorded);
            }
            if self.out.is_empty() && expected.recorded.starts_with(b"\x04\x07\x04PING") {
                self.endpoint.driver().wait_until_due();
                self.fetch();
            }
            // A command that is not ours was left out.
            let Some(frame) = self.skip(&mut expected) else { continue };
            let n = frame.min(self.out.len());
            assert!(n > 0, "libzmq sends {:x?}, we are silent", expected.recorded);
            let (theirs, ours) = (expected.take(n), self.out.drain(..n).collect::<Vec<_>>());
            assert!(theirs.matches(&ours), "\nlibzmq {:x?}\nours   {ours:x?}", theirs.recorded);
        }
    }

    /// Emits the message frame that libzmq sent, if there is no message to hold it against.
    fn say_as(&mut self, bytes: &[u8]) {
        let frame = self.first(bytes);
        if matches!(self.play.app, App::Later(_)) && !frame.is_command() {
            let more = if frame.has_more() { More::Follows } else { More::Last };
            self.endpoint.driver().send_frame(more, &frame.body).expect("ready to send");
            self.fetch();
        }
    }

    /// The frame at the front of what libzmq sent.
    fn first(&mut self, bytes: &[u8]) -> Frame {
        let frame = match self.endpoint.driver().connection().framing() {
            Framing::V1 => Frame::first_of_1_0(bytes),
            _ => Frame::first(bytes),
        };
        frame.expect("a whole frame")
    }

    /// Leaves out a command that a pattern or a timer sends; otherwise returns the number of bytes to compare.
    fn skip(&mut self, expected: &mut Bytes) -> Option<usize> {
        let all = expected.recorded.len();
        if !self.out.is_empty() {
            return Some(all);
        }
        let frame = self.first(&expected.recorded);
        let (name, _) = frame.command()?;
        let others: [&[u8]; 5] = [b"CANCEL", b"JOIN", b"LEAVE", b"PING", b"SUBSCRIBE"];
        if !others.contains(&name) {
            return Some(all);
        }
        expected.take(frame.wire_len);
        self.left_out += 1;
        None
    }

    fn closed(&mut self) {
        self.closed = true;
        self.fetch();
        match self.play.close {
            Close::Fails(error) => {
                assert_eq!(self.endpoint.error(), Some(error));
                // The rest of the greeting and an ERROR, where libzmq just closes.
                if let Error::Peer(PeerError::MechanismMismatch { .. }) = error {
                    let farewell = wire::command("ERROR", b"\x12Mechanism mismatch");
                    assert!(self.out.ends_with(&farewell));
                    assert!(self.out.len() <= 54 + farewell.len());
                    self.out.clear();
                }
            }
            Close::Misses(what, after) => {
                assert_eq!(self.endpoint.error(), None);
                while self.endpoint.driver().wait_until_due() {}
                assert_eq!(self.endpoint.error(), Some(Error::TimedOut(what)));
                let now = self.endpoint.driver().now();
                assert_eq!(now.as_millis() - self.heard.as_millis(), after);
            }
            Close::Never | Close::FailsSooner(_) => panic!("libzmq closes"),
            Close::Stays(_) => assert_eq!(self.endpoint.error(), None),
            Close::Rejects(reasons) => {
                assert_eq!(self.endpoint.error(), None);
                assert_eq!(self.endpoint.rejected(), reasons);
                assert!(self.endpoint.is_closed());
            }
            Close::StaysAndRejects(reason) => {
                assert_eq!(self.endpoint.error(), None);
                assert_eq!(self.endpoint.rejected(), [reason]);
            }
        }
    }

    fn send(&mut self, message: &[Bytes]) {
        let mut parts: Vec<_> = message.iter().map(|part| part.recorded.clone()).collect();
        match self.play.app {
            App::Later(_) => return,
            App::Messages => {}
            App::Routed if !self.is_peer(&message[0]) => return,
            App::Routed => drop(parts.remove(0)),
        }
        self.endpoint.send(&parts).expect("it is the application's turn");
    }

    fn receive(&mut self, message: Option<&[Bytes]>) {
        if matches!(self.play.app, App::Later(_)) {
            return;
        }
        let got = self.endpoint.receive().expect("it is the application's turn");
        let mut expected = message.unwrap_or_default();
        if let (App::Routed, [peer, others @ ..]) = (self.play.app, expected) {
            assert!(self.is_peer(peer));
            expected = others;
        }
        assert_eq!(got.is_some(), message.is_some());
        let got = got.unwrap_or_default();
        assert_eq!(got.len(), expected.len());
        assert!(expected.iter().zip(&got).all(|(theirs, ours)| theirs.matches(ours)));
    }

    /// Whether this names the peer, by its own name or by one that libzmq made up.
    fn is_peer(&self, name: &Bytes) -> bool {
        let own = self.endpoint.identity();
        name.recorded == own || (own.is_empty() && name.any.contains(&true))
    }

    fn finish(&mut self) {
        self.fetch();
        assert!(self.out.is_empty(), "we say more than libzmq: {:x?}", self.out);
        if !matches!(self.play.app, App::Later(_)) {
            assert_eq!(self.endpoint.receive().ok().flatten(), None, "more than libzmq delivers");
        }
        match self.play.close {
            // Checked where libzmq closes.
            Close::Fails(_) | Close::Misses(..) if self.closed => {}
            Close::FailsSooner(error) => assert_eq!(self.endpoint.error(), Some(error)),
            _ => assert_eq!(self.endpoint.error(), None),
        }
    }
}

/// The heartbeats that a system under test was set to.
fn heartbeat(sut: &str) -> Heartbeat {
    let option = |name: &str| {
        let value = sut.split_whitespace().find_map(|word| word.strip_prefix(name));
        value.map_or(0, |value| value.parse().expect("milliseconds"))
    };
    Heartbeat::every(option("HEARTBEAT_IVL="))
        .timeout(option("HEARTBEAT_TIMEOUT="))
        .ttl(option("HEARTBEAT_TTL="))
}

/// The request id before the first in the dialogue, so that ours come out as recorded.
fn id_before_recorded(steps: &[Step]) -> u32 {
    let ids = steps.iter().find_map(|step| match step {
        Step::Libzmq(bytes) if bytes.any.contains(&true) => bytes.recorded.get(2..6),
        _ => None,
    });
    let id: Option<[u8; 4]> = ids.and_then(|id| id.try_into().ok());
    u32::from_ne_bytes(id.unwrap_or_default()).wrapping_sub(1)
}

/// Takes `X-` properties out of READY: there is no setting for them in the core yet.
fn without_application_metadata(bytes: &Bytes) -> Bytes {
    let Some(frame) = Frame::first(&bytes.recorded) else { return bytes.clone() };
    let Some((b"READY", data)) = frame.command() else { return bytes.clone() };
    let mut kept = Vec::new();
    for (name, value) in wire::properties(data).0 {
        if !name.starts_with(b"X-") {
            kept.extend(wire::property(core::str::from_utf8(name).expect("ASCII"), value));
        }
    }
    let mut recorded = wire::command("READY", &kept);
    recorded.extend_from_slice(&bytes.recorded[frame.wire_len..]);
    Bytes { any: vec![false; recorded.len()], recorded }
}

/// A legal peer for a socket type.
///
/// # Panics
///
/// If it has none.
pub fn legal_peer(ours: SocketType) -> SocketType {
    SocketType::all().find(|peer| ours.accepts(*peer)).expect("every type has a peer")
}
