//! Passes received bytes to the connection, and checks and logs what it reports.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::{FrameHeader, Property, error_reason};
use zmtp_core::{Error, Event, IgnoredCommand};

use super::{Driver, Fetch, LogEntry};

impl<M: Mechanism> Driver<'_, M> {
    pub(super) fn read_past<'p>(&mut self, piece: &'p [u8]) -> &'p [u8] {
        let Some(incoming) = self.connection.incoming().filter(|_| self.pending.rest().is_empty())
        else {
            return piece;
        };
        let (body, rest) = piece.split_at(incoming.remaining.min(piece.len() as u64) as usize);
        let last = self.connection.body_received(body.len() as u64);
        let (header, sofar) = self.body.as_mut().expect("a frame under way was announced");
        assert_eq!(*header, incoming.header);
        sofar.extend_from_slice(body);
        self.check_body(last);
        rest
    }

    pub(super) fn decode(&mut self) {
        let mut pending = core::mem::take(&mut self.pending);
        while self.connection.error().is_none() || self.has_no_failure_entry() {
            let (event, payload) = pending.receive(&mut self.connection, self.now);
            match event {
                Event::Frame | Event::Piece => self.piece(event == Event::Frame, &payload),
                Event::NeedInput | Event::Sealed => break,
                Event::Waiting => {
                    if self.log.last() != Some(&LogEntry::Waiting) {
                        self.log.push(LogEntry::Waiting);
                    }
                    break;
                }
                Event::NeedTransmit => {
                    let before = self.sent.len();
                    self.transmit();
                    assert!(self.sent.len() > before, "asked to transmit nothing");
                }
                Event::Failed => {
                    let error = self.connection.error().expect("a reason");
                    self.failed(error);
                }
                Event::Nothing => {}
                event => self.log.push(self.log_entry(event, &payload)),
            }
            if self.fetch == Fetch::Eagerly {
                self.transmit();
            }
        }
        self.pending = pending;
    }

    /// Whether the connection has failed and the log does not say so.
    fn has_no_failure_entry(&self) -> bool {
        !matches!(self.log.last(), Some(LogEntry::Failed(_)))
    }

    pub(super) fn failed(&mut self, error: Error) {
        assert_eq!(self.connection.error(), Some(error));
        if self.has_no_failure_entry() {
            self.log.push(LogEntry::Failed(error));
        }
    }

    fn piece(&mut self, first: bool, bytes: &[u8]) {
        let (frame, complete) = self.connection.frame();
        assert_eq!(first, self.body.is_none());
        let (header, sofar) = self.body.get_or_insert_with(|| (frame, Vec::new()));
        assert_eq!(*header, frame);
        sofar.extend_from_slice(bytes);
        self.check_body(complete.then_some(frame));
    }

    /// Checks what the connection reports of the body under way, and logs the body if it ends here.
    /// Code that collects a message never holds more than the limits, whatever the peer announces.
    fn check_body(&mut self, last: Option<FrameHeader>) {
        let (header, body) = self.body.take().expect("a body is under way");
        let (limits, (bytes, parts)) = (&self.connection.config().limits, self.whole);
        assert!(header.len() <= limits.max_frame, "a frame of {}", header.len());
        assert!(bytes + header.len() <= limits.max_message, "{bytes} and {}", header.len());
        assert!(parts < limits.max_parts, "{parts} parts and another");
        self.whole = match last {
            Some(_) if header.is_final() => (0, 0),
            Some(_) => (bytes + header.len(), parts + 1),
            None => self.whole,
        };
        let remaining = header.len() - body.len() as u64;
        if self.connection.is_sealed() {
            assert!(last.is_some(), "a sealed frame is released whole");
        } else {
            let incoming = self.connection.incoming();
            assert_eq!(incoming.map_or(0, |incoming| incoming.remaining), remaining);
        }
        assert_eq!(last, (remaining == 0).then_some(header));
        assert_eq!(self.connection.in_message(), remaining > 0 || !header.is_final());
        match last {
            Some(header) => self.log.push(LogEntry::Frame(header, body)),
            None => self.body = Some((header, body)),
        }
    }

    pub(super) fn transmit(&mut self) {
        let mut out = [0; 1_024];
        loop {
            match self.connection.poll_transmit(&mut out).expect("room for any piece") {
                0 => return,
                n => self.sent.extend_from_slice(&out[..n]),
            }
        }
    }

    pub(super) fn check_rest(&self) {
        let waits = self.log.last() == Some(&LogEntry::Waiting);
        let sealed = self.connection.is_sealed() && self.connection.peer().is_some();
        if self.connection.error().is_some() || waits || sealed {
            return;
        }
        let command = self.pending.rest().first().is_some_and(|flags| flags & 4 != 0);
        let max = self.connection.config().limits.max_command as usize;
        let in_one_piece = match (wire::is_legacy(&self.head), self.connection.peer().is_some()) {
            (Some(false), _) if command => max,
            (Some(true), false) => max.min(255) + 1,
            _ => 0,
        };
        let header = if wire::is_legacy(&self.head) == Some(false) { 9 } else { 10 };
        let allowed = if in_one_piece > 0 { in_one_piece + header } else { header - 1 };
        assert!(self.pending.rest().len() <= allowed, "{} bytes left", self.pending.rest().len());
    }

    fn log_entry(&self, event: Event, payload: &[u8]) -> LogEntry {
        match event {
            Event::Cancel => LogEntry::Cancel(payload.to_vec()),
            Event::Ignored => LogEntry::Ignored(IgnoredCommand::of(payload)),
            Event::Ready => {
                let metadata = self.connection.metadata(payload);
                let identity =
                    metadata.get(Property::IDENTITY).filter(|_| metadata.bytes().is_empty());
                let made_up = identity.map(|id| wire::property(Property::IDENTITY, id));
                LogEntry::Ready(made_up.unwrap_or_else(|| metadata.bytes().to_vec()))
            }
            Event::Refused => LogEntry::Refused(error_reason(payload).expect("checked").to_vec()),
            Event::Subscribe => LogEntry::Subscribe(payload.to_vec()),
            event => panic!("the driver does not handle {event:?}"),
        }
    }
}
