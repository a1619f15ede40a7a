//! For each HAL the type of its serial port. The features select a HAL and a way to use its port; if the port lacks a
//! trait, the package does not compile. `.ci/hals.sh` compiles all combinations.
#![no_std]

/// Requires that a REQ of the blocking API accepts the IO.
#[allow(dead_code, reason = "compiled, never run")]
fn blocking<IO: embedded_io::Read + embedded_io::Write>(
    req: &mut zmtp_embedded::blocking::Req<'_, IO>,
    now: impl FnMut() -> zmtp_embedded::Instant,
) -> bool {
    req.request(&[b"?"], zmtp_embedded::Instant::NEVER, now).is_ok()
}

/// Requires that a REQ of the async API accepts the IO.
#[allow(dead_code, reason = "compiled, never run")]
async fn asynch<IO: embedded_io_async::Read + embedded_io_async::Write>(
    req: &mut zmtp_embedded::asynch::Req<'_, IO>,
    now: impl FnMut() -> zmtp_embedded::Instant,
) -> bool {
    req.request(&[b"?"], now).await.is_ok()
}

/// Uses the IO of a HAL in the selected way. `blocking` is its type for the blocking API.
macro_rules! port {
    ([$($generics:tt)*] blocking: $blocking:ty, asynch: $asynch:ty) => {
        #[cfg(feature = "polled")]
        pub fn polled<'d, $($generics)*>(
            req: &mut zmtp_embedded::blocking::Req<'_, zmtp_embedded::blocking::Polled<$blocking>>,
        ) -> bool {
            crate::blocking(req, || zmtp_embedded::Instant::NEVER)
        }

        #[cfg(feature = "read-polled")]
        pub fn read_polled<'d, $($generics)*>(
            req: &mut zmtp_embedded::blocking::Req<'_, zmtp_embedded::blocking::ReadPolled<$blocking>>,
        ) -> bool {
            crate::blocking(req, || zmtp_embedded::Instant::NEVER)
        }

        #[cfg(feature = "asynch")]
        pub async fn asynch<'d, $($generics)*>(
            req: &mut zmtp_embedded::asynch::Req<'_, $asynch>,
        ) -> bool {
            crate::asynch(req, || zmtp_embedded::Instant::NEVER).await
        }

        #[cfg(feature = "nb")]
        pub fn nb<'d, $($generics)*>(
            req: &mut zmtp_embedded::blocking::Req<'_, zmtp_serial::Nb<$blocking>>,
        ) -> bool {
            crate::blocking(req, || zmtp_embedded::Instant::NEVER)
        }

        #[cfg(feature = "io06")]
        pub fn io06<'d, $($generics)*>(
            req: &mut zmtp_embedded::blocking::Req<
                '_,
                zmtp_embedded::blocking::Polled<zmtp_serial::Io06<$blocking>>,
            >,
        ) -> bool {
            crate::blocking(req, || zmtp_embedded::Instant::NEVER)
        }
    };
}

#[cfg(feature = "embassy-rp")]
pub mod embassy_rp_port {
    use embassy_rp::uart::BufferedUart;

    port!([] blocking: BufferedUart, asynch: BufferedUart);
}

#[cfg(feature = "embassy-stm32")]
pub mod embassy_stm32_port {
    use embassy_stm32::usart::BufferedUart;

    port!([] blocking: BufferedUart<'d>, asynch: BufferedUart<'d>);
}

#[cfg(feature = "embassy-nrf")]
pub mod embassy_nrf_port {
    use embassy_nrf::buffered_uarte::BufferedUarte;

    port!([] blocking: BufferedUarte<'d>, asynch: BufferedUarte<'d>);
}

#[cfg(feature = "esp-hal")]
pub mod esp_hal_port {
    use esp_hal::uart::Uart;
    use esp_hal::{Async, Blocking};

    port!([] blocking: Uart<'d, Blocking>, asynch: Uart<'d, Async>);
}

#[cfg(feature = "rp2040-hal")]
pub mod rp2040_hal_port {
    use rp2040_hal::uart::{Enabled, UartDevice, UartPeripheral, ValidUartPinout};

    port!(
        [D: UartDevice, P: ValidUartPinout<D>]
        blocking: UartPeripheral<Enabled, D, P>,
        asynch: UartPeripheral<Enabled, D, P>
    );
}

#[cfg(feature = "stm32f4xx-hal")]
pub mod stm32f4xx_hal_port {
    use stm32f4xx_hal::pac::USART1;
    use stm32f4xx_hal::serial::Serial;

    port!([] blocking: Serial<USART1>, asynch: Serial<USART1>);
}

#[cfg(feature = "atsamd-hal")]
pub mod atsamd_hal_port {
    use atsamd_hal::sercom::uart::{Config, Duplex, Uart, ValidPads};

    port!(
        [P: ValidPads]
        blocking: Uart<Config<P>, Duplex>,
        asynch: Uart<Config<P>, Duplex>
    );
}

#[cfg(feature = "usbd-serial")]
pub mod usbd_serial_port {
    use usb_device::bus::UsbBus;
    use usbd_serial::SerialPort;

    port!([B: UsbBus] blocking: SerialPort<'d, B>, asynch: SerialPort<'d, B>);
}
