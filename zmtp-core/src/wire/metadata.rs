//! Metadata: the properties of a READY (RFC 37 § Connection Metadata).

use nom::IResult;
use nom::Parser;

use super::{Malformed, Writer, bytes, fixed, short};

/// A property: a name and a value, both borrowed from the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Property<'a> {
    /// The name as the peer sent it, 0 to 255 bytes. Names are case-insensitive: compare them with
    /// [`Property::is`]. A name may be empty or contain any bytes, as in libzmq.
    pub name: &'a [u8],
    /// The value: arbitrary bytes.
    pub value: &'a [u8],
}

impl<'a> Property<'a> {
    /// The name of the property that holds the socket type of the sender.
    pub const SOCKET_TYPE: &'static str = "Socket-Type";
    /// The name of the property that holds the routing id of the sender. A ROUTER uses it.
    pub const IDENTITY: &'static str = "Identity";

    /// Whether the property is called `name`, ignoring case (RFC 37 § Connection Metadata).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Appends a property to the body of a command. A name longer than 255 bytes is cut.
    pub fn emit(name: &str, value: &[u8], out: &mut Writer<'_>) {
        out.put(&[u8::try_from(name.len()).unwrap_or(u8::MAX)]);
        out.put(name.as_bytes().get(..usize::from(u8::MAX)).unwrap_or(name.as_bytes()));
        out.put(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.put(value);
    }

    fn parse(input: &'a [u8]) -> IResult<&'a [u8], Self, ()> {
        // property = name value; name = OCTET 1*255name-char; value = 4OCTET *OCTET
        (short.flat_map(bytes), fixed.map(u32::from_be_bytes).flat_map(bytes))
            .map(|(name, value)| Self { name, value })
            .parse(input)
    }
}

/// A list of well-formed properties. A peer older than ZMTP 3.0 sends an identity frame instead; the
/// list then contains it as the property Identity.
///
/// ```
/// use zmtp_core::wire::Metadata;
///
/// let metadata = Metadata::new(b"\x0bSocket-Type\0\0\0\x03REP").unwrap();
/// assert_eq!(metadata.get("socket-type"), Some(&b"REP"[..]));
/// assert_eq!(metadata.iter().count(), 1);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Metadata<'a> {
    bytes: &'a [u8],
    /// The identity frame of a peer that sends no properties.
    identity: Option<&'a [u8]>,
}

impl<'a> Metadata<'a> {
    /// Borrows encoded properties and checks that each is complete.
    ///
    /// # Errors
    ///
    /// [`Malformed::Metadata`] if the last property is incomplete.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut properties = Encoded(bytes);
        while properties.next().is_some() {}
        if properties.0.is_empty() { Ok(Self::checked(bytes)) } else { Err(Malformed::Metadata) }
    }

    /// Wraps encoded properties that were checked before.
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        Self { bytes, identity: None }
    }

    /// The metadata of a ZMTP 2.0 or 1.0 peer: its identity frame.
    pub(crate) const fn of_identity(id: &'a [u8]) -> Self {
        Self { bytes: &[], identity: Some(id) }
    }

    /// The properties in the order in which they were sent, including duplicates.
    pub const fn iter(&self) -> Properties<'a> {
        Properties { identity: self.identity, encoded: Encoded(self.bytes) }
    }

    /// The value of the property called `name`, ignoring case. If several properties have the name,
    /// this is the value of the last one, as in libzmq for `Identity`.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter().filter(|property| property.is(name)).last().map(|property| property.value)
    }

    /// The encoded properties. Empty if the peer is older than ZMTP 3.0 and sent an identity frame
    /// instead.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> IntoIterator for Metadata<'a> {
    type Item = Property<'a>;
    type IntoIter = Properties<'a>;

    fn into_iter(self) -> Properties<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Metadata<'a> {
    type Item = Property<'a>;
    type IntoIter = Properties<'a>;

    fn into_iter(self) -> Properties<'a> {
        self.iter()
    }
}

/// Iterator over the properties of [`Metadata`].
#[derive(Clone, Debug)]
pub struct Properties<'a> {
    identity: Option<&'a [u8]>,
    encoded: Encoded<'a>,
}

/// Iterator over encoded properties only, for firmware, which accepts no peers older than 3.0.
#[derive(Clone, Debug)]
pub(crate) struct Encoded<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Properties<'a> {
    type Item = Property<'a>;

    fn next(&mut self) -> Option<Property<'a>> {
        if let Some(value) = self.identity.take() {
            return Some(Property { name: Property::IDENTITY.as_bytes(), value });
        }
        self.encoded.next()
    }
}

