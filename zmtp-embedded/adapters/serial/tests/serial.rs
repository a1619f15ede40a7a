//! A REQ over serial ports with older traits, and a REP at the other end.

use core::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{self, ErrorKind};
use embedded_io::{Error as _, Read, Write};
use zmtp_embedded::blocking::{Polled, Rep, Req};
use zmtp_embedded::{Config, Instant, SocketType, size};
use zmtp_serial::{Io06, Io06Error, Nb, NbError};

static REQ: Config = Config::new(SocketType::Req);
static REP: Config = Config::new(SocketType::Rep);

type Lane = Rc<RefCell<VecDeque<u8>>>;

/// A serial port whose line holds four bytes each way.
#[derive(Clone, Default)]
struct Port {
    from: Lane,
    to: Lane,
    /// Errors of the next reads, after this many bytes.
    overrun: Rc<Cell<Option<u32>>>,
    /// Whether `flush` fails.
    stuck: bool,
}

const HELD: usize = 4;

fn line() -> (Port, Port) {
    let one = Port::default();
    let other = Port { from: one.to.clone(), to: one.from.clone(), ..Port::default() };
    (one, other)
}

impl serial::ErrorType for Port {
    type Error = ErrorKind;
}

impl serial::Read<u8> for Port {
    fn read(&mut self) -> nb::Result<u8, ErrorKind> {
        match self.overrun.get() {
            Some(0) => {
                self.overrun.set(None);
                return Err(nb::Error::Other(ErrorKind::Overrun));
            }
            Some(n) => self.overrun.set(Some(n - 1)),
            None => {}
        }
        self.from.borrow_mut().pop_front().ok_or(nb::Error::WouldBlock)
    }
}

impl serial::Write<u8> for Port {
    fn write(&mut self, byte: u8) -> nb::Result<(), ErrorKind> {
        let mut line = self.to.borrow_mut();
        if line.len() == HELD {
            return Err(nb::Error::WouldBlock);
        }
        line.push_back(byte);
        Ok(())
    }

    fn flush(&mut self) -> nb::Result<(), ErrorKind> {
        Ok(())
    }
}

impl embedded_io_06::ErrorType for Port {
    type Error = embedded_io_06::ErrorKind;
}

impl embedded_io_06::Read for Port {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        assert!(!self.from.borrow().is_empty(), "read waits without end");
        Ok(serial::Read::read(self).map_or(0, |byte| {
            buf[0] = byte;
            1
        }))
    }
}

impl embedded_io_06::ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(!self.from.borrow().is_empty())
    }
}

impl embedded_io_06::Write for Port {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        serial::Write::write(self, buf[0]).expect("write waits without end");
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        if self.stuck { Err(embedded_io_06::ErrorKind::Other) } else { Ok(()) }
    }
}

impl embedded_io_06::WriteReady for Port {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(self.to.borrow().len() < HELD)
    }
}

/// Exchanges requests and replies over a line. Each look at the clock takes a millisecond.
fn exchange<A: Read + Write, B: Read + Write>(ours: A, peer: B) {
    let time = Cell::new(0);
    let now = || {
        time.set(time.get() + 1);
        Instant::from_millis(time.get())
    };
    let mut buffers = [[0; size::receive(SocketType::Req, 64, 1)]; 4];
    let [a, b, c, d] = buffers.each_mut();
    let mut req = Req::new(&REQ, a, b, 1);
    let mut rep = Rep::new(&REP, c, d);
    req.connect(ours, now());
    rep.connect(peer, now());
    for n in 0..50_u8 {
        let body = [n; 40];
        while req.send(&[&body], now().after(3), now).is_err() {
            let _ = rep.handshake(now().after(3), now);
        }
        let request = loop {
            if let Ok(request) = rep.receive(now().after(3), now) {
                break request.first().to_vec();
            }
            let _ = req.flush(now().after(3), now);
        };
        assert_eq!(request, body);
        while rep.reply(&[&[n]], now().after(3), now).is_err() {}
        loop {
            match req.receive(now().after(3), now) {
                Ok(reply) => break assert_eq!(reply.only(), Some(&[n][..])),
                Err(_) => drop(rep.flush(now().after(3), now)),
            }
        }
        assert!(!req.is_closed() && !rep.is_closed());
    }
}

#[test]
fn requests_pass_a_port_of_embedded_hal_nb() {
    let (ours, peer) = line();
    exchange(Nb::new(ours), Nb::new(peer));
}

#[test]
fn requests_pass_a_port_of_embedded_io_06() {
    let (mut ours, peer) = line();
    ours.stuck = true;
    exchange(Polled(Io06(ours)), Polled(Io06(peer)));
}

#[test]
fn an_error_after_bytes_is_returned_by_the_next_read() {
    let (ours, peer) = line();
    peer.to.borrow_mut().extend(b"abc");
    ours.overrun.set(Some(2));
    let mut ours = Nb::new(ours);
    let mut bytes = [0; 8];
    assert_eq!(ours.read(&mut bytes), Ok(2));
    assert_eq!(ours.read(&mut bytes), Err(NbError::Port(ErrorKind::Overrun)));
    assert_eq!(ours.read(&mut bytes), Ok(1));
    assert_eq!(ours.read(&mut bytes), Err(NbError::Yet));
    assert_eq!(NbError::<ErrorKind>::Yet.kind(), embedded_io::ErrorKind::TimedOut);
    assert_eq!(ours.read(&mut []), Ok(0));
}

#[test]
fn a_write_takes_the_bytes_that_fit() {
    let (ours, peer) = line();
    let mut ours = Nb::new(ours);
    assert_eq!(ours.write(b"abcdef"), Ok(4));
    assert_eq!(ours.write(b"ef"), Err(NbError::Yet));
    assert_eq!(peer.from.borrow_mut().drain(..).collect::<Vec<_>>(), b"abcd");
    assert_eq!(ours.write(b""), Ok(0));
}

#[test]
fn the_kind_of_an_error_of_embedded_io_06_is_kept() {
    let kind = |kind| Io06Error(kind).kind();
    assert_eq!(kind(embedded_io_06::ErrorKind::TimedOut), embedded_io::ErrorKind::TimedOut);
    assert_eq!(kind(embedded_io_06::ErrorKind::Other), embedded_io::ErrorKind::Other);
}
