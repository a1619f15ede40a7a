//! A Raspberry Pi Pico that sends requests over USB and blinks with each reply.
//!
//! Two tasks send requests, `owner` owns the socket, and `usb` runs the USB device.
#![no_std]
#![no_main]

#[path = "../../../adapters/embassy/examples/heater.rs"]
mod heater;
mod usb;

use embassy_executor::Spawner;
use embassy_rp::clocks::RoscRng;
use embassy_rp::gpio::{Level, Output};
use embassy_time::Duration;
use panic_halt as _;

#[embassy_executor::task]
async fn owner(serial: usb::Serial, random: u32) {
    heater::owner(serial, random).await;
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
    let board = embassy_rp::init(embassy_rp::config::Config::default());
    let led = Output::new(board.PIN_25, Level::Low);
    let (device, serial) = usb::start(board.USB);
    // Each task is spawned once, so that none of these calls fails.
    if let (Ok(run), Ok(own), Ok(show), Ok(report)) =
        (usb::run(device), owner(serial, RoscRng.next_u32()), thermometer(led), report())
    {
        spawner.spawn(run);
        spawner.spawn(own);
        spawner.spawn(show);
        spawner.spawn(report);
    }
}
