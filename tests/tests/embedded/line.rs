//! The other end of the line of a socket of a microcontroller, and what such a socket needs.

use core::fmt;
use core::task::Poll;
use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_tests::driver::{Driver, Fetch, Lane, NOW};
use zmtp_tests::pair::messages;

pub(crate) const DEADLINE: Instant = NOW.after(1_000);
pub(crate) const BODIES: [&[u8]; 3] = [b"", b"hello", &[7; 300]];

/// The other end of a line, which may echo messages.
pub(crate) struct Peer<M>(Rc<RefCell<State<M>>>);

impl<M> fmt::Debug for Peer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peer")
    }
}

struct State<M> {
    driver: Driver<'static, M>,
    /// Whether messages are sent back.
    echoes: bool,
    echoed: usize,
    unread: VecDeque<u8>,
    /// The bytes that move at once, at most.
    most: usize,
}

impl<M> Clone for Peer<M> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<M: Mechanism> Peer<M> {
    pub(crate) fn new(kind: SocketType, mechanism: M, most: usize) -> Self {
        let driver = Driver::secured(mechanism, config(kind), Lane::Decode, Fetch::Eagerly);
        let state = State { driver, echoes: false, echoed: 0, unread: VecDeque::new(), most };
        Self(Rc::new(RefCell::new(state)))
    }

    pub(crate) fn echoing(self) -> Self {
        self.0.borrow_mut().echoes = true;
        self
    }

    pub(crate) fn driver(&self) -> RefMut<'_, Driver<'static, M>> {
        RefMut::map(self.0.borrow_mut(), |state| &mut state.driver)
    }

    /// The socket reads these bytes next.
    pub(crate) fn send_raw(&self, bytes: &[u8]) {
        self.0.borrow_mut().unread.extend(bytes);
    }

    pub(crate) fn messages(&self) -> Vec<Vec<Vec<u8>>> {
        messages(self.0.borrow().driver.log())
    }
}

impl<M> ErrorType for Peer<M> {
    type Error = ErrorKind;
}

impl<M: Mechanism> Read for Peer<M> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let state = &mut *self.0.borrow_mut();
        state.unread.extend(state.driver.take_sent());
        let n = buf.len().min(state.most).min(state.unread.len());
        for (slot, byte) in buf.iter_mut().zip(state.unread.drain(..n)) {
            *slot = byte;
        }
        if n == 0 { Err(ErrorKind::TimedOut) } else { Ok(n) }
    }
}

impl<M: Mechanism> Write for Peer<M> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let state = &mut *self.0.borrow_mut();
        let n = buf.len().min(state.most);
        state.driver.feed(&buf[..n]);
        if state.echoes {
            for message in messages(state.driver.log()).into_iter().skip(state.echoed) {
                state.echoed += 1;
                state.driver.send(&message).unwrap();
            }
        }
        Ok(n)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl<M: Mechanism> embedded_io_async::Read for Peer<M> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        core::future::poll_fn(|_| match Read::read(self, buf) {
            Err(ErrorKind::TimedOut) => Poll::Pending,
            result => Poll::Ready(result),
        })
        .await
    }
}

impl<M: Mechanism> embedded_io_async::Write for Peer<M> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, buf)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Its socket type is not used by the sockets of microcontrollers.
pub(crate) fn config(kind: SocketType) -> &'static Config {
    Box::leak(Box::new(Config::new(kind)))
}

pub(crate) fn buffer(len: usize) -> &'static mut [u8] {
    vec![0; len].leak()
}

/// A clock whose time is over after many calls, so that a call without progress ends.
pub(crate) fn clock() -> impl FnMut() -> Instant {
    clock_of(20_000)
}

pub(crate) fn clock_of(most: u32) -> impl FnMut() -> Instant {
    let mut calls: u32 = 0;
    move || {
        calls += 1;
        NOW.after(if calls < most { 0 } else { 1_000 })
    }
}
