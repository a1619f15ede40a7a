//! The messages that a proxy forwards, and the commands that it executes.

use core::time::Duration;

use super::control::{ProxyState, ProxyTraffic};
use super::{CAPTURE, Direction, Proxy};
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::exchange;
use crate::message::Message;
use crate::socket_kind::SocketKind;
use zmtp_core::Subscription;

/// The most messages that are forwarded in one direction before the other direction is served.
const BURST: usize = 256;

impl Proxy<'_> {
    /// Executes the commands that the control socket received.
    pub(super) fn execute_commands(&self) -> Result<(), Error> {
        let Some(control) = &self.control else { return Ok(()) };
        let engine = control.engine_ref().0;
        while can_receive(engine)
            && let Some(command) = exchange::recv(engine, Some(Duration::ZERO))?
        {
            let mut answer = match command.bytes().unwrap_or_default() {
                b"STATISTICS" => self.statistics.to_message(),
                command => {
                    match command {
                        b"PAUSE" => self.shared.set_state(ProxyState::Paused),
                        b"RESUME" => self.shared.set_state(ProxyState::Active),
                        b"TERMINATE" => self.shared.set_state(ProxyState::Terminated),
                        _ => {}
                    }
                    Message::from("")
                }
            };
            // The peer may be gone.
            let _ = exchange::send(engine, &mut answer, Some(Duration::ZERO));
        }
        Ok(())
    }

    /// Whether the capture socket, if there is one, has room for a message.
    fn may_capture(&self) -> bool {
        self.capture_engine().is_none_or(|engine| self.held[CAPTURE].is_none() && can_send(engine))
    }

    /// Sends the capture socket the message for which it had no room.
    pub(super) fn capture_held(&mut self) -> Result<(), Error> {
        if let Some(capture) = &self.capture
            && can_send(capture.engine_ref().0)
            && let Some(message) = self.held[CAPTURE].take()
        {
            self.held[CAPTURE] = offer(capture.engine_ref().0, message)?;
        }
        Ok(())
    }

    /// Forwards messages in one direction while both sides can. Returns whether any was forwarded.
    pub(super) fn forward(&mut self, direction: Direction) -> Result<bool, Error> {
        let (from, to) = self.ends(direction);
        if !can_send(to) || (self.held[direction as usize].is_none() && !can_receive(from)) {
            return Ok(false);
        }
        to.enter()?.cork();
        let result = self.forward_some(direction);
        self.ends(direction).1.enter()?.uncork();
        result
    }

    fn forward_some(&mut self, direction: Direction) -> Result<bool, Error> {
        let mut moved = false;
        for _ in 0..BURST {
            let mut message = match self.held[direction as usize].take() {
                Some(message) => message,
                None => match self.take(direction)? {
                    Some(message) => message,
                    None => break,
                },
            };
            let traffic = ProxyTraffic::of(&message);
            let (from, to) = self.ends(direction);
            if let Some((Subscription::Cancel, topic)) =
                message.bytes().and_then(Subscription::from_message)
                && to.kind() == SocketKind::Xsub
                && from.enter()?.pattern.reports_last_cancellations()
            {
                // It stands for all subscriptions that were reported.
                exchange::cancel_repeated(to, topic)?;
            }
            match exchange::send(to, &mut message, Some(Duration::ZERO)) {
                Ok(()) => match direction {
                    Direction::ToBackend => self.statistics.backend.sent.add(traffic),
                    Direction::ToFrontend => self.statistics.frontend.sent.add(traffic),
                },
                // No peer has the routing id, or there is none: trying later would not help.
                Err(Error::Unroutable | Error::EmptyMessage) => {
                    self.statistics.undeliverable += 1;
                }
                Err(error) => {
                    self.held[direction as usize] = Some(message);
                    return match error {
                        Error::WouldBlock => Ok(moved),
                        error => Err(error),
                    };
                }
            }
            moved = true;
            if !can_send(self.ends(direction).1) {
                break;
            }
        }
        Ok(moved)
    }

    /// Receives the next message of a side, and gives the capture socket a copy. Returns `None` while
    /// the capture socket has no room.
    fn take(&mut self, direction: Direction) -> Result<Option<Message>, Error> {
        let from = self.ends(direction).0;
        // Without a message, receiving would cost a system call.
        if !self.may_capture() || !can_receive(from) {
            return Ok(None);
        }
        let Some(mut message) = exchange::recv(from, Some(Duration::ZERO))? else {
            return Ok(None);
        };
        let traffic = ProxyTraffic::of(&message);
        match direction {
            Direction::ToBackend => self.statistics.frontend.received.add(traffic),
            Direction::ToFrontend => self.statistics.backend.received.add(traffic),
        }
        if let Some(capture) = &self.capture {
            message.share();
            match offer(capture.engine_ref().0, message.clone()) {
                Ok(refused) => self.held[CAPTURE] = refused,
                Err(error) => {
                    self.held[direction as usize] = Some(message);
                    return Err(error);
                }
            }
        }
        Ok(Some(message))
    }
}

fn can_receive(engine: &SharedEngine) -> bool {
    exchange::readiness(engine).0
}

fn can_send(engine: &SharedEngine) -> bool {
    exchange::readiness(engine).1
}

/// Sends a message to the capture socket. Returns the message if there is no room for it now. A
/// message that the socket can never send is dropped.
fn offer(capture: &SharedEngine, mut message: Message) -> Result<Option<Message>, Error> {
    match exchange::send(capture, &mut message, Some(Duration::ZERO)) {
        Ok(()) | Err(Error::Unroutable | Error::EmptyMessage) => Ok(None),
        Err(Error::WouldBlock) => Ok(Some(message)),
        Err(error) => Err(error),
    }
}
