//! An nRF52840 (nRF52840-DK) that sends requests over a UART and toggles an LED with each reply.
//!
//! Two tasks send requests, and `owner` owns the socket.
#![no_std]
#![no_main]

#[path = "../../../adapters/embassy/examples/heater.rs"]
mod heater;

use cortex_m as _;
use embassy_executor::Spawner;
use embassy_nrf::buffered_uarte::{BufferedUarte, InterruptHandler};
use embassy_nrf::gpio::{Level, Output, OutputDrive};
use embassy_nrf::peripherals::UARTE0;
use embassy_nrf::rng::Rng;
use embassy_nrf::{bind_interrupts, uarte};
use embassy_time::Duration;
use panic_halt as _;
use static_cell::StaticCell;
use zmtp_embassy::SerialLine;

bind_interrupts!(struct Interrupts {
    UARTE0 => InterruptHandler<UARTE0>;
});

#[embassy_executor::task]
async fn owner(uart: BufferedUarte<'static>, random: u32) {
    heater::owner(SerialLine::new(uart), random).await;
}

#[embassy_executor::task]
async fn thermometer(mut led: Output<'static>) {
    let show = |reply: &[u8]| {
        if reply != b"no answer" {
            led.toggle();
        }
    };
    heater::thermometer(Duration::from_secs(1), show).await;
}

#[embassy_executor::task]
async fn report() {
    heater::heater(Duration::from_secs(5), || true).await;
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    // Bytes that arrive while the tasks are busy, and bytes to send.
    static RECEIVED: StaticCell<[u8; 256]> = StaticCell::new();
    static TO_SEND: StaticCell<[u8; 256]> = StaticCell::new();

    let board = embassy_nrf::init(embassy_nrf::config::Config::default());
    let led = Output::new(board.P0_13, Level::High, OutputDrive::Standard);
    let random = Rng::new_blocking(board.RNG).blocking_next_u32();
    let mut config = uarte::Config::default();
    config.baudrate = uarte::Baudrate::Baud115200;
    let uart = BufferedUarte::new(
        board.UARTE0,
        board.TIMER0,
        board.PPI_CH0,
        board.PPI_CH1,
        board.PPI_GROUP0,
        board.P0_08,
        board.P0_06,
        Interrupts,
        config,
        RECEIVED.init([0; 256]),
        TO_SEND.init([0; 256]),
    );
    // Each task is spawned once, so that none of these calls fails.
    if let (Ok(own), Ok(show), Ok(report)) = (owner(uart, random), thermometer(led), report()) {
        spawner.spawn(own);
        spawner.spawn(show);
        spawner.spawn(report);
    }
}
