//! TCP on the firmware's side: smoltcp over a LAN9118.

mod lan9118;
mod tcp;

pub use lan9118::Lan9118;
pub use tcp::{Error, Network, Tcp};
