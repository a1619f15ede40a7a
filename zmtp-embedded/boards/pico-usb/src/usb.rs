//! A serial port over USB (CDC ACM), as an IO for sockets.

use embassy_rp::Peri;
use embassy_rp::bind_interrupts;
use embassy_rp::peripherals::USB;
use embassy_rp::usb::{Driver, InterruptHandler};
use embassy_time::Duration;
use embassy_usb::class::cdc_acm::{BufferedReceiver, CdcAcmClass, CdcAcmError, Sender, State};
use embassy_usb::{Builder, Config, UsbDevice};
use embedded_io_async::{ErrorType, Read};
use static_cell::StaticCell;
use zmtp_embassy::zmtp_embedded::asynch::Duplex;
use zmtp_embassy::{Connect, wait_for_silence};

bind_interrupts!(struct Interrupts {
    USBCTRL_IRQ => InterruptHandler<USB>;
});

/// Bytes of a packet of a full-speed device.
const PACKET: usize = 64;

/// The silence before a connection. `zmtp bridge` needs 50 ms.
const SILENCE: Duration = Duration::from_millis(60);

type Bus = Driver<'static, USB>;

/// The serial port.
pub(crate) struct Serial {
    reader: Reader,
    writer: Sender<'static, Bus>,
}

/// The part that reads. A packet without bytes is not the end of the stream.
pub(crate) struct Reader(BufferedReceiver<'static, Bus>);

impl ErrorType for Reader {
    type Error = CdcAcmError;
}

impl Read for Reader {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, CdcAcmError> {
        loop {
            match self.0.read(bytes).await? {
                0 if !bytes.is_empty() => {}
                n => return Ok(n),
            }
        }
    }
}

impl Connect for Serial {
    type Io<'c> = Duplex<&'c mut Reader, &'c mut Sender<'static, Bus>>;
    type Error = CdcAcmError;

    /// Waits until a host has enabled the port, and then for silence.
    async fn connect(&mut self) -> Result<Self::Io<'_>, CdcAcmError> {
        self.writer.wait_connection().await;
        wait_for_silence(&mut self.reader, SILENCE).await;
        Ok(Duplex { reader: &mut self.reader, writer: &mut self.writer })
    }
}

/// Makes the device. `run` runs it.
pub(crate) fn start(usb: Peri<'static, USB>) -> (UsbDevice<'static, Bus>, Serial) {
    static DESCRIPTOR: StaticCell<[u8; 256]> = StaticCell::new();
    static BOS: StaticCell<[u8; 256]> = StaticCell::new();
    static CONTROL: StaticCell<[u8; 64]> = StaticCell::new();
    static STATE: StaticCell<State<'static>> = StaticCell::new();
    static PACKETS: StaticCell<[u8; PACKET]> = StaticCell::new();

    // A vendor and product id for tests only: https://pid.codes/1209/0001/
    let mut config = Config::new(0x1209, 0x0001);
    config.product = Some("zmtp-pico-usb");
    let driver = Driver::new(usb, Interrupts);
    let mut builder = Builder::new(
        driver,
        config,
        DESCRIPTOR.init([0; 256]),
        BOS.init([0; 256]),
        &mut [],
        CONTROL.init([0; 64]),
    );
    let class = CdcAcmClass::new(&mut builder, STATE.init(State::new()), PACKET as u16);
    let (writer, receiver) = class.split();
    let reader = Reader(receiver.into_buffered(PACKETS.init([0; PACKET])));
    (builder.build(), Serial { reader, writer })
}

#[embassy_executor::task]
pub(crate) async fn run(mut device: UsbDevice<'static, Bus>) {
    device.run().await;
}
