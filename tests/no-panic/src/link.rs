//! The embedded link and REQ, over an IO of which the optimiser knows nothing.

use core::hint::black_box;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use zmtp_core::Instant;
use zmtp_embedded::{Link, Req};

/// Reads and writes as many octets as it likes, also more than there are.
pub struct Board;

impl ErrorType for Board {
    type Error = ErrorKind;
}

impl Read for Board {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        black_box(buf);
        black_box(Ok(0))
    }
}

impl Write for Board {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        black_box(buf);
        black_box(Ok(0))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        black_box(Ok(()))
    }
}

pub(crate) fn link(link: &mut Link<'static, Board>, octets: &[u8], number: u64) {
    let now = Instant::from_millis(number);
    let _ = black_box(link.handshake(|| now));
    let _ = black_box(link.next(now));
    let _ = black_box(link.send(&[octets, octets]));
    black_box((link.is_ready(), link.peer()));
}

pub(crate) fn req(req: &mut Req<'static, Board>, octets: &[u8], number: u64) {
    let _ = black_box(req.request(octets, Instant::from_millis(number), || Instant::NEVER));
}
