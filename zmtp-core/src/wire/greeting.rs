//! The greeting: 64 bytes that open a connection (RFC 37 § Formal Grammar).

use super::{Framing, RoutingId};

/// Bytes of the signature, all that may be sent before anything of the peer was read.
pub(crate) const SIGNATURE_LEN: usize = 10;
/// Where the major version stands.
pub(crate) const VERSION_MAJOR_AT: usize = 10;
/// Where the type of the socket stands in ZMTP 2.0, the minor version in later ones.
pub(crate) const SOCKET_TYPE_AT: usize = 11;
const MECHANISM_AT: usize = 12;
const MECHANISM_LEN: usize = 20;
const AS_SERVER_AT: usize = MECHANISM_AT + MECHANISM_LEN;

/// A version of ZMTP.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Version {
    /// 3 for the current protocol.
    pub major: u8,
    /// 1 for the current protocol, 0 for RFC 23 and all before it.
    pub minor: u8,
}

impl Version {
    /// Before it was said.
    pub(crate) const NONE: Self = Self { major: 0, minor: 0 };
    /// ZMTP 3.1 (RFC 37), what we announce.
    pub const V3_1: Self = Self { major: 3, minor: 1 };
    /// ZMTP 3.0 (RFC 23).
    pub const V3_0: Self = Self { major: 3, minor: 0 };
    /// ZMTP 2.0 (RFC 15).
    pub const V2_0: Self = Self { major: 2, minor: 0 };
    /// ZMTP 1.0 (RFC 13).
    pub const V1_0: Self = Self { major: 1, minor: 0 };

    /// The version spoken with a peer of version `self`: its own up to 3.0, else 3.1.
    #[must_use]
    pub const fn spoken(self) -> Self {
        match self {
            Self { major: 1, .. } => Self::V1_0,
            Self { major: 2, .. } => Self::V2_0,
            Self { major: 3, minor: 0 } => Self::V3_0,
            _ => Self::V3_1,
        }
    }

    /// How a peer of version `self` frames messages.
    #[must_use]
    pub const fn framing(self) -> Framing {
        match self.major {
            1 => Framing::V1,
            2 => Framing::V2,
            _ => Framing::V3,
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        // As one number each: byte by byte it is three times the code.
        let number = |version: &Self| u16::from_be_bytes([version.major, version.minor]);
        number(self).cmp(&number(other))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl core::fmt::Display for Version {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The name of a security mechanism: 20 bytes, padded with NUL.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct MechanismName([u8; MECHANISM_LEN]);

impl MechanismName {
    /// No security (RFC 37 § The NULL Security Mechanism).
    pub const NULL: Self = Self::new(b"NULL");
    /// User name and password in clear text (RFC 24).
    pub const PLAIN: Self = Self::new(b"PLAIN");
    /// Curve25519 (RFC 25).
    pub const CURVE: Self = Self::new(b"CURVE");

    /// A name of up to 20 bytes; what exceeds them is cut.
    pub const fn new(name: &[u8]) -> Self {
        let mut bytes = [0; MECHANISM_LEN];
        let (mut rest, mut place): (&[u8], &mut [u8]) = (name, &mut bytes);
        while let ([first, others @ ..], [slot, slots @ ..]) = (rest, place) {
            *slot = *first;
            rest = others;
            place = slots;
        }
        Self(bytes)
    }

    /// All 20 bytes as they stand on the wire.
    pub const fn bytes(&self) -> &[u8; MECHANISM_LEN] {
        &self.0
    }

    /// The bytes before the first NUL.
    pub fn name(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

impl core::fmt::Display for MechanismName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.name().escape_ascii())
    }
}

impl core::fmt::Debug for MechanismName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for MechanismName {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=[u8]:a}", self.name());
    }
}

/// An opening of a version that is not spoken here, or of no ZMTP at all.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OldPeer {
    /// No signature. ZMTP 1.0 opens like that, and so do HTTP, TLS and SSH; this is the byte that
    /// shows it: the first if it is not `ff`, else the tenth, whose bit 0 is clear.
    Unversioned(u8),
    /// The major version byte: 0 (ZMTP 1.0 framing), 1 (ZMTP 2.0), or 3 if 3.0 is not enough.
    Version(u8),
}

