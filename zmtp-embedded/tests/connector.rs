//! The pauses of a connector over `embedded-nal-async`, with a stack that refuses attempts.
#![cfg(feature = "nal")]

use core::cell::{Cell, RefCell};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use embassy_futures::block_on;
use embassy_futures::select::select;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use embedded_nal_async::TcpConnect;
use zmtp_embedded::asynch::Connector;

const REMOTE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

struct Stream;

impl ErrorType for Stream {
    type Error = ErrorKind;
}

impl Read for Stream {
    async fn read(&mut self, _buf: &mut [u8]) -> Result<usize, ErrorKind> {
        Ok(0)
    }
}

impl Write for Stream {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        Ok(buf.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Refuses this number of attempts.
struct Stack(Cell<usize>);

impl TcpConnect for Stack {
    type Error = ErrorKind;
    type Connection<'a> = Stream;

    async fn connect(&self, remote: SocketAddr) -> Result<Stream, ErrorKind> {
        assert_eq!(remote, REMOTE);
        match self.0.get().checked_sub(1) {
            Some(left) => {
                self.0.set(left);
                Err(ErrorKind::ConnectionRefused)
            }
            None => Ok(Stream),
        }
    }
}

#[test]
fn pauses_double_up_to_the_longest_and_are_removed_by_a_reset() {
    let stack = Stack(Cell::new(7));
    let mut connector = Connector::new(&stack, REMOTE).with_longest_pause(1_000);
    let pauses = RefCell::new(Vec::new());
    let sleep = async |ms| pauses.borrow_mut().push(ms);
    block_on(connector.connect(&sleep));
    assert_eq!(pauses.take(), [100, 200, 400, 800, 1_000, 1_000, 1_000]);
    block_on(connector.connect(&sleep));
    assert_eq!(pauses.take(), [1_000], "the connection may have failed at once");
    connector.reset();
    block_on(connector.connect(&sleep));
    assert_eq!(pauses.take(), []);
}

#[test]
fn the_pause_doubles_after_a_dropped_attempt() {
    let stack = Stack(Cell::new(1));
    let mut connector = Connector::new(&stack, REMOTE);
    let never = async |_| core::future::pending::<()>().await;
    // The second attempt is dropped while it waits.
    block_on(select(connector.connect(never), async {}));
    let pauses = RefCell::new(Vec::new());
    block_on(connector.connect(async |ms| pauses.borrow_mut().push(ms)));
    assert_eq!(pauses.take(), [200]);
}
