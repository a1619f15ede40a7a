//! BBC micro:bit: nRF51822, a Cortex-M0 with 16 KiB of RAM.

use core::cell::Cell;

use cortex_m::interrupt::{self, Mutex};
use cortex_m_rt::exception;
use zmtp_core::Instant;

use super::{Register, embedded_io};

/// The board, once.
#[derive(Debug)]
pub struct Board {
    /// The UART to the interface chip, at 115,200 baud.
    pub uart: Uart,
}

impl Board {
    /// Starts clock and UART; `None` the second time.
    pub fn take() -> Option<Self> {
        cortex_m::Peripherals::take()?;
        start_clock();
        Some(Self { uart: Uart::start() })
    }
}

#[allow(unsafe_code, reason = "addresses of registers, from the nRF51 reference manual")]
mod registers {
    use super::Register;

    /// A register of 32 bits, which moves no memory.
    macro_rules! registers {
        ($($name:ident: $address:expr;)*) => {$(
            // SAFETY: see the manual's tables of UART, TIMER and NVIC.
            pub(super) const $name: Register = unsafe { Register::at($address) };
        )*};
    }

    const UART: usize = 0x4000_2000;
    const TIMER0: usize = 0x4000_8000;
    registers! {
        UART_START_RX: UART;
        UART_START_TX: UART + 0x008;
        UART_RX_READY: UART + 0x108;
        UART_TX_READY: UART + 0x11C;
        UART_ENABLE: UART + 0x500;
        UART_PIN_TXD: UART + 0x50C;
        UART_PIN_RXD: UART + 0x514;
        UART_RXD: UART + 0x518;
        UART_TXD: UART + 0x51C;
        UART_BAUD_RATE: UART + 0x524;
        TIMER_START: TIMER0;
        TIMER_COMPARE0: TIMER0 + 0x140;
        TIMER_SHORTS: TIMER0 + 0x200;
        TIMER_INT_SET: TIMER0 + 0x304;
        TIMER_BIT_MODE: TIMER0 + 0x508;
        TIMER_PRESCALER: TIMER0 + 0x510;
        TIMER_CC0: TIMER0 + 0x540;
        INTERRUPT_ENABLE: 0xE000_E100;
    }
}
use registers::*;

/// Milliseconds since [`Board::take`].
static MILLISECONDS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// The nRF51 has no SysTick, so TIMER0 counts: 16 MHz / 2^4, a compare every 1,000.
fn start_clock() {
    TIMER_BIT_MODE.write(0);
    TIMER_PRESCALER.write(4);
    TIMER_CC0.write(1_000);
    TIMER_SHORTS.write(1);
    TIMER_INT_SET.write(1 << 16);
    INTERRUPT_ENABLE.write(1 << TIMER0_IRQ);
    TIMER_START.write(1);
}

const TIMER0_IRQ: i16 = 8;

/// Without a device crate this handles all interrupts; only that of the timer is enabled.
#[exception]
#[allow(unsafe_code, reason = "the runtime requires this attribute")]
unsafe fn DefaultHandler(irq: i16) {
    if irq == TIMER0_IRQ {
        TIMER_COMPARE0.write(0);
        interrupt::free(|token| {
            let milliseconds = MILLISECONDS.borrow(token);
            milliseconds.set(milliseconds.get() + 1);
        });
    }
}

/// The time since the start.
pub fn now() -> Instant {
    Instant::from_millis(interrupt::free(|token| MILLISECONDS.borrow(token).get()))
}

/// The polled UART.
#[derive(Debug)]
pub struct Uart {
    /// The transmitter is idle.
    idle: bool,
}

impl Uart {
    fn start() -> Self {
        UART_PIN_TXD.write(24);
        UART_PIN_RXD.write(25);
        // 115,200 baud.
        UART_BAUD_RATE.write(0x01D7_E000);
        UART_ENABLE.write(4);
        UART_START_TX.write(1);
        UART_START_RX.write(1);
        Self { idle: true }
    }

    fn may_receive(&self) -> bool {
        UART_RX_READY.read() != 0
    }

    fn receive(&mut self) -> u8 {
        // In this order: the next byte sets it again as soon as this one is read.
        UART_RX_READY.write(0);
        UART_RXD.read() as u8
    }

    fn may_send(&self) -> bool {
        self.idle || UART_TX_READY.read() != 0
    }

    fn send(&mut self, byte: u8) {
        UART_TX_READY.write(0);
        UART_TXD.write(byte.into());
        self.idle = false;
    }

    /// Waits for at least 2,000 cycles, of 16,000 per millisecond.
    fn nap(&self) {
        (0..1_000).find(|_| self.may_receive());
    }
}

embedded_io!(Uart);
