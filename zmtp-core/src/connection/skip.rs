//! Skipping a command that does not fit the buffer of the driver.

use core::borrow::Borrow;

use super::Connection;
use super::state::State;
use crate::config::Config;
use crate::mechanism::Mechanism;
use crate::wire::{FrameHeader, FrameKind};

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// Skips the command at the front of `input`, the input of the last [`Connection::receive`], which returned
    /// [`Event::NeedInput`](super::Event::NeedInput). Its header is consumed. Its bytes are reported as
    /// [`Event::Piece`](super::Event::Piece), and [`Connection::frame`] returns its header meanwhile: drop them.
    ///
    /// Returns `false`, and skips nothing, if there is no command: during the handshake, if this connection seals
    /// its frames, or if the header is incomplete.
    pub fn skip_command(&mut self, input: &[u8]) -> bool {
        // Of a sealed frame, only the box is authentic: the COMMAND bit is in it too.
        if self.is_sealed() {
            return false;
        }
        let rx = &mut self.rx;
        let idle = rx.remaining == 0 && rx.failure.is_none() && rx.unread == input.len();
        if !idle || !matches!(rx.state, State::Traffic) {
            return false;
        }
        match FrameHeader::peek(input) {
            Some((header, header_len)) if header.kind() == FrameKind::Command => {
                (rx.kind, rx.len, rx.remaining) = (header.kind(), header.size(), header.size());
                rx.take(header_len);
                true
            }
            _ => false,
        }
    }
}
