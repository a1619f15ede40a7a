//! Finds the starts of sessions in the bytes of the device.
//!
//! A serial line has no connections. The greeting shows that firmware starts again, after a reset or an
//! error; its first ten bytes are the signature (RFC 37 § Formal Grammar). A message may contain the same
//! bytes. During a session they therefore count only after a time without bytes.

use core::time::Duration;
use std::time::Instant;

/// Bytes of the signature: 0xFF, padding, 0x7F.
const LEN: usize = 10;

/// Passes on the bytes of the device, and finds greetings in them.
#[derive(Debug)]
pub(crate) struct Watch {
    silence: Duration,
    last: Option<Instant>,
    /// A signature may begin with the next byte.
    at_start: bool,
    /// The first bytes of a possible signature, which are not passed on yet.
    held: Vec<u8>,
}

impl Watch {
    pub(crate) const fn new(silence: Duration) -> Self {
        Self { silence, last: None, at_start: true, held: Vec::new() }
    }

    /// Takes bytes of the device and appends those to pass on to `out`. Returns `true` if a greeting began: `out`
    /// then contains only the bytes from the greeting on.
    ///
    /// With `anywhere`, for use without a session, a greeting may begin at any byte, and other bytes are dropped.
    pub(crate) fn feed(
        &mut self,
        now: Instant,
        bytes: &[u8],
        anywhere: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        if self.last.is_none_or(|last| now.duration_since(last) >= self.silence) {
            self.pass(anywhere, out);
            self.at_start = true;
        }
        self.last = Some(now);
        let mut anywhere = anywhere;
        let mut found = false;
        for byte in bytes {
            if !self.held.is_empty() && !fits(self.held.len(), *byte) {
                self.pass(anywhere, out);
            }
            if !self.held.is_empty() || (*byte == 0xFF && (anywhere || self.at_start)) {
                self.held.push(*byte);
            } else if !anywhere {
                out.push(*byte);
            }
            self.at_start = false;
            if self.held.len() == LEN {
                out.clear();
                out.append(&mut self.held);
                found = true;
                anywhere = false;
            }
        }
        found
    }

    /// The time to call [`Watch::release`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.held.is_empty() { None } else { self.last.map(|last| last + self.silence) }
    }

    /// Passes on held bytes if the rest of a signature has not arrived in time.
    pub(crate) fn release(&mut self, now: Instant, anywhere: bool, out: &mut Vec<u8>) {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            self.pass(anywhere, out);
        }
    }

    fn pass(&mut self, drop: bool, out: &mut Vec<u8>) {
        if drop {
            self.held.clear();
        } else {
            out.append(&mut self.held);
        }
    }
}

/// Whether a signature may have this byte at this offset. The padding is zero. The last padding byte of libzmq,
/// which is a length for peers of ZMTP 1.0, is 1.
const fn fits(at: usize, byte: u8) -> bool {
    match at {
        0 => byte == 0xFF,
        8 => byte <= 1,
        9 => byte == 0x7F,
        _ => byte == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_millis(50);
    const SIGNATURE: [u8; LEN] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F];

    struct Test(Watch, Instant, Vec<u8>);

    impl Test {
        fn new() -> Self {
            Self(Watch::new(SILENCE), Instant::now(), Vec::new())
        }

        fn feed(&mut self, bytes: &[u8], anywhere: bool) -> bool {
            self.0.feed(self.1, bytes, anywhere, &mut self.2)
        }
    }

    #[test]
    fn noise_before_the_greeting_is_thrown_away() {
        for noise in [&b""[..], b"boot\r\n", &[0xFF], &[0xFF, 0, 0, 0xFF], &[0xFF, 0xFF, 0]] {
            for split in 0..noise.len() + LEN {
                let mut test = Test::new();
                let bytes = [noise, &SIGNATURE, b"rest"].concat();
                let first = test.feed(&bytes[..split], true);
                assert!(!first);
                assert!(test.feed(&bytes[split..], true), "{noise:?} {split}");
                assert_eq!(test.2, [&SIGNATURE[..], b"rest"].concat(), "{noise:?} {split}");
            }
        }
    }

    #[test]
    fn a_signature_inside_a_message_is_passed_on() {
        let mut test = Test::new();
        let bytes = [b"x", &SIGNATURE[..], b"y"].concat();
        assert!(!test.feed(&bytes, false));
        assert_eq!(test.2, bytes);
    }

    #[test]
    fn after_silence_it_is_a_new_session() {
        let mut test = Test::new();
        assert!(!test.feed(b"half a mess", false));
        test.1 += SILENCE;
        assert!(!test.feed(&SIGNATURE[..4], false));
        assert!(test.feed(&SIGNATURE[4..], false));
        assert_eq!(test.2, SIGNATURE);
    }

    #[test]
    fn what_only_looks_like_one_is_held_no_longer_than_the_silence() {
        let mut test = Test::new();
        assert!(!test.feed(&SIGNATURE[..9], false));
        assert!(test.2.is_empty());
        assert_eq!(test.0.deadline(), Some(test.1 + SILENCE));
        test.0.release(test.1, false, &mut test.2);
        assert!(test.2.is_empty());
        test.0.release(test.1 + SILENCE, false, &mut test.2);
        assert_eq!(test.2, SIGNATURE[..9]);
        assert_eq!(test.0.deadline(), None);

        assert!(!test.feed(&[7, 0xFF, 2], false));
        assert_eq!(test.2[9..], [7, 0xFF, 2]);
    }
}