impl core::fmt::Display for OldPeer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unversioned(byte) => {
                write!(f, "no ZMTP signature (byte {byte:#04x}): ZMTP 1.0 or another protocol")
            }
            Self::Version(1) => f.write_str("peer speaks ZMTP 2.0"),
            Self::Version(3) => f.write_str("peer speaks ZMTP 3.0"),
            Self::Version(_) => f.write_str("peer speaks ZMTP 1.0"),
        }
    }
}

/// What a peer says of itself before anything else.
///
/// ```
/// use zmtp_core::wire::{Greeting, MechanismName, Version};
///
/// let greeting = Greeting { version: Version::V3_1, mechanism: MechanismName::NULL, as_server: false };
/// let bytes = greeting.emit(0);
/// assert_eq!(bytes.len(), Greeting::LEN);
/// assert_eq!(Greeting::parse(&bytes), Ok(Some(greeting)));
/// assert_eq!(Greeting::parse(&bytes[..40]), Ok(None));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Greeting {
    /// The version the peer announces, as sent: 4.9 stays 4.9, and 2.x, which nobody speaks, 2.x.
    pub version: Version,
    /// The mechanism the peer wants.
    pub mechanism: MechanismName,
    /// Whether the peer takes the server's role in PLAIN or CURVE. libzmq always sends 0.
    pub as_server: bool,
}

impl Greeting {
    /// Bytes of a greeting.
    pub const LEN: usize = 64;

    /// Reads the greeting at the front of `input`; `None` asks for more bytes.
    ///
    /// Padding, filler and unknown as-server values are ignored, as RFC 37 asks.
    ///
    /// # Errors
    ///
    /// [`OldPeer`] as soon as the byte that shows it is there.
    pub fn parse(input: &[u8]) -> Result<Option<Self>, OldPeer> {
        let mut version = Version::NONE;
        GreetingReader::new().push(input, &[0; Self::LEN], &mut version, &mut [])?;
        let Some(bytes) = input.first_chunk::<{ Self::LEN }>() else { return Ok(None) };
        let name = bytes.get(MECHANISM_AT..AS_SERVER_AT).unwrap_or_default();
        let as_server = bytes.get(AS_SERVER_AT) == Some(&1);
        Ok(Some(Self { version, mechanism: MechanismName::new(name), as_server }))
    }

    /// The 64 bytes. `routing_id_len` goes into the signature's padding, where a ZMTP 1.0 peer
    /// reads it as the size of a routing id.
    pub fn emit(&self, routing_id_len: u8) -> [u8; Self::LEN] {
        let mut bytes = Self::plain(self.version, &self.mechanism);
        for (at, byte) in Self::fields(self.as_server, routing_id_len) {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        bytes
    }

    /// The bytes of a greeting, but for those that [`Greeting::fields`] says.
    pub(crate) const fn plain(version: Version, mechanism: &MechanismName) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let [first, _, _, _, _, _, _, _, _, last, major, minor, rest @ ..] = &mut bytes;
        (*first, *last) = (0xff, 0x7f);
        (*major, *minor) = (version.major, version.minor);
        let (mut name, mut place): (&[u8], &mut [u8]) = (mechanism.bytes(), rest);
        while let ([byte, others @ ..], [slot, slots @ ..]) = (name, place) {
            *slot = *byte;
            name = others;
            place = slots;
        }
        bytes
    }

