//! Corrects the faults that libzmq tolerates, and removes the bytes that it ignores.
//!
//! The model's outcome for the corrected bytes is the outcome of libzmq for the original bytes.

use wire::Frame;
use zmtp_core::wire::SocketType;

use super::subject::Kind;

/// The size in bytes from which a frame may not fit the memory: libzmq then closes the connection, or waits for
/// the rest of the frame.
const HUGE: u64 = 1 << 30;

/// Corrected bytes.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The routing id, if it has more than 255 bytes.
    pub long_name: Option<Vec<u8>>,
    /// Whether the last frame has [`HUGE`] bytes or more.
    pub ends_huge: bool,
}

/// Corrects the bytes that are sent to a socket of libzmq of this type.
pub(super) fn put_right(kind: Kind, stream: &[u8]) -> Passed {
    let mut passed = Passed::default();
    match *stream {
        [0xff, _, _, _, _, _, _, _, _, tenth, major @ (0 | 1), _, ref frames @ ..]
            if tenth & 1 == 1 =>
        {
            // libzmq ignores the socket type.
            passed.bytes.extend_from_slice(&stream[..11]);
            let peer = SocketType::from_name(kind.names().1.as_bytes());
            passed.bytes.push(peer.map_or(0, SocketType::code));
            if major == 0 { passed.of_1_0(frames) } else { passed.of_2_0(frames) }
        }
        _ if wire::is_legacy(stream) == Some(true) => passed.of_1_0(stream),
        _ => {
            let (greeting, frames) = stream.split_at(stream.len().min(64));
            passed.bytes.extend_from_slice(greeting);
            passed.of_3(frames);
        }
    }
    passed
}

impl Passed {
    fn of_3(&mut self, mut rest: &[u8]) {
        let mut ready = false;
        while let Some(frame) = Frame::first(rest) {
            let mut body = frame.body.clone();
            // Reserved bits.
            let mut flags = frame.flags & 7;
            if !ready {
                // In the handshake libzmq handles any frame as a command, and ignores MORE.
                flags = flags & 2 | 4;
                if frame.is_whole() && body.starts_with(b"\x05READY") {
                    ready = true;
                    body = self.metadata(&body);
                }
            } else if is_subscription(&frame) {
                flags &= 3;
            } else if frame.is_command() {
                flags &= 6;
                if body.starts_with(b"\x05READY") {
                    body[1..6].copy_from_slice(b"ready");
                }
            }
            let size = if frame.is_whole() { body.len() as u64 } else { frame.len };
            self.bytes.extend(wire::with_header(flags, size, &body));
            self.ends_huge = frame.len >= HUGE;
            rest = &rest[frame.wire_len..];
        }
        self.header(rest, if ready { 7 } else { 2 });
    }

    fn of_2_0(&mut self, mut rest: &[u8]) {
        let mut named = false;
        while let Some(frame) = Frame::first(rest) {
            let whole = &rest[..frame.wire_len];
            rest = &rest[frame.wire_len..];
            self.ends_huge = frame.len >= HUGE;
            if !named {
                named = true;
                self.name(
                    &frame,
                    &[&[frame.flags & 2], &whole[1..]].concat(),
                    &wire::frame(0, b""),
                );
            } else if !frame.is_command() {
                self.bytes.push(frame.flags & 3);
                self.bytes.extend_from_slice(&whole[1..]);
            }
        }
        self.header(rest, if named { 3 } else { 2 });
    }

    fn of_1_0(&mut self, mut rest: &[u8]) {
        let mut named = false;
        while let Some(frame) = Frame::first_of_1_0(rest).filter(|frame| frame.len != u64::MAX) {
            let mut whole = rest[..frame.wire_len].to_vec();
            rest = &rest[frame.wire_len..];
            self.ends_huge = frame.len >= HUGE;
            let flags = if whole[0] == 0xff { 9 } else { 1 };
            whole[flags] &= u8::from(named);
            if named {
                self.bytes.extend(whole);
            } else {
                named = true;
                self.name(&frame, &whole, &wire::frame_of_1_0(0, b""));
            }
        }
        self.bytes.extend_from_slice(rest);
    }

    /// Adds an incomplete header, reduced to these flags. MORE of a command is removed.
    fn header(&mut self, bytes: &[u8], flags: u8) {
        if let [first, rest @ ..] = bytes {
            let flags = if first & flags & 4 == 0 { flags } else { flags & 6 };
            self.bytes.push(first & flags);
            self.bytes.extend_from_slice(rest);
        }
    }

    /// Adds the identity frame of an older version. If it is too long and complete, adds `none` instead.
    fn name(&mut self, frame: &Frame, bytes: &[u8], none: &[u8]) {
        if frame.len <= 255 {
            self.bytes.extend_from_slice(bytes);
        } else if frame.is_whole() {
            self.long_name = Some(frame.body.clone());
            self.bytes.extend_from_slice(none);
        }
    }

    /// The body of a READY without the properties and bytes that libzmq ignores.
    fn metadata(&mut self, body: &[u8]) -> Vec<u8> {
        let (command, data) = body.split_at(6);
        let (properties, rest) = wire::properties(data);
        let mut bytes = command.to_vec();
        for (name, value) in properties {
            let is = |other: &[u8]| name.eq_ignore_ascii_case(other) && name != other;
            let mut seen = str::from_utf8(name).unwrap_or("X");
            if is(b"Socket-Type") || is(b"Identity") {
                seen = "X";
            } else if seen == "Identity" {
                self.long_name = (value.len() > 255).then(|| value.to_vec());
                if self.long_name.is_some() {
                    seen = "X";
                }
            }
            bytes.extend(wire::property(seen, value));
        }
        // libzmq ignores a last property without a value, or with its size only.
        let name = rest.first().map_or(0, |len| usize::from(*len) + 1);
        if rest.len() < 2 || rest.len() != name && rest.len() != name + 4 {
            bytes.extend_from_slice(rest);
        }
        bytes
    }
}

/// Whether libzmq handles a command as a message.
fn is_subscription(frame: &Frame) -> bool {
    let name = |name: &[u8]| frame.body.starts_with(name);
    frame.is_whole() && frame.is_command() && (name(b"\x09SUBSCRIBE") || name(b"\x06CANCEL"))
}

/// Whether the bytes contain a SUBSCRIBE or CANCEL.
pub(super) fn has_subscriptions(bytes: &[u8]) -> bool {
    let (frames, _) = wire::frames(bytes.get(64..).unwrap_or_default());
    frames.iter().any(is_subscription)
}
