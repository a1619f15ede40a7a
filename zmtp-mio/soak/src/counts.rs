//! The counts that a process reports.

use core::fmt::Write as _;

use crate::words::Words;

/// The counts of a socket that is open.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// Messages that the socket accepted from its application.
    pub(crate) accepted: u64,
    pub(crate) sent: u64,
    /// Messages that were dropped without being sent.
    pub(crate) unsent: u64,
    /// Not zero while something waits to be sent.
    pub(crate) left: u64,
    pub(crate) handshakes: u64,
    pub(crate) rate: u64,
}

impl State {
    pub(crate) fn line(&self) -> String {
        let Self { accepted, sent, unsent, left, handshakes, rate } = self;
        format!("{accepted} {sent} {unsent} {left} {handshakes} {rate}")
    }

    pub(crate) fn parse(words: &mut Words<'_>) -> Self {
        Self {
            accepted: words.value(),
            sent: words.value(),
            unsent: words.value(),
            left: words.value(),
            handshakes: words.value(),
            rate: words.value(),
        }
    }
}

/// The counts of a socket that was closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Final {
    pub(crate) accepted: u64,
    pub(crate) taken: u64,
    pub(crate) sent: u64,
    pub(crate) unsent: u64,
    pub(crate) received: u64,
    pub(crate) in_doubt: u64,
    pub(crate) unreceived: u64,
    /// Messages that the socket received and did not deliver.
    pub(crate) rejected: u64,
    pub(crate) disconnects: u64,
    /// The numbers of the messages that the close returned.
    pub(crate) returned: Vec<u32>,
}

impl Final {
    pub(crate) fn line(&self) -> String {
        let mut line = format!(
            "{} {} {} {} {} {} {} {} {} {}",
            self.accepted,
            self.taken,
            self.sent,
            self.unsent,
            self.received,
            self.in_doubt,
            self.unreceived,
            self.rejected,
            self.disconnects,
            self.returned.len(),
        );
        for number in &self.returned {
            let _ = write!(line, " {number}");
        }
        line
    }

    pub(crate) fn parse(words: &mut Words<'_>) -> Self {
        let mut ends = Self {
            accepted: words.value(),
            taken: words.value(),
            sent: words.value(),
            unsent: words.value(),
            received: words.value(),
            in_doubt: words.value(),
            unreceived: words.value(),
            rejected: words.value(),
            disconnects: words.value(),
            returned: Vec::new(),
        };
        let returned = words.value::<usize>();
        ends.returned = (0..returned).map(|_| words.value()).collect();
        ends
    }
}
