//! What sockets with CURVE cost: RAM, stack below the caller, and instructions of the handshake and of a message of 64
//! bytes, counted by QEMU. `.ci/footprint.sh` runs it with `-icount shift=6`.
//!
//! Each socket is measured alone: the bytes of its peer were recorded before.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::hint::black_box;

use embedded_io::{Read, Write};
use zmtp_core::mechanism::{ClientKeys, Credentials, Decision, KeyPair, SecretKey};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant, Limits};
use zmtp_embedded::blocking::{Pub, Rep, Req, Sub};
use zmtp_embedded::size;
use zmtp_firmware::dialogue::Dialogue;
use zmtp_firmware::host::{self, fail, println};
use zmtp_firmware::measure::{many_instructions, stack};

static CONFIG: Config =
    Config::new(SocketType::Req).with_limits(Limits::DEFAULT.handshake_timeout(1_000_000));

const BODY: [u8; 64] = [b'x'; 64];
/// The random bytes of the client and of the server: constants, because nothing here is secret.
const CLIENT: [u8; 48] = [0x17; 48];
const SERVER: [u8; 96] = [0x71; 96];

const RECEIVE: usize = size::receive_curve_server(SocketType::Rep, 128, 3);
const SEND: usize = size::send_curve(&CONFIG, 128, 3);

/// A millisecond passes with each look at the clock.
struct Clock(Cell<u64>);

impl Clock {
    fn now(&self) -> Instant {
        self.0.set(self.0.get() + 1);
        Instant::from_millis(self.0.get())
    }
}

/// What is measured of a closure.
type Measure<'m> = &'m dyn Fn(&mut dyn FnMut()) -> u64;

