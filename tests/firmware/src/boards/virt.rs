//! QEMU's `virt` for RISC-V: a 16550 UART, and the timer of a CLINT.

use core::sync::atomic::{AtomicBool, Ordering};

use zmtp_core::Instant;

use super::{Register, embedded_io};

/// The board, once.
#[derive(Debug)]
pub struct Board {
    /// The UART.
    pub uart: Uart,
}

impl Board {
    /// `None` the second time.
    pub fn take() -> Option<Self> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        // One hart without interrupts, and rv32imc has no atomic exchange.
        let first = !TAKEN.load(Ordering::Relaxed);
        TAKEN.store(true, Ordering::Relaxed);
        first.then(|| Self { uart: Uart(()) })
    }
}

#[allow(unsafe_code, reason = "addresses of registers, from QEMU's hw/riscv/virt.c")]
mod registers {
    use super::Register;

    const UART0: usize = 0x1000_0000;
    const CLINT: usize = 0x0200_0000;
    // SAFETY: registers of these widths, which move no memory.
    pub(super) const DATA: Register<u8> = unsafe { Register::at(UART0) };
    // SAFETY: as above.
    pub(super) const LINE_STATUS: Register<u8> = unsafe { Register::at(UART0 + 5) };
    // SAFETY: as above.
    pub(super) const TIME_LOW: Register = unsafe { Register::at(CLINT + 0xBFF8) };
    // SAFETY: as above.
    pub(super) const TIME_HIGH: Register = unsafe { Register::at(CLINT + 0xBFFC) };
}

/// The time since reset, of a counter of 10 MHz.
pub fn now() -> Instant {
    loop {
        let high = registers::TIME_HIGH.read();
        let low = registers::TIME_LOW.read();
        // Otherwise the low half has wrapped in between.
        if registers::TIME_HIGH.read() == high {
            return Instant::from_millis((u64::from(high) << 32 | u64::from(low)) / 10_000);
        }
    }
}

/// A polled 16550. The one of QEMU needs no baud rate.
#[derive(Debug)]
pub struct Uart(());

const RX_READY: u8 = 1;
const TX_EMPTY: u8 = 1 << 5;

impl Uart {
    fn may_receive(&self) -> bool {
        registers::LINE_STATUS.read() & RX_READY != 0
    }

    fn receive(&mut self) -> u8 {
        registers::DATA.read()
    }

    fn may_send(&self) -> bool {
        registers::LINE_STATUS.read() & TX_EMPTY != 0
    }

    fn send(&mut self, byte: u8) {
        registers::DATA.write(byte);
    }

    /// Polls a thousand times.
    fn nap(&self) {
        (0..1_000).find(|_| self.may_receive());
    }
}

embedded_io!(Uart);
