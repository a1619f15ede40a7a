//! The behaviour of a peer, generated from bytes: frames with wrong sizes, unexpected commands, silence.
//! Changed bytes give another possible behaviour.

use arbitrary::{Arbitrary, Result, Unstructured};
use zmtp_core::wire::{RoutingId, SocketType, Version};
use zmtp_core::{Config, Heartbeat, Limits};

/// The settings of our end, and the events for it.
#[derive(Clone, Debug)]
pub struct Dialogue {
    /// Our end.
    pub config: Config,
    /// The events, in order.
    pub steps: Vec<Step>,
    /// The sizes of the pieces in which bytes arrive, repeated as needed.
    pub cuts: Vec<usize>,
}

/// An event for our end.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "drivers handle each")]
pub enum Step {
    /// Bytes arrive.
    Bytes(Vec<u8>),
    /// The application sends a message.
    Send(Vec<Vec<u8>>),
    /// Time passes, in milliseconds.
    Wait(u32),
}

/// Types that usually bind.
pub const SERVERS: [SocketType; 5] =
    [SocketType::Rep, SocketType::Router, SocketType::Pull, SocketType::Xpub, SocketType::Pair];
/// Types that usually connect.
pub const CLIENTS: [SocketType; 5] =
    [SocketType::Req, SocketType::Dealer, SocketType::Push, SocketType::Sub, SocketType::Pub];

/// Names of ZMTP commands, and one unknown name.
const NAMES: [&str; 12] = [
    "READY",
    "ERROR",
    "PING",
    "PONG",
    "SUBSCRIBE",
    "CANCEL",
    "JOIN",
    "LEAVE",
    "HELLO",
    "WELCOME",
    "MESSAGE",
    "NONSENSE",
];

/// Sizes larger than any real body.
const HUGE: [u64; 6] = [256, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX];

impl Dialogue {
    /// Reads one of an end of these types.
    ///
    /// # Errors
    ///
    /// The bytes do not suffice.
    pub fn take(input: &mut Unstructured<'_>, types: &[SocketType]) -> Result<Self> {
        let config = config(input, types)?;
        let cuts = (0..1 + input.int_in_range(0..=4)?)
            .map(|_| Ok(1 + usize::from(input.arbitrary::<u8>()?)))
            .collect::<Result<_>>()?;
        let mut steps = Vec::new();
        let opening: u8 = input.arbitrary()?;
        if opening & 7 != 0 {
            steps.push(Step::Bytes(wire::greeting("NULL")));
        }
        if opening & 7 > 1 {
            let peer = SocketType::all().find(|peer| config.socket_type.accepts(*peer));
            steps.push(Step::Bytes(wire::ready(peer.map_or("", SocketType::name))));
        }
        while !input.is_empty() && steps.len() < 64 {
            steps.push(input.arbitrary()?);
        }
        Ok(Self { config, steps: joined(steps), cuts })
    }

    /// All bytes that arrive.
    pub fn stream(&self) -> Vec<u8> {
        let bytes =
            |step: &Step| if let Step::Bytes(bytes) = step { &bytes[..] } else { &[] }.to_vec();
        self.steps.iter().flat_map(bytes).collect()
    }
}

/// Settings of an end of one of these types.
///
/// # Errors
///
/// The bytes do not suffice.
pub fn config(input: &mut Unstructured<'_>, types: &[SocketType]) -> Result<Config> {
    let kind = *input.choose(types)?;
    let (settings, beats): (u8, u8) = input.arbitrary()?;
    let tight = Limits::DEFAULT.max_command(96).max_frame(300).max_message(500).max_parts(5);
    let limits = if settings & 1 == 0 { Limits::DEFAULT.max_command(4_096) } else { tight };
    let id = vec![b'i'; usize::from(settings >> 4) * 17];
    let heartbeat = match beats {
        0..=127 => Heartbeat::OFF,
        _ => Heartbeat::every(u32::from(beats & 7) * 100)
            .timeout(u32::from(beats >> 3 & 3) * 150)
            .ttl(u32::from(beats >> 5) * 1_000),
    };
    Ok(Config::new(kind)
        .with_min_version(if settings & 2 == 0 { Version::V1_0 } else { Version::V3_0 })
        .with_heartbeat(heartbeat)
        .with_require_socket_type(settings & 4 != 0)
        .with_routing_id(RoutingId::new(&id).unwrap_or(RoutingId::EMPTY))
        .with_limits(limits.handshake_timeout(if settings & 8 == 0 { 10_000 } else { 40 })))
}

