//! MESSAGE: the frames after the handshake (RFC 26 § The MESSAGE Command).
//!
//! libzmq sends them as message frames. Their flags are inside the box: MORE is 01, and a command has 02.

use core::mem::size_of;

use super::boxes::{self, Key};
use super::{Crypto, nonce};
use crate::mechanism::{Exhausted, OpenError};
use crate::wire::{CommandName, FrameKind, More, Writer};

/// The number of bytes before a body: the name, the nonce, the tag and the flags.
pub(super) const OVERHEAD: usize = NAME_LEN + size_of::<u64>() + 16 + 1;
const NAME_LEN: usize = 8;

const MORE: u8 = 1;
const COMMAND: u8 = 2;

/// The keys and nonces of both directions.
pub(super) struct Traffic {
    outgoing: Key,
    incoming: Key,
    /// The last nonces.
    sent: u64,
    received: u64,
}

impl Traffic {
    /// `nonces` are the last nonce that was sent and the last that was received.
    pub(super) fn new(
        crypto: &mut impl Crypto,
        key: &Key,
        as_server: bool,
        [sent, received]: [u64; 2],
    ) -> Self {
        let client = boxes::subkey(crypto, key, &nonce::FROM_CLIENT);
        let server = boxes::subkey(crypto, key, &nonce::FROM_SERVER);
        let (outgoing, incoming) = if as_server { (server, client) } else { (client, server) };
        Self { outgoing, incoming, sent, received }
    }

    /// Seals a frame. A frame without room for the overhead is an error too: no frame stays in the clear.
    pub(super) fn seal(
        &mut self,
        crypto: &mut impl Crypto,
        kind: FrameKind,
        frame: &mut [u8],
    ) -> Result<(), Exhausted> {
        let next = self.next()?;
        let (name, rest) = frame.split_first_chunk_mut::<NAME_LEN>().ok_or(Exhausted)?;
        let (nonce, boxed) = rest.split_first_chunk_mut::<8>().ok_or(Exhausted)?;
        let (tag, body) = boxed.split_first_chunk_mut::<16>().ok_or(Exhausted)?;
        let first = body.first_mut().ok_or(Exhausted)?;
        self.sent = next;
        crate::buffer::copy(name, CommandName::Message.length_prefixed());
        *nonce = next.to_be_bytes();
        *first = flags(kind);
        *tag = crypto.seal(&self.outgoing, nonce, body);
        Ok(())
    }

    /// Seals a frame whose body is in its own memory. `head` is the overhead before it.
    pub(super) fn seal_split(
        &mut self,
        crypto: &mut impl Crypto,
        kind: FrameKind,
        head: &mut [u8],
        body: &mut [u8],
    ) -> Result<(), Exhausted> {
        let next = self.next()?;
        let head: &mut [u8; OVERHEAD] = head.try_into().map_err(|_| Exhausted)?;
        let mut flags = flags(kind);
        let nonce = next.to_be_bytes();
        let tag = crypto.seal_split(&self.outgoing, &nonce, &mut flags, body).ok_or(Exhausted)?;
        self.sent = next;
        let mut writer = Writer::new(head);
        writer.put(CommandName::Message.length_prefixed());
        writer.put(&nonce);
        writer.put(&tag);
        writer.put(&[flags]);
        Ok(())
    }

    /// Decrypts the body of a frame of [`Traffic::seal_split`]. Its nonce is not used again.
    pub(super) fn reverse_split(&self, crypto: &mut impl Crypto, head: &[u8], body: &mut [u8]) {
        let nonce = head.get(NAME_LEN..).and_then(|rest| rest.first_chunk());
        if let (Some(nonce), Some(mut flags)) = (nonce, head.last().copied()) {
            crypto.reverse_split(&self.outgoing, nonce, &mut flags, body);
        }
    }

    /// The next nonce. The highest one is not used (RFC 26).
    fn next(&self) -> Result<u64, Exhausted> {
        self.sent.checked_add(1).filter(|next| *next < u64::MAX).ok_or(Exhausted)
    }

    /// Opens a frame. RFC 26 has command frames, libzmq sends message frames: both are accepted.
    pub(super) fn open(
        &mut self,
        crypto: &mut impl Crypto,
        outer: FrameKind,
        frame: &mut [u8],
    ) -> Result<FrameKind, OpenError> {
        let (name, rest) = frame.split_first_chunk_mut::<NAME_LEN>().ok_or(OpenError::TooShort)?;
        let (nonce, boxed) = rest.split_first_chunk_mut::<8>().ok_or(OpenError::TooShort)?;
        if !CommandName::Message.names(name) {
            return Err(OpenError::Clear);
        }
        if outer == FrameKind::Message(More::Follows) {
            return Err(OpenError::Flags);
        }
        let (tag, body) = boxed.split_first_chunk_mut::<16>().ok_or(OpenError::TooShort)?;
        if !crypto.open(&self.incoming, nonce, tag, body) {
            return Err(OpenError::Forged);
        }
        let number = u64::from_be_bytes(*nonce);
        if number <= self.received {
            return Err(OpenError::Replayed);
        }
        self.received = number;
        match body.first() {
            Some(&0) => Ok(FrameKind::Message(More::Last)),
            Some(&MORE) => Ok(FrameKind::Message(More::Follows)),
            Some(&COMMAND) => Ok(FrameKind::Command),
            _ => Err(OpenError::Flags),
        }
    }
}

/// The flags inside the box.
const fn flags(kind: FrameKind) -> u8 {
    match kind {
        FrameKind::Command => COMMAND,
        FrameKind::Message(More::Follows) => MORE,
        FrameKind::Message(More::Last) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Portable;
    use super::*;

    #[test]
    fn a_frame_without_room_for_the_overhead_is_an_error() {
        let mut traffic = Traffic::new(&mut Portable, &Key::new([7; 32]), true, [1, 1]);
        let kind = FrameKind::Message(More::Last);
        for len in 0..OVERHEAD {
            let mut frame = vec![0; len];
            assert_eq!(
                traffic.seal(&mut Portable, kind, &mut frame),
                Err(Exhausted),
                "{len} bytes"
            );
        }
        let mut frame = [0; OVERHEAD];
        assert_eq!(traffic.seal(&mut Portable, kind, &mut frame), Ok(()));
        assert_eq!(frame[NAME_LEN..][..8], 2_u64.to_be_bytes());
    }

    #[test]
    fn the_highest_nonce_is_not_used_and_no_nonce_is_used_again() {
        let end =
            |as_server, nonces| Traffic::new(&mut Portable, &Key::new([7; 32]), as_server, nonces);
        let last = u64::MAX - 1;
        let (mut server, mut client) = (end(true, [last - 1, 1]), end(false, [1, last - 1]));
        let kind = FrameKind::Message(More::Last);
        let mut frame = [0; OVERHEAD];
        assert_eq!(server.seal(&mut Portable, kind, &mut frame), Ok(()));
        assert_eq!(frame[NAME_LEN..][..8], last.to_be_bytes());
        let mut again = frame;
        assert_eq!(client.open(&mut Portable, kind, &mut frame), Ok(kind));
        assert_eq!(client.open(&mut Portable, kind, &mut again), Err(OpenError::Replayed));
        for _ in 0..3 {
            let mut frame = [0; OVERHEAD];
            assert_eq!(server.seal(&mut Portable, kind, &mut frame), Err(Exhausted));
            assert_eq!(frame, [0; OVERHEAD], "nothing was written");
        }
    }
}
