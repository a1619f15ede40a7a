//! What sockets cost: RAM, stack below the caller, and instructions, counted by QEMU.
//!
//! The peer is memory that sends requests back. Run with `-icount shift=6`; `.ci/footprint.sh` does.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::hint::black_box;

use embedded_io::{ErrorType, Read, Write};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant, Limits};
use zmtp_embedded::blocking::{Channel, Client, Dish, Pub, Radio, Rep, Req, Sub};
use zmtp_firmware::boards::Quiet;
use zmtp_firmware::host::{self, fail, println};
use zmtp_firmware::measure::{instructions, stack};

const LIMITS: Limits = Limits::DEFAULT.max_command(119);
static REQ: Config = Config::new(SocketType::Req).with_limits(LIMITS);
static REP: Config = Config::new(SocketType::Rep).with_limits(LIMITS);
static SUB: Config = Config::new(SocketType::Sub).with_limits(LIMITS);
static PUB: Config = Config::new(SocketType::Pub).with_limits(LIMITS);

const BODY: [u8; 64] = [b'x'; 64];
/// A message of that body, in one frame; and as a request or reply in its envelope.
const MESSAGE: (&[u8], &[u8]) = (&[0, 64], &BODY);
const DELIMITER: &[u8] = &[1, 0];
/// SUBSCRIBE to everything (RFC 37).
const SUBSCRIBE: &[u8] = b"\x04\x0A\x09SUBSCRIBE";

/// The bytes of a peer: its greeting, its READY, and the bytes after it.
struct Script {
    bytes: [u8; 256],
    len: usize,
}

impl Script {
    fn new(socket_type: &[u8], then: &[&[u8]]) -> Self {
        let mut script = Self { bytes: [0; 256], len: 0 };
        script.put(&[0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1, b'N', b'U', b'L', b'L']);
        script.put(&[0; 48]);
        let ready = b"\x05READY\x0BSocket-Type\0\0\0";
        let len = (ready.len() + 1 + socket_type.len()) as u8;
        script.put(&[4, len]);
        script.put(ready);
        script.put(&[socket_type.len() as u8]);
        script.put(socket_type);
        for bytes in then {
            script.put(bytes);
        }
        script
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// A stream that returns the bytes of the script, and then the bytes written after the handshake.
struct Mirror<'s> {
    script: &'s [u8],
    written: usize,
    /// Where the handshake ends in what is written.
    handshake: usize,
    back: [u8; 128],
    len: usize,
}

impl<'s> Mirror<'s> {
    fn new(script: &'s Script) -> Self {
        let script = &script.bytes[..script.len];
        Self { script, written: 0, handshake: usize::MAX, back: [0; 128], len: 0 }
    }
}

impl ErrorType for Mirror<'_> {
    type Error = Quiet;
}

impl Read for Mirror<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Quiet> {
        if !self.script.is_empty() {
            let n = buf.len().min(self.script.len());
            buf[..n].copy_from_slice(&self.script[..n]);
            self.script = &self.script[n..];
            return Ok(n);
        }
        let n = buf.len().min(self.len);
        if n == 0 {
            return Err(Quiet);
        }
        buf[..n].copy_from_slice(&self.back[..n]);
        self.back.copy_within(n.., 0);
        self.len -= n;
        Ok(n)
    }
}

impl Write for Mirror<'_> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Quiet> {
        if self.written >= self.handshake {
            // More than a request and its envelope is not sent back.
            if let Some(room) = self.back[self.len..].get_mut(..buf.len()) {
                room.copy_from_slice(buf);
                self.len += buf.len();
            }
            return Ok(buf.len());
        }
        // One byte at a time through greeting and READY.
        let Some(byte) = buf.first() else { return Ok(0) };
        if self.written == 65 {
            self.handshake = 66 + usize::from(*byte);
        }
        self.written += 1;
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), Quiet> {
        Ok(())
    }
}

/// A millisecond passes with each look at the clock.
struct Clock(Cell<u64>);

