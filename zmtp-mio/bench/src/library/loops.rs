//! Plain loops of sends and receives, the same for every library.

use std::thread;
use std::time::Instant;

use super::{Kind, Library, Socket};
use crate::child::Ends;
use crate::meter::{Lane, Meter, QUIET, clock};
use crate::raw;
use crate::work::{SIZE, Work};
use crate::{Failure, Result};

/// The loops of a library.
#[derive(Debug)]
pub struct Loops<L>(L);

impl<L: Library> Loops<L> {
    /// Starts the library.
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub fn start() -> Result<Self> {
        Ok(Self(L::start()?))
    }
}

impl<L: Library> Ends for Loops<L> {
    fn serve(&self, work: Work, endpoint: &str, meter: &Meter, ready: &dyn Fn(&str)) -> Result {
        if let Work::Sockets { count } = work {
            ready("nowhere");
            let open = |_| self.0.open(Kind::Dealer, false);
            let sockets = (0..count).map(open).collect::<Result<Vec<_>>>()?;
            meter.lane(0).add(sockets.len() as u64);
            return idle();
        }
        let kind = match work {
            Work::Request { .. } | Work::Spin { .. } | Work::Clients { .. } => Kind::Rep,
            Work::Push { .. } | Work::Second { .. } => Kind::Pull,
            Work::Window { .. } | Work::Idle { .. } | Work::Sockets { .. } => Kind::Router,
            Work::Publish { .. } => Kind::Pub,
        };
        let mut socket = self.0.open(kind, matches!(work, Work::Spin { .. }))?;
        ready(&socket.bind(endpoint)?);
        match work {
            Work::Push { size } => pull(&mut socket, size, meter.lane(0)),
            Work::Second { .. } => second(&mut socket, meter.lane(0)),
            Work::Publish { .. } => publish(&mut socket, meter),
            _ => loop {
                socket.echo()?;
            },
        }
    }

    fn connect(&self, work: Work, endpoint: &str, meter: &Meter) -> Result {
        let open = |kind| -> Result<L::Socket> {
            let mut socket = self.0.open(kind, matches!(work, Work::Spin { .. }))?;
            socket.connect(endpoint)?;
            Ok(socket)
        };
        match work {
            Work::Request { size } | Work::Spin { size } => {
                request(&mut open(Kind::Req)?, size, meter.lane(0))
            }
            Work::Push { size } => push(&mut open(Kind::Push)?, size, meter.lane(0)),
            Work::Second { size } => pairs(&mut open(Kind::Push)?, size),
            Work::Window { outstanding } => {
                window(&mut open(Kind::Dealer)?, outstanding, meter.lane(0))
            }
            Work::Publish { subscribers, subscriptions } => {
                let subscriber = |at| -> Result {
                    let mut socket = open(Kind::Sub)?;
                    for topic in 0..subscriptions {
                        socket.subscribe(format!("topic.{topic}.").as_bytes())?;
                    }
                    pull(&mut socket, SIZE, meter.lane(at))
                };
                on_threads(subscribers, subscriber)
            }
            Work::Clients { connections } => raw::clients(connections, endpoint, meter.lane(0)),
            Work::Idle { connections } => raw::idle(connections, endpoint, meter.lane(0)),
            Work::Sockets { .. } => idle(),
        }
    }
}

/// Runs on so many threads, and returns when all have ended.
fn on_threads(count: usize, run: impl Fn(usize) -> Result + Sync) -> Result {
    let run = &run;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|at| scope.spawn(move || run(at))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

/// Does nothing until the process ends.
fn idle() -> Result {
    loop {
        thread::park();
    }
}

fn check(received: usize, size: usize) -> Result {
    if received == size {
        return Ok(());
    }
    Err(Failure::from(format!("a message of {received} bytes instead of {size}")))
}

fn push(socket: &mut impl Socket, size: usize, lane: &Lane) -> Result {
    let body = vec![0x5a; size];
    while lane.more() {
        socket.send(&body)?;
        lane.add(1);
    }
    Ok(())
}

fn pull(socket: &mut impl Socket, size: usize, lane: &Lane) -> Result {
    while lane.more() {
        check(socket.recv()?, size)?;
        lane.add(1);
    }
    Ok(())
}

fn request(socket: &mut impl Socket, size: usize, lane: &Lane) -> Result {
    let body = vec![0x5a; size];
    let mut start = Instant::now();
    while lane.more() {
        socket.send(&body)?;
        check(socket.recv()?, size)?;
        lane.round_trip(&mut start);
    }
    Ok(())
}

/// Sends two messages with the time of the first, again and again after a quiet time.
fn pairs(socket: &mut impl Socket, size: usize) -> Result {
    let mut body = vec![0x5a; size.max(size_of::<u64>())];
    loop {
        thread::sleep(QUIET);
        body[..size_of::<u64>()].copy_from_slice(&clock().to_le_bytes());
        socket.send(&body)?;
        socket.send(&body)?;
    }
}

/// Receives pairs of messages, and counts the times until the second ones.
fn second(socket: &mut impl Socket, lane: &Lane) -> Result {
    while lane.more() {
        socket.recv_number()?;
        lane.time(clock().saturating_sub(socket.recv_number()?));
    }
    Ok(())
}

fn window(socket: &mut impl Socket, outstanding: usize, lane: &Lane) -> Result {
    let body = [0x5a; SIZE];
    for _ in 0..outstanding {
        socket.send(&body)?;
    }
    while lane.more() {
        check(socket.recv()?, SIZE)?;
        lane.add(1);
        socket.send(&body)?;
    }
    Ok(())
}

/// Sends slowly until the parent has seen that every subscriber receives.
fn publish(socket: &mut impl Socket, meter: &Meter) -> Result {
    let mut body = [b'.'; SIZE];
    body[..8].copy_from_slice(b"topic.0.");
    while !meter.is_released() {
        socket.send(&body)?;
        thread::sleep(meter.pace());
    }
    while meter.lane(0).more() {
        socket.send(&body)?;
        meter.lane(0).add(1);
    }
    idle()
}
