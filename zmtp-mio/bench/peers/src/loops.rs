//! The loops of `zmtp-bench`, with `await`.

use core::future::Future;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;
use zmtp_bench::child::Ends;
use zmtp_bench::library::Kind;
use zmtp_bench::meter::{Lane, Meter};
use zmtp_bench::raw;
use zmtp_bench::work::{SIZE, Work};
use zmtp_bench::{Failure, Result};

/// An implementation.
pub(crate) trait Peer: Send + Sync + Sized + 'static {
    type Socket: Messages;

    fn start() -> Result<Self>;

    fn open(&self, kind: Kind) -> Result<Self::Socket>;
}

/// A socket.
pub(crate) trait Messages: Send + 'static {
    /// Binds, and returns the endpoint to connect to. The port 0 is any.
    fn bind(&mut self, endpoint: &str) -> impl Future<Output = Result<String>> + Send;

    fn connect(&mut self, endpoint: &str) -> impl Future<Output = Result> + Send;

    fn subscribe(&mut self, topic: &str) -> impl Future<Output = Result> + Send;

    fn send(&mut self, body: &[u8]) -> impl Future<Output = Result> + Send;

    /// Receives a message, and returns the bytes of its parts together.
    fn recv(&mut self) -> impl Future<Output = Result<usize>> + Send;

    /// Receives a message and sends it back.
    fn echo(&mut self) -> impl Future<Output = Result> + Send;
}

/// The loops of an implementation, in a runtime.
pub(crate) struct Loops<P> {
    peer: Arc<P>,
    runtime: Runtime,
}

impl<P: Peer> Loops<P> {
    pub(crate) fn start() -> Result<Self> {
        let runtime = Runtime::new()?;
        let _inside = runtime.enter();
        let peer = Arc::new(P::start()?);
        drop(_inside);
        Ok(Self { peer, runtime })
    }

    async fn opened(peer: &P, kind: Kind, endpoint: &str) -> Result<P::Socket> {
        let mut socket = peer.open(kind)?;
        socket.connect(endpoint).await?;
        Ok(socket)
    }
}

impl<P: Peer> Ends for Loops<P> {
    fn serve(&self, work: Work, endpoint: &str, meter: &Meter, ready: &dyn Fn(&str)) -> Result {
        self.runtime.block_on(async {
            let mut socket = self.peer.open(match work {
                Work::Request { .. } | Work::Clients { .. } => Kind::Rep,
                Work::Push { .. } => Kind::Pull,
                Work::Publish { .. } => Kind::Pub,
                _ => Kind::Router,
            })?;
            ready(&socket.bind(&endpoint.replace('*', "0")).await?);
            match work {
                Work::Push { size } => pull(&mut socket, size, meter.lane(0)).await,
                Work::Publish { .. } => publish(&mut socket, meter).await,
                _ => loop {
                    socket.echo().await?;
                },
            }
        })
    }

    fn connect(&self, work: Work, endpoint: &str, meter: &Meter) -> Result {
        let lane = meter.lane(0);
        self.runtime.block_on(async {
            match work {
                Work::Request { size } => {
                    request(&mut Self::opened(&self.peer, Kind::Req, endpoint).await?, size, lane)
                        .await
                }
                Work::Push { size } => {
                    push(&mut Self::opened(&self.peer, Kind::Push, endpoint).await?, size, lane)
                        .await
                }
                Work::Window { outstanding } => {
                    let mut socket = Self::opened(&self.peer, Kind::Dealer, endpoint).await?;
                    window(&mut socket, outstanding, lane).await
                }
                Work::Publish { subscribers, subscriptions } => {
                    // Tasks may outlive a borrow; the process ends with them.
                    let mut sockets = vec![];
                    for _ in 0..subscribers {
                        let mut socket = Self::opened(&self.peer, Kind::Sub, endpoint).await?;
                        for topic in 0..subscriptions {
                            socket.subscribe(&format!("topic.{topic}.")).await?;
                        }
                        sockets.push(socket);
                    }
                    subscribers_of(sockets, meter, &self.runtime)
                }
                Work::Clients { connections } => raw::clients(connections, endpoint, lane),
                Work::Idle { connections } => raw::idle(connections, endpoint, lane),
                Work::Spin { .. } | Work::Second { .. } | Work::Sockets { .. } => {
                    Err(Failure::from("not for peers"))
                }
            }
        })
    }
}

/// One thread per subscriber, as for the other implementations. Each drives its own task.
fn subscribers_of<S: Messages>(sockets: Vec<S>, meter: &Meter, runtime: &Runtime) -> Result {
    let handle = runtime.handle();
    std::thread::scope(|scope| {
        let run = |(at, mut socket): (usize, S)| {
            scope.spawn(move || handle.block_on(pull(&mut socket, SIZE, meter.lane(at))))
        };
        let threads: Vec<_> = sockets.into_iter().enumerate().map(run).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

fn check(received: usize, size: usize) -> Result {
    if received == size {
        Ok(())
    } else {
        Err(format!("{received} bytes instead of {size}").into())
    }
}

async fn push(socket: &mut impl Messages, size: usize, lane: &Lane) -> Result {
    let body = vec![0x5a; size];
    while lane.more() {
        socket.send(&body).await?;
        lane.add(1);
    }
    Ok(())
}

async fn pull(socket: &mut impl Messages, size: usize, lane: &Lane) -> Result {
    while lane.more() {
        check(socket.recv().await?, size)?;
        lane.add(1);
    }
    Ok(())
}

async fn request(socket: &mut impl Messages, size: usize, lane: &Lane) -> Result {
    let body = vec![0x5a; size];
    let mut start = Instant::now();
    while lane.more() {
        socket.send(&body).await?;
        check(socket.recv().await?, size)?;
        lane.round_trip(&mut start);
    }
    Ok(())
}

async fn window(socket: &mut impl Messages, outstanding: usize, lane: &Lane) -> Result {
    let body = [0x5a; SIZE];
    for _ in 0..outstanding {
        socket.send(&body).await?;
    }
    while lane.more() {
        check(socket.recv().await?, SIZE)?;
        lane.add(1);
        socket.send(&body).await?;
    }
    Ok(())
}

/// Sends slowly until the parent has seen that every subscriber receives.
async fn publish(socket: &mut impl Messages, meter: &Meter) -> Result {
    let mut body = [b'.'; SIZE];
    body[..8].copy_from_slice(b"topic.0.");
    while !meter.is_released() {
        socket.send(&body).await?;
        tokio::time::sleep(meter.pace()).await;
    }
    while meter.lane(0).more() {
        socket.send(&body).await?;
        meter.lane(0).add(1);
    }
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
