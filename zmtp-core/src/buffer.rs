//! A window on received octets.

/// Received octets, taken from the front by [`Connection::decode`](crate::Connection::decode).
///
/// When decoding asks for more, the caller keeps what [`Input::consumed`] leaves and appends what
/// arrives next.
#[derive(Debug)]
pub struct Input<'i> {
    rest: &'i mut [u8],
    consumed: usize,
}

impl<'i> Input<'i> {
    /// A window on all of `octets`. Mutable because CURVE will open its boxes in place.
    pub const fn new(octets: &'i mut [u8]) -> Self {
        Self { rest: octets, consumed: 0 }
    }

    /// Octets taken so far: the caller may discard this many.
    pub const fn consumed(&self) -> usize {
        self.consumed
    }

    /// What is left.
    pub const fn rest(&self) -> &[u8] {
        self.rest
    }

    /// Takes up to `n` octets from the front.
    pub fn take(&mut self, n: usize) -> &'i mut [u8] {
        let rest = core::mem::take(&mut self.rest);
        let n = n.min(rest.len());
        // `n` is at most the length, so the split always succeeds.
        let (taken, rest) = rest.split_at_mut_checked(n).unwrap_or_default();
        self.rest = rest;
        self.consumed = self.consumed.wrapping_add(n);
        taken
    }
}

/// Whether octets are those of a name, in which small letters stand for both cases.
///
/// Where there is no operating system octet by octet: linking a `memcmp` costs more flash.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub(crate) fn is_name(octets: &[u8], name: &[u8]) -> bool {
    octets.len() == name.len()
        && octets.iter().zip(name).all(|(octet, name)| {
            octet == name || (octet ^ name == 0x20 && name.is_ascii_lowercase())
        })
}

/// Copies as much as fits and says how much.
///
/// Where there is no operating system octet by octet, in a way that the compiler does not take for
/// a `memcpy`: linking one costs more flash than all that is copied here.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub fn copy(to: &mut [u8], from: &[u8]) -> usize {
    if cfg!(target_os = "none") {
        let mut at: usize = 0;
        while let (Some(slot), Some(octet)) = (to.get_mut(at), from.get(at)) {
            *slot = core::hint::black_box(*octet);
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
