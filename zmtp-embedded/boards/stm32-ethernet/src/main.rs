//! An STM32F429 (NUCLEO-F429ZI) that sends requests over Ethernet and toggles an LED with each reply.
//!
//! Two tasks send requests, `owner` owns the socket, and `network` runs the network stack.
#![no_std]
#![no_main]

#[path = "../../../adapters/embassy/examples/heater.rs"]
mod heater;

use core::net::Ipv4Addr;

use cortex_m as _;
use embassy_executor::Spawner;
use embassy_net::{Runner, Stack, StackResources};
use embassy_stm32::eth::{Ethernet, GenericPhy, InterruptHandler, PacketQueue, Sma};
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::peripherals::{ETH, ETH_SMA, RNG};
use embassy_stm32::rng::Rng;
use embassy_stm32::time::Hertz;
use embassy_stm32::{bind_interrupts, rcc, rng};
use embassy_time::Duration;
use panic_halt as _;
use static_cell::StaticCell;
use zmtp_embassy::Tcp;

/// The host of the REP. Replace it by yours.
const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const PORT: u16 = 5_555;

/// A locally administered address. Each board of a network needs its own.
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

bind_interrupts!(struct Interrupts {
    ETH => InterruptHandler;
    HASH_RNG => rng::InterruptHandler<RNG>;
});

type Device = Ethernet<'static, ETH, GenericPhy<Sma<'static, ETH_SMA>>>;

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, Device>) {
    runner.run().await;
}

#[embassy_executor::task]
async fn owner(stack: Stack<'static>, random: u32) {
    // The network has assigned an address.
    stack.wait_config_up().await;
    heater::owner(Tcp::<1_024, 1_024>::new(stack, (HOST, PORT)), random).await;
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

/// 168 MHz from the 8 MHz of the debugger, and 48 MHz for the generator of random numbers.
fn clocks() -> embassy_stm32::Config {
    let mut config = embassy_stm32::Config::default();
    config.rcc.hse = Some(rcc::Hse { freq: Hertz(8_000_000), mode: rcc::HseMode::Bypass });
    config.rcc.pll_src = rcc::PllSource::HSE;
    config.rcc.pll = Some(rcc::Pll {
        prediv: rcc::PllPreDiv::DIV4,
        mul: rcc::PllMul::MUL168,
        divp: Some(rcc::PllPDiv::DIV2),
        divq: Some(rcc::PllQDiv::DIV7),
        divr: None,
    });
    config.rcc.apb1_pre = rcc::APBPrescaler::DIV4;
    config.rcc.apb2_pre = rcc::APBPrescaler::DIV2;
    config.rcc.sys = rcc::Sysclk::PLL1_P;
    config
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    static QUEUE: StaticCell<PacketQueue<4, 4>> = StaticCell::new();
    static RESOURCES: StaticCell<StackResources<3>> = StaticCell::new();

    let board = embassy_stm32::init(clocks());
    let led = Output::new(board.PB0, Level::Low, Speed::Low);
    let mut rng = Rng::new(board.RNG, Interrupts);
    let mut seed = [0; 8];
    // Without random bytes the connections still work, with predictable TCP sequence numbers.
    let _ = rng.async_fill_bytes(&mut seed).await;
    let device = Ethernet::new(
        QUEUE.init(PacketQueue::new()),
        board.ETH,
        Interrupts,
        board.PA1,
        board.PA7,
        board.PC4,
        board.PC5,
        board.PG13,
        board.PB13,
        board.PG11,
        ADDRESS,
        board.ETH_SMA,
        board.PA2,
        board.PC1,
    );
    let config = embassy_net::Config::dhcpv4(Default::default());
    let resources = RESOURCES.init(StackResources::new());
    let seed = u64::from_le_bytes(seed);
    let (stack, runner) = embassy_net::new(device, config, resources, seed);
    // Each task is spawned once, so that none of these calls fails.
    if let (Ok(run), Ok(own), Ok(show), Ok(report)) =
        (network(runner), owner(stack, seed as u32), thermometer(led), report())
    {
        spawner.spawn(run);
        spawner.spawn(own);
        spawner.spawn(show);
        spawner.spawn(report);
    }
}
