//! Z85: 4 bytes as 5 printable characters (RFC 32).

const ALPHABET: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// The characters of a key.
pub(super) fn encode(key: &[u8; 32]) -> [u8; 40] {
    let mut text = [0; 40];
    let (groups, _) = text.as_chunks_mut::<5>();
    let (words, _) = key.as_chunks();
    for (chars, bytes) in groups.iter_mut().zip(words) {
        let mut word = u32::from_be_bytes(*bytes);
        for char in chars.iter_mut().rev() {
            let digit = usize::try_from(word % 85).unwrap_or_default();
            *char = ALPHABET.get(digit).copied().unwrap_or_default();
            word /= 85;
        }
    }
    text
}

/// The key in 40 characters; `None` for another length, another character, or a group above 32 bits.
pub(super) fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let text: &[u8; 40] = text.try_into().ok()?;
    let mut key = [0; 32];
    let (words, _) = key.as_chunks_mut();
    let (groups, _) = text.as_chunks::<5>();
    for (bytes, chars) in words.iter_mut().zip(groups) {
        let mut word: u32 = 0;
        for char in chars {
            let digit = ALPHABET.iter().position(|one| one == char)?;
            word = word.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        *bytes = word.to_be_bytes();
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_vector_of_rfc_32_is_encoded_and_decoded() {
        let mut key = [0; 32];
        for bytes in key.as_chunks_mut().0 {
            *bytes = [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b];
        }
        let text = b"HelloWorldHelloWorldHelloWorldHelloWorld";
        assert_eq!(&encode(&key), text);
        assert_eq!(decode(text), Some(key));
    }

    #[test]
    fn a_key_of_libzmqs_tests_is_encoded_and_decoded() {
        // The public key of the client in tests/test_security_curve.cpp.
        let text = b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
        let key = decode(text).unwrap();
        assert_eq!(key[..4], [0xbb, 0x88, 0x47, 0x1d]);
        assert_eq!(&encode(&key), text);
    }

    #[test]
    fn other_texts_are_no_keys() {
        let text = encode(&[0xff; 32]);
        assert_eq!(decode(&text), Some([0xff; 32]));
        assert_eq!(decode(&text[..39]), None);
        for char in [b' ', b'"', b'~', b'\\', 0, 0x80] {
            let mut other = text;
            other[7] = char;
            assert_eq!(decode(&other), None);
        }
        // Above 2^32-1.
        let mut other = text;
        other[..5].copy_from_slice(b"#####");
        assert_eq!(decode(&other), None);
    }
}
