//! The local end of a socket: its addresses, and its network device.

use core::net::SocketAddr;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use socket2::Socket;

#[cfg(unix)]
use crate::endpoint::interface_addresses;
use crate::look_up;
use crate::options::{Device, Options};

/// Looks up the name that a socket is bound to, and waits for the result. The name of an interface comes first, as in
/// libzmq; with `ipv6` also its addresses of IPv6.
pub(super) fn local_addresses(
    name: &str,
    port: u16,
    ipv6: bool,
    options: &Options,
) -> io::Result<Vec<SocketAddr>> {
    #[cfg(unix)]
    {
        let addresses = interface_addresses(name, port, ipv6);
        if !addresses.is_empty() {
            return Ok(addresses);
        }
    }
    if let Some(resolver) = &options.resolver {
        let look_up = AssertUnwindSafe(|| resolver(name, port));
        return catch_unwind(look_up)
            .unwrap_or_else(|_| Err(io::Error::other("the resolver panicked")));
    }
    let mut addresses = look_up::wait(name, options.limits.handshake_timeout)?;
    addresses.iter_mut().for_each(|address| address.set_port(port));
    Ok(addresses)
}

/// Restricts a socket to a device.
pub(super) fn bind_device(socket: &Socket, device: Option<&Device>) -> io::Result<()> {
    match device {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        Some(device) => socket.bind_device(Some(device.bytes())),
        #[cfg(not(any(target_os = "android", target_os = "linux")))]
        Some(_) => Err(io::ErrorKind::Unsupported.into()),
        None => {
            let _ = socket;
            Ok(())
        }
    }
}