impl Clock {
    fn now(&self) -> Instant {
        self.0.set(self.0.get() + 1);
        Instant::from_millis(self.0.get())
    }
}

#[zmtp_firmware::entry]
fn main() -> ! {
    let clock = Clock(Cell::new(0));
    let now = || clock.now();
    let (mut receive, mut send) = ([0; 384], [0; 128]);
    let soon = || clock.now().after(1_000);

    // An IO of no size, and subscriptions and groups without room.
    println!("ram req {}", size_of::<Req<'static, ()>>());
    println!("ram rep {}", size_of::<Rep<'static, ()>>());
    println!("ram sub {}", size_of::<Sub<'static, (), 0>>());
    println!("ram pub_ {}", size_of::<Pub<'static, (), 0>>());
    println!("ram client {}", size_of::<Client<'static, ()>>());
    println!("ram channel {}", size_of::<Channel<'static, ()>>());
    println!("ram radio {}", size_of::<Radio<'static, (), 0>>());
    println!("ram dish {}", size_of::<Dish<'static, (), 0>>());
    {
        let script = Script::new(b"REP", &[]);
        let mut req = Req::new(&REQ, &mut receive, &mut send, 1);
        req.connect(Mirror::new(&script), now());
        let mut good = 0;
        let depth = stack(&mut || {
            good += u32::from(req.request(&[black_box(&BODY)], soon(), now).is_ok());
        });
        let again = stack(&mut || {
            good += u32::from(req.request(&[black_box(&BODY)], soon(), now).is_ok());
        });
        println!("stack req {}", depth.max(again));
        let counted = instructions(&mut || {
            good += u32::from(req.request(&[black_box(&BODY)], soon(), now).is_ok());
        });
        let mut mirror = Mirror::new(&script);
        (mirror.script, mirror.handshake) = (&[], 0);
        let mut room = [0; 128];
        // What the request and its reply cost the mirror itself: id, delimiter, header, body.
        let mirrored = instructions(&mut || {
            let _ = mirror.write(black_box(&[0; 6 + 2 + 2 + 64]));
            let _ = mirror.read(black_box(&mut room));
        });
        println!("instructions request {}", counted - mirrored);
        check("req", good == 3);
    }
    {
        let script = Script::new(b"REQ", &[DELIMITER, MESSAGE.0, MESSAGE.1]);
        let mut rep = Rep::new(&REP, &mut receive, &mut send);
        rep.connect(Mirror::new(&script), now());
        let mut good = 0;
        let depth = stack(&mut || {
            good += u32::from(rep.receive(soon(), now).is_ok());
            good += u32::from(rep.reply(&[black_box(&BODY)], soon(), now).is_ok());
        });
        println!("stack rep {depth}");
        check("rep", good == 2);
    }
    {
        let script = Script::new(b"PUB", &[MESSAGE.0, MESSAGE.1]);
        let mut sub = Sub::<_, 64>::new(&SUB, &mut receive, &mut send);
        let mut good = u32::from(sub.subscribe(b"").is_ok());
        sub.connect(Mirror::new(&script), now());
        let depth = stack(&mut || {
            good += u32::from(sub.receive(soon(), now).is_ok());
        });
        println!("stack sub {depth}");
        check("sub", good == 2);
    }
    {
        let script = Script::new(b"SUB", &[SUBSCRIBE]);
        let mut publisher = Pub::<_, 128>::new(&PUB, &mut receive, &mut send);
        publisher.connect(Mirror::new(&script), now());
        let mut good = 0;
        let depth = stack(&mut || {
            good += u32::from(publisher.serve(clock.now().after(100), now).is_ok());
            let sent = publisher.publish(&[black_box(&BODY)], soon(), now);
            good += u32::from(sent == Ok(true));
        });
        println!("stack pub_ {depth}");
        check("pub", good == 2);
    }
    host::done()
}

/// A figure of something that failed is none.
fn check(what: &str, good: bool) {
    if !good {
        fail("it did not work", &what);
    }
}
