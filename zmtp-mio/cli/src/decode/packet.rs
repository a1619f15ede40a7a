//! Finds the TCP segment or the UDP datagram in a packet, for the link types of captures with ZMTP.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A segment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) number: u32,
    pub(super) syn: bool,
    pub(super) payload: &'a [u8],
    /// Bytes of the payload that were not captured.
    pub(super) missing: usize,
}

/// A datagram.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct UdpPacket<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) payload: &'a [u8],
    /// Bytes of the payload that were not captured.
    pub(super) missing: usize,
}

/// A fragment of an IP packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fragment<'a> {
    pub(super) id: Id,
    /// Where its bytes begin in the content of the packet.
    pub(super) offset: usize,
    /// Whether others follow.
    pub(super) more: bool,
    pub(super) payload: &'a [u8],
    /// Bytes of the payload that were not captured.
    pub(super) missing: usize,
}

/// What the fragments of one packet have in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Id {
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    number: u32,
}

impl Fragment<'_> {
    /// Parses the content of its packet.
    pub(crate) fn parse_whole<'a>(&self, data: &'a [u8]) -> Packet<'a> {
        let Id { from, to, protocol, .. } = self.id;
        transport(protocol, data, data.len(), from, to).unwrap_or(Packet::Other)
    }
}

impl Packet<'_> {
    /// The number of bytes of the content that were not captured.
    pub(crate) const fn missing(&self) -> usize {
        match self {
            Self::Fragment(fragment) => fragment.missing,
            Self::Other => 0,
            Self::Tcp(segment) => segment.missing,
            Self::Udp(packet) => packet.missing,
        }
    }
}

/// The content of a packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Packet<'a> {
    Tcp(Segment<'a>),
    Udp(UdpPacket<'a>),
    Fragment(Fragment<'a>),
    Other,
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const VLAN: [u16; 2] = [0x8100, 0x88a8];
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Whether packets of this link type can be read.
pub(super) const fn is_known(link: i32) -> bool {
    matches!(link, 0 | 1 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276)
}

/// Parses a packet. An incomplete packet, and one without TCP and UDP, is [`Packet::Other`].
pub(crate) fn parse(link: i32, data: &[u8]) -> Packet<'_> {
    let ip = match link {
        // BSD loopback: the address family precedes the packet, in either byte order.
        0 | 108 => data.get(4..),
        1 => ethernet(data),
        12 | 14 | 101 | 228 | 229 => Some(data),
        113 => typed(data, 14, 16),
        276 => typed(data, 0, 20),
        _ => None,
    };
    match ip.and_then(|ip| Some((ip.first()? >> 4, ip))) {
        Some((4, ip)) => ipv4(ip),
        Some((6, ip)) => ipv6(ip),
        _ => None,
    }
    .unwrap_or(Packet::Other)
}

fn number(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// The bytes after a header with an `EtherType`, if it is that of IP.
fn typed(data: &[u8], at: usize, end: usize) -> Option<&[u8]> {
    [IPV4, IPV6].contains(&number(data, at)?).then(|| data.get(end..))?
}

fn ethernet(data: &[u8]) -> Option<&[u8]> {
    let mut at = 12;
    while VLAN.contains(&number(data, at)?) {
        at += 4;
    }
    typed(data, at, at + 2)
}

fn ipv4(ip: &[u8]) -> Option<Packet<'_>> {
    let head = usize::from(ip.first()? & 0x0f) * 4;
    let total = usize::from(number(ip, 2)?);
    let address = |at: usize| {
        let bytes: [u8; 4] = *ip.get(at..)?.first_chunk()?;
        Some(IpAddr::V4(Ipv4Addr::from(bytes)))
    };
    let protocol = *ip.get(9)?;
    if ![TCP, UDP].contains(&protocol) || head < 20 {
        return None;
    }
    // With offloading, the length is 0 in a packet that is captured before it is segmented.
    let len = if total == 0 { ip.len() } else { total }.checked_sub(head)?;
    let (data, from, to) = (ip.get(head..)?, address(12)?, address(16)?);
    // More fragments, or an offset.
    let place = number(ip, 6)? & 0x3fff;
    if place != 0 {
        let id = Id { from, to, protocol, number: number(ip, 4)?.into() };
        let offset = usize::from(place & 0x1fff) * 8;
        return Some(fragment(id, offset, place & 0x2000 != 0, data, len));
    }
    transport(protocol, data, len, from, to)
}

fn fragment(id: Id, offset: usize, more: bool, data: &[u8], len: usize) -> Packet<'_> {
    let payload = &data[..len.min(data.len())];
    Packet::Fragment(Fragment { id, offset, more, payload, missing: len - payload.len() })
}

fn ipv6(ip: &[u8]) -> Option<Packet<'_>> {
    const FRAGMENT: u8 = 44;
    let total = usize::from(number(ip, 4)?);
    let address = |at: usize| {
        let bytes: [u8; 16] = *ip.get(at..)?.first_chunk()?;
        Some(IpAddr::V6(Ipv6Addr::from(bytes)))
    };
    let rest = ip.get(40..)?;
    let len = if total == 0 { rest.len() } else { total };
    let (from, to) = (address(8)?, address(24)?);
    match *ip.get(6)? {
        protocol @ (TCP | UDP) => transport(protocol, rest, len, from, to),
        FRAGMENT => {
            let (head, data) = rest.split_first_chunk::<8>()?;
            let [protocol, _, high, low, number @ ..] = *head;
            if ![TCP, UDP].contains(&protocol) {
                return None;
            }
            let id = Id { from, to, protocol, number: u32::from_be_bytes(number) };
            let place = u16::from_be_bytes([high, low]);
            let offset = usize::from(place & !7);
            Some(fragment(id, offset, place & 1 != 0, data, len.checked_sub(8)?))
        }
        _ => None,
    }
}

