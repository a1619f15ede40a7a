//! The greeting: 64 bytes that open a connection (RFC 37 § Formal Grammar).

use super::{RoutingId, Size, UnsupportedVersion, Version};

/// Bytes of the signature. No more may be sent before bytes of the peer were read.
pub(crate) const SIGNATURE_LEN: usize = 10;
/// Offset of the major version.
pub(crate) const VERSION_MAJOR_AT: usize = 10;
/// Offset of the socket type in ZMTP 2.0 and of the minor version in later versions.
pub(crate) const SOCKET_TYPE_AT: usize = 11;
const MECHANISM_AT: usize = 12;
const MECHANISM_LEN: usize = 20;
const AS_SERVER_AT: usize = MECHANISM_AT + MECHANISM_LEN;

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

    /// Creates a name of up to 20 bytes. Bytes after the 20th are ignored.
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

    /// All 20 bytes, as on the wire.
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

/// The first 64 bytes that each end sends: its version, mechanism and role.
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
    /// The version in the greeting. It can be an unknown one, such as 4.9 or 2.1.
    pub version: Version,
    /// The mechanism of the peer.
    pub mechanism: MechanismName,
    /// Whether the sender has the role of the server in PLAIN or CURVE. libzmq always sends
    /// `false`.
    pub as_server: bool,
}

impl Greeting {
    /// The length of a greeting in bytes.
    pub const LEN: usize = 64;

    /// Parses the greeting at the front of `input`. Returns `None` if it is incomplete.
    ///
    /// Padding, filler and unknown as-server values are ignored, as RFC 37 requires.
    ///
    /// # Errors
    ///
    /// [`UnsupportedVersion`] as soon as `input` contains a wrong byte of the signature or a major
    /// version below 2.
    pub fn parse(input: &[u8]) -> Result<Option<Self>, UnsupportedVersion> {
        let mut version = Version::NONE;
        GreetingReader::new().push(input, &[0; Self::LEN], &mut version, &mut [], &mut 0)?;
        let Some(bytes) = input.first_chunk::<{ Self::LEN }>() else { return Ok(None) };
        let as_server = Self::names_server(bytes, 0);
        Ok(Some(Self { version, mechanism: Self::mechanism_of(bytes), as_server }))
    }

    /// The 64 bytes of this greeting. `routing_id_len` is the length of our routing id in bytes. It
    /// is written to the padding of the signature: a ZMTP 1.0 peer parses the signature as the
    /// header of a frame that contains the routing id.
    pub fn emit(&self, routing_id_len: u8) -> [u8; Self::LEN] {
        let mut bytes = Self::template(self.version, &self.mechanism);
        for (at, byte) in Self::fields(self.as_server, routing_id_len) {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        bytes
    }

    /// The bytes of a greeting, except those that [`Greeting::fields`] returns.
    pub(crate) const fn template(version: Version, mechanism: &MechanismName) -> [u8; Self::LEN] {
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

    /// The mechanism in a greeting.
    pub(crate) fn mechanism_of(bytes: &[u8; Self::LEN]) -> MechanismName {
        MechanismName::new(bytes.get(MECHANISM_AT..AS_SERVER_AT).unwrap_or_default())
    }

    /// Whether the as-server bit is set, in bytes of a greeting that start at this position.
    pub(crate) fn names_server(bytes: &[u8], position: usize) -> bool {
        AS_SERVER_AT.checked_sub(position).and_then(|at| bytes.get(at)) == Some(&1)
    }

    /// The bytes of a greeting that are known at run time only, each with its offset.
    #[inline(always)]
    pub(crate) fn fields(as_server: bool, routing_id_len: u8) -> [(usize, u8); 3] {
        // The signature holds a ZMTP 1.0 length: that of a flags byte and the routing id.
        let longest = RoutingId::MAX_LEN == 255 && routing_id_len == u8::MAX;
        [(7, longest.into()), (8, routing_id_len.wrapping_add(1)), (AS_SERVER_AT, as_server.into())]
    }
}

/// Parses a greeting byte by byte as it arrives, so that no buffer has to hold it. The mechanism
/// name is stored by the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GreetingReader {
    at: u8,
    /// Whether a byte of the mechanism name differs from ours.
    is_other: bool,
}

impl GreetingReader {
    pub(crate) const fn new() -> Self {
        Self { at: 0, is_other: false }
    }

