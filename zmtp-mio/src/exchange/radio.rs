//! RADIO and DISH: a message goes to every peer that joined its group.

use zmtp_core::Subscription;
use zmtp_core::pattern::{JoinError, PeerId};
use zmtp_core::wire::{Datagram, Group};

use super::wait::Wait;
use crate::engine::{Guard, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::queue::Outgoing;

/// Lets a DISH join a group (`zmq_join`).
pub(crate) fn join(engine: &SharedEngine, group: &[u8]) -> Result<(), Error> {
    let group = Group::new(group).map_err(Error::Group)?;
    let mut engine = engine.enter()?;
    engine.pattern.as_dish()?.join(group).map_err(|error| match error {
        // The table grows.
        JoinError::Joined | JoinError::NoRoom => Error::AlreadyJoined,
    })?;
    engine.subscribe(Subscription::Subscribe, group.bytes());
    Ok(())
}

/// Lets a DISH leave a group (`zmq_leave`). Messages of the group that are queued are not received any more.
pub(crate) fn leave(engine: &SharedEngine, group: &[u8]) -> Result<(), Error> {
    let group = Group::new(group).map_err(Error::Group)?;
    let mut engine = engine.enter()?;
    if !engine.pattern.as_dish()?.leave(group) {
        return Err(Error::NotJoined);
    }
    engine.refilter = true;
    engine.subscribe(Subscription::Cancel, group.bytes());
    Ok(())
}

/// Sends a message to every member of its group.
pub(super) fn send(
    engine: &mut Guard<'_>,
    message: &mut Message,
    wait: &mut Wait,
) -> Result<(), Error> {
    check_datagram(engine, message)?;
    let targets = choose_targets(engine, message.group(), wait)?;
    // The group is the first frame.
    message.show_group();
    engine.send_to_all(&targets, &mut Outgoing::new(message));
    // Its memory is used again.
    engine.targets = targets;
    Ok(())
}

/// Checks that a message can be a datagram, if the RADIO has a UDP endpoint.
fn check_datagram(engine: &mut Guard<'_>, message: &Message) -> Result<(), Error> {
    if engine.pattern.as_radio()?.1.all_groups().is_empty() {
        return Ok(());
    }
    let group = Group::new(message.group()).map_err(Error::Group)?;
    let body = message.bytes().unwrap_or_default();
    Datagram { group, body }.check().map_err(Error::Datagram)
}

/// Waits until the message can be queued, and returns the peers that it goes to.
fn choose_targets(
    engine: &mut Guard<'_>,
    group: &[u8],
    wait: &mut Wait,
) -> Result<Vec<PeerId>, Error> {
    // Groups are read from time to time, also if the application only sends.
    engine.share_sending()?;
    let mut targets = core::mem::take(&mut engine.targets);
    loop {
        targets.clear();
        let (rules, own) = engine.pattern.as_radio()?;
        rules.members(group, |peer| targets.push(peer));
        targets.extend_from_slice(own.all_groups());
        if !own.waits_for_room() || !targets.iter().any(|peer| engine.is_full(*peer)) {
            return Ok(targets);
        }
        wait.turn_for_room(engine)?;
    }
}
