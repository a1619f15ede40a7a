//! The same traffic over plain sockets: the bytes of ZMTP 3.1 without handshakes, queues, marks and
//! reconnection. A ceiling, not a peer.
//!
//! A round trip blocks. Everything else is one thread on mio, with large reads and writes.

mod clients;
mod frames;
mod one_way;
mod round_trip;
mod second;
mod stream;
mod window;

pub use clients::{clients, idle};

use std::io;

use crate::child::Ends;
use crate::meter::Meter;
use crate::work::Work;
use crate::{Failure, Result};

/// Plain sockets.
#[derive(Debug)]
pub struct Raw;

impl Ends for Raw {
    fn serve(&self, work: Work, endpoint: &str, meter: &Meter, ready: &dyn Fn(&str)) -> Result {
        let result = match work {
            Work::Request { .. } => round_trip::reply(endpoint, false, ready),
            Work::Spin { .. } => round_trip::reply(endpoint, true, ready),
            Work::Second { size } => second::receive(endpoint, size, meter.lane(0), ready),
            Work::Push { size } => one_way::pull_bound(endpoint, size, meter.lane(0), ready),
            Work::Window { .. } => window::echo(endpoint, ready),
            Work::Publish { subscribers, .. } => {
                one_way::publish(endpoint, subscribers, meter, ready)
            }
            Work::Clients { .. } => clients::echo(endpoint, ready),
            Work::Idle { .. } | Work::Sockets { .. } => Err(Failure::from("only for libraries")),
        };
        match result {
            Err(error) if is_end(&error) => Ok(()),
            result => result,
        }
    }

    fn connect(&self, work: Work, endpoint: &str, meter: &Meter) -> Result {
        if endpoint.starts_with("inproc://") {
            return Err(Failure::from("inproc has no plain sockets"));
        }
        match work {
            Work::Request { size } => round_trip::request(endpoint, size, false, meter.lane(0)),
            Work::Spin { size } => round_trip::request(endpoint, size, true, meter.lane(0)),
            Work::Second { size } => second::send(endpoint, size),
            Work::Push { size } => one_way::push(endpoint, size, meter.lane(0)),
            Work::Window { outstanding } => window::keep(endpoint, outstanding, meter.lane(0)),
            Work::Publish { subscribers, .. } => one_way::subscribe(endpoint, subscribers, meter),
            Work::Clients { connections } => clients(connections, endpoint, meter.lane(0)),
            Work::Idle { .. } | Work::Sockets { .. } => Err(Failure::from("only for libraries")),
        }
    }
}

/// Whether the other end is gone, which ends a server of one connection in order.
fn is_end(error: &Failure) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};

    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(kind, Some(BrokenPipe | ConnectionReset | UnexpectedEof))
}
