//! An ESP32-C3 that sends requests over a UART, with the blocking REQ of the README of `zmtp-embedded`.
#![no_std]
#![no_main]

#[path = "../../../examples/uart_req.rs"]
mod uart_req;

use esp_hal::gpio::{Level, Output, OutputConfig};
use esp_hal::rng::Rng;
use esp_hal::uart::{Config, Uart};
use panic_halt as _;
use zmtp_embedded::Instant;

esp_bootloader_esp_idf::esp_app_desc!();

/// The time since the start.
fn now() -> Instant {
    Instant::from_millis(esp_hal::time::Instant::now().duration_since_epoch().as_millis())
}

#[esp_hal::main]
fn main() -> ! {
    let board = esp_hal::init(esp_hal::Config::default());
    let mut led = Output::new(board.GPIO7, Level::Low, OutputConfig::default());
    // The configuration is valid, so that this does not fail.
    if let Ok(uart) = Uart::new(board.UART0, Config::default().with_baudrate(115_200)) {
        let uart = uart.with_tx(board.GPIO21).with_rx(board.GPIO20);
        uart_req::thermometer(uart, Rng::new().random(), now, |reply| {
            if reply != b"no answer" {
                led.toggle();
            }
        });
    }
    loop {}
}
