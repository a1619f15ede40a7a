//! The embedded sockets, over an IO which is opaque to the optimiser.

#[cfg(feature = "asynch")]
use core::future::Future;
use core::hint::black_box;
#[cfg(feature = "asynch")]
use core::pin::pin;
#[cfg(feature = "asynch")]
use core::task::{Context, Waker};

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use zmtp_core::Instant;
use zmtp_core::wire::{Group, More};
#[cfg(feature = "asynch")]
use zmtp_embedded::asynch::{self, Duplex};
use zmtp_embedded::blocking::{self, Retry, many};
use zmtp_embedded::{Ticks, kind, udp};

use crate::sealing::Sealing;

/// Reads and writes as many bytes as it likes, also more than there are.
pub struct Board;

impl ErrorType for Board {
    type Error = ErrorKind;
}

impl Read for Board {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        black_box(buf);
        black_box(Ok(0))
    }
}

impl Write for Board {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        black_box(buf);
        black_box(Ok(0))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        black_box(Ok(()))
    }
}

impl udp::Udp for Board {
    type Error = ErrorKind;

    fn send(&mut self, datagram: &[u8]) -> Result<(), ErrorKind> {
        black_box(datagram);
        black_box(Ok(()))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, ErrorKind> {
        black_box(buffer);
        black_box(Ok(None))
    }
}

impl embedded_io_async::Read for Board {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        black_box(buf);
        black_box(Ok(0))
    }
}

impl embedded_io_async::Write for Board {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        black_box(buf);
        black_box(Ok(0))
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        black_box(Ok(()))
    }
}

#[cfg(feature = "asynch")]
type Halves = Duplex<Board, Board>;

/// One of each.
pub(crate) struct Sockets<'a> {
    req: blocking::Req<'a, Board>,
    rep: blocking::Rep<'a, Board>,
    dealer: blocking::Dealer<'a, Board>,
    publisher: blocking::Pub<'a, Board, 64>,
    sub: blocking::Sub<'a, Board, 64>,
    push: blocking::Push<'a, Board>,
    pull: blocking::Pull<'a, Board>,
    client: blocking::Client<'a, Board>,
    radio: blocking::Radio<'a, Board, 64>,
    dish: blocking::Dish<'a, Board, 64>,
    udp_radio: udp::Radio<'a, Board>,
    udp_dish: udp::Dish<'a, Board, 64>,
    sealed_req: blocking::Req<'a, Board, Sealing>,
    sealed_rep: blocking::Rep<'a, Board, Sealing>,
    sealed_pub: blocking::Pub<'a, Board, 64, Sealing>,
    sealed_sub: blocking::Sub<'a, Board, 64, Sealing>,
    session: blocking::Session<'a, kind::Req>,
    reps: many::Rep<'a, Board, 3>,
    pubs: many::Pub<'a, Board, 3, 64>,
    pulls: many::Pull<'a, Board, 3>,
    #[cfg(feature = "asynch")]
    async_req: asynch::Req<'a, Board>,
    #[cfg(feature = "asynch")]
    async_rep: asynch::Rep<'a, Board>,
    #[cfg(feature = "asynch")]
    async_pub: asynch::Pub<'a, Halves, 64>,
    #[cfg(feature = "asynch")]
    async_sub: asynch::Sub<'a, Halves, 64>,
    #[cfg(feature = "asynch")]
    async_dealer: asynch::Dealer<'a, Halves>,
    #[cfg(feature = "asynch")]
    async_sealed: asynch::Dealer<'a, Halves, Sealing>,
    #[cfg(feature = "asynch")]
    async_push: asynch::Push<'a, Halves>,
    #[cfg(feature = "asynch")]
    async_pull: asynch::Pull<'a, Halves>,
    #[cfg(feature = "asynch")]
    async_reps: asynch::many::Rep<'a, Board, 3>,
    #[cfg(feature = "asynch")]
    async_pubs: asynch::many::Pub<'a, Board, 3, 64>,
    #[cfg(feature = "asynch")]
    async_pulls: asynch::many::Pull<'a, Board, 3>,
}

/// Polls a future a number of times that the caller chooses.
#[cfg(feature = "asynch")]
fn poll(future: impl Future) -> bool {
    let mut future = pin!(future);
    while black_box(true) {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
    }
    false
}

fn clock() -> Instant {
    Instant::from_millis(black_box(0))
}