/// `len` is the number of sent bytes. The bytes after them are padding of the link.
fn transport(
    protocol: u8,
    data: &[u8],
    len: usize,
    from: IpAddr,
    to: IpAddr,
) -> Option<Packet<'_>> {
    if protocol == UDP { udp(data, len, from, to) } else { tcp(data, len, from, to) }
}

fn udp(data: &[u8], len: usize, from: IpAddr, to: IpAddr) -> Option<Packet<'_>> {
    const HEAD: usize = 8;
    let stated = usize::from(number(data, 4)?);
    // The length is 0 in a packet that is captured before it is segmented.
    let len = if stated == 0 { len } else { stated.min(len) }.checked_sub(HEAD)?;
    let there = data.get(HEAD..)?;
    let payload = &there[..len.min(there.len())];
    Some(Packet::Udp(UdpPacket {
        from: SocketAddr::new(from, number(data, 0)?),
        to: SocketAddr::new(to, number(data, 2)?),
        payload,
        missing: len - payload.len(),
    }))
}

fn tcp(data: &[u8], len: usize, from: IpAddr, to: IpAddr) -> Option<Packet<'_>> {
    let head = usize::from(data.get(12)? >> 4) * 4;
    let flags = *data.get(13)?;
    let there = data.get(..len.min(data.len()))?;
    let payload = there.get(head..)?;
    Some(Packet::Tcp(Segment {
        from: SocketAddr::new(from, number(data, 0)?),
        to: SocketAddr::new(to, number(data, 2)?),
        number: data.get(4..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))?,
        syn: flags & 2 != 0,
        payload,
        missing: len.saturating_sub(there.len()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(payload: &[u8]) -> Vec<u8> {
        let mut tcp =
            vec![0x15, 0xb3, 0x9c, 0x41, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
        tcp.extend(payload);
        tcp
    }

    fn datagram(payload: &[u8]) -> Vec<u8> {
        let mut udp = vec![0x15, 0xb3, 0x9c, 0x41, 0, 8 + payload.len() as u8, 0, 0];
        udp.extend(payload);
        udp
    }

    fn v4_with(protocol: u8, content: &[u8]) -> Vec<u8> {
        let total = 20 + content.len() as u8;
        let mut ip =
            vec![0x45, 0, 0, total, 0, 0, 0x40, 0, 64, protocol, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2];
        ip.extend(content);
        ip
    }

    fn v6_with(protocol: u8, content: &[u8]) -> Vec<u8> {
        let mut ip = vec![0x60, 0, 0, 0, 0, content.len() as u8, protocol, 64];
        ip.extend(Ipv6Addr::LOCALHOST.octets());
        ip.extend(Ipv6Addr::LOCALHOST.octets());
        ip.extend(content);
        ip
    }

    fn v4(payload: &[u8]) -> Vec<u8> {
        v4_with(TCP, &segment(payload))
    }

    fn v6(payload: &[u8]) -> Vec<u8> {
        v6_with(TCP, &segment(payload))
    }

    #[test]
    fn segments_are_found_under_each_link() {
        let ip = v4(b"hello");
        let links: [(i32, Vec<u8>); 7] = [
            (0, [&[2, 0, 0, 0][..], &ip].concat()),
            (1, [&[0; 12][..], &[8, 0], &ip].concat()),
            (1, [&[0; 12][..], &[0x81, 0, 0, 5, 8, 0], &ip].concat()),
            (101, ip.clone()),
            (113, [&[0; 14][..], &[8, 0], &ip].concat()),
            (276, [&[8, 0][..], &[0; 18], &ip].concat()),
            (1, [&[0; 12][..], &[0x86, 0xdd], &v6(b"hello")].concat()),
        ];
        for (link, data) in links {
            let Packet::Tcp(found) = parse(link, &data) else { panic!("{link}") };
            assert_eq!((found.payload, found.missing), (&b"hello"[..], 0), "{link}");
            assert_eq!((found.from.port(), found.to.port(), found.number), (5_555, 40_001, 9));
            // However it is cut, nothing breaks.
            for end in 0..data.len() {
                let _ = parse(link, &data[..end]);
            }
        }
    }

    #[test]
    fn padding_is_no_payload_and_what_is_missing_is_counted() {
        let mut ip = v4(b"hi");
        ip.extend([0; 4]);
        let Packet::Tcp(found) = parse(101, &ip) else { panic!() };
        assert_eq!((found.payload, found.missing), (&b"hi"[..], 0));
        let ip = v4(b"hello");
        let Packet::Tcp(found) = parse(101, &ip[..42]) else { panic!() };
        assert_eq!((found.payload, found.missing), (&b"he"[..], 3));
    }

    #[test]
    fn datagrams_are_found_in_both_versions_of_ip() {
        let content = datagram(b"hello");
        for mut ip in [v4_with(UDP, &content), v6_with(UDP, &content)] {
            for end in 0..ip.len() {
                match parse(101, &ip[..end]) {
                    Packet::Udp(cut) => assert_eq!(cut.missing, ip.len() - end),
                    other => assert_eq!(other, Packet::Other),
                }
            }
            // Padding.
            ip.extend([0; 4]);
            let Packet::Udp(found) = parse(101, &ip) else { panic!() };
            assert_eq!((found.payload, found.missing), (&b"hello"[..], 0));
            assert_eq!((found.from.port(), found.to.port()), (5_555, 40_001));
        }
        let ip = v4_with(UDP, &datagram(b""));
        let Packet::Udp(empty) = parse(101, &ip) else { panic!() };
        assert_eq!((empty.payload, empty.missing), (&b""[..], 0));
        // A length that does not include its own header.
        let mut short = datagram(b"hello");
        short[5] = 7;
        assert_eq!(parse(101, &v4_with(UDP, &short)), Packet::Other);
    }

    #[test]
    fn others_are_left_alone() {
        let mut icmp = v4(b"");
        icmp[9] = 1;
        assert_eq!(parse(101, &icmp), Packet::Other);
        let mut piece = v4(b"");
        piece[6..8].copy_from_slice(&[0x20, 3]);
        let Packet::Fragment(found) = parse(101, &piece) else { panic!() };
        assert_eq!((found.offset, found.more, found.payload.len()), (24, true, 20));
        assert_eq!(parse(101, b""), Packet::Other);
        assert_eq!(parse(147, &v4(b"")), Packet::Other);
    }
}
