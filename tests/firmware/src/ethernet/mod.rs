//! Ethernet in QEMU's user network. `zmtp-smoltcp` makes TCP connections of it.

#[cfg(board = "mps2")]
mod lan9118;
#[cfg(board = "virt")]
mod virtio;

use smoltcp::iface::{Config, Interface};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr, Ipv4Address};

#[cfg(board = "mps2")]
pub use lan9118::Lan9118 as Controller;
#[cfg(board = "virt")]
pub use virtio::Virtio as Controller;

/// Address of the firmware in QEMU's user network.
const OURS: Ipv4Address = Ipv4Address::new(10, 0, 2, 15);
/// Address of the host in that network.
pub const HOST: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// The interface of `device`, which has this address. `seed` should differ from boot to boot.
pub fn interface(device: &mut Controller, address: [u8; 6], seed: u64) -> Interface {
    let mut config = Config::new(HardwareAddress::Ethernet(EthernetAddress(address)));
    config.random_seed = seed;
    let mut interface = Interface::new(config, device, Instant::from_millis(0));
    // There is room for one address.
    interface.update_ip_addrs(|addresses| {
        let _ = addresses.push(IpCidr::new(IpAddress::Ipv4(OURS), 24));
    });
    interface
}