macro_rules! ends {
    ($socket:expr, $now:expr) => {
        black_box($socket.connect(Board, $now).is_some());
        let _ = black_box($socket.handshake($now, clock));
        let _ = black_box($socket.flush($now, clock));
        black_box(($socket.is_ready(), $socket.peer(), $socket.next_deadline()));
        black_box(($socket.failure(), $socket.refusal()));
        black_box($socket.disconnect().is_some());
    };
}

macro_rules! receives {
    ($socket:expr, $now:expr) => {
        let _ = black_box($socket.receive_chunk($now, clock));
        if let Ok(message) = $socket.receive($now, clock) {
            black_box((message.first(), message.only()));
            message.parts().for_each(|part| {
                black_box(part);
            });
        }
    };
}

macro_rules! sends {
    ($socket:expr, $bytes:expr, $now:expr) => {
        let _ = black_box($socket.send(&[$bytes, $bytes], $now, clock));
        let _ = black_box($socket.begin(More::Follows, $bytes.len(), $now, clock));
        let _ = black_box($socket.push($bytes, $now, clock));
    };
}

pub(crate) fn probe(which: u32, all: &mut Sockets<'static>, bytes: &[u8], number: u64) {
    let now = Instant::from_millis(number);
    // Those below are core's.
    match which.wrapping_sub(6) {
        0 => {
            ends!(all.req, now);
            sends!(all.req, bytes, now);
            receives!(all.req, now);
            let _ = black_box(all.req.request(&[bytes, bytes], now, clock));
            let retry = Retry { timeout: number as u32, tries: number as u32 };
            let mut again = |io: Option<Board>| black_box(io);
            let _ = black_box(all.req.request_with_retries(&[bytes], retry, &mut again, clock));
            {
                let mut req = all.session.connect(Board, now);
                let _ = black_box(req.request(&[bytes, bytes], now, clock));
                black_box(req.disconnect().is_some());
            }
            blocking::wait_for_silence(&mut Board, number as u32, clock);
            black_box((
                Ticks::new().extend(number as u32),
                Ticks::new().extend_hz(7, number as u32),
            ));
        }
        1 => {
            ends!(all.rep, now);
            receives!(all.rep, now);
            sends!(all.rep, bytes, now);
            let _ = black_box(all.rep.reply(&[bytes], now, clock));
        }
        2 => {
            ends!(all.dealer, now);
            sends!(all.dealer, bytes, now);
            receives!(all.dealer, now);
        }
        3 => {
            ends!(all.publisher, now);
            let _ = black_box(all.publisher.publish(&[bytes, bytes], now, clock));
            let _ = black_box(all.publisher.serve(now, clock));
            black_box(all.publisher.refused_subscriptions());
        }
        4 => {
            ends!(all.sub, now);
            let _ = black_box(all.sub.subscribe(bytes));
            let _ = black_box(all.sub.cancel(bytes, now, clock));
            receives!(all.sub, now);
        }
        5 => {
            ends!(all.push, now);
            sends!(all.push, bytes, now);
            let _ = black_box(all.push.serve(now, clock));
            ends!(all.pull, now);
            receives!(all.pull, now);
        }
        12 => {
            ends!(all.client, now);
            let _ = black_box(all.client.send(bytes, now, clock));
            receives!(all.client, now);
            ends!(all.radio, now);
            ends!(all.dish, now);
            if let Ok(group) = Group::new(bytes) {
                let _ = black_box(all.radio.send(group, bytes, now, clock));
                let _ = black_box(all.dish.join(group));
                let _ = black_box(all.dish.leave(group, now, clock));
                let _ = black_box(all.udp_radio.send(group, bytes));
                let _ = black_box(all.udp_dish.join(group));
                black_box(all.udp_dish.leave(group));
            }
            let _ = black_box(all.radio.serve(now, clock));
            black_box(all.radio.refused_groups());
            receives!(all.dish, now);
            if let Ok(Some(message)) = all.udp_dish.try_receive() {
                black_box((message.group.bytes(), message.body));
            }
            black_box(all.udp_dish.malformed());
        }
        6 => {
            let link = number as usize;
            black_box(all.reps.connect(link, Board, now).is_some());
            let _ = black_box(all.reps.receive(now, clock));
            let _ = black_box(all.reps.reply(&[bytes, bytes], now, clock));
            black_box((all.reps.free_link(), all.reps.next_deadline(), all.reps.is_ready(link)));
            black_box((all.reps.failure(link), all.reps.peer(link)));
            black_box(all.reps.disconnect(link).is_some());
            black_box(all.pulls.connect(link, Board, now).is_some());
            let _ = black_box(all.pulls.receive(now, clock));
            black_box(all.pubs.connect(link, Board, now).is_some());
            let _ = black_box(all.pubs.serve(now, clock));
            black_box(all.pubs.publish(&[bytes, bytes]));
        }
        #[cfg(feature = "asynch")]
        7 => {
            black_box(all.async_req.connect(Board, now).is_some());
            black_box(poll(all.async_req.handshake(clock)));
            black_box(poll(all.async_req.request(&[bytes, bytes], clock)));
            black_box(poll(all.async_rep.receive(clock)));
            black_box(poll(all.async_rep.receive_chunk(clock)));
            black_box(poll(all.async_rep.queue(&[bytes], clock)));
            black_box(poll(all.async_rep.begin(More::Last, number as usize, clock)));
            black_box(poll(all.async_rep.push(bytes)));
            black_box(poll(all.async_rep.flush(clock)));
            black_box(poll(all.async_rep.send(&[bytes, bytes], clock)));
            let link = number as usize;
            black_box(all.async_reps.connect(link, Board, now).is_some());
            black_box(poll(all.async_reps.receive(clock)));
            black_box(poll(all.async_reps.reply(&[bytes, bytes], clock)));
            black_box(all.async_pubs.connect(link, Board, now).is_some());
            black_box(poll(all.async_pubs.serve(clock)));
            black_box(all.async_pubs.publish(&[bytes, bytes]));
            black_box(all.async_pulls.connect(link, Board, now).is_some());
            black_box(poll(all.async_pulls.receive(clock)));
        }
        #[cfg(feature = "asynch")]
        8 => {
            black_box(poll(all.async_pub.publish(&[bytes], clock)));
            black_box(poll(all.async_pub.serve(clock)));
            let _ = black_box(all.async_sub.subscribe(bytes));
            black_box(poll(all.async_sub.cancel(bytes)));
            black_box(poll(all.async_sub.receive(clock)));
            if let Some(mut split) = all.async_dealer.split() {
                let (mut sender, mut receiver) = split.halves();
                black_box(poll(sender.send(&[bytes, bytes], clock)));
                black_box(poll(sender.queue(&[bytes], clock)));
                black_box(poll(receiver.receive(clock)));
                black_box(poll(receiver.receive_chunk(clock)));
            }
            black_box(poll(all.async_push.send(&[bytes], clock)));
            black_box(poll(all.async_push.serve(clock)));
            black_box(poll(all.async_pull.receive_chunk(clock)));
            if let Some(mut split) = all.async_sub.split() {
                let (mut sender, mut receiver) = split.halves();
                let _ = black_box(sender.subscribe(bytes));
                black_box(poll(sender.flush(clock)));
                black_box(poll(receiver.receive(clock)));
                black_box((sender.failure(), receiver.failure()));
            }
            if let Some(mut split) = all.async_pub.split() {
                let (mut sender, mut receiver) = split.halves();
                black_box(poll(sender.publish(&[bytes], clock)));
                black_box(poll(receiver.serve(clock)));
            }
        }
        9 => {
            ends!(all.sealed_req, now);
            let _ = black_box(all.sealed_req.request(&[bytes, bytes], now, clock));
            sends!(all.sealed_req, bytes, now);
            ends!(all.sealed_rep, now);
            receives!(all.sealed_rep, now);
            let _ = black_box(all.sealed_rep.reply(&[bytes], now, clock));
        }
        10 => {
            ends!(all.sealed_pub, now);
            let _ = black_box(all.sealed_pub.publish(&[bytes, bytes], now, clock));
            let _ = black_box(all.sealed_pub.serve(now, clock));
            ends!(all.sealed_sub, now);
            let _ = black_box(all.sealed_sub.subscribe(bytes));
            let _ = black_box(all.sealed_sub.cancel(bytes, now, clock));
            receives!(all.sealed_sub, now);
        }
        #[cfg(feature = "asynch")]
        11 => {
            black_box(
                all.async_sealed.connect(Duplex { reader: Board, writer: Board }, now).is_some(),
            );
            black_box(poll(all.async_sealed.handshake(clock)));
            black_box(poll(all.async_sealed.send(&[bytes, bytes], clock)));
            if let Some(mut split) = all.async_sealed.split() {
                let (mut sender, mut receiver) = split.halves();
                black_box(poll(sender.send(&[bytes, bytes], clock)));
                black_box(poll(receiver.receive(clock)));
                black_box(poll(receiver.receive_chunk(clock)));
            }
        }
        _ => {}
    }
}