/// Measures a socket: first the stack of its handshake and of a message, then the instructions of both, without those
/// of the end itself. `[from, to]` are the numbers of bytes of the handshake that it reads and writes, and `ends` those
/// after the message.
fn figures(
    name: &str,
    dialogue: &Dialogue,
    index: usize,
    [before, after]: [[usize; 2]; 2],
    run: &mut dyn FnMut(Measure<'_>) -> [u64; 2],
) {
    let [handshake, message] = run(&|run| stack(run) as u64);
    println!("stack {name} {}", handshake.max(message));
    println!("stack-message {name} {message}");
    let [handshake, message] = run(&|run| many_instructions(run));
    let [one, other] = dialogue.ends_again();
    let end = if index == 0 { one } else { other };
    let mut end = end.at(before[1 - index], before[index]);
    let (zeros, mut room) = ([0; 256], [0; 256]);
    let bytes = zeros.get(..after[index] - before[index]).unwrap_or(&zeros);
    let moved = many_instructions(&mut || {
        let _ = end.write(black_box(bytes));
        let _ = end.read(black_box(&mut room));
    });
    println!("instructions handshake-{name} {handshake}");
    println!("instructions message-{name} {}", message.saturating_sub(moved));
}

#[zmtp_firmware::entry]
fn main() -> ! {
    let clock = Clock(Cell::new(0));
    let now = || clock.now();
    // A few looks, so that the other socket has its turn; and enough for everything.
    let turn = || clock.now().after(5);
    let soon = || clock.now().after(1_000);
    let server = KeyPair::new(SecretKey::new([0x51; 32]));
    let own = KeyPair::new(SecretKey::new([0xC1; 32]));
    let keys = ClientKeys { server: *server.public(), own };
    let accept = |_: Credentials<'_>| Decision::Accept;
    let (mut receive, mut send) = ([0; RECEIVE], [0; SEND]);
    let (mut receive_other, mut send_other) = ([0; RECEIVE], [0; SEND]);
    let dialogue = Dialogue::new();

    // An IO of no size, and subscriptions without room.
    {
        let (receive, send) = (&mut [][..], &mut [][..]);
        let req = Req::<()>::new(&CONFIG, receive, send, 1).curve_client(&keys);
        println!("ram req_curve {}", size_of_val(&req));
        let rep = Rep::<()>::new(&CONFIG, &mut [], &mut []).curve_server(&server, accept);
        println!("ram rep_curve {}", size_of_val(&rep));
        let sub = Sub::<(), 0>::new(&CONFIG, &mut [], &mut []).curve_client(&keys);
        println!("ram sub_curve {}", size_of_val(&sub));
        let publisher = Pub::<(), 0>::new(&CONFIG, &mut [], &mut []);
        println!("ram pub_curve {}", size_of_val(&publisher.curve_server(&server, accept)));
    }
    {
        let [first, second] = dialogue.ends();
        let mut req = Req::new(&CONFIG, &mut receive, &mut send, 1).curve_client(&keys);
        let rep = Rep::new(&CONFIG, &mut receive_other, &mut send_other);
        let mut rep = rep.curve_server(&server, accept);
        req.connect_with_random(first, &CLIENT, now());
        rep.connect_with_random(second, &SERVER, now());
        while req.handshake(turn(), now).is_err() | rep.handshake(turn(), now).is_err() {
            check("handshake", (req.failure(), rep.failure()) == (None, None));
        }
        let before = dialogue.written();
        check("request", req.send(&[&BODY], soon(), now).is_ok());
        check("received request", rep.receive(soon(), now).is_ok());
        check("reply", rep.reply(&[&BODY], soon(), now).is_ok());
        check("received reply", req.receive(soon(), now).is_ok());
        let bytes = [before, dialogue.written()];

        figures("req_curve", &dialogue, 0, bytes, &mut |measure| {
            let mut req = Req::new(&CONFIG, &mut receive, &mut send, 1).curve_client(&keys);
            let [end, _] = dialogue.ends_again();
            req.connect_with_random(end, &CLIENT, now());
            let (mut ready, mut replied) = (false, false);
            let handshake = measure(&mut || ready = req.handshake(soon(), now).is_ok());
            let message = measure(&mut || {
                replied = req.request(&[black_box(&BODY)], soon(), now).is_ok();
            });
            check("req", ready && replied);
            [handshake, message]
        });
        figures("rep_curve", &dialogue, 1, bytes, &mut |measure| {
            let rep = Rep::new(&CONFIG, &mut receive_other, &mut send_other);
            let mut rep = rep.curve_server(&server, accept);
            let [_, end] = dialogue.ends_again();
            rep.connect_with_random(end, &SERVER, now());
            let (mut ready, mut replied) = (false, false);
            let handshake = measure(&mut || ready = rep.handshake(soon(), now).is_ok());
            let message = measure(&mut || {
                replied = rep.receive(soon(), now).is_ok();
                replied &= rep.reply(&[black_box(&BODY)], soon(), now).is_ok();
            });
            check("rep", ready && replied);
            [handshake, message]
        });
    }
    dialogue.clear();
    {
        let [first, second] = dialogue.ends();
        let mut sub = Sub::<_, 64>::new(&CONFIG, &mut receive, &mut send).curve_client(&keys);
        check("subscribe", sub.subscribe(b"").is_ok());
        let publisher = Pub::<_, 64>::new(&CONFIG, &mut receive_other, &mut send_other);
        let mut publisher = publisher.curve_server(&server, accept);
        sub.connect_with_random(first, &CLIENT, now());
        publisher.connect_with_random(second, &SERVER, now());
        while sub.handshake(turn(), now).is_err() | publisher.handshake(turn(), now).is_err() {
            check("handshake", (sub.failure(), publisher.failure()) == (None, None));
        }
        // The subscription is sent.
        check("flush", sub.flush(soon(), now).is_ok());
        check("serve", publisher.serve(turn(), now).is_ok());
        let before = dialogue.written();
        check("publish", publisher.publish(&[&BODY], soon(), now) == Ok(true));
        check("receive", sub.receive(soon(), now).is_ok());
        let bytes = [before, dialogue.written()];

        figures("sub_curve", &dialogue, 0, bytes, &mut |measure| {
            let mut sub = Sub::<_, 64>::new(&CONFIG, &mut receive, &mut send).curve_client(&keys);
            let [end, _] = dialogue.ends_again();
            let mut ready = sub.subscribe(b"").is_ok();
            sub.connect_with_random(end, &CLIENT, now());
            let mut received = false;
            let handshake = measure(&mut || {
                ready &= sub.handshake(soon(), now).is_ok();
                ready &= sub.flush(soon(), now).is_ok();
            });
            let message = measure(&mut || received = sub.receive(soon(), now).is_ok());
            check("sub", ready && received);
            [handshake, message]
        });
        figures("pub_curve", &dialogue, 1, bytes, &mut |measure| {
            let publisher = Pub::<_, 64>::new(&CONFIG, &mut receive_other, &mut send_other);
            let mut publisher = publisher.curve_server(&server, accept);
            let [_, end] = dialogue.ends_again();
            publisher.connect_with_random(end, &SERVER, now());
            let (mut ready, mut sent) = (false, false);
            let handshake = measure(&mut || {
                ready = publisher.handshake(soon(), now).is_ok();
                ready &= publisher.serve(turn(), now).is_ok();
            });
            let message = measure(&mut || {
                sent = publisher.publish(&[black_box(&BODY)], soon(), now) == Ok(true);
            });
            check("pub", ready && sent);
            [handshake, message]
        });
    }
    host::done()
}

/// A figure of something that failed is none.
fn check(what: &str, good: bool) {
    if !good {
        fail("it did not work", &what);
    }
}
