//! A Raspberry Pi Pico W that sends requests over Wi-Fi.
//!
//! Two tasks send requests, `owner` owns the socket, and two more run the Wi-Fi chip and the network stack.
#![no_std]
#![no_main]

#[path = "../../../adapters/embassy/examples/heater.rs"]
mod heater;

use core::net::Ipv4Addr;

use cyw43::{Control, JoinOptions, NetDriver, SpiBus};
use cyw43_pio::{DEFAULT_CLOCK_DIVIDER, PioSpi};
use embassy_executor::Spawner;
use embassy_net::{Runner, Stack, StackResources};
use embassy_rp::clocks::RoscRng;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::peripherals::{DMA_CH0, PIO0};
use embassy_rp::pio::Pio;
use embassy_rp::{bind_interrupts, dma, pio};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer};
use panic_halt as _;
use static_cell::StaticCell;
use zmtp_embassy::Tcp;

/// The host of the REP. Replace it by yours.
const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const PORT: u16 = 5_555;

/// The name and the password of the Wi-Fi network, from the environment of the build.
const NETWORK: &str = match option_env!("WIFI_NETWORK") {
    Some(name) => name,
    None => "",
};
const PASSWORD: &str = match option_env!("WIFI_PASSWORD") {
    Some(password) => password,
    None => "",
};

bind_interrupts!(struct Interrupts {
    PIO0_IRQ_0 => pio::InterruptHandler<PIO0>;
    DMA_IRQ_0 => dma::InterruptHandler<DMA_CH0>;
});

/// A reply has arrived: the LED toggles. It is connected to the Wi-Fi chip.
static REPLY: Signal<CriticalSectionRawMutex, ()> = Signal::new();

#[embassy_executor::task]
async fn chip(runner: cyw43::Runner<'static, SpiBus<Output<'static>, PioSpi<'static, PIO0, 0>>>) {
    runner.run().await;
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, NetDriver<'static>>) {
    runner.run().await;
}

#[embassy_executor::task]
async fn owner(stack: Stack<'static>, random: u32) {
    // The network has assigned an address.
    stack.wait_config_up().await;
    heater::owner(Tcp::<1_024, 1_024>::new(stack, (HOST, PORT)), random).await;
}

#[embassy_executor::task]
async fn thermometer() {
    let show = |reply: &[u8]| {
        if reply != b"no answer" {
            REPLY.signal(());
        }
    };
    heater::thermometer(Duration::from_secs(1), show).await;
}

#[embassy_executor::task]
async fn report() {
    heater::heater(Duration::from_secs(5), || true).await;
}

/// Joins the Wi-Fi network, then toggles the LED with each reply.
async fn wifi(mut control: Control<'static>) -> ! {
    control.init(cyw43_setup::CLM).await;
    while control.join(NETWORK, JoinOptions::new(PASSWORD.as_bytes())).await.is_err() {
        Timer::after_secs(1).await;
    }
    let mut on = false;
    loop {
        REPLY.wait().await;
        on = !on;
        control.gpio_set(0, on).await;
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    static STATE: StaticCell<cyw43::State> = StaticCell::new();
    static RESOURCES: StaticCell<StackResources<3>> = StaticCell::new();

    let board = embassy_rp::init(embassy_rp::config::Config::default());
    let power = Output::new(board.PIN_23, Level::Low);
    let select = Output::new(board.PIN_25, Level::High);
    let mut pio = Pio::new(board.PIO0, Interrupts);
    let spi = PioSpi::new(
        &mut pio.common,
        pio.sm0,
        DEFAULT_CLOCK_DIVIDER,
        pio.irq0,
        select,
        board.PIN_24,
        board.PIN_29,
        dma::Channel::new(board.DMA_CH0, Interrupts),
    );
    let state = STATE.init(cyw43::State::new());
    let (device, control, runner) =
        cyw43::new(state, power, spi, &cyw43_setup::FW, &cyw43_setup::NVRAM).await;
    let config = embassy_net::Config::dhcpv4(Default::default());
    let resources = RESOURCES.init(StackResources::new());
    let mut random = RoscRng;
    let (stack, stack_runner) = embassy_net::new(device, config, resources, random.next_u64());
    // Each task is spawned once, so that none of these calls fails.
    if let (Ok(chip), Ok(network), Ok(own), Ok(show), Ok(report)) = (
        chip(runner),
        network(stack_runner),
        owner(stack, random.next_u32()),
        thermometer(),
        report(),
    ) {
        spawner.spawn(chip);
        spawner.spawn(network);
        spawner.spawn(own);
        spawner.spawn(show);
        spawner.spawn(report);
    }
    wifi(control).await;
}
