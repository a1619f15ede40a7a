//! REQ with one peer.

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::pattern::{self, Fixed, Mode, PeerId, ReqPeer, Verdict};

use crate::error::Error;
use crate::link::Link;

/// The only peer.
const PEER: PeerId = PeerId(0);

/// A REQ socket over one [`Link`]: a request, then its reply.
///
/// Requests carry an id in their envelope (libzmq's `ZMQ_REQ_CORRELATE`), which every REP returns,
/// so that a reply that comes after its deadline is never taken for the next one's.
#[derive(Debug)]
pub struct Req<'b, IO> {
    link: Link<'b, IO>,
    rules: pattern::Req<Fixed<ReqPeer, 1>>,
}

impl<'b, IO: Read + Write> Req<'b, IO> {
    /// Shakes hands over `link`, whose settings say
    /// [`SocketType::Req`](zmtp_core::wire::SocketType). Request ids start at `request_id`, which
    /// should differ from boot to boot.
    ///
    /// # Errors
    ///
    /// Those of [`Link::handshake`]. Lend the link its IO (`&mut IO`) to get it back then.
    pub fn new(
        mut link: Link<'b, IO>,
        request_id: u32,
        now: impl FnMut() -> Instant,
    ) -> Result<Self, Error<IO::Error>> {
        link.handshake(now)?;
        let mode = Mode { correlate: true, ..Mode::default() };
        let mut rules = pattern::Req::new(Fixed::new(), mode, request_id);
        // The table has room for one.
        let _ = rules.attach(PEER);
        rules.up(PEER);
        Ok(Self { link, rules })
    }

    /// Sends `body` and waits for its reply of one part, which lies in the link's buffer.
    ///
    /// `now` is asked before each read; see [`Link`] for when a read returns. Afterwards the next
    /// request may go, whatever came of this one.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] at `deadline`; [`Error::BufferTooSmall`] and [`Error::ManyParts`] for a
    /// reply that cannot be handed out; any other [`Error`] ends the link.
    pub fn request(
        &mut self,
        body: &[u8],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<&[u8], Error<IO::Error>> {
        self.link.window().forget();
        let result = self.exchange(body, deadline, now);
        self.rules.give_up();
        result?;
        Ok(self.link.window().kept())
    }

    /// Gives the IO back, for instance to connect anew.
    pub fn into_io(self) -> IO {
        self.link.into_io()
    }

    fn exchange(
        &mut self,
        body: &[u8],
        deadline: Instant,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.rules.route().map_err(|_| Error::NotReady)?;
        let id = self.rules.request_id().unwrap_or_default();
        self.link.send(&[&id, &[], body])?;
        self.rules.sent(PEER);

        // What is left of an earlier reply comes first and goes nowhere.
        let mut verdict = Verdict::Skip;
        let mut unfit = None;
        loop {
            let now = now();
            if now >= deadline {
                return Err(unfit.unwrap_or(Error::TimedOut));
            }
            let Some(piece) = self.link.piece(now)? else { continue };
            if piece.first {
                verdict = self.rules.accept(PEER, piece.header);
                if verdict == Verdict::Deliver && unfit.is_none() {
                    unfit = self.unfit(piece.header.is_final(), piece.header.len());
                }
            }
            if verdict == Verdict::RequestId || (verdict == Verdict::Deliver && unfit.is_none()) {
                self.link.window().keep(piece.len);
            }
            if !piece.last {
                continue;
            }
            if verdict == Verdict::RequestId {
                let id = self.link.window().kept().first_chunk().copied().unwrap_or_default();
                self.rules.check_request_id(PEER, id);
                self.link.window().forget();
            }
            if verdict == Verdict::Deliver && piece.header.is_final() && self.rules.received(PEER) {
                return unfit.map_or(Ok(()), Err);
            }
        }
    }

    /// Why a reply's part cannot be handed out.
    fn unfit(&mut self, is_final: bool, len: u64) -> Option<Error<IO::Error>> {
        if !is_final {
            return Some(Error::ManyParts);
        }
        let needed = usize::try_from(len).unwrap_or(usize::MAX);
        (needed > self.link.window().len()).then_some(Error::BufferTooSmall { needed })
    }
}
