//! TCP: binding, dialling and options.

use core::net::SocketAddr;
use std::io;
use std::net::ToSocketAddrs;

use mio::net::{TcpListener, TcpStream};
use socket2::{SockRef, TcpKeepalive};

use crate::endpoint::{Endpoint, Host};
use crate::error::Error;
use crate::options::Tcp;

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
        match TcpListener::bind(address) {
            Ok(listener) => {
                buffers(&SockRef::from(&listener), options).map_err(fail)?;
                return Ok(listener);
            }
            // Another address of the name would hide that this one is somebody else's.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(fail(error)),
            Err(error) => last = error,
        }
    }
    Err(fail(last))
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
