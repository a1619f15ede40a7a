//! TCP: binding, dialling and options.

use core::net::SocketAddr;
use std::io;
use std::net::ToSocketAddrs;

use mio::net::{TcpListener, TcpStream};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use crate::endpoint::{Endpoint, Host};
use crate::error::Error;
use crate::options::Tcp;

/// Connections that may wait to be accepted, as far as the system allows: mio's own 128 lets a burst
/// of clients run into the kernel's retries, a second each.
const BACKLOG: i32 = 4_096;

pub(super) fn bind(
    endpoint: &Endpoint,
    host: &Host,
    port: u16,
    options: &Tcp,
) -> Result<TcpListener, Error> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => Error::AddressInUse(endpoint.clone()),
        _ => Error::Io { doing: format!("bind {endpoint}"), source },
    };
    let addresses = match (endpoint.numeric(), host) {
        (Some(addresses), _) => addresses,
        // Listening on a name is rare and local: asking the resolver here is what users expect.
        (None, Host::Name(name)) => {
            (name.as_str(), port).to_socket_addrs().map_err(fail)?.collect()
        }
        (None, _) => Vec::new(),
    };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match listen(address, options) {
            Ok(listener) => return Ok(listener),
            // Another address of the name would hide that this one is somebody else's.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(fail(error)),
            Err(error) => last = error,
        }
    }
    Err(fail(last))
}

fn listen(address: SocketAddr, options: &Tcp) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // On Windows it would let two listeners share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    buffers(&SockRef::from(&socket), options)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

pub(super) fn dial(address: SocketAddr, options: &Tcp) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    configure(&stream, options)?;
    Ok(stream)
}

/// Applies the options to a connection.
pub(super) fn configure(stream: &TcpStream, options: &Tcp) -> io::Result<()> {
    let socket = SockRef::from(stream);
    if options.nodelay {
        socket.set_tcp_nodelay(true)?;
    }
    if let Some(keepalive) = options.keepalive {
        let mut wanted = TcpKeepalive::new();
        if let Some(idle) = keepalive.idle {
            wanted = wanted.with_time(idle);
        }
        if let Some(interval) = keepalive.interval {
            wanted = wanted.with_interval(interval);
        }
        if let Some(count) = keepalive.count {
            wanted = wanted.with_retries(count);
        }
        socket.set_keepalive(true)?;
        socket.set_tcp_keepalive(&wanted)?;
    }
    buffers(&socket, options)
}

/// Sets the kernel's buffer sizes; on a listener its connections inherit them.
fn buffers(socket: &SockRef<'_>, options: &Tcp) -> io::Result<()> {
    if let Some(octets) = options.send_buffer {
        socket.set_send_buffer_size(octets)?;
    }
    if let Some(octets) = options.receive_buffer {
        socket.set_recv_buffer_size(octets)?;
    }
    Ok(())
}
