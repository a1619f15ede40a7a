//! The two waits that sockets share: for a peer that takes a message, and for a message to take.

use std::time::Instant;

use zmtp_core::pattern::PeerId;

use super::is_over;
use crate::engine::{Engine, Envelope, Letter, Pattern, Refused};
use crate::error::{Error, SendError};
use crate::message::Message;

/// Sends a message to the first peer that `route` names and that takes it, and waits for one.
pub(super) fn send<P: Pattern>(
    engine: &mut Engine<P>,
    message: Message,
    deadline: Option<Instant>,
    mut route: impl FnMut(&mut P) -> Option<PeerId>,
) -> Result<(), SendError> {
    if message.part_count() == 0 {
        return Err(SendError::new(Error::EmptyMessage, message));
    }
    if let Err(error) = engine.share_sending() {
        return Err(SendError::new(error, message));
    }
    let mut letter = Letter { envelope: Envelope::None, message };
    let mut wait = Wait::until(deadline);
    loop {
        // Those that were asked and do not take it; each once.
        let mut first = None;
        while let Some(peer) = route(&mut engine.pattern) {
            if first == Some(peer) {
                break;
            }
            first.get_or_insert(peer);
            match engine.send(peer, letter) {
                Ok(()) => return Ok(()),
                Err((Refused::Full | Refused::Gone, back)) => letter = back,
            }
        }
        if let Err(error) = wait.turn(engine) {
            return Err(SendError::new(error, letter.message));
        }
    }
}

/// Turns the engine until a deadline, and at least once: who only ever tries must get on too.
#[derive(Debug)]
pub(super) struct Wait {
    deadline: Option<Instant>,
    turned: bool,
}

impl Wait {
    pub(super) const fn until(deadline: Option<Instant>) -> Self {
        Self { deadline, turned: false }
    }

    /// One turn; [`Error::WouldBlock`] if the time is over.
    pub(super) fn turn<P: Pattern>(&mut self, engine: &mut Engine<P>) -> Result<(), Error> {
        if self.turned && is_over(self.deadline) {
            return Err(Error::WouldBlock);
        }
        self.turned = true;
        engine.turn(self.deadline)
    }

    /// A turn that does not wait, if there was none yet; whether there was one now.
    pub(super) fn look<P: Pattern>(&mut self, engine: &mut Engine<P>) -> Result<bool, Error> {
        if core::mem::replace(&mut self.turned, true) {
            return Ok(false);
        }
        engine.turn(Some(Instant::now())).map(|()| true)
    }
}

/// Takes the oldest letter of the peer that `take` names, and waits for one. Looks at the system at
/// least once if none is there.
pub(super) fn receive<P: Pattern>(
    engine: &mut Engine<P>,
    deadline: Option<Instant>,
    mut take: impl FnMut(&mut P) -> Option<PeerId>,
) -> Result<Option<Message>, Error> {
    engine.share()?;
    let mut wait = Wait::until(deadline);
    loop {
        if let Some(peer) = take(&mut engine.pattern)
            && let Some(letter) = engine.take(peer)
        {
            return Ok(Some(letter.message));
        }
        match wait.turn(engine) {
            Ok(()) => {}
            Err(Error::WouldBlock) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// Sends copies of a message to these peers. What a full queue does not take is dropped for that
/// peer and counted.
pub(super) fn send_copies<P: Pattern>(engine: &mut Engine<P>, to: &[PeerId], mut message: Message) {
    let Some((last, others)) = to.split_last() else { return };
    if !others.is_empty() {
        message.share();
    }
    for &peer in others {
        send_or_drop(engine, peer, message.clone());
    }
    send_or_drop(engine, *last, message);
}

fn send_or_drop<P: Pattern>(engine: &mut Engine<P>, peer: PeerId, message: Message) {
    match engine.send(peer, Letter::from(message)) {
        Ok(()) => {}
        Err((Refused::Full, _)) => engine.dropped().high_water_mark += 1,
        Err((Refused::Gone, _)) => engine.dropped().peer_gone += 1,
    }
}
