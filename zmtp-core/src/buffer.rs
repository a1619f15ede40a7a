//! Byte loops that need less flash on a microcontroller than those of `core`.

/// Whether bytes equal a name, in which lower-case letters match both cases.
///
/// Without an operating system this compares byte by byte: linking a `memcmp` needs more flash.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub(crate) fn is_name(bytes: &[u8], name: &[u8]) -> bool {
    bytes.len() == name.len()
        && bytes
            .iter()
            .zip(name)
            .all(|(byte, name)| byte == name || (byte ^ name == 0x20 && name.is_ascii_lowercase()))
}

/// Copies as many bytes as fit and returns their number.
///
/// Without an operating system this copies byte by byte, in a way that the compiler does not replace with
/// `memcpy`: linking one needs more flash.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) -> usize {
    if cfg!(target_os = "none") {
        let mut at: usize = 0;
        while let (Some(slot), Some(byte)) = (to.get_mut(at), from.get(at)) {
            *slot = *byte;
            // Between two bytes. A black box of the byte itself also stores it on the stack.
            core::hint::black_box(());
            at = at.wrapping_add(1);
        }
        return at;
    }
    let n = to.len().min(from.len());
    if let (Some(to), Some(from)) = (to.get_mut(..n), from.get(..n)) {
        to.copy_from_slice(from);
    }
    n
}
