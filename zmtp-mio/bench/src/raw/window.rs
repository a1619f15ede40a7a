//! Requests and replies with a number of requests outstanding.

use zmtp_mio::mio::Interest;

use super::frames::{Inbox, Outbox};
use super::stream::{Blocking, Listener};
use crate::Result;
use crate::meter::Lane;
use crate::work::SIZE;

/// Echoes what each read brings with one write.
pub(super) fn echo(endpoint: &str, ready: &dyn Fn(&str)) -> Result {
    let stream = Listener::bind(endpoint, ready)?.accept()?;
    let mut stream = stream.polled(Interest::READABLE | Interest::WRITABLE)?;
    let (mut inbox, mut outbox) = (Inbox::default(), Outbox::default());
    loop {
        inbox.read(&mut stream)?;
        while let Some(body) = inbox.next() {
            outbox.push(body);
        }
        outbox.write(&mut stream)?;
    }
}

/// Keeps so many requests outstanding.
pub(super) fn keep(endpoint: &str, outstanding: usize, lane: &Lane) -> Result {
    let mut stream =
        Blocking::connect(endpoint)?.polled(Interest::READABLE | Interest::WRITABLE)?;
    let (mut inbox, mut outbox) = (Inbox::default(), Outbox::default());
    let body = [0x5a; SIZE];
    (0..outstanding).for_each(|_| outbox.push(&body));
    outbox.write(&mut stream)?;
    while lane.more() {
        inbox.read(&mut stream)?;
        while inbox.next().is_some() {
            lane.add(1);
            outbox.push(&body);
        }
        outbox.write(&mut stream)?;
    }
    Ok(())
}
