//! Messages as frames of ZMTP 3 in the clear.
//!
//! These bytes go to a peer of ZMTP 2.0 or later unchanged, unless its connection seals its frames
//! (`Connection::forwards_unchanged`).

use zmtp_core::wire::{FrameHeader, FrameKind, More};

use super::queued::Outgoing;

/// Appends a frame. Returns its length in bytes.
#[inline]
pub(crate) fn append_frame(out: &mut Vec<u8>, more: More, body: &[u8]) -> usize {
    let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64).emit();
    let header = header.as_ref();
    out.reserve(header.len() + body.len());
    match *header {
        // A copy of known length needs no call.
        [flags, len] => out.extend_from_slice(&[flags, len]),
        _ => out.extend_from_slice(header),
    }
    out.extend_from_slice(body);
    header.len() + body.len()
}

/// Appends the header of a frame whose body has `len` bytes. Returns the length of the header.
#[inline]
pub(crate) fn append_header(out: &mut Vec<u8>, more: More, len: usize) -> usize {
    let header = FrameHeader::new(FrameKind::Message(more), len as u64).emit();
    out.extend_from_slice(header.as_ref());
    header.as_ref().len()
}

/// Appends the frames of a message.
pub(crate) fn append_message(out: &mut Vec<u8>, outgoing: &Outgoing<'_>) {
    if let Some(body) = outgoing.only_frame() {
        append_frame(out, More::Last, body);
        return;
    }
    let mut index = 0;
    while let Some((lead, body)) = outgoing.frame(index) {
        let more = if lead.is_final() { More::Last } else { More::Follows };
        append_frame(out, more, body);
        index += 1;
    }
}
