//! SMSC's LAN9118, an Ethernet controller on a memory bus: a polled device for smoltcp.

use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

use crate::boards::Register;

/// Bytes of the largest frame, without its checksum.
const FRAME: usize = 1514;
/// Words of a buffer for that and the checksum, which comes with a received frame.
const WORDS: usize = (FRAME + 4).div_ceil(4);

/// The controller, and room for a frame each way.
#[derive(Debug)]
pub struct Lan9118 {
    received: [u32; WORDS],
    sent: [u32; WORDS],
}

/// There is no LAN9118, or it does not start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Absent;

#[allow(unsafe_code, reason = "addresses of registers, from SMSC's data sheet and AN385")]
mod registers {
    use super::Register;

    /// A register of 32 bits, which moves no memory.
    macro_rules! registers {
        ($($name:ident: $offset:expr;)*) => {$(
            // SAFETY: see the data sheet's "direct address register map".
            pub(super) const $name: Register = unsafe { Register::at(0x4020_0000 + $offset) };
        )*};
    }

    registers! {
        RX_DATA_FIFO: 0x00;
        TX_DATA_FIFO: 0x20;
        RX_STATUS_FIFO: 0x40;
        TX_STATUS_FIFO: 0x48;
        INT_EN: 0x5C;
        BYTE_TEST: 0x64;
        RX_CFG: 0x6C;
        TX_CFG: 0x70;
        HW_CFG: 0x74;
        RX_FIFO_INF: 0x7C;
        TX_FIFO_INF: 0x80;
        MAC_CSR_CMD: 0xA4;
        MAC_CSR_DATA: 0xA8;
    }
}
use registers::*;

const BUSY: u32 = 1 << 31;
const SOFT_RESET: u32 = 1;
/// The number of reads of a bit after which it counts as stuck.
const MAX_READS: u32 = 1_000_000;

impl Lan9118 {
    /// Resets the controller and turns it on, full duplex, with this address.
    pub fn start(address: [u8; 6]) -> Result<Self, Absent> {
        if BYTE_TEST.read() != 0x8765_4321 {
            return Err(Absent);
        }
        HW_CFG.write(SOFT_RESET);
        wait(|| HW_CFG.read() & SOFT_RESET == 0)?;
        // Must be one; 5 KiB for sending.
        HW_CFG.write(1 << 20 | 5 << 16);
        INT_EN.write(0);
        RX_CFG.write(0);
        TX_CFG.write(1 << 1);
        let [a, b, c, d, e, f] = address;
        set_mac(3, u32::from_le_bytes([a, b, c, d]))?;
        set_mac(2, u32::from_le_bytes([e, f, 0, 0]))?;
        // Full duplex, transmitter and receiver.
        set_mac(1, 1 << 20 | 1 << 3 | 1 << 2)?;
        Ok(Self { received: [0; WORDS], sent: [0; WORDS] })
    }

    /// Reads the next frame. Returns its length in bytes.
    fn fetch(&mut self) -> Option<usize> {
        while RX_FIFO_INF.read() >> 16 & 0xFF != 0 {
            let status = RX_STATUS_FIFO.read();
            let len = (status >> 16 & 0x3FFF) as usize;
            let bad = status & 1 << 15 != 0 || len > 4 * WORDS || len < 4;
            for at in 0..len.div_ceil(4) {
                let word = RX_DATA_FIFO.read();
                if let Some(place) = self.received.get_mut(at) {
                    *place = word;
                }
            }
            if !bad {
                return Some(len - 4);
            }
        }
        None
    }
}

fn wait(done: impl Fn() -> bool) -> Result<(), Absent> {
    (0..MAX_READS).any(|_| done()).then_some(()).ok_or(Absent)
}

/// Sets a register of the MAC, which is accessed through two others.
fn set_mac(index: u32, value: u32) -> Result<(), Absent> {
    MAC_CSR_DATA.write(value);
    MAC_CSR_CMD.write(BUSY | index);
    wait(|| MAC_CSR_CMD.read() & BUSY == 0)
}

/// Sends a frame. The buffer of 5 KiB has room, as the device empties it at once.
fn send(words: &[u32], len: usize) {
    const FIRST_AND_LAST: u32 = 1 << 13 | 1 << 12;
    TX_DATA_FIFO.write(FIRST_AND_LAST | len as u32);
    TX_DATA_FIFO.write(len as u32);
    for word in words.iter().take(len.div_ceil(4)) {
        TX_DATA_FIFO.write(*word);
    }
    while TX_FIFO_INF.read() >> 16 & 0xFF != 0 {
        let _ = TX_STATUS_FIFO.read();
    }
}

/// A received frame.
#[derive(Debug)]
pub struct RxToken<'a>(&'a [u32], usize);

/// Room for a frame to send.
#[derive(Debug)]
pub struct TxToken<'a>(&'a mut [u32; WORDS]);

impl phy::RxToken for RxToken<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(bytes(self.0, self.1))
    }
}

impl phy::TxToken for TxToken<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let len = len.min(FRAME);
        let result = f(bytes_mut(self.0, len));
        send(self.0, len);
        result
    }
}

#[allow(unsafe_code, reason = "the bytes of words")]
fn bytes(words: &[u32], len: usize) -> &[u8] {
    let len = len.min(size_of_val(words));
    // SAFETY: initialised memory of at least that many bytes, borrowed as long.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), len) }
}

#[allow(unsafe_code, reason = "the bytes of words")]
fn bytes_mut(words: &mut [u32], len: usize) -> &mut [u8] {
    let len = len.min(size_of_val(words));
    // SAFETY: as in `bytes`; every value of a byte makes a word.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), len) }
}

impl Device for Lan9118 {
    type RxToken<'a> = RxToken<'a>;
    type TxToken<'a> = TxToken<'a>;

    fn receive(&mut self, _: Instant) -> Option<(RxToken<'_>, TxToken<'_>)> {
        let len = self.fetch()?;
        Some((RxToken(&self.received, len), TxToken(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<TxToken<'_>> {
        Some(TxToken(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}
