//! The memory of a socket's peers.

/// The bytes of memory of a peer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Usage {
    /// Messages that are queued for the application.
    pub(crate) incoming: usize,
    /// Messages that are queued for the peer.
    pub(crate) outgoing: usize,
    /// Received bytes that are not in a queue: those of an incomplete message, and those that are not decoded yet.
    pub(crate) undecoded: usize,
    /// The part of `undecoded` that the application cannot make room for by receiving.
    pub(crate) unfinished: usize,
}

impl Usage {
    const fn held(&self) -> usize {
        self.incoming + self.outgoing + self.undecoded
    }
}

/// The sum of the memory of all peers of a socket, and its limit.
///
/// Each peer stores its last report. A new report replaces it, so that the sum cannot drift or underflow, even if
/// changes in between were not reported.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    total: Usage,
}

impl Budget {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, total: Usage { incoming: 0, outgoing: 0, undecoded: 0, unfinished: 0 } }
    }

    /// Replaces the last report of a peer.
    pub(crate) fn report(&mut self, last: &mut Usage, now: Usage) {
        if *last == now {
            return;
        }
        let total = &mut self.total;
        for (sum, last, now) in [
            (&mut total.incoming, last.incoming, now.incoming),
            (&mut total.outgoing, last.outgoing, now.outgoing),
            (&mut total.undecoded, last.undecoded, now.undecoded),
            (&mut total.unfinished, last.unfinished, now.unfinished),
        ] {
            debug_assert!(*sum >= last, "a peer reported more than the sum of all");
            *sum = (*sum + now).saturating_sub(last);
        }
        *last = now;
    }

    /// Whether the limit is reached.
    pub(crate) const fn is_full(&self) -> bool {
        self.total.held() >= self.limit
    }

    /// The bytes until the limit is reached.
    pub(crate) const fn room(&self) -> usize {
        self.limit.saturating_sub(self.total.held())
    }

    /// Whether messages are queued for the application, which makes room when it receives them.
    pub(crate) const fn has_incoming(&self) -> bool {
        self.total.incoming > 0
    }

    /// Whether the limit is exceeded because of unfinished messages. They may always occupy a quarter of the limit:
    /// queued messages cause the rest of the excess, and reading pauses while they do.
    pub(crate) const fn must_discard(&self) -> bool {
        let (held, unfinished) = (self.total.held(), self.total.unfinished);
        held > self.limit && held - self.limit <= unfinished && unfinished > self.limit / 4
    }

    /// Checks the sum against the last reports of all peers, in debug builds.
    pub(crate) fn check(&self, reports: impl Iterator<Item = Usage>) {
        if cfg!(debug_assertions) {
            let sum = reports.fold(Usage::default(), |sum, peer| Usage {
                incoming: sum.incoming + peer.incoming,
                outgoing: sum.outgoing + peer.outgoing,
                undecoded: sum.undecoded + peer.undecoded,
                unfinished: sum.unfinished + peer.unfinished,
            });
            debug_assert_eq!(sum, self.total, "the sum of what peers occupy");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_messages_are_discarded_only_beyond_a_quarter_of_the_limit() {
        let mut budget = Budget::new(100);
        let (mut one, mut other) = (Usage::default(), Usage::default());
        budget.report(&mut one, Usage { outgoing: 90, ..Usage::default() });
        budget.report(&mut other, Usage { undecoded: 25, unfinished: 25, ..Usage::default() });
        assert!(budget.is_full() && !budget.must_discard());
        budget.report(&mut other, Usage { undecoded: 26, unfinished: 26, ..Usage::default() });
        assert!(budget.must_discard());
        budget.report(&mut one, Usage { outgoing: 74, ..Usage::default() });
        assert!(!budget.must_discard());
    }

    #[test]
    fn a_report_replaces_the_last_one() {
        let mut budget = Budget::new(100);
        let (mut one, mut other) = (Usage::default(), Usage::default());
        budget.report(&mut one, Usage { incoming: 60, ..Usage::default() });
        budget.report(&mut other, Usage { undecoded: 50, unfinished: 50, ..Usage::default() });
        assert!(budget.is_full() && budget.has_incoming() && budget.must_discard());
        budget.report(&mut one, Usage { outgoing: 170, ..Usage::default() });
        // The unfinished message is less than the excess.
        assert!(budget.is_full() && !budget.has_incoming() && !budget.must_discard());
        budget.check([one, other].into_iter());
        budget.report(&mut one, Usage::default());
        budget.report(&mut other, Usage::default());
        assert!(!budget.is_full());
        budget.check([one, other].into_iter());
    }
}
