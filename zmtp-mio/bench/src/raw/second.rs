//! Two messages in two writes, after a quiet time.

use std::io::{Read as _, Write as _};
use std::thread;

use super::stream::{Blocking, Listener};
use crate::Result;
use crate::meter::{Lane, QUIET, clock};
use crate::work::number;

/// The frame of a message of this many bytes, and the length of its header.
fn frame(size: usize) -> (Vec<u8>, usize) {
    let frame = wire::message(&[&vec![0x5a; size.max(size_of::<u64>())]]);
    let header = frame.len() - size.max(size_of::<u64>());
    (frame, header)
}

/// Sends pairs of messages with the time of the first.
pub(super) fn send(endpoint: &str, size: usize) -> Result {
    let mut stream = Blocking::connect(endpoint)?;
    let (mut frame, header) = frame(size);
    loop {
        thread::sleep(QUIET);
        frame[header..header + size_of::<u64>()].copy_from_slice(&clock().to_le_bytes());
        stream.write_all(&frame)?;
        stream.write_all(&frame)?;
    }
}

/// Receives pairs of messages, and counts the times until the second ones.
pub(super) fn receive(endpoint: &str, size: usize, lane: &Lane, ready: &dyn Fn(&str)) -> Result {
    let mut stream = Listener::bind(endpoint, ready)?.accept()?;
    let (mut frame, header) = frame(size);
    while lane.more() {
        stream.read_exact(&mut frame)?;
        stream.read_exact(&mut frame)?;
        lane.time(clock().saturating_sub(number(&frame[header..])?));
    }
    Ok(())
}
