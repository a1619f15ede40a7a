//! Modules that the programs in `src/bin` share: boards, and output to the host of QEMU.
#![no_std]

pub mod boards;
#[cfg(feature = "curve")]
pub mod curve;
#[cfg(feature = "curve")]
pub mod dialogue;
#[cfg(feature = "ethernet")]
pub mod ethernet;
pub mod host;
pub mod measure;

#[cfg(any(board = "microbit", board = "mps2"))]
pub use cortex_m_rt::entry;
#[cfg(board = "virt")]
pub use riscv_rt::entry;

#[cfg(board = "microbit")]
pub use boards::microbit as board;
#[cfg(board = "mps2")]
pub use boards::mps2 as board;
#[cfg(board = "virt")]
pub use boards::virt as board;
