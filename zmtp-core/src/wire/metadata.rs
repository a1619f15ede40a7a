//! Metadata: the properties of a READY (RFC 37 § Connection Metadata).

use nom::IResult;
use nom::Parser;

use super::{Malformed, Writer, bytes, fixed, short};

/// A property: name and value, both borrowed from the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Property<'a> {
    /// The name as sent, 0 to 255 bytes. Case does not matter ([`Property::is`]); libzmq accepts
    /// empty names and any bytes, and so do we.
    pub name: &'a [u8],
    /// The value, binary.
    pub value: &'a [u8],
}

impl<'a> Property<'a> {
    /// The socket type of the sender.
    pub const SOCKET_TYPE: &'static str = "Socket-Type";
    /// The routing id of the sender, for ROUTER.
    pub const IDENTITY: &'static str = "Identity";

    /// Whether this is the property `name`, in any case (RFC 37: names are case-insensitive).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Appends a property to a command's body.
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

/// A list of properties, checked whole when it was made. That of a peer older than ZMTP 3.0 holds
/// its identity frame as the property Identity.
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
    /// Wraps encoded properties after checking that each is whole.
    ///
    /// # Errors
    ///
    /// [`Malformed::Metadata`] if one is cut short or a stray byte follows the last.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut properties = Encoded(bytes);
        while properties.next().is_some() {}
        if properties.0.is_empty() { Ok(Self::checked(bytes)) } else { Err(Malformed::Metadata) }
    }

    /// Wraps encoded properties that were checked before.
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        Self { bytes, identity: None }
    }

    /// What a peer of ZMTP 2.0 or 1.0 says of itself: nothing but an Identity, in a frame.
    pub(crate) const fn of_identity(id: &'a [u8]) -> Self {
        Self { bytes: &[], identity: Some(id) }
    }

    /// The properties in the order they were sent, duplicates included.
    pub const fn iter(&self) -> Properties<'a> {
        Properties { identity: self.identity, encoded: Encoded(self.bytes) }
    }

    /// The value of the last property called `name`, in any case: of several the last counts, as
    /// with libzmq's `Identity`.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter().filter(|property| property.is(name)).last().map(|property| property.value)
    }

    /// The encoded properties; nothing if the peer is older than ZMTP 3.0 and sent an identity
    /// frame in their place.
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

/// Iterator over encoded properties, as firmware needs it, which lets no older peers in.
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

/// A routing id of one's own: up to [`RoutingId::MAX_LEN`] bytes that a ROUTER knows us by
/// (`ZMQ_ROUTING_ID`). Empty lets the ROUTER make one up.
#[derive(Clone, Copy)]
pub struct RoutingId {
    /// How many bytes, then these.
    sized: [u8; Self::MAX_LEN + 1],
}

impl RoutingId {
    /// Bytes of the longest: 255, without an operating system 39, because each [`Config`] has room
    /// for them in flash. Those of peers have up to 255 everywhere.
    ///
    /// [`Config`]: crate::Config
    pub const MAX_LEN: usize = if cfg!(target_os = "none") { 39 } else { 255 };

    /// No routing id of one's own.
    pub const EMPTY: Self = Self { sized: [0; Self::MAX_LEN + 1] };

    /// A routing id of up to [`RoutingId::MAX_LEN`] bytes; `None` if there are more. A first byte
    /// of 0 is for ids that ROUTERs make up, but libzmq lets it pass and so do we.
    pub const fn new(id: &[u8]) -> Option<Self> {
        if id.len() > Self::MAX_LEN {
            return None;
        }
        let mut made = Self::EMPTY;
        let [len, bytes @ ..] = &mut made.sized;
        let (mut rest, mut place): (&[u8], &mut [u8]) = (id, bytes);
        while let ([first, others @ ..], [slot, slots @ ..]) = (rest, place) {
            *slot = *first;
            rest = others;
            place = slots;
            *len = len.wrapping_add(1);
        }
        Some(made)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.sized().split_first().map_or(&[], |(_, bytes)| bytes)
    }

    /// The bytes behind one that says how many they are.
    pub(crate) fn sized(&self) -> &[u8] {
        self.sized.get(..=usize::from(self.len())).unwrap_or(&self.sized)
    }

    /// How many bytes, as they stand in the greeting's padding.
    pub const fn len(&self) -> u8 {
        let [len, ..] = self.sized;
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
    fn whatever_is_cut_short_is_malformed() {
        let whole = b"\x0bSocket-Type\0\0\0\x03REP";
        assert!(Metadata::new(b"").is_ok());
        for cut in 1..whole.len() {
            assert_eq!(Metadata::new(&whole[..cut]), Err(Malformed::Metadata));
        }
        assert_eq!(Metadata::new(b"\x01x\xff\xff\xff\xffabc"), Err(Malformed::Metadata));
        assert_eq!(Metadata::new(b"\x01x\0\0\0\0\x07"), Err(Malformed::Metadata));
    }

    #[test]
    fn the_last_of_several_counts_and_case_does_not() {
        let metadata = Metadata::new(b"\x01a\0\0\0\x01x\x01A\0\0\0\x01y").unwrap();
        assert_eq!(metadata.get("a"), Some(&b"y"[..]));
    }

    #[test]
    fn a_routing_id_has_at_most_255_bytes() {
        assert_eq!(RoutingId::new(&[7; 255]).unwrap().bytes(), [7; 255]);
        assert!(RoutingId::new(&[7; 256]).is_none());
        assert!(RoutingId::new(b"").unwrap().is_empty());
    }
}
