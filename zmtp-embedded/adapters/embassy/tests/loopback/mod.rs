//! A network stack of embassy whose device returns what it sends, and the frame of a test program.

use core::net::Ipv4Addr;
use std::collections::VecDeque;
use std::process::exit;
use std::task::Waker;

use embassy_executor::{Executor, Spawner};
use embassy_net::{Config, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};

pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The test fails after these seconds.
const LIMIT: u64 = 60;

/// A network device that receives what it sends.
#[derive(Default)]
pub(crate) struct Loopback {
    frames: VecDeque<Vec<u8>>,
    waker: Option<Waker>,
}

pub(crate) struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, f: F) -> R {
        f(&mut self.0)
    }
}

pub(crate) struct Sends<'d>(&'d mut Loopback);

impl TxToken for Sends<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = vec![0; len];
        let result = f(&mut frame);
        self.0.frames.push_back(frame);
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
        result
    }
}

impl Driver for Loopback {
    type RxToken<'d> = Received;
    type TxToken<'d> = Sends<'d>;

    fn receive(
        &mut self,
        context: &mut core::task::Context<'_>,
    ) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let Some(frame) = self.frames.pop_front() else {
            self.waker = Some(context.waker().clone());
            return None;
        };
        Some((Received(frame), Sends(self)))
    }

    fn transmit(&mut self, _: &mut core::task::Context<'_>) -> Option<Self::TxToken<'_>> {
        Some(Sends(self))
    }

    fn link_state(&mut self, _: &mut core::task::Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = 1_500;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ip
    }
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, Loopback>) -> ! {
    runner.run().await
}

/// Starts the network stack, with room for this many sockets.
pub(crate) fn stack<const SOCKETS: usize>(spawner: Spawner) -> Stack<'static> {
    let address = StaticConfigV4 {
        address: Ipv4Cidr::new(ADDRESS, 24),
        gateway: None,
        dns_servers: Default::default(),
    };
    let resources = Box::leak(Box::new(StackResources::<SOCKETS>::new()));
    let (stack, runner) =
        embassy_net::new(Loopback::default(), Config::ipv4_static(address), resources, 1);
    spawner.spawn(network(runner).expect("a task"));
    stack
}

/// Runs the tasks that `start` spawns, until one of them ends the process.
pub(crate) fn run(start: fn(Spawner)) -> ! {
    std::thread::spawn(|| {
        std::thread::sleep(std::time::Duration::from_secs(LIMIT));
        eprintln!("no end within {LIMIT} s");
        exit(1);
    });
    // A panic of a task ends the program.
    std::panic::set_hook(Box::new(|info| {
        eprintln!("{info}");
        exit(101);
    }));
    Box::leak(Box::new(Executor::new())).run(start)
}