/// Merges consecutive steps of bytes into one: they may be split anywhere.
fn joined(steps: Vec<Step>) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for step in steps {
        match (all.last_mut(), step) {
            (Some(Step::Bytes(sofar)), Step::Bytes(bytes)) => sofar.extend(bytes),
            (_, step) => all.push(step),
        }
    }
    all
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match input.int_in_range(0..=15)? {
            0 => Self::Send(parts(input)?),
            1 => Self::Wait(u32::from(input.arbitrary::<u8>()?) * 50),
            2 => Self::Bytes(input.arbitrary::<&[u8]>()?.to_vec()),
            what => Self::Bytes(sent(input, what)?),
        })
    }
}

/// Plausible bytes of a peer.
fn sent(input: &mut Unstructured<'_>, what: u8) -> Result<Vec<u8>> {
    Ok(match what {
        3..=6 => {
            let parts = parts(input)?;
            wire::message(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
        }
        7 => false_length(input)?,
        8 => wire::frame(input.arbitrary()?, &body(input)?),
        9 if input.arbitrary()? => wire::command("PING", &[&[0, 5], &body(input)?[..]].concat()),
        9 => wire::command("PING", &body(input)?),
        10 => wire::command("PING", &[&[0, 0], &body(input)?[..]].concat()),
        11 => wire::command(input.choose(&["SUBSCRIBE", "CANCEL"])?, &body(input)?),
        12 => handshake_command(input)?,
        13 => wire::frame(4, &body(input)?),
        14 => opening(input)?,
        _ => wire::command(input.choose(&NAMES)?, &body(input)?),
    })
}

/// A command such as peers send in their handshake, well-formed or nearly.
///
/// # Errors
///
/// The bytes do not suffice.
pub fn handshake_command(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok(match input.int_in_range(0..=7)? {
        0 => {
            let reason = body(input)?;
            wire::command("ERROR", &[&[reason.len() as u8], &reason[..]].concat())
        }
        1 => wire::command(input.choose(&NAMES)?, &body(input)?),
        2 => wire::message(&[&body(input)?]),
        3 => false_length(input)?,
        _ => {
            let mut data = Vec::new();
            for _ in 0..input.int_in_range(0..=4)? {
                data.extend(property(input)?);
            }
            let cut = usize::from(input.arbitrary::<u8>()?);
            // Usually whole.
            data.truncate(if cut < 32 { data.len().saturating_sub(cut) } else { data.len() });
            wire::command("READY", &data)
        }
    })
}

/// A greeting, valid or almost valid, or the opening of an older version.
///
/// # Errors
///
/// The bytes do not suffice.
pub fn opening(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let code = input.len() as u8 % 21;
    let older = |version| {
        let mut bytes = wire::opening_of_2_0(code, b"id");
        bytes[10] = version;
        bytes
    };
    let mut greeting = match input.int_in_range(0..=8)? {
        named @ 0..=4 => wire::greeting(["NULL", "PLAIN", "CURVE", "null", ""][named]),
        version @ 5..=6 => older(version as u8 - 5),
        long => wire::frame_of_1_0(0, &vec![b'i'; (long - 7) * 254]),
    };
    for _ in 0..input.int_in_range(0..=3)? {
        let at = input.choose_index(greeting.len())?;
        greeting[at] = input.arbitrary()?;
    }
    Ok(greeting)
}

fn property(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let types: Vec<SocketType> = SocketType::all().collect();
    Ok(match input.int_in_range(0..=5)? {
        0 => wire::property("Identity", &body(input)?),
        1 => wire::property("Identity", &vec![7; usize::from(input.arbitrary::<u8>()?) * 2]),
        2 => wire::property("soCket-tYpe", input.choose(&types)?.name().as_bytes()),
        3 => wire::property("X-Other", &body(input)?),
        4 => wire::property("Socket-Type", &body(input)?),
        _ => wire::property("Socket-Type", input.choose(&types)?.name().as_bytes()),
    })
}

/// A frame with a wrong size.
fn false_length(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let (flags, body) = (input.arbitrary::<u8>()? & 7, body(input)?);
    let claim = match input.arbitrary::<u8>()? {
        few if few < 128 => u64::from(few),
        other => HUGE[usize::from(other) % HUGE.len()],
    };
    Ok([&[flags | 2], &claim.to_be_bytes()[..], &body].concat())
}

/// The parts of a message: few, with delimiters among them.
///
/// # Errors
///
/// The bytes do not suffice.
pub fn parts(input: &mut Unstructured<'_>) -> Result<Vec<Vec<u8>>> {
    (0..1 + input.int_in_range(0..=3)?).map(|_| body(input)).collect()
}

fn body(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok(match input.int_in_range(0..=7)? {
        0..=1 => Vec::new(),
        // A few of these exceed a tight limit on messages, one does not.
        2 => vec![0xa5; 251],
        3 => vec![0x5a; usize::from(input.arbitrary::<u16>()?) % 600],
        _ => {
            let len = input.int_in_range(0..=20)?;
            input.bytes(len.min(input.len()))?.to_vec()
        }
    })
}
