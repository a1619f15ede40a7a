//! Messages that arrive whole, within the process, judged frame by frame as if from the wire.

use zmtp_core::pattern::{PeerId, Verdict};
use zmtp_core::wire::{FrameHeader, FrameKind};

use super::pattern::{AnyPattern, Pattern};
use super::queue::{Envelope, Lead, Letter};
use crate::message::Message;
use crate::monitor::Monitor;

/// Asks the pattern what each frame of a letter means. `None` if it rejects it.
///
/// A letter whose frames mean to its receiver what they meant to its sender, envelope and body, is
/// handed on as it is; another one is put together anew.
pub(super) fn judge(
    pattern: &mut AnyPattern,
    monitor: &mut Monitor,
    peer: PeerId,
    mut letter: Letter,
) -> Option<Letter> {
    if matches!(letter.envelope, Envelope::Address) {
        letter.message.remove_front(1);
        letter.envelope = Envelope::None;
    }
    let head = letter.envelope.frame_count();
    let mut anew = pattern.prefix(peer).map(|prefix| Letter::from(Message::from(prefix)));
    let mut rejected = false;
    let mut at = 0;
    while let Some((Lead::Frame(more), body)) = letter.frame(at) {
        let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64);
        let mut verdict = pattern.accept(peer, header);
        if verdict == Verdict::RequestId {
            verdict = pattern.check_request_id(peer, body.try_into().unwrap_or_default());
        }
        let as_meant = match verdict {
            Verdict::Envelope | Verdict::RequestId => at < head,
            Verdict::Deliver | Verdict::Subject => at >= head,
            Verdict::Reject(reason) => {
                monitor.rejected(reason);
                rejected = true;
                true
            }
            Verdict::Skip | Verdict::Subscription(_) => true,
        };
        if !as_meant && anew.is_none() {
            anew = Some(first(&letter, at, head));
        }
        if let Some(anew) = &mut anew {
            add(anew, verdict == Verdict::Deliver, header, body);
        }
        at += 1;
    }
    (!rejected).then(|| anew.unwrap_or(letter))
}

/// The first `n` frames of a letter, of which `head` are its envelope.
fn first(letter: &Letter, n: usize, head: usize) -> Letter {
    let mut copy = Letter::default();
    for at in 0..n {
        if let Some((Lead::Frame(more), body)) = letter.frame(at) {
            let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64);
            add(&mut copy, at >= head, header, body);
        }
    }
    copy
}

fn add(letter: &mut Letter, to_message: bool, header: FrameHeader, body: &[u8]) {
    if to_message {
        letter.message.push(body);
    } else {
        letter.envelope.begin(header);
        letter.envelope.append(body);
    }
}
