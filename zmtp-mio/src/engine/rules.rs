//! Applies the rules of the pattern to each frame of a message from this process, as for frames from the wire.

use zmtp_core::pattern::{Pattern, PeerId, Verdict};
use zmtp_core::wire::{FrameHeader, FrameKind, More};

use super::pattern::AnyPattern;
use super::queue::{Envelope, Lead, QueuedMessage};
use crate::message::Message;
use crate::monitor::Monitor;

/// Passes each frame of a message to the pattern. Returns `false` if the pattern rejects it.
///
/// If the receiver has the same envelope as the sender, the message is unchanged. Otherwise it is built again.
pub(super) fn apply_rules(
    pattern: &mut AnyPattern,
    monitor: &mut Monitor,
    peer: PeerId,
    message: &mut QueuedMessage,
) -> bool {
    if matches!(message.envelope, Envelope::Address) {
        message.message.remove_front(1);
        message.envelope = Envelope::None;
    }
    // Most messages are one frame that is delivered.
    let mut first_verdict = None;
    if let (Envelope::None, Some(body)) = (&message.envelope, message.message.bytes())
        && pattern.routing_id(peer).is_none()
    {
        let header = FrameHeader::new(FrameKind::Message(More::Last), body.len() as u64);
        let verdict = pattern.accept(peer, header, true);
        if verdict == Verdict::Deliver {
            return true;
        }
        first_verdict = Some(verdict);
    }
    let head = message.envelope.frame_count();
    let mut rebuilt =
        pattern.routing_id(peer).map(|prefix| QueuedMessage::from(Message::from(prefix)));
    let mut rejected = false;
    let mut at = 0;
    while let Some((Lead::Frame(more), body)) = message.frame(at) {
        let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64);
        let accepted = first_verdict.take();
        let mut verdict = accepted.unwrap_or_else(|| pattern.accept(peer, header, at == 0));
        if matches!(verdict, Verdict::RequestId | Verdict::Subject) {
            verdict = pattern.check(peer, body);
        }
        let is_as_expected = match verdict {
            Verdict::Envelope | Verdict::RequestId => at < head,
            Verdict::Deliver | Verdict::Subject => at >= head,
            Verdict::Reject(reason) => {
                monitor.rejected(reason);
                rejected = true;
                true
            }
            // Sockets of this process send subscriptions in another form, not as messages.
            Verdict::Subscription(_) => {
                rejected = true;
                true
            }
            Verdict::Skip => true,
        };
        if !is_as_expected && rebuilt.is_none() {
            rebuilt = Some(first(message, at, head));
        }
        if let Some(rebuilt) = &mut rebuilt {
            add(rebuilt, verdict == Verdict::Deliver, header, body);
        }
        at += 1;
    }
    if let Some(rebuilt) = rebuilt {
        *message = rebuilt;
    }
    !rejected
}

/// The first `n` frames of a message, of which `head` are its envelope.
fn first(message: &QueuedMessage, n: usize, head: usize) -> QueuedMessage {
    let mut copy = QueuedMessage::default();
    for at in 0..n {
        if let Some((Lead::Frame(more), body)) = message.frame(at) {
            let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64);
            add(&mut copy, at >= head, header, body);
        }
    }
    copy
}

fn add(message: &mut QueuedMessage, to_message: bool, header: FrameHeader, body: &[u8]) {
    if to_message {
        message.message.push(body);
    } else {
        message.envelope.begin(header).unwrap();
        message.envelope.append(body).unwrap();
    }
}