    /// What is known only when a program runs: places in a greeting and their bytes.
    #[inline(always)]
    pub(crate) fn fields(as_server: bool, routing_id_len: u8) -> [(usize, u8); 3] {
        // A ZMTP 1.0 length in the signature: that of the routing id and a flags byte.
        let longest = RoutingId::MAX_LEN == 255 && routing_id_len == u8::MAX;
        [(7, longest.into()), (8, routing_id_len.wrapping_add(1)), (AS_SERVER_AT, as_server.into())]
    }
}

/// A greeting as it arrives, judged byte by byte, so that nothing has to be kept for it. Its
/// mechanism goes elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GreetingReader {
    at: u8,
    /// It names another mechanism than was expected.
    other: bool,
}

impl GreetingReader {
    pub(crate) const fn new() -> Self {
        Self { at: 0, other: false }
    }

    /// Bytes read so far.
    pub(crate) const fn position(&self) -> usize {
        self.at as usize
    }

    /// Takes bytes from the front of `input` up to the greeting's end and says how many. Those of
    /// the version go to `version`, and those of the mechanism to `name`, as far as there is room;
    /// they are compared with our greeting's.
    pub(crate) fn push(
        &mut self,
        input: &[u8],
        ours: &[u8; Greeting::LEN],
        version: &mut Version,
        name: &mut [u8],
    ) -> Result<usize, OldPeer> {
        let mut taken: usize = 0;
        while let (at @ ..Greeting::LEN, Some(&byte)) = (self.position(), input.get(taken)) {
            match at {
                0 if byte != 0xff => return Err(OldPeer::Unversioned(byte)),
                // Any odd byte passes, as with libzmq: bit 0 tells a ZMTP 1.0 length apart.
                9 if byte & 1 == 0 => return Err(OldPeer::Unversioned(byte)),
                VERSION_MAJOR_AT if byte < 2 => return Err(OldPeer::Version(byte)),
                VERSION_MAJOR_AT => version.major = byte,
                SOCKET_TYPE_AT => version.minor = byte,
                MECHANISM_AT..AS_SERVER_AT => {
                    if ours.get(at) != Some(&byte) {
                        self.other = true;
                    }
                    if let Some(slot) = name.get_mut(at.wrapping_sub(MECHANISM_AT)) {
                        *slot = byte;
                    }
                }
                _ => {}
            }
            self.at = self.at.wrapping_add(1);
            taken = taken.wrapping_add(1);
        }
        Ok(taken)
    }

    /// Whether all 20 bytes of the mechanism are there and it is another.
    pub(crate) const fn is_of_another(&self) -> bool {
        self.other && self.position() >= AS_SERVER_AT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_of_other_protocols_are_refused_at_their_first_byte() {
        for opening in [b"GET / HTTP/1.1".as_slice(), b"\x16\x03\x01", b"SSH-2.0"] {
            let first = opening[0];
            assert_eq!(Greeting::parse(opening), Err(OldPeer::Unversioned(first)));
        }
    }

    #[test]
    fn an_even_tenth_byte_is_unversioned_and_any_odd_one_passes() {
        let mut bytes =
            Greeting { version: Version::V3_1, mechanism: MechanismName::NULL, as_server: false }
                .emit(0);
        bytes[9] = 0x01;
        assert!(Greeting::parse(&bytes).is_ok_and(|greeting| greeting.is_some()));
        bytes[9] = 0x7e;
        assert_eq!(Greeting::parse(&bytes[..10]), Err(OldPeer::Unversioned(0x7e)));
    }

    #[test]
    fn versions_0_and_1_are_old_and_2_is_not() {
        let head = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f];
        for (major, expected) in
            [(0, Err(OldPeer::Version(0))), (1, Err(OldPeer::Version(1))), (2, Ok(None))]
        {
            let mut bytes = head.to_vec();
            bytes.push(major);
            assert_eq!(Greeting::parse(&bytes), expected);
        }
        assert_eq!(Version { major: 4, minor: 9 }.spoken(), Version::V3_1);
        for version in [Version::V3_1, Version::V3_0, Version::V2_0, Version::V1_0] {
            assert_eq!(version.spoken(), version);
        }
    }
}
