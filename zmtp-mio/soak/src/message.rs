//! Numbered messages, whose size and bytes follow from their number.

/// A message: the socket that sent it, and its number there.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Id {
    pub(crate) origin: u32,
    pub(crate) number: u32,
}

/// The bytes of the two numbers.
pub(crate) const HEADER: usize = 8;

/// The sizes of the messages of a situation, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Sizes {
    /// The size of a message. One of sixteen is large.
    fn of(self, id: Id) -> usize {
        let mixed = (u64::from(id.origin) << 32 | u64::from(id.number))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let range =
            if mixed >> 60 == 0 { self.most - self.least } else { (self.most - self.least) / 16 };
        self.least + (mixed >> 8) as usize % (range + 1)
    }
}

const fn fill(id: Id) -> u8 {
    (id.origin ^ id.number) as u8
}

/// The body of a message.
pub(crate) fn body(id: Id, sizes: Sizes) -> Vec<u8> {
    let mut body = vec![fill(id); sizes.of(id)];
    body[..4].copy_from_slice(&id.origin.to_be_bytes());
    body[4..HEADER].copy_from_slice(&id.number.to_be_bytes());
    body
}

/// Returns the number of a received body, or an error if it is not a whole message that was sent.
pub(crate) fn parse(body: &[u8], sizes: Sizes) -> Result<Id, String> {
    let number =
        |at: usize| body.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let (Some(origin), Some(number)) = (number(0), number(4)) else {
        return Err(format!("a message of {} bytes", body.len()));
    };
    let id = Id { origin, number };
    if body.len() != sizes.of(id) || body[HEADER..].iter().any(|byte| *byte != fill(id)) {
        return Err(format!("{id:?} with {} bytes is not what was sent", body.len()));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_or_length_is_found() {
        let (id, sizes) = (Id { origin: 3, number: 9 }, Sizes { least: 64, most: 9_000 });
        let mut bytes = body(id, sizes);
        assert_eq!(parse(&bytes, sizes), Ok(id));
        bytes[20] ^= 1;
        assert!(parse(&bytes, sizes).is_err());
        bytes[20] ^= 1;
        bytes.pop();
        assert!(parse(&bytes, sizes).is_err());
    }
}