    /// Bytes read so far.
    pub(crate) const fn position(&self) -> usize {
        self.at as usize
    }

    /// Reads bytes from the front of `input` up to the end of the greeting, and returns their
    /// number. The version is written to `version`, the mechanism name to `name`, and those of its bytes
    /// that do not fit to `rest`, in big-endian order. The mechanism name is compared with that in `ours`, our greeting.
    pub(crate) fn push(
        &mut self,
        input: &[u8],
        ours: &[u8; Greeting::LEN],
        version: &mut Version,
        name: &mut [u8],
        rest: &mut Size,
    ) -> Result<usize, UnsupportedVersion> {
        let mut taken: usize = 0;
        while let (at @ ..Greeting::LEN, Some(&byte)) = (self.position(), input.get(taken)) {
            match at {
                0 if byte != 0xff => return Err(UnsupportedVersion::NoSignature(byte)),
                // libzmq accepts any odd byte: bit 0 is clear in a ZMTP 1.0 flags byte.
                9 if byte & 1 == 0 => return Err(UnsupportedVersion::NoSignature(byte)),
                VERSION_MAJOR_AT if byte < 2 => return Err(UnsupportedVersion::Major(byte)),
                VERSION_MAJOR_AT => version.major = byte,
                SOCKET_TYPE_AT => version.minor = byte,
                MECHANISM_AT..AS_SERVER_AT => {
                    if ours.get(at) != Some(&byte) {
                        self.is_other = true;
                    }
                    match name.get_mut(at.wrapping_sub(MECHANISM_AT)) {
                        Some(slot) => *slot = byte,
                        None => *rest = *rest << 8 | Size::from(byte),
                    }
                }
                _ => {}
            }
            self.at = self.at.wrapping_add(1);
            taken = taken.wrapping_add(1);
        }
        Ok(taken)
    }

    /// Whether the mechanism name is complete and differs from ours.
    pub(crate) const fn is_other_mechanism(&self) -> bool {
        self.is_other && self.position() >= AS_SERVER_AT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_refused_at_their_first_byte() {
        for input in [b"GET / HTTP/1.1".as_slice(), b"\x16\x03\x01", b"SSH-2.0"] {
            let first = input[0];
            assert_eq!(Greeting::parse(input), Err(UnsupportedVersion::NoSignature(first)));
        }
    }

    #[test]
    fn byte_9_is_refused_if_even_and_accepted_if_odd() {
        let mut bytes =
            Greeting { version: Version::V3_1, mechanism: MechanismName::NULL, as_server: false }
                .emit(0);
        bytes[9] = 0x01;
        assert!(Greeting::parse(&bytes).is_ok_and(|greeting| greeting.is_some()));
        bytes[9] = 0x7e;
        assert_eq!(Greeting::parse(&bytes[..10]), Err(UnsupportedVersion::NoSignature(0x7e)));
    }

    #[test]
    fn major_versions_0_and_1_are_refused_and_2_is_accepted() {
        let head = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f];
        for (major, expected) in [
            (0, Err(UnsupportedVersion::Major(0))),
            (1, Err(UnsupportedVersion::Major(1))),
            (2, Ok(None)),
        ] {
            let mut bytes = head.to_vec();
            bytes.push(major);
            assert_eq!(Greeting::parse(&bytes), expected);
        }
        assert_eq!(Version { major: 4, minor: 9 }.negotiated(), Version::V3_1);
        for version in [Version::V3_1, Version::V3_0, Version::V2_0, Version::V1_0] {
            assert_eq!(version.negotiated(), version);
        }
    }
}
