//! Parsing received bytes.

use super::context::Context;
use super::event::{Event, Received};
use super::failure::Failure;
use super::legacy;
use super::limits::exceeds;
use super::state::{Opening, ReceiveHalf, SILENT_SERVER, State};
use crate::error::Limit;
use crate::mechanism::Mechanism;
use crate::wire::{
    Command, FrameKind, Greeting, SOCKET_TYPE_AT, Size, UnsupportedVersion, Version,
};

impl ReceiveHalf {
    pub(super) fn advance<M: Mechanism>(
        &mut self,
        context: &mut Context<'_, M>,
        input: &mut [u8],
    ) -> Received {
        match &self.state {
            State::Greeting(_) => self.greeting(context, input),
            // Without support for older peers the program does not contain this code.
            State::Legacy(opening) if M::OLDER_PEERS => {
                let opening = *opening;
                self.legacy::<M>(context.config, opening, input)
            }
            State::MatchAll if M::OLDER_PEERS => {
                self.state = State::Traffic;
                Received::bare(Event::Subscribe)
            }
            State::Waiting if M::WAITS => Received::bare(Event::Waiting),
            _ => self.next(context, input),
        }
    }

    fn greeting<M: Mechanism>(&mut self, context: &Context<'_, M>, input: &[u8]) -> Received {
        let config = context.config;
        let older = legacy::are_accepted(config, context.mechanism);
        let State::Greeting(reader) = &mut self.state else { return Received::FAILED };
        let position = reader.position();
        if older && position == 0 && config.min_version <= Version::V1_0 {
            match legacy::is_unversioned(input) {
                Some(true) => {
                    self.peer.version = Version::V1_0;
                    // Nothing is sent before all received bytes of the opening were checked.
                    let opening = Opening::Identity(false);
                    self.state = State::Legacy(opening);
                    return self.legacy::<M>(config, opening, input);
                }
                Some(false) => {}
                None => return Received::missing(1),
            }
        }
        let (ours, version) = (context.mechanism.greeting(), &mut self.peer.version);
        let taken = match reader.push(input, ours, version, &mut self.scratch, &mut self.len) {
            Ok(taken) => taken,
            Err(old) => {
                if older && let Some(version) = legacy::accepted_version(config, old) {
                    self.peer.version = version;
                    self.state = State::Legacy(Opening::SocketType);
                    // Up to the version, where the greeting was refused.
                    let taken = SOCKET_TYPE_AT.saturating_sub(position);
                    self.take(taken);
                    let rest = input.get(taken..).unwrap_or_default();
                    return self.legacy::<M>(config, Opening::SocketType, rest);
                }
                return self.fail(Failure::Old(old));
            }
        };
        if reader.is_other_mechanism() {
            return self.fail(Failure::Mechanism);
        }
        if context.mechanism.as_server() && Greeting::names_server(input, position) {
            self.len = SILENT_SERVER;
        }
        if reader.position() < Greeting::LEN {
            let missing = Greeting::LEN.wrapping_sub(reader.position());
            self.take(taken);
            return match taken {
                // The opening of an older peer is shorter.
                0 => Received::missing(if older { 1 } else { missing }),
                _ => Received::bare(Event::Nothing),
            };
        }
        if version.major == 2 {
            *version = Version::V3_1;
        }
        if *version == Version::V3_0 && config.min_version > Version::V3_0 {
            return self.fail(Failure::Old(UnsupportedVersion::Major(3)));
        }
        self.state = State::Handshake;
        self.take(taken);
        Received::bare(Event::Nothing)
    }

    /// Parses a frame header, or more of the current frame.
    fn next<M: Mechanism>(&mut self, context: &mut Context<'_, M>, input: &mut [u8]) -> Received {
        if self.remaining > 0 {
            if input.is_empty() {
                return Received::missing(usize::try_from(self.remaining).unwrap_or(usize::MAX));
            }
            return self.piece::<M>(Event::Piece, input.len());
        }
        let opens =
            M::SEALS && matches!(self.state, State::Traffic) && context.mechanism.overhead() > 0;
        if opens { self.unseal(context, input) } else { self.frame(context, input) }
    }

    /// Parses the header of a frame in the clear.
    #[inline(always)]
    fn frame<M: Mechanism>(&mut self, context: &mut Context<'_, M>, input: &mut [u8]) -> Received {
        let (header, header_len) = match self.framing::<M>().read(input) {
            Ok(Some(read)) => read,
            Ok(None) => return Received::missing(self.framing::<M>().missing(input)),
            Err(flaw) => return self.fail_at(Failure::Header(flaw), input),
        };
        match header.kind() {
            FrameKind::Command => self.command(context, input, header.size(), header_len),
            _ => self.message_frame(context, input.len(), header, header_len),
        }
    }

    /// Handles a command, in one piece.
    #[inline(always)]
    fn command<M: Mechanism>(
        &mut self,
        context: &mut Context<'_, M>,
        input: &mut [u8],
        size: Size,
        header_len: usize,
    ) -> Received {
        if exceeds(size, context.config.limits.max_command.into()) {
            self.len = size;
            return self.fail(Failure::Limit(Limit::Command));
        }
        let payload = usize::try_from(size).unwrap_or(usize::MAX);
        let taken = header_len.saturating_add(payload);
        let there = input.len();
        let Some(body) = input.get_mut(header_len..taken) else {
            return Received::missing(taken.wrapping_sub(there));
        };
        self.take(taken);
        let found = Received { event: Event::Ignored, payload };
        if M::OTHER_ERROR
            && matches!(self.state, State::Handshake)
            && let Some(data) = body.strip_prefix(context.mechanism.error_name())
        {
            return self.refused(data);
        }
        match (&self.state, Command::split(body)) {
            (State::Handshake, Some((name, data))) => {
                self.handshake_command(context, (name, data), taken, found)
            }
            (State::Handshake, None) => self.fail(Failure::CommandName),
            (_, Some((name, data))) => self.traffic_command(context, there, (name, data), found),
            (_, None) => self.done::<M>(found),
        }
    }
}
