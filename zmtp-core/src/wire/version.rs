//! Versions of ZMTP.

use super::Framing;

/// A version of ZMTP.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Version {
    /// The major version: 3 for ZMTP 3.1.
    pub major: u8,
    /// The minor version: 1 for ZMTP 3.1, 0 for every version before it.
    pub minor: u8,
}

impl Version {
    /// The version of a peer before its greeting was read.
    pub(crate) const NONE: Self = Self { major: 0, minor: 0 };
    /// ZMTP 3.1 (RFC 37), the version that this crate announces.
    pub const V3_1: Self = Self { major: 3, minor: 1 };
    /// ZMTP 3.0 (RFC 23).
    pub const V3_0: Self = Self { major: 3, minor: 0 };
    /// ZMTP 2.0 (RFC 15).
    pub const V2_0: Self = Self { major: 2, minor: 0 };
    /// ZMTP 1.0 (RFC 13).
    pub const V1_0: Self = Self { major: 1, minor: 0 };

    /// The version that is used on a connection to a peer that announces `self`: 1.0, 2.0 or 3.0 if
    /// the peer announces that version, 3.1 if it announces a higher one.
    #[must_use]
    pub const fn negotiated(self) -> Self {
        match self {
            Self { major: 1, .. } => Self::V1_0,
            Self { major: 2, .. } => Self::V2_0,
            Self { major: 3, minor: 0 } => Self::V3_0,
            _ => Self::V3_1,
        }
    }

    /// The encoding of frame headers in this version.
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
        // Each version as one number: the derived comparison is three times the code size.
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

/// The first bytes of a peer belong to a version of ZMTP that is not accepted, or to another protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum UnsupportedVersion {
    /// The first bytes are not a signature of ZMTP. This is the case for ZMTP 1.0, HTTP, TLS and
    /// SSH. The value is the first wrong byte: byte 0 if it is not `ff`, otherwise byte 9, whose
    /// bit 0 is not set.
    NoSignature(u8),
    /// The signature is correct, but the version is not accepted. The value is the major version in
    /// the greeting: 0 for ZMTP 1.0, 1 for 2.0, 3 for 3.0.
    Major(u8),
}

impl core::fmt::Display for UnsupportedVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSignature(byte) => {
                write!(f, "no ZMTP signature (byte {byte:#04x}): ZMTP 1.0 or another protocol")
            }
            Self::Major(1) => f.write_str("peer uses ZMTP 2.0, which is not accepted"),
            Self::Major(3) => f.write_str("peer uses ZMTP 3.0, which is not accepted"),
            Self::Major(_) => f.write_str("peer uses ZMTP 1.0, which is not accepted"),
        }
    }
}
