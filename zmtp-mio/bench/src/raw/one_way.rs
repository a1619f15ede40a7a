//! Messages in one direction: to one receiver, or the same to many.

use std::io::Write as _;
use std::thread;

use zmtp_mio::mio::Interest;

use super::frames::{Inbox, Outbox};
use super::stream::{Blocking, Listener};
use crate::Result;
use crate::meter::{Lane, Meter};
use crate::work::SIZE;

/// Bytes from which a body is not copied.
const LARGE: usize = 16 << 10;

/// Receives from one connection that it accepts.
pub(super) fn pull_bound(endpoint: &str, size: usize, lane: &Lane, ready: &dyn Fn(&str)) -> Result {
    pull(Listener::bind(endpoint, ready)?.accept()?, size, lane)
}

fn pull(stream: Blocking, size: usize, lane: &Lane) -> Result {
    let mut stream = stream.polled(Interest::READABLE)?;
    let mut inbox = Inbox::default();
    while lane.more() {
        let received = match inbox.next() {
            Some(body) => Some(body.len()),
            None => inbox.read(&mut stream)?,
        };
        if let Some(received) = received {
            if received != size {
                return Err(format!("a message of {received} bytes").into());
            }
            lane.add(1);
        }
    }
    Ok(())
}

/// Sends to one receiver.
pub(super) fn push(endpoint: &str, size: usize, lane: &Lane) -> Result {
    let mut stream = Blocking::connect(endpoint)?.polled(Interest::WRITABLE)?;
    let mut outbox = Outbox::default();
    let body = vec![0x5a; size];
    while lane.more() {
        if size >= LARGE {
            outbox.write_with(&body, &mut stream)?;
        } else {
            outbox.push(&body);
            if outbox.is_full() {
                outbox.write(&mut stream)?;
            }
        }
        lane.add(1);
    }
    outbox.write(&mut stream)?;
    Ok(())
}

/// Encodes each message once, and writes the same bytes to every subscriber.
pub(super) fn publish(
    endpoint: &str,
    subscribers: usize,
    meter: &Meter,
    ready: &dyn Fn(&str),
) -> Result {
    let listener = Listener::bind(endpoint, ready)?;
    let accept = |_| -> Result<_> { Ok(listener.accept()?.polled(Interest::WRITABLE)?) };
    let mut streams = (0..subscribers).map(accept).collect::<Result<Vec<_>>>()?;
    let mut outbox = Outbox::default();
    let mut write = |outbox: &mut Outbox| -> Result {
        for stream in &mut streams {
            stream.write_all(outbox.bytes())?;
        }
        outbox.clear();
        Ok(())
    };
    while !meter.is_released() {
        outbox.push(&[0x5a; SIZE]);
        write(&mut outbox)?;
        thread::sleep(meter.pace());
    }
    while meter.lane(0).more() {
        outbox.push(&[0x5a; SIZE]);
        if outbox.is_full() {
            write(&mut outbox)?;
        }
        meter.lane(0).add(1);
    }
    write(&mut outbox)?;
    loop {
        thread::park();
    }
}

/// Receives with one thread per subscriber.
pub(super) fn subscribe(endpoint: &str, subscribers: usize, meter: &Meter) -> Result {
    thread::scope(|scope| {
        let subscriber =
            |at| scope.spawn(move || pull(Blocking::connect(endpoint)?, SIZE, meter.lane(at)));
        let threads: Vec<_> = (0..subscribers).map(subscriber).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}
