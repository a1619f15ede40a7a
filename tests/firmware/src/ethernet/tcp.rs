//! One TCP connection at a time, for `embedded-io`.

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr, IpEndpoint, Ipv4Address};

use super::Lan9118;
use crate::board;

/// Address of the firmware in QEMU's user network.
const OURS: Ipv4Address = Ipv4Address::new(10, 0, 2, 15);
/// Address of the host in that network.
const HOST: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// Errors of connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq, defmt::Format)]
pub enum Error {
    /// The connection was not accepted in time, or no byte could be read or written just now.
    TimedOut,
    /// The peer refused or reset it.
    Reset,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Debug::fmt(self, f)
    }
}

impl core::error::Error for Error {}

impl embedded_io::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Reset => ErrorKind::ConnectionReset,
        }
    }
}

/// Memory of the stack.
#[derive(Debug)]
pub struct Network<'a> {
    sockets: [SocketStorage<'a>; 1],
    receive: [u8; 2_048],
    send: [u8; 2_048],
}

impl Default for Network<'_> {
    fn default() -> Self {
        Self { sockets: [SocketStorage::EMPTY], receive: [0; 2_048], send: [0; 2_048] }
    }
}

/// The stack, and its one connection at a time.
pub struct Tcp<'a> {
    device: Lan9118,
    interface: Interface,
    sockets: SocketSet<'a>,
    handle: SocketHandle,
    /// Each connection has its own port, as the port of the last one may still be in use.
    port: u16,
}

impl core::fmt::Debug for Tcp<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Tcp").field("port", &self.port).finish_non_exhaustive()
    }
}

fn now() -> Instant {
    Instant::from_millis(board::now().as_millis() as i64)
}

impl<'a> Tcp<'a> {
    /// A stack over `device`. `seed` should differ from boot to boot.
    pub fn new(
        mut device: Lan9118,
        address: [u8; 6],
        seed: u64,
        memory: &'a mut Network<'a>,
    ) -> Self {
        let mut config = Config::new(HardwareAddress::Ethernet(EthernetAddress(address)));
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut device, now());
        // There is room for one address.
        interface.update_ip_addrs(|addresses| {
            let _ = addresses.push(IpCidr::new(IpAddress::Ipv4(OURS), 24));
        });
        let Network { sockets, receive, send } = memory;
        let mut sockets = SocketSet::new(&mut sockets[..]);
        let mut socket =
            Socket::new(SocketBuffer::new(&mut receive[..]), SocketBuffer::new(&mut send[..]));
        // Otherwise each end waits for the timer of the other.
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        let handle = sockets.add(socket);
        let port = 49_152 + (seed % 8_192) as u16;
        Self { device, interface, sockets, handle, port }
    }

    /// Connects to a port of the host, within `timeout` milliseconds. Breaks the last connection.
    pub fn connect(&mut self, port: u16, timeout: u32) -> Result<(), Error> {
        let end = board::now().after(timeout);
        self.port = self.port.checked_add(1).unwrap_or(49_152);
        let local = self.port;
        self.socket().abort();
        // Sends the reset.
        self.socket();
        let socket = self.sockets.get_mut::<Socket<'_>>(self.handle);
        let to = IpEndpoint::new(IpAddress::Ipv4(HOST), port);
        socket.connect(self.interface.context(), to, local).map_err(|_| Error::Reset)?;
        loop {
            match self.socket().state() {
                State::Established => return Ok(()),
                State::Closed => return Err(Error::Reset),
                _ if board::now() >= end => return Err(Error::TimedOut),
                _ => {}
            }
        }
    }

    /// Polls the stack, and returns the socket.
    fn socket(&mut self) -> &mut Socket<'a> {
        let _ = self.interface.poll(now(), &mut self.device, &mut self.sockets);
        self.sockets.get_mut(self.handle)
    }
}

impl ErrorType for Tcp<'_> {
    type Error = Error;
}

impl ReadReady for Tcp<'_> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        let socket = self.socket();
        // The end of the stream is read too.
        Ok(socket.can_recv() || !socket.may_recv())
    }
}

impl Read for Tcp<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        if buf.is_empty() {
            return Ok(0);
        }
        let socket = self.socket();
        if socket.can_recv() {
            return socket.recv_slice(buf).map_err(|_| Error::Reset);
        }
        match socket.state() {
            State::Closed => Err(Error::Reset),
            _ if socket.may_recv() => Err(Error::TimedOut),
            _ => Ok(0),
        }
    }
}

impl WriteReady for Tcp<'_> {
    fn write_ready(&mut self) -> Result<bool, Error> {
        let socket = self.socket();
        Ok(socket.can_send() || !socket.may_send())
    }
}

impl Write for Tcp<'_> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        let sent = self.socket().send_slice(buf).map_err(|_| Error::Reset)?;
        if sent == 0 && !buf.is_empty() {
            return Err(Error::TimedOut);
        }
        self.socket();
        Ok(sent)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.socket();
        Ok(())
    }
}
