//! The async SUB of the README in an executor of embassy, over a network stack whose device returns what it sends.
//!
//! The client of the stack has one socket, so that a SUB which held its old connection while it connects could never
//! connect again. The publisher ends each connection after a few messages.

#[path = "../../../examples/async_sub.rs"]
mod async_sub;
mod loopback;

use core::cell::Cell;
use core::net::SocketAddr;
use std::process::exit;

use embassy_executor::Spawner;
use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_net::tcp::client::{TcpClient, TcpClientState};
use loopback::ADDRESS;
use zmtp_embassy::{now, sleep_until};
use zmtp_embedded::asynch::{Connector, Pub, Session};
use zmtp_embedded::{SocketType, size};

const PORT: u16 = 5_556;
const CONNECTIONS: u32 = 10;
const MESSAGES: u32 = 20;

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
    let stack = loopback::stack::<3>(spawner);
    spawner.spawn(publish(stack).expect("a task"));
    spawner.spawn(subscribe(stack).expect("a task"));
}

fn main() {
    loopback::run(start);
}
