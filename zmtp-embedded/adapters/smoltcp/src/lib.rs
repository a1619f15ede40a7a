//! TCP sockets of `smoltcp` as IOs for the blocking sockets of `zmtp-embedded`, and its UDP sockets for RADIO and DISH
//! (`zmtp_embedded::udp`).
//!
//! A [`Stack`] has the device, the interface and the sockets of smoltcp. [`Stack::tcp`] is one of these sockets as an IO,
//! which connects or accepts, and polls the whole stack whenever it reads or writes. Any number of them can be used at
//! the same time, for example by the links of `blocking::many`.
//!
//! ```no_run
//! use smoltcp::iface::{Interface, SocketSet};
//! use smoltcp::phy::Device;
//! use smoltcp::wire::IpAddress;
//! use zmtp_embedded::blocking::{Req, Session};
//! use zmtp_embedded::{Config, Instant, SocketType, size};
//! use zmtp_smoltcp::{Stack, socket};
//!
//! static CONFIG: Config = Config::new(SocketType::Req);
//!
//! fn run(device: impl Device, interface: Interface, now: impl Fn() -> Instant + Copy) {
//!     let (mut rx, mut tx) = ([0; 1_024], [0; 1_024]);
//!     let mut storage = [Default::default(); 1];
//!     let mut sockets = SocketSet::new(&mut storage[..]);
//!     let handle = sockets.add(socket(&mut rx, &mut tx));
//!     let stack = Stack::new(device, interface, sockets, now);
//!     let mut tcp = stack.tcp(handle);
//!
//!     let (mut receive, mut send) = ([0; size::receive(SocketType::Req, 64, 1)], [0; 64]);
//!     let mut session = Session::new(Req::new(&CONFIG, &mut receive, &mut send, 1));
//!     for port in 49_152.. {
//!         // Each connection has its own local port, because the last one may still be in use.
//!         if tcp.connect((IpAddress::v4(10, 0, 2, 2), 5_555), port, now().after(3_000)).is_err() {
//!             continue;
//!         }
//!         let mut req = session.connect(&mut tcp, now());
//!         while let Ok(reply) = req.request(&[b"hello"], now().after(1_000), now) {
//!             let _ = reply.first();
//!         }
//!     }
//! }
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod io;
mod udp;

use core::cell::{RefCell, RefMut};
use core::fmt;

use smoltcp::iface::{Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::Device;
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::wire::IpEndpoint;
use zmtp_embedded::Instant;

pub use io::Error;
pub use udp::Udp;
pub use zmtp_embedded;

/// A socket with these buffers, set up for messages: without the algorithm of Nagle and without delayed
/// acknowledgements, with which each end would wait for a timer of the other.
pub fn socket<'a>(receive: &'a mut [u8], send: &'a mut [u8]) -> Socket<'a> {
    let mut socket = Socket::new(SocketBuffer::new(receive), SocketBuffer::new(send));
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket
}

/// A network stack: a device, its interface, its sockets and a clock.
pub struct Stack<'a, D, C> {
    parts: RefCell<Parts<'a, D>>,
    now: C,
}

struct Parts<'a, D> {
    device: D,
    interface: Interface,
    sockets: SocketSet<'a>,
}

impl<D, C> fmt::Debug for Stack<'_, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}

impl<'a, D: Device, C: Fn() -> Instant> Stack<'a, D, C> {
    /// A stack of these parts. `now` is the clock that the ZeroMQ sockets use too.
    pub const fn new(device: D, interface: Interface, sockets: SocketSet<'a>, now: C) -> Self {
        Self { parts: RefCell::new(Parts { device, interface, sockets }), now }
    }

    /// A TCP socket of the set as an IO.
    ///
    /// smoltcp panics at its first use if `handle` is not that of a TCP socket of the set.
    pub const fn tcp(&self, handle: SocketHandle) -> Tcp<'_, 'a, D, C> {
        Tcp { stack: self, handle }
    }

    /// Receives and sends packets. The IOs do this too. Call it while no ZeroMQ socket is in use, for other sockets of
    /// the set such as DHCP. Returns whether a socket may have changed.
    pub fn poll(&self) -> bool {
        let now = self.now();
        self.parts().is_some_and(|mut parts| {
            let Parts { device, interface, sockets } = &mut *parts;
            interface.poll(now, device, sockets) == PollResult::SocketStateChanged
        })
    }

    /// Calls `f` with the interface and the sockets, for example for DHCP. `None` within another such call.
    pub fn with<T>(&self, f: impl FnOnce(&mut Interface, &mut SocketSet<'a>) -> T) -> Option<T> {
        let mut parts = self.parts()?;
        let Parts { interface, sockets, .. } = &mut *parts;
        Some(f(interface, sockets))
    }

    fn now(&self) -> smoltcp::time::Instant {
        let ms = (self.now)().as_millis();
        smoltcp::time::Instant::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))
    }

    fn parts(&self) -> Option<RefMut<'_, Parts<'a, D>>> {
        self.parts.try_borrow_mut().ok()
    }
}

/// A TCP socket of a [`Stack`], for one connection after the other.
pub struct Tcp<'s, 'a, D, C> {
    stack: &'s Stack<'a, D, C>,
    handle: SocketHandle,
}

impl<D, C> fmt::Debug for Tcp<'_, '_, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tcp").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl<D: Device, C: Fn() -> Instant> Tcp<'_, '_, D, C> {
    /// Connects from `local_port` to `remote`. The last connection is reset.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if the deadline has passed; [`Error::Reset`] if the peer refuses or an address is invalid.
    pub fn connect(
        &mut self,
        remote: impl Into<IpEndpoint>,
        local_port: u16,
        deadline: Instant,
    ) -> Result<(), Error> {
        self.reset();
        self.stack
            .with(|interface, sockets| {
                let socket = sockets.get_mut::<Socket<'_>>(self.handle);
                socket.connect(interface.context(), remote.into(), local_port)
            })
            .is_some_and(|result| result.is_ok())
            .then_some(())
            .ok_or(Error::Reset)?;
        self.wait(deadline)
    }

    /// Accepts a connection to `port`. The last connection is reset.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if the deadline has passed. The socket still listens: a second call with the same port
    /// continues.
    pub fn accept(&mut self, port: u16, deadline: Instant) -> Result<(), Error> {
        let listens = self.with(|socket| {
            matches!(socket.state(), State::Listen | State::SynReceived)
                && socket.listen_endpoint().port == port
        })?;
        if !listens {
            self.reset();
            self.with(|socket| socket.listen(port))?.map_err(|_| Error::Reset)?;
        }
        self.wait(deadline)
    }

    /// Closes the connection: sent bytes still arrive.
    pub fn close(&mut self) {
        let _ = self.with(Socket::close);
        self.stack.poll();
    }

    /// Resets the connection.
    pub fn reset(&mut self) {
        let _ = self.with(Socket::abort);
        self.stack.poll();
    }

    /// Waits until the connection is established.
    fn wait(&self, deadline: Instant) -> Result<(), Error> {
        loop {
            self.stack.poll();
            match self.with(|socket| socket.state())? {
                State::Established => return Ok(()),
                State::Closed => return Err(Error::Reset),
                _ if (self.stack.now)() >= deadline => return Err(Error::TimedOut),
                _ => {}
            }
        }
    }
}
