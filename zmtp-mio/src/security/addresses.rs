//! Clients by their addresses.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use zmtp_core::mechanism::Status;

use super::{Authenticator, ConnectingClient, Reply};

/// An [`Authenticator`] that refuses clients by their addresses, and asks another one about the others.
///
/// ```
/// use zmtp_mio::{Addresses, Passwords, Rep};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let passwords = Passwords::new().allow("admin", "secret");
/// let addresses = Addresses::then(passwords).allow("127.0.0.0/8".parse()?);
/// let rep = Rep::builder().plain_server(addresses).bind("tcp://127.0.0.1:*")?;
/// # Ok(())
/// # }
/// ```
///
/// A refused client gets [`Status::Denied`]. IPC clients have no address: they are refused if there is a network that is
/// allowed.
#[derive(Clone, Debug)]
pub struct Addresses<A> {
    allowed: Vec<AddressRange>,
    denied: Vec<AddressRange>,
    then: A,
}

impl<A: Authenticator> Addresses<A> {
    /// Asks `then` about the clients that are not refused, which is every client so far.
    pub const fn then(then: A) -> Self {
        Self { allowed: Vec::new(), denied: Vec::new(), then }
    }

    /// Refuses clients outside of these addresses and all others that are allowed.
    #[must_use]
    pub fn allow(mut self, range: AddressRange) -> Self {
        self.allowed.push(range);
        self
    }

    /// Refuses clients with these addresses, also if they are allowed.
    #[must_use]
    pub fn deny(mut self, range: AddressRange) -> Self {
        self.denied.push(range);
        self
    }

    fn lets_through(&self, address: Option<IpAddr>) -> bool {
        let contains =
            |range: &AddressRange| address.is_some_and(|address| range.contains(address));
        !self.denied.iter().any(contains)
            && (self.allowed.is_empty() || self.allowed.iter().any(contains))
    }
}

impl<A: Authenticator> Authenticator for Addresses<A> {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        match self.lets_through(client.address.map(|address| address.ip())) {
            true => self.then.authenticate(client, reply),
            false => reply.refuse(Status::Denied),
        }
    }
}

/// An address, or the addresses with the same first bits: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
///
/// An IPv4 address that is mapped to IPv6 counts as the IPv4 address, here and where it is compared:
/// `::ffff:192.0.2.0/120` is `192.0.2.0/24`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u32,
}

impl AddressRange {
    /// Whether an address is one of these.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, width: u32| {
            // A shift by the whole width is none of its bits.
            (one ^ other).checked_shr(width - self.bits).unwrap_or(0) == 0
        };
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                same(one.to_bits().into(), other.to_bits().into(), 32)
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

impl From<IpAddr> for AddressRange {
    fn from(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self { first, bits: if first.is_ipv4() { 32 } else { 128 } }
    }
}

/// The bits before an IPv4 address that is mapped to IPv6.
const MAPPED_BITS: u32 = 96;

/// The text is not an address, with or without a number of bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct NotAnAddressRange;

impl fmt::Display for NotAnAddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an address such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32")
    }
}

impl core::error::Error for NotAnAddressRange {}

impl FromStr for AddressRange {
    type Err = NotAnAddressRange;

    fn from_str(text: &str) -> Result<Self, NotAnAddressRange> {
        let (address, bits) = text.split_once('/').unzip();
        let address = address.unwrap_or(text).parse::<IpAddr>().map_err(|_| NotAnAddressRange)?;
        let Some(bits) = bits else { return Ok(address.into()) };
        let bits = bits.parse::<u32>().map_err(|_| NotAnAddressRange)?;
        if bits > if address.is_ipv4() { 32 } else { 128 } {
            return Err(NotAnAddressRange);
        }
        let mapped = address.is_ipv6() && address.to_canonical().is_ipv4();
        Ok(match bits.checked_sub(MAPPED_BITS) {
            Some(bits) if mapped => Self { first: address.to_canonical(), bits },
            _ => Self { first: address, bits },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::User;

    #[test]
    fn a_range_contains_the_addresses_with_its_first_bits() {
        for (range, inside, outside) in [
            ("192.0.2.1", "192.0.2.1", "192.0.2.0"),
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.77/24", "::ffff:192.0.2.1", "::ffff:192.0.1.1"),
            ("::ffff:192.0.2.0/120", "192.0.2.255", "192.0.3.0"),
            ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.0"),
            ("0.0.0.0/0", "203.0.113.5", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "::1", "127.0.0.1"),
            ("::1", "::1", "::2"),
        ] {
            let parsed: AddressRange = range.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{range}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{range}");
        }
        for text in ["", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/-1", "host/8"] {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn denied_addresses_are_refused_and_others_only_if_some_are_allowed() {
        let anyone = |_: &ConnectingClient<'_>| Ok(User::default());
        let range = |text: &str| text.parse::<AddressRange>().unwrap();
        let denying = Addresses::then(anyone).deny(range("10.0.0.0/8"));
        let both = denying.clone().allow(range("10.0.0.1")).allow(range("192.0.2.0/24"));
        for (address, by_denying, by_both) in [
            (Some("10.0.0.1"), false, false),
            (Some("192.0.2.9"), true, true),
            (Some("198.51.100.1"), true, false),
            (None, true, false),
        ] {
            let address = address.map(|text| text.parse().unwrap());
            assert_eq!(denying.lets_through(address), by_denying, "{address:?}");
            assert_eq!(both.lets_through(address), by_both, "{address:?}");
        }
    }
}
