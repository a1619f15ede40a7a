//! A security mechanism for tests, with the shape of CURVE and no security.
//!
//! The handshake has four commands: the client sends HELLO with its credentials, the server WELCOME,
//! the client INITIATE with its metadata, the server READY with its own. In traffic each frame has 33
//! bytes in front of its body, as with CURVE (RFC 26): the name MESSAGE, a counter that must rise, a
//! tag over all that follows it and the counter, and flags with MORE and COMMAND. Flags and body are
//! masked, so that nothing reads them before the frame was opened.

use zmtp_core::mechanism::{Consumed, Exhausted, Mechanism, greeting};
use zmtp_core::wire::{
    CommandName, FrameKind, Greeting, MechanismName, More, Property, SocketType, Writer,
};
use zmtp_core::{Answer, Config, OpenError};

/// Bytes of a sealed frame in front of its body.
pub const OVERHEAD: usize = NAME.len() + 8 + 16 + 1;

const NAME: &[u8] = b"\x07MESSAGE";
const MORE: u8 = 1;
const COMMAND: u8 = 2;

/// The name in the greeting.
pub const MECHANISM: MechanismName = MechanismName::new(b"SEALED");

/// Where the handshake of an end stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// A client must send HELLO, a server expects it.
    Hello,
    /// The server has HELLO and waits for an answer, or the answer has come.
    Answered,
    Welcome,
    Initiate,
    Ready,
    /// All was sent.
    Done,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct Sealed {
    server: bool,
    step: Step,
    key: u64,
    /// What the client sends in HELLO.
    credentials: Vec<u8>,
    /// The server asks for an answer instead of comparing credentials.
    asks: bool,
    /// The reason of a refusal, if it has one.
    reason: Option<Vec<u8>>,
    sent: u64,
    received: u64,
}

impl Sealed {
    /// The end that sends the first command, the client.
    pub fn client(key: u64) -> Self {
        Self {
            server: false,
            step: Step::Hello,
            key,
            credentials: b"secret".to_vec(),
            asks: false,
            reason: None,
            sent: 2,
            received: 0,
        }
    }

    /// The end that takes the server's role, and accepts the credentials of [`Sealed::client`].
    pub fn server(key: u64) -> Self {
        Self { server: true, ..Self::client(key) }
    }

    /// Sends other credentials.
    #[must_use]
    pub fn with_credentials(mut self, credentials: &[u8]) -> Self {
        self.credentials = credentials.to_vec();
        self
    }

    /// Waits for an answer from outside, whatever the credentials.
    #[must_use]
    pub const fn asking(mut self) -> Self {
        self.asks = true;
        self
    }

    /// Seals the next frame with this counter.
    #[must_use]
    pub const fn counting_from(mut self, counter: u64) -> Self {
        self.sent = counter.saturating_sub(1);
        self
    }

    /// The credentials of the client, once a server has them.
    pub fn credentials(&self) -> &[u8] {
        &self.credentials
    }

    fn awaits(&self, step: Step) -> bool {
        self.step == step
    }

    /// The mask of a frame, byte by byte, and the tag over masked bytes.
    fn mask(&self, from_server: bool, counter: u64, bytes: &mut [u8]) {
        let mut state = mix(self.key ^ counter ^ u64::from(from_server) << 63);
        for chunk in bytes.chunks_mut(8) {
            state = mix(state);
            for (byte, mask) in chunk.iter_mut().zip(state.to_le_bytes()) {
                *byte ^= mask;
            }
        }
    }

    fn tag(&self, from_server: bool, counter: u64, bytes: &[u8]) -> [u8; 16] {
        let seed = self.key.rotate_left(7) ^ counter ^ u64::from(from_server);
        let mut halves = [mix(seed), mix(seed ^ 0x5bd1_e995)];
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let word = u64::from_le_bytes(word) ^ (chunk.len() as u64) << 56;
            halves = [mix(halves[0] ^ word), mix(halves[1].wrapping_add(word))];
        }
        let mut tag = [0; 16];
        tag[..8].copy_from_slice(&halves[0].to_le_bytes());
        tag[8..].copy_from_slice(&halves[1].to_le_bytes());
        tag
    }

    /// A sealed frame's body, for tests that make what no connection sends.
    pub fn box_of(&self, counter: u64, flags: u8, body: &[u8]) -> Vec<u8> {
        let mut frame = [NAME, &counter.to_be_bytes(), &[0; 16], &[flags], body].concat();
        self.mask(self.server, counter, &mut frame[OVERHEAD - 1..]);
        let tag = self.tag(self.server, counter, &frame[OVERHEAD - 1..]);
        frame[16..32].copy_from_slice(&tag);
        frame
    }

    fn metadata(config: &Config) -> Vec<u8> {
        let mut metadata = vec![0; 512];
        let mut writer = Writer::new(&mut metadata);
        Property::emit("Socket-Type", config.socket_type.name().as_bytes(), &mut writer);
        if config.socket_type.sends_identity() {
            Property::emit(Property::IDENTITY, config.routing_id.bytes(), &mut writer);
        }
        let len = writer.finish().expect("room for any metadata of ours");
        metadata.truncate(len);
        metadata
    }
}

