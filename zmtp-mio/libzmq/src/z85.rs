//! Z85: 4 bytes as 5 printable characters (RFC 32), for texts of any length.

const ALPHABET: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// Returns the characters of these bytes; `None` if their number is not a multiple of 4.
pub(crate) fn encode(bytes: &[u8]) -> Option<Vec<u8>> {
    let (words, []) = bytes.as_chunks::<4>() else { return None };
    let mut text = Vec::with_capacity(words.len() * 5);
    for word in words {
        let word = u32::from_be_bytes(*word);
        text.extend((0..5).rev().map(|n| ALPHABET[(word / 85_u32.pow(n) % 85) as usize]));
    }
    Some(text)
}

/// Returns the bytes of these characters; `None` if their number is not a multiple of 5, one of them is not of Z85, or
/// five of them are a number of more than 32 bits.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (groups, []) = text.as_chunks::<5>() else { return None };
    let mut bytes = Vec::with_capacity(groups.len() * 4);
    for group in groups {
        let mut word: u32 = 0;
        for char in group {
            let digit = ALPHABET.iter().position(|each| each == char)?;
            word = word.checked_mul(85)?.checked_add(digit as u32)?;
        }
        bytes.extend(word.to_be_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_vector_of_rfc_32_is_encoded_and_decoded() {
        let bytes = [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b];
        assert_eq!(encode(&bytes).unwrap(), b"HelloWorld");
        assert_eq!(decode(b"HelloWorld").unwrap(), bytes);
    }

    #[test]
    fn what_is_not_z85_is_refused() {
        assert_eq!(encode(&[0; 5]), None);
        assert_eq!(decode(b"%nSc0"), Some(vec![0xff; 4]));
        for text in [&b"1234"[..], b"%nSc1", b"#####", b"0000\"", b"0000\x7f"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
