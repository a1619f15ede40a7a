//! One module per board: a clock in milliseconds, and a UART for `embedded-io`.
//!
//! A module needs nothing of the others but [`Register`], and is meant to be copied. The UARTs are
//! polled. Under QEMU an octet waits until it is fetched; on a board without flow control (RTS and
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
    /// There is one, aligned for `T`, and neither reading nor writing it touches memory.
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

/// `embedded-io` for a type with `poll_receive(&mut self) -> Option<u8>`, `may_receive(&self)`,
/// `poll_send(&mut self, u8) -> bool` and `may_send(&self)`: the part that all UARTs share.
macro_rules! embedded_io {
    ($uart:ty) => {
        impl embedded_io::ErrorType for $uart {
            type Error = core::convert::Infallible;
        }

        impl embedded_io::Read for $uart {
            /// Waits for an octet, and takes those that came with it.
            fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
                let mut taken = 0;
                for place in buf {
                    let octet = loop {
                        match self.poll_receive() {
                            None if taken == 0 => core::hint::spin_loop(),
                            other => break other,
                        }
                    };
                    let Some(octet) = octet else { break };
                    *place = octet;
                    taken += 1;
                }
                Ok(taken)
            }
        }

        impl embedded_io::ReadReady for $uart {
            fn read_ready(&mut self) -> Result<bool, Self::Error> {
                Ok(self.may_receive())
            }
        }

        impl embedded_io::Write for $uart {
            /// Waits until an octet goes, and sends those that go with it.
            fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
                let mut sent = 0;
                for octet in buf {
                    while !self.poll_send(*octet) {
                        if sent > 0 {
                            return Ok(sent);
                        }
                        core::hint::spin_loop();
                    }
                    sent += 1;
                }
                Ok(sent)
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
