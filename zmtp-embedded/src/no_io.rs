//! The IO of a session, which has none.

use core::convert::Infallible;

use embedded_io::ErrorType;

/// No IO: the type of the IO of a session. There is no value of this type.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no value")]
pub enum NoIo {}

impl ErrorType for NoIo {
    type Error = Infallible;
}

impl embedded_io::Read for NoIo {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        match *self {}
    }
}

impl embedded_io::Write for NoIo {
    fn write(&mut self, _: &[u8]) -> Result<usize, Infallible> {
        match *self {}
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
}

impl embedded_io_async::Read for NoIo {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        match *self {}
    }
}

impl embedded_io_async::Write for NoIo {
    async fn write(&mut self, _: &[u8]) -> Result<usize, Infallible> {
        match *self {}
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
}
