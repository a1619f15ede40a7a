//! Properties of two ends that seal their frames.

use arbitrary::{Result, Unstructured};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Heartbeat, Limits};

use super::ends::{Ends, Op};
use crate::driver::{Driver, Fetch, Lane};
use crate::sealed::Sealed;

/// An unchanged wire delivers every message in order and breaks nothing.
///
/// Whatever a wire does, each end delivers only parts that the other sent, in order. Counters must rise,
/// but not by one: a wire that drops whole frames is not noticed, as in CURVE.
pub fn sealed_holds(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let Ok(configs) = configs(&mut input) else { return };
    let [left, right] = &configs;
    let (client, server) = (Sealed::client(1), Sealed::server(1));
    let client = Driver::secured(client, left, Lane::Both, Fetch::Eagerly);
    let server = Driver::secured(server, right, Lane::Decode, Fetch::Eagerly);
    let mut ends = Ends::new([Box::new(client), Box::new(server)], true);
    while let Ok(op) = input.arbitrary::<Op>() {
        if input.is_empty() {
            break;
        }
        ends.apply(op);
    }
    ends.settle();
    ends.check();
}

fn configs(input: &mut Unstructured<'_>) -> Result<[Config; 2]> {
    let limits = match input.arbitrary::<u8>()? % 3 {
        0 => Limits::DEFAULT,
        1 => Limits::DEFAULT.max_frame(300).max_message(500).max_parts(5),
        _ => Limits::DEFAULT.max_frame(20).max_command(60),
    };
    let heartbeat = match input.arbitrary::<u8>()? {
        0..128 => Heartbeat::OFF,
        every => Heartbeat::every(u32::from(every)).ttl(1_000),
    };
    let config = Config::new(SocketType::Dealer).with_limits(limits);
    Ok([config.clone().with_heartbeat(heartbeat), config])
}
