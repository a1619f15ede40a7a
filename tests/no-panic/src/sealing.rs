//! A mechanism that seals frames, which is opaque to the optimiser.

use core::hint::black_box;

use zmtp_core::mechanism::{Consumed, Exhausted, Mechanism, Renew, greeting};
use zmtp_core::wire::{CommandName, FrameKind, Greeting, MechanismName, SocketType, Writer};
use zmtp_core::{Answer, Config, OpenError};

/// Every result is unknown, also if it contradicts an earlier one.
#[derive(Default)]
pub struct Sealing;

impl Mechanism for Sealing {
    const OLDER_PEERS: bool = true;
    const SEALS: bool = true;
    const WAITS: bool = true;

    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MechanismName::CURVE) }
    }

    fn as_server(&self) -> bool {
        black_box(true)
    }

    fn accepts_older_peers(&self) -> bool {
        black_box(true)
    }

    fn produce(&mut self, _kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        out.command(CommandName::Hello, &[config.routing_id.bytes()]);
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        black_box((name, data));
        black_box(Consumed::Ready(0))
    }

    fn may_send(&self) -> bool {
        black_box(true)
    }

    fn answer(&mut self, answer: Answer<'_>) {
        black_box(answer);
    }

    fn denial(&self) -> Option<&[u8]> {
        black_box(Some(&[]))
    }

    fn overhead(&self) -> usize {
        black_box(0)
    }

    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted> {
        black_box((kind, frame));
        black_box(Ok(()))
    }

    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        black_box(frame);
        black_box(Ok(outer))
    }
}

impl Renew for Sealing {
    type Random = ();

    fn renew(&self, (): &()) -> Self {
        Self
    }
}
