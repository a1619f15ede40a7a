//! ARM's MPS2 board with image AN385: a Cortex-M3 at 25 MHz, CMSDK UARTs, a LAN9118.

use core::cell::Cell;

use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use zmtp_core::Instant;

use super::{Register, embedded_io};

/// Hz.
pub const CPU: u32 = 25_000_000;

/// The board, once.
#[derive(Debug)]
pub struct Board {
    /// UART 0, at 115,200 baud.
    pub uart: Uart,
}

impl Board {
    /// Starts clock and UART; `None` the second time.
    pub fn take() -> Option<Self> {
        let core = cortex_m::Peripherals::take()?;
        start_clock(core.SYST);
        Some(Self { uart: Uart::start() })
    }
}

/// Milliseconds since [`Board::take`]. A Cortex-M has no atomic of 64 bits.
static MILLISECONDS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

fn start_clock(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CPU / 1_000 - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

#[exception]
fn SysTick() {
    interrupt::free(|token| {
        let milliseconds = MILLISECONDS.borrow(token);
        milliseconds.set(milliseconds.get() + 1);
    });
}

/// Number of the receive interrupt of the UART. It only ends a sleep; bytes are read later.
const UART0_RX: i16 = 0;

/// Without a device crate this handles all interrupts.
#[exception]
#[allow(unsafe_code, reason = "the runtime requires this attribute")]
unsafe fn DefaultHandler(irq: i16) {
    if irq == UART0_RX {
        registers::INTERRUPT_CLEAR.write(1 << 1);
    }
}

/// The time since the start.
pub fn now() -> Instant {
    Instant::from_millis(interrupt::free(|token| MILLISECONDS.borrow(token).get()))
}

/// A polled CMSDK UART.
#[derive(Debug)]
pub struct Uart(());

#[allow(unsafe_code, reason = "addresses of registers, from ARM's application note 385")]
mod registers {
    use super::Register;

    const UART0: usize = 0x4000_4000;
    // SAFETY: registers of 32 bits, which move no memory.
    pub(super) const DATA: Register = unsafe { Register::at(UART0) };
    // SAFETY: as above.
    pub(super) const STATE: Register = unsafe { Register::at(UART0 + 4) };
    // SAFETY: as above.
    pub(super) const CTRL: Register = unsafe { Register::at(UART0 + 8) };
    // SAFETY: as above.
    pub(super) const INTERRUPT_CLEAR: Register = unsafe { Register::at(UART0 + 0xC) };
    // SAFETY: as above.
    pub(super) const BAUDDIV: Register = unsafe { Register::at(UART0 + 0x10) };
    // SAFETY: of the NVIC; nothing relies on an interrupt being off.
    pub(super) const INTERRUPT_ENABLE: Register = unsafe { Register::at(0xE000_E100) };
}

const TX_FULL: u32 = 1;
const RX_FULL: u32 = 2;
const ENABLE_TX_AND_RX: u32 = 3;
const RX_INTERRUPT: u32 = 1 << 3;

impl Uart {
    fn start() -> Self {
        registers::BAUDDIV.write(CPU / 115_200);
        registers::CTRL.write(ENABLE_TX_AND_RX | RX_INTERRUPT);
        registers::INTERRUPT_ENABLE.write(1 << UART0_RX);
        Self(())
    }

    fn may_receive(&self) -> bool {
        registers::STATE.read() & RX_FULL != 0
    }

    fn receive(&mut self) -> u8 {
        registers::DATA.read() as u8
    }

    fn may_send(&self) -> bool {
        registers::STATE.read() & TX_FULL == 0
    }

    fn send(&mut self, byte: u8) {
        registers::DATA.write(byte.into());
    }

    /// Polls a few times, then sleeps until a byte or the tick arrives.
    fn nap(&self) {
        if (0..200).all(|_| !self.may_receive()) {
            cortex_m::asm::wfi();
        }
    }
}

embedded_io!(Uart);
