//! TCP: binding, connecting and options.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;

use mio::net::{TcpListener, TcpStream};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::local::{bind_device, local_addresses};
use crate::endpoint::{Endpoint, Host};
use crate::error::Error;
use crate::options::{Options, Tcp};

/// `EINPROGRESS`: the standard library has no stable name for it.
const IN_PROGRESS: i32 =
    if cfg!(any(target_os = "android", target_os = "linux")) { 115 } else { 36 };

/// The bytes that the kernel takes for a connection beyond those that the peer's window has room for.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOT_SENT: u32 = 256 << 10;

pub(super) fn bind(
    endpoint: &Endpoint,
    host: &Host,
    port: u16,
    options: &Options,
) -> Result<TcpListener, Error> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => Error::AddressInUse(endpoint.clone()),
        _ => Error::Io { doing: format!("bind {endpoint}"), source },
    };
    let addresses = match (endpoint.numeric(), host) {
        // Without IPv6 in the system, IPv4 is left.
        (_, Host::Any) if options.tcp.ipv6 => {
            vec![(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()]
        }
        (Some(addresses), _) => addresses,
        (None, Host::Name(name)) => {
            local_addresses(name, port, options.tcp.ipv6, options).map_err(fail)?
        }
        (None, _) => Vec::new(),
    };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match listen(address, &options.tcp) {
            Ok(listener) => return Ok(listener),
            // Another address of the name would hide that this one is in use.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(fail(error)),
            Err(error) => last = error,
        }
    }
    Err(fail(last))
}

fn listen(address: SocketAddr, options: &Tcp) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // On Windows this option would let two listeners share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if options.ipv6 && address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    buffers(&SockRef::from(&socket), options)?;
    bind_device(&socket, options.device.as_ref())?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(options.backlog.into())?;
    Ok(TcpListener::from_std(socket.into()))
}

pub(super) fn dial(
    address: SocketAddr,
    source: Option<SocketAddr>,
    options: &Tcp,
) -> io::Result<TcpStream> {
    let stream = match (source, options.device) {
        (None, None) => TcpStream::connect(address)?,
        _ => dial_from(address, source, options)?,
    };
    configure(&stream, options)?;
    Ok(stream)
}

/// Connects from a given address or through a given device.
fn dial_from(
    address: SocketAddr,
    source: Option<SocketAddr>,
    options: &Tcp,
) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    bind_device(&socket, options.device.as_ref())?;
    if let Some(source) = source {
        // The chosen local port may still be in use by the previous connection.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&source.into())?;
    }
    match socket.connect(&address.into()) {
        Err(error)
            if error.raw_os_error() != Some(IN_PROGRESS)
                && error.kind() != io::ErrorKind::WouldBlock =>
        {
            Err(error)
        }
        _ => Ok(TcpStream::from_std(socket.into())),
    }
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
    #[cfg(unix)]
    if let Some(tos) = options.tos {
        match stream.local_addr()? {
            SocketAddr::V4(_) => socket.set_tos_v4(tos.into())?,
            SocketAddr::V6(_) => socket.set_tclass_v6(tos.into())?,
        }
    }
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if let Some(longest) = options.max_retransmit {
        socket.set_tcp_user_timeout(Some(longest))?;
    }
    // After the type of service, which sets a priority too.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if let Some(priority) = options.priority {
        socket.set_priority(priority)?;
    }
    #[cfg(target_os = "linux")]
    if let Some(time) = options.busy_poll {
        socket.set_busy_poll(time.as_micros().try_into().unwrap_or(u32::MAX))?;
    }
    // What the kernel holds cannot go to another peer, and does not count towards the high-water mark.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_notsent_lowat(NOT_SENT)?;
    buffers(&socket, options)
}

/// Sets the kernel's buffer sizes; connections inherit those of their listener.
fn buffers(socket: &SockRef<'_>, options: &Tcp) -> io::Result<()> {
    if let Some(bytes) = options.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use core::time::Duration;
    use std::{fs, net};

    use super::*;

    #[test]
    fn priority_and_busy_polling_reach_the_kernel() {
        // Without privileges only small values are allowed.
        let time = fs::read_to_string("/proc/sys/net/core/busy_read").unwrap();
        let time = Duration::from_micros(time.trim().parse().unwrap());
        let options = Tcp::default().tos(0x28).priority(5).busy_poll(time);
        let listener = net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let stream = dial(listener.local_addr().unwrap(), None, &options).unwrap();
        let socket = SockRef::from(&stream);
        assert_eq!(socket.priority().unwrap(), 5);
        assert_eq!(u128::from(socket.busy_poll().unwrap()), time.as_micros());
    }

    #[test]
    fn service_type_and_retransmission_bound_reach_the_kernel() {
        let options =
            Tcp { tos: Some(0x28), max_retransmit: Some(Duration::from_secs(7)), ..Tcp::default() };
        for host in ["127.0.0.1", "::1"] {
            let listener = net::TcpListener::bind((host, 0)).unwrap();
            let stream = dial(listener.local_addr().unwrap(), None, &options).unwrap();
            let socket = SockRef::from(&stream);
            assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(7)));
            let tos = match host {
                "::1" => socket.tclass_v6().unwrap(),
                _ => socket.tos_v4().unwrap(),
            };
            assert_eq!(tos, 0x28, "{host}");
        }
    }
}
