//! The question about the peer of a connection, and its answer.

use std::sync::Arc;

use zmtp_core::Answer;
use zmtp_core::mechanism::Decision;

use super::{Link, Protocol};
use crate::security::Question;

impl Link {
    /// The question about the peer, if one may be asked.
    pub(in crate::engine) const fn question(&self) -> Option<&Arc<Question>> {
        match &self.protocol {
            Protocol::Zmtp(connection) => connection.mechanism().question(),
            Protocol::Raw => None,
        }
    }

    /// Passes an answer that came later to the handshake, which continues with the next read.
    pub(in crate::engine) fn take_answer(&mut self) {
        let decision = self.question().and_then(|question| question.decision());
        let Protocol::Zmtp(connection) = &mut self.protocol else { return };
        match decision {
            Some(Decision::Accept) => connection.answer(Answer::Accept),
            Some(Decision::Refuse(status)) => connection.answer(Answer::Refuse(status.code())),
            _ => return,
        }
        self.receive.awaits_answer = false;
    }
}
