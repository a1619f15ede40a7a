//! Sizes of frames.

/// The length of a body in bytes. Targets with pointers of less than 64 bits store it in 32 bits:
/// a longer frame exceeds every limit there.
#[cfg(target_pointer_width = "64")]
pub(crate) type Size = u64;
#[cfg(not(target_pointer_width = "64"))]
pub(crate) type Size = u32;

#[cfg(target_pointer_width = "64")]
pub(crate) const fn size_to_u64(size: Size) -> u64 {
    size
}

#[cfg(not(target_pointer_width = "64"))]
pub(crate) const fn size_to_u64(size: Size) -> u64 {
    size as u64
}

#[cfg(target_pointer_width = "64")]
pub(super) const fn size(len: u64) -> Size {
    if len > i64::MAX as u64 { i64::MAX as u64 } else { len }
}

#[cfg(not(target_pointer_width = "64"))]
#[expect(clippy::cast_possible_truncation, reason = "checked")]
pub(super) const fn size(len: u64) -> Size {
    if len > Size::MAX as u64 { Size::MAX } else { len as Size }
}

/// A size from its bytes on the wire; `None` if bit 63 is set.
#[cfg(target_pointer_width = "64")]
pub(super) fn parsed_size(bytes: &[u8; 8]) -> Option<Size> {
    let len = u64::from_be_bytes(*bytes);
    (len <= i64::MAX.unsigned_abs()).then_some(len)
}

/// A size from its bytes on the wire; `None` if bit 63 is set. Without numbers of 64 bits, which take more
/// code.
#[cfg(not(target_pointer_width = "64"))]
pub(super) fn parsed_size([a, b, c, d, low @ ..]: &[u8; 8]) -> Option<Size> {
    match a | b | c | d {
        0 => Some(u32::from_be_bytes(*low)),
        _ if *a >= 0x80 => None,
        _ => Some(Size::MAX),
    }
}
