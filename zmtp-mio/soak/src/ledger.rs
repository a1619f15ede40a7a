//! The account of all messages of a situation.
//!
//! Of each socket that was closed: accepted = sent + dropped by cause + returned. Of each message: it is received at
//! most once, whole, and not if its sender returned it. Of all sockets together: what was sent and not received is at
//! most what the senders count as in doubt, what the receivers count as not delivered, and what the faults can have
//! destroyed, in the memory of a killed process or on a link that was cut. Without such a fault it is nothing.

use std::collections::{BTreeMap, HashSet};

use crate::counts::{Final, State};
use crate::message::Id;

/// How a socket ended.
#[derive(Clone, Debug, Default)]
pub(crate) enum End {
    #[default]
    Open,
    Killed,
    Closed(Final),
}

/// A socket of the situation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// One message reaches several sockets.
    pub(crate) publishes: bool,
    /// It only receives.
    pub(crate) subscribes: bool,
    pub(crate) state: State,
    pub(crate) end: End,
    pub(crate) taken: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) accounts: BTreeMap<u32, Account>,
    /// The messages that were received; of publishers, by each receiver.
    received: HashSet<(u32, Id)>,
    /// The most messages that killed processes and cut links can have lost.
    pub(crate) destroyed: u64,
}

/// The sums of a situation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) accepted: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) unsent: u64,
    pub(crate) returned: u64,
    pub(crate) in_doubt: u64,
    pub(crate) unreceived: u64,
    pub(crate) rejected: u64,
    pub(crate) missing: u64,
    pub(crate) disconnects: u64,
}

impl Ledger {
    /// A socket received a message.
    pub(crate) fn take(&mut self, receiver: u32, id: Id) -> Result<(), String> {
        let Some(sender) = self.accounts.get(&id.origin) else {
            return Err(format!("{id:?} is of a socket that does not exist"));
        };
        let by = if sender.publishes { receiver } else { 0 };
        if !self.received.insert((by, id)) {
            return Err(format!("{id:?} arrived twice, the second time at {receiver}"));
        }
        let account = self.accounts.get_mut(&receiver).ok_or("an unknown receiver")?;
        account.taken += 1;
        Ok(())
    }

    /// Checks the whole account. All sockets have ended.
    pub(crate) fn check(&self) -> Result<Sums, String> {
        let mut arrived: BTreeMap<u32, u64> = BTreeMap::new();
        for (_, id) in &self.received {
            *arrived.entry(id.origin).or_default() += 1;
        }
        let mut sums = Sums { received: self.received.len() as u64, ..Sums::default() };
        for (origin, account) in &self.accounts {
            let ends = match &account.end {
                End::Closed(ends) => ends,
                End::Killed => continue,
                End::Open => return Err(format!("{origin} is open")),
            };
            let arrived = arrived.get(origin).copied().unwrap_or_default();
            self.check_one(*origin, account, ends, arrived)?;
            sums.accepted += ends.accepted;
            sums.sent += if account.subscribes { 0 } else { ends.sent };
            sums.unsent += ends.unsent;
            sums.returned += ends.returned.len() as u64;
            sums.in_doubt += ends.in_doubt;
            sums.unreceived += ends.unreceived;
            sums.rejected += ends.rejected;
            sums.disconnects += ends.disconnects;
            if !account.subscribes {
                sums.missing += ends.sent - arrived;
            }
        }
        let most = sums.in_doubt + sums.unreceived + sums.rejected + self.destroyed;
        if sums.missing > most {
            let destroyed = self.destroyed;
            return Err(format!(
                "{} messages are missing, at most {most} may be: {sums:?}, destroyed {destroyed}",
                sums.missing
            ));
        }
        Ok(sums)
    }

    fn check_one(
        &self,
        origin: u32,
        account: &Account,
        ends: &Final,
        arrived: u64,
    ) -> Result<(), String> {
        let what = || format!("socket {origin}: {ends:?}, {arrived} arrived");
        if account.taken != ends.taken {
            return Err(format!("{}: it reported {} messages", what(), account.taken));
        }
        if ends.received > ends.taken + ends.unreceived + ends.rejected
            || ends.taken > ends.received
        {
            return Err(format!(
                "{}: taken ≤ received ≤ taken + not delivered does not hold",
                what()
            ));
        }
        if account.subscribes {
            return Ok(());
        }
        if !account.publishes && ends.accepted != ends.sent + ends.unsent {
            return Err(format!("{}: accepted = sent + dropped does not hold", what()));
        }
        if arrived > ends.sent {
            return Err(format!("{}: more arrived than was sent", what()));
        }
        for number in &ends.returned {
            let id = Id { origin, number: *number };
            if self.received.contains(&(0, id)) {
                return Err(format!("{id:?} was returned and arrived"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sender of ten messages, of which eight were sent and two returned, and its receiver.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        let sender =
            Final { accepted: 10, sent: 8, unsent: 2, returned: vec![8, 9], ..Final::default() };
        let receiver = Final { taken: 8, received: 8, ..Final::default() };
        let account = |ends| Account { end: End::Closed(ends), ..Account::default() };
        ledger.accounts = BTreeMap::from([(1, account(sender)), (2, account(receiver))]);
        for number in 0..8 {
            ledger.take(2, Id { origin: 1, number }).unwrap();
        }
        ledger
    }

    fn ends(ledger: &mut Ledger, origin: u32) -> &mut Final {
        match &mut ledger.accounts.get_mut(&origin).unwrap().end {
            End::Closed(ends) => ends,
            end => panic!("{end:?}"),
        }
    }

    #[test]
    fn an_account_that_adds_up_holds() {
        assert_eq!(ledger().check().unwrap().missing, 0);
    }

    #[test]
    fn a_message_that_arrives_twice_is_found() {
        assert!(ledger().take(2, Id { origin: 1, number: 7 }).is_err());
    }

    #[test]
    fn a_message_that_is_returned_and_arrives_is_found() {
        let mut ledger = ledger();
        ends(&mut ledger, 1).returned = vec![7, 9];
        assert!(ledger.check().unwrap_err().contains("was returned"));
    }

    #[test]
    fn a_message_that_no_count_contains_is_found() {
        let mut ledger = ledger();
        ends(&mut ledger, 1).accepted = 11;
        assert!(ledger.check().unwrap_err().contains("accepted = sent"));
    }

    #[test]
    fn a_message_that_was_sent_and_is_missing_is_found_unless_it_is_in_doubt() {
        let mut ledger = ledger();
        (ends(&mut ledger, 1).accepted, ends(&mut ledger, 1).sent) = (11, 9);
        assert!(ledger.check().unwrap_err().contains("1 messages are missing"));
        ends(&mut ledger, 1).in_doubt = 1;
        assert_eq!(ledger.check().unwrap().missing, 1);
    }
}
