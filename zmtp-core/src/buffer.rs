//! Byte loops that cost a microcontroller less flash than the ones of `core`.

/// Whether bytes are those of a name, in which small letters stand for both cases.
///
/// Where there is no operating system byte by byte: linking a `memcmp` costs more flash.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub(crate) fn is_name(bytes: &[u8], name: &[u8]) -> bool {
    bytes.len() == name.len()
        && bytes
            .iter()
            .zip(name)
            .all(|(byte, name)| byte == name || (byte ^ name == 0x20 && name.is_ascii_lowercase()))
}

/// Copies as much as fits and says how much.
///
/// Where there is no operating system byte by byte, in a way that the compiler does not take for
/// a `memcpy`: linking one costs more flash than all that is copied here.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub fn copy(to: &mut [u8], from: &[u8]) -> usize {
    if cfg!(target_os = "none") {
        let mut at: usize = 0;
        while let (Some(slot), Some(byte)) = (to.get_mut(at), from.get(at)) {
            *slot = core::hint::black_box(*byte);
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
