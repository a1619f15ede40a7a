//! One module per board: a clock in milliseconds, and a UART for `embedded-io`.
//!
//! A module uses only [`Register`] of the others, and can be copied. The UARTs are polled. Under QEMU a
//! byte stays in the UART until it is read; on a board without flow control (RTS and
//! CTS) let the receive interrupt fill a ring buffer, and read from that.

#[cfg(board = "microbit")]
pub mod microbit;
#[cfg(board = "mps2")]
pub mod mps2;
#[cfg(board = "virt")]
pub mod virt;

/// A register of `T`'s width.
#[derive(Clone, Copy, Debug)]
pub struct Register<T = u32>(*mut T);

#[allow(unsafe_code, reason = "registers are memory that no Rust value lives in")]
impl<T: Copy> Register<T> {
    /// The register at `address`.
    ///
    /// # Safety
    ///
    /// There must be one, aligned for `T`, and reads and writes of it must not access memory.
    #[must_use]
    pub const unsafe fn at(address: usize) -> Self {
        Self(address as *mut T)
    }

    /// Its value now. Reading may have effects on the device.
    #[must_use]
    pub fn read(self) -> T {
        // SAFETY: as `at` demands.
        unsafe { self.0.read_volatile() }
    }

    /// Sets it.
    pub fn write(self, value: T) {
        // SAFETY: as `at` demands.
        unsafe { self.0.write_volatile(value) }
    }
}

/// No byte could be read or written for about a millisecond: try again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quiet;

impl core::fmt::Display for Quiet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("nothing came, or nothing went")
    }
}

impl core::error::Error for Quiet {}

impl embedded_io::Error for Quiet {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::TimedOut
    }
}

/// `embedded-io` for a UART, the part that all share. It has `may_receive`, `receive`, `may_send`
/// and `send`, which move a byte, and `nap`, which waits for at most about a millisecond.
macro_rules! embedded_io {
    ($uart:ty) => {
        impl embedded_io::ErrorType for $uart {
            type Error = super::Quiet;
        }

        impl embedded_io::Read for $uart {
            /// Waits shortly for a byte, and reads those that arrived with it.
            fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
                if !self.may_receive() {
                    self.nap();
                }
                let mut taken = 0;
                for place in &mut *buf {
                    if !self.may_receive() {
                        break;
                    }
                    *place = self.receive();
                    taken += 1;
                }
                // None is the end of a stream, which a UART does not have.
                if taken == 0 && !buf.is_empty() { Err(super::Quiet) } else { Ok(taken) }
            }
        }

        impl embedded_io::ReadReady for $uart {
            fn read_ready(&mut self) -> Result<bool, Self::Error> {
                Ok(self.may_receive())
            }
        }

        impl embedded_io::Write for $uart {
            /// Waits a little until a byte goes, and sends those that go with it.
            fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
                // Longer than a byte takes at 115,200 baud, and too short to sleep.
                (0..1_000).find(|_| self.may_send());
                let mut sent = 0;
                for byte in buf {
                    if !self.may_send() {
                        break;
                    }
                    self.send(*byte);
                    sent += 1;
                }
                if sent == 0 && !buf.is_empty() { Err(super::Quiet) } else { Ok(sent) }
            }

            fn flush(&mut self) -> Result<(), Self::Error> {
                Ok(())
            }
        }

        impl embedded_io::WriteReady for $uart {
            fn write_ready(&mut self) -> Result<bool, Self::Error> {
                Ok(self.may_send())
            }
        }
    };
}
pub(crate) use embedded_io;
