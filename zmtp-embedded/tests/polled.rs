//! IO that reports whether it is ready, as the drivers of many UARTs do.

mod pipe;

use core::cell::Cell;
use std::rc::Rc;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use pipe::{End, PipeError, peer, ticking};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Polled, ReadPolled, Req};

static REQ: Config = Config::new(SocketType::Req);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

/// A UART whose `read` and `write` wait without end if they are called when they are not ready.
struct Uart {
    line: End,
    /// Bytes that fit the transmit buffer.
    room: Rc<Cell<usize>>,
    /// Whether an interrupt empties the transmit buffer.
    interrupt: bool,
}

impl Uart {
    fn new(line: End, interrupt: bool) -> Self {
        Self { line, room: Rc::default(), interrupt }
    }
}

impl ErrorType for Uart {
    type Error = PipeError;
}

impl Read for Uart {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, PipeError> {
        assert!(self.line.is_readable(), "read waits without end");
        self.line.read(bytes)
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, PipeError> {
        Ok(self.line.is_readable())
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, PipeError> {
        assert!(self.room.get() > 0 || self.interrupt, "write waits without end");
        let n = if self.interrupt { 7 } else { self.room.take() }.min(bytes.len());
        self.line.write(&bytes[..n])
    }

    fn flush(&mut self) -> Result<(), PipeError> {
        Ok(())
    }
}

impl WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, PipeError> {
        Ok(self.room.get() > 0)
    }
}

fn reply(id: u32) -> Vec<u8> {
    [frame(1, &id.to_ne_bytes()), frame(1, b""), frame(0, b"yes")].concat()
}

#[test]
fn an_io_with_read_ready_alone_does_not_wait_to_read() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 41);
    let (line, rep) = peer("REP", 1_000);
    req.connect(ReadPolled(Uart::new(line, true)), NOW);
    assert_eq!(req.request(&[b"ask"], DEADLINE, ticking(10)).err(), Some(Error::NoReply));
    rep.say(&reply(43));
    let answer = req.request(&[b"ask"], DEADLINE, ticking(10));
    assert_eq!(answer.map(|reply| reply.first().to_vec()), Ok(b"yes".to_vec()));
    rep.close();
    assert_eq!(req.request(&[b"ask"], DEADLINE, ticking(10)).err(), Some(Error::Closed));
}

#[test]
fn an_io_with_read_ready_and_write_ready_waits_neither_to_read_nor_to_write() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 41);
    let (line, rep) = peer("REP", 1_000);
    let uart = Uart::new(line, false);
    let room = Rc::clone(&uart.room);
    req.connect(Polled(uart), NOW);
    assert_eq!(req.request(&[b"ask"], DEADLINE, ticking(10)).err(), Some(Error::TimedOut));
    rep.say(&reply(42));
    let mut now = ticking(1);
    let clock = || {
        room.set(5);
        now()
    };
    let answer = req.request(&[b"ask"], DEADLINE, clock);
    assert_eq!(answer.map(|reply| reply.first().to_vec()), Ok(b"yes".to_vec()));
}
