//! Streams that end at any byte.

use super::scene::{Victim, error_of};
use zmtp_core::{Error, Timeout};
use zmtp_tests::driver::LogEntry;

#[test]
fn a_handshake_that_is_cut_at_any_byte_ends_by_its_timeout_and_reports_nothing_else() {
    for victim in Victim::ALL {
        let pieces = victim.pieces();
        let honest = victim.log(pieces.iter().map(|piece| &piece.bytes[..]));
        let whole = |at: usize| pieces[..at].iter().map(|piece| &piece.bytes[..]);
        for (at, piece) in pieces.iter().enumerate() {
            for len in 0..piece.bytes.len() {
                let mut log = victim.log(whole(at).chain([&piece.bytes[..len]]));
                let case = format!("{victim:?}, {len} bytes of {}", piece.name);
                let is_ready = log.iter().any(|entry| matches!(entry, LogEntry::Ready(_)));
                if !is_ready {
                    let late = Error::TimedOut(Timeout::Handshake);
                    assert_eq!(error_of(&log), Some(late), "{case}");
                    log.pop();
                }
                assert!(honest.starts_with(&log), "{case}: {log:?}");
                assert!(log.len() < honest.len(), "{case}: {log:?}");
            }
        }
    }
}