/// One step of splitmix64.
const fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const fn flags(kind: FrameKind) -> u8 {
    match kind {
        FrameKind::Command => COMMAND,
        FrameKind::Message(More::Follows) => MORE,
        FrameKind::Message(More::Last) => 0,
    }
}

impl Mechanism for Sealed {
    const SEALS: bool = true;
    const WAITS: bool = true;

    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MECHANISM) }
    }

    fn as_server(&self) -> bool {
        self.server
    }

    fn produce(&mut self, _kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        let (name, data, next) = match (self.server, self.step) {
            (false, Step::Hello) => (CommandName::Hello, self.credentials.clone(), Step::Welcome),
            (true, Step::Welcome) => (CommandName::Welcome, Vec::new(), Step::Initiate),
            (false, Step::Initiate) => (CommandName::Initiate, Self::metadata(config), Step::Done),
            (true, Step::Ready) => (CommandName::Ready, Self::metadata(config), Step::Done),
            _ => return,
        };
        out.command(name, &[&data]);
        if out.fits() {
            self.step = next;
        }
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        match (self.server, name) {
            (true, b"\x05HELLO") if self.asks && self.awaits(Step::Hello) => {
                self.credentials = data.to_vec();
                Consumed::Waiting
            }
            (true, b"\x05HELLO") if self.awaits(Step::Hello) || self.awaits(Step::Answered) => {
                if self.step == Step::Hello && data != self.credentials {
                    self.reason = Some(b"400".to_vec());
                    return Consumed::Denied;
                }
                self.step = Step::Welcome;
                Consumed::Pending
            }
            (false, b"\x07WELCOME") if self.awaits(Step::Welcome) => {
                self.step = Step::Initiate;
                Consumed::Pending
            }
            (true, b"\x08INITIATE") if self.awaits(Step::Initiate) => {
                self.step = Step::Ready;
                Consumed::Ready(data.len())
            }
            (false, b"\x05READY") if self.awaits(Step::Done) => Consumed::Ready(data.len()),
            _ => Consumed::Unexpected,
        }
    }

    fn may_send(&self) -> bool {
        self.step == Step::Done
    }

    fn answer(&mut self, answer: Answer<'_>) {
        match answer {
            Answer::Accept => self.step = Step::Answered,
            Answer::Refuse(reason) => self.reason = Some(reason.to_vec()),
            _ => {}
        }
    }

    fn denial(&self) -> Option<&[u8]> {
        self.reason.as_deref()
    }

    fn overhead(&self) -> usize {
        OVERHEAD
    }

    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted> {
        self.sent = self.sent.checked_add(1).ok_or(Exhausted)?;
        let sealed = self.box_of(self.sent, flags(kind), &frame[OVERHEAD..]);
        frame.copy_from_slice(&sealed);
        Ok(())
    }

    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        if outer != FrameKind::Message(More::Last) || !frame.starts_with(NAME) {
            return Err(OpenError::Clear);
        }
        let counter = frame[8..16].first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let (head, sealed) = frame.split_at_mut(OVERHEAD - 1);
        if head[16..] != self.tag(!self.server, counter, sealed) {
            return Err(OpenError::Forged);
        }
        if counter <= self.received {
            return Err(OpenError::Replayed);
        }
        self.received = counter;
        self.mask(!self.server, counter, sealed);
        match sealed[0] {
            0 => Ok(FrameKind::Message(More::Last)),
            MORE => Ok(FrameKind::Message(More::Follows)),
            COMMAND => Ok(FrameKind::Command),
            _ => Err(OpenError::Flags),
        }
    }
}
