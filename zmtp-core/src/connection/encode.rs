//! Encoding of frames, in the clear or sealed.

use crate::mechanism::{Exhausted, Mechanism};
use crate::wire::{BufferTooSmall, FrameHeader, FrameKind, Framing, More, Writer};

/// Why a frame cannot be sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// The connection has failed: [`Connection::error`](super::Connection::error) returns the reason.
    Failed,
    /// The buffer is too small by this number of bytes. No frame was encoded; the buffer may have changed.
    BufferTooSmall(usize),
    /// The handshake is not complete: the peer's READY has not arrived, or
    /// [`Connection::poll_transmit`](super::Connection::poll_transmit) has not written ours.
    NotReady,
    /// The frames of this connection are sealed. A frame can be sealed only with its whole body.
    Sealed,
}

impl core::fmt::Display for SendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Failed => f.write_str("connection failed"),
            Self::BufferTooSmall(missing) => BufferTooSmall { missing: *missing }.fmt(f),
            Self::NotReady => f.write_str("handshake is not complete"),
            Self::Sealed => f.write_str("frames of this connection can only be sealed whole"),
        }
    }
}

impl core::error::Error for SendError {}

/// Why a frame was not encoded.
pub(super) enum EncodeError {
    Exhausted,
    BufferTooSmall(usize),
}

impl From<Exhausted> for EncodeError {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

/// The header of a sealed frame. libzmq sends every sealed frame as a message frame.
const BOX: FrameKind = FrameKind::Message(More::Last);

/// The number of bytes that a mechanism adds before a body; 0 if frames are sent in the clear.
#[inline(always)]
pub(super) fn overhead<M: Mechanism>(mechanism: &M) -> usize {
    if M::SEALS { mechanism.overhead() } else { 0 }
}

/// The length of a frame with a body of `len` bytes.
pub(super) fn frame_len<M: Mechanism>(mechanism: &M, framing: Framing, len: usize) -> usize {
    let len = len.saturating_add(overhead(mechanism));
    let header = FrameHeader::new(BOX, len as u64);
    let header_len = match framing {
        Framing::V1 if M::OLDER_PEERS => framing.emit(header).as_ref().len(),
        _ => header.header_len(),
    };
    header_len.saturating_add(len)
}

/// Writes a frame to the front of `out`. Its body is the concatenation of `front` and `body`. Returns the
/// length of the frame. If it does not fit, nothing is sealed.
pub(super) fn encode<M: Mechanism>(
    mechanism: &mut M,
    framing: Framing,
    kind: FrameKind,
    [front, body]: [&[u8]; 2],
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    let len = front.len().saturating_add(body.len());
    let overhead = overhead(mechanism);
    let mut writer = Writer::new(out);
    let outer = if overhead > 0 { BOX } else { kind };
    let header = FrameHeader::new(outer, len.saturating_add(overhead) as u64);
    if M::OLDER_PEERS {
        writer.put(framing.emit(header).as_ref());
    } else {
        header.put(&mut writer);
    }
    let start = writer.len();
    if M::SEALS {
        writer.skip(overhead);
    }
    // Known to be empty where messages are encoded.
    if !front.is_empty() {
        writer.put(front);
    }
    writer.put(body);
    let end = writer.finish().map_err(|full| EncodeError::BufferTooSmall(full.missing))?;
    if overhead > 0 {
        mechanism.seal(kind, out.get_mut(start..end).unwrap_or_default())?;
    }
    Ok(end)
}

/// Writes a frame in the clear to the front of `out`. Returns its length.
pub(super) fn encode_clear(
    framing: Framing,
    kind: FrameKind,
    [front, body]: [&[u8]; 2],
    out: &mut [u8],
) -> Result<usize, BufferTooSmall> {
    let mut writer = Writer::new(out);
    let len = front.len().saturating_add(body.len());
    writer.put(framing.emit(FrameHeader::new(kind, len as u64)).as_ref());
    writer.put(front);
    writer.put(body);
    writer.finish()
}

/// Seals a frame whose body is not behind its head. `head` has the length of the header and of the overhead.
pub(super) fn seal_split<M: Mechanism>(
    mechanism: &mut M,
    framing: Framing,
    kind: FrameKind,
    head: &mut [u8],
    body: &mut [u8],
) -> Result<(), EncodeError> {
    let overhead = overhead(mechanism);
    let header = framing.emit(FrameHeader::new(BOX, body.len().saturating_add(overhead) as u64));
    let Some((front, head)) = head.split_at_mut_checked(header.as_ref().len()) else {
        return Err(EncodeError::BufferTooSmall(header.as_ref().len().wrapping_sub(head.len())));
    };
    mechanism.seal_split(kind, head, body)?;
    crate::buffer::copy(front, header.as_ref());
    Ok(())
}

/// Makes a frame in place from a body at the end of `buffer`, after at least as many bytes as its header and
/// the mechanism need. Returns where the frame begins.
pub(super) fn finish<M: Mechanism>(
    mechanism: &mut M,
    framing: Framing,
    kind: FrameKind,
    headroom: usize,
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    let Some(len) = buffer.len().checked_sub(headroom) else {
        return Err(EncodeError::BufferTooSmall(headroom.wrapping_sub(buffer.len())));
    };
    let overhead = overhead(mechanism);
    let outer = if overhead > 0 { BOX } else { kind };
    let header = framing.emit(FrameHeader::new(outer, len.saturating_add(overhead) as u64));
    // The headroom has room for the longest header and the overhead.
    let at = headroom.saturating_sub(overhead);
    if overhead > 0 {
        mechanism.seal(kind, buffer.get_mut(at..).unwrap_or_default())?;
    }
    let start = at.saturating_sub(header.as_ref().len());
    crate::buffer::copy(buffer.get_mut(start..).unwrap_or_default(), header.as_ref());
    Ok(start)
}
