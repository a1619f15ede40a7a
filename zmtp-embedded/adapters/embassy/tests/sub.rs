//! The async SUB of the README in an executor of embassy, over a network stack whose device returns what it sends.
//!
//! The client of the stack has one socket, so that a SUB which held its old connection while it connects could never
//! connect again. The publisher ends each connection after a few messages.

#[path = "../../../examples/async_sub.rs"]
mod async_sub;

use core::cell::Cell;
use core::net::{Ipv4Addr, SocketAddr};
use std::collections::VecDeque;
use std::process::exit;
use std::task::Waker;

use embassy_executor::{Executor, Spawner};
use embassy_futures::select::{Either, select};
use embassy_net::tcp::TcpSocket;
use embassy_net::tcp::client::{TcpClient, TcpClientState};
use embassy_net::{Config, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use zmtp_embassy::{now, sleep_until};
use zmtp_embedded::asynch::{Connector, Pub, Session};
use zmtp_embedded::{SocketType, size};

const PORT: u16 = 5_556;
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CONNECTIONS: u32 = 10;
const MESSAGES: u32 = 20;
/// The test fails after these seconds.
const LIMIT: u64 = 60;

/// A network device that receives what it sends.
#[derive(Default)]
struct Loopback {
    frames: VecDeque<Vec<u8>>,
    waker: Option<Waker>,
}

struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, f: F) -> R {
        f(&mut self.0)
    }
}

struct Sends<'d>(&'d mut Loopback);

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

/// Publishes a few messages over each connection, then closes it.
#[embassy_executor::task]
async fn publish(stack: Stack<'static>) {
    static CONFIG: zmtp_embedded::Config = zmtp_embedded::Config::new(SocketType::Pub);
    let (mut receive, mut send) = ([0; 64], [0; 256]);
    let publisher = Pub::<_, { size::topics_of(2, 16) }>::new(&CONFIG, &mut receive, &mut send);
    let mut session = Session::new(publisher);
    let (mut rx, mut tx) = ([0; 512], [0; 512]);
    loop {
        let mut tcp = TcpSocket::new(stack, &mut rx, &mut tx);
        if tcp.accept(PORT).await.is_err() {
            continue;
        }
        let mut publisher = session.connect(&mut tcp, now());
        let mut published = 0;
        while published < MESSAGES {
            let soon = zmtp_embedded::Instant::from_millis(now().as_millis() + 1);
            if let Either::First(Err(_)) =
                select(publisher.serve(now), sleep_until(Some(soon))).await
            {
                break;
            }
            match publisher.publish(&[b"weather.here", &published.to_be_bytes()], now).await {
                Ok(sent) => published += u32::from(sent),
                Err(_) => break,
            }
        }
        let _ = publisher.flush(now).await;
        drop(publisher);
        tcp.close();
        let _ = tcp.flush().await;
        tcp.abort();
    }
}

#[embassy_executor::task]
async fn subscribe(stack: Stack<'static>) {
    let state = TcpClientState::<1, 512, 512>::new();
    let client = TcpClient::new(stack, &state);
    let connector = Connector::new(&client, SocketAddr::new(ADDRESS.into(), PORT));
    let connector = Cell::new(Some(connector));
    let (connections, parts) = (Cell::new(0), Cell::new(0));
    let connect = async || {
        connections.set(connections.get() + 1);
        if connections.get() > CONNECTIONS {
            println!("{} parts over {CONNECTIONS} connections", parts.get());
            assert_eq!(parts.get(), 2 * MESSAGES * CONNECTIONS, "each message has two parts");
            exit(0);
        }
        let mut free = connector.take().expect("one connection at a time");
        let stream = free
            .connect(async |ms| {
                embassy_time::Timer::after_millis(ms.into()).await;
            })
            .await;
        free.reset();
        connector.set(Some(free));
        stream
    };
    let show = |_: &[u8]| parts.set(parts.get() + 1);
    async_sub::watch(connect, now, sleep_until, show).await;
}

fn start(spawner: Spawner) {
    let address = StaticConfigV4 {
        address: Ipv4Cidr::new(ADDRESS, 24),
        gateway: None,
        dns_servers: Default::default(),
    };
    let resources = Box::leak(Box::new(StackResources::<3>::new()));
    let (stack, runner) =
        embassy_net::new(Loopback::default(), Config::ipv4_static(address), resources, 1);
    spawner.spawn(network(runner).expect("a task"));
    spawner.spawn(publish(stack).expect("a task"));
    spawner.spawn(subscribe(stack).expect("a task"));
}

fn main() {
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
    Box::leak(Box::new(Executor::new())).run(start);
}