impl<'a> Iterator for Encoded<'a> {
    type Item = Property<'a>;

    fn next(&mut self) -> Option<Property<'a>> {
        let (rest, property) = Property::parse(self.0).ok()?;
        self.0 = rest;
        Some(property)
    }
}

/// The routing id that a socket announces (`ZMQ_ROUTING_ID`), up to [`RoutingId::MAX_LEN`] bytes. A
/// ROUTER addresses the socket by this id. If it is empty, the ROUTER assigns one.
#[derive(Clone, Copy)]
pub struct RoutingId {
    /// The length in one byte, then the bytes of the id.
    length_prefixed: [u8; Self::MAX_LEN + 1],
}

impl RoutingId {
    /// The length of the longest id in bytes: 39, or 255 with the feature `long-routing-ids`. Each
    /// [`Config`] has room for the longest id, which takes flash in firmware. This limit concerns our
    /// own id only: the ids of peers may always have up to 255 bytes.
    ///
    /// [`Config`]: crate::Config
    pub const MAX_LEN: usize = if cfg!(feature = "long-routing-ids") { 255 } else { 39 };

    /// No routing id.
    pub const EMPTY: Self = Self { length_prefixed: [0; Self::MAX_LEN + 1] };

    /// Creates a routing id. Returns `None` if `id` is longer than [`RoutingId::MAX_LEN`] bytes. Ids
    /// that start with a byte of 0 are reserved for ROUTERs, but accepted here, as in libzmq.
    pub const fn new(id: &[u8]) -> Option<Self> {
        if id.len() > Self::MAX_LEN {
            return None;
        }
        let mut made = Self::EMPTY;
        let [len, bytes @ ..] = &mut made.length_prefixed;
        let (mut rest, mut place): (&[u8], &mut [u8]) = (id, bytes);
        while let ([first, others @ ..], [slot, slots @ ..]) = (rest, place) {
            *slot = *first;
            rest = others;
            place = slots;
            *len = len.wrapping_add(1);
        }
        Some(made)
    }

    /// The bytes of the id.
    pub fn bytes(&self) -> &[u8] {
        self.length_prefixed().split_first().map_or(&[], |(_, bytes)| bytes)
    }

    /// The id, preceded by one byte with its length.
    pub(crate) fn length_prefixed(&self) -> &[u8] {
        self.length_prefixed.get(..=usize::from(self.len())).unwrap_or(&self.length_prefixed)
    }

    /// The length in bytes.
    pub const fn len(&self) -> u8 {
        let [len, ..] = self.length_prefixed;
        len
    }

    /// Whether the id is empty.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Eq for RoutingId {}

impl PartialEq for RoutingId {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl core::fmt::Debug for RoutingId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emitted_properties_parse_to_themselves() {
        let mut out = [0; 64];
        let mut writer = Writer::new(&mut out);
        Property::emit("Socket-Type", b"REQ", &mut writer);
        Property::emit("Identity", b"", &mut writer);
        let metadata = Metadata::new(writer.written()).unwrap();
        let names: Vec<_> = metadata.iter().map(|property| property.name).collect();
        assert_eq!(names, [&b"Socket-Type"[..], b"Identity"]);
        assert_eq!(metadata.get("Identity"), Some(&b""[..]));
        assert_eq!(metadata.get("Resource"), None);
    }

    #[test]
    fn incomplete_properties_are_malformed() {
        let whole = b"\x0bSocket-Type\0\0\0\x03REP";
        assert!(Metadata::new(b"").is_ok());
        for cut in 1..whole.len() {
            assert_eq!(Metadata::new(&whole[..cut]), Err(Malformed::Metadata));
        }
        assert_eq!(Metadata::new(b"\x01x\xff\xff\xff\xffabc"), Err(Malformed::Metadata));
        assert_eq!(Metadata::new(b"\x01x\0\0\0\0\x07"), Err(Malformed::Metadata));
    }

    #[test]
    fn the_last_of_several_properties_is_used_and_case_is_ignored() {
        let metadata = Metadata::new(b"\x01a\0\0\0\x01x\x01A\0\0\0\x01y").unwrap();
        assert_eq!(metadata.get("a"), Some(&b"y"[..]));
    }

    #[test]
    fn a_routing_id_has_at_most_255_bytes_or_39_without_the_feature() {
        const LONGEST: usize = if cfg!(feature = "long-routing-ids") { 255 } else { 39 };
        assert_eq!(RoutingId::new(&[7; LONGEST]).unwrap().bytes(), [7; LONGEST]);
        assert!(RoutingId::new(&[7; LONGEST + 1]).is_none());
        assert!(RoutingId::new(b"").unwrap().is_empty());
    }
}
