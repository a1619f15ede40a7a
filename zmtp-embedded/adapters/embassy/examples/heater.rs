//! The bodies of three tasks: one owns the socket, two send requests through it. The boards and a test spawn them.

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_time::{Duration, Timer};
use zmtp_embassy::zmtp_embedded::asynch::{Req, Session};
use zmtp_embassy::zmtp_embedded::{Config, SocketType, size};
use zmtp_embassy::{Connect, Requests};

static CONFIG: Config = Config::new(SocketType::Req);

/// The most bytes of a request and of a reply.
const BYTES: usize = 32;

/// The handle: requests of all tasks.
static REQUESTS: Requests<CriticalSectionRawMutex, BYTES> = Requests::new();

/// Owns the socket, and connects again when a connection ends. `connect` is a `SerialLine` or a `Tcp`, for example.
pub async fn owner(connect: impl Connect, random: u32) -> ! {
    let mut receive = [0; size::receive(SocketType::Req, BYTES, 1)];
    let mut send = [0; size::send(&CONFIG, BYTES + 4, 1 + 2)];
    let req = Req::new(&CONFIG, &mut receive, &mut send, random);
    zmtp_embassy::request(Session::new(req), connect, &REQUESTS).await
}

/// Requests the temperature, in a loop.
pub async fn thermometer(pause: Duration, mut show: impl FnMut(&[u8])) -> ! {
    loop {
        match REQUESTS.request(&[b"temperature?"], Duration::from_secs(1)).await {
            Ok(reply) => show(reply.first()),
            Err(_) => show(b"no answer"),
        }
        Timer::after(pause).await;
    }
}

/// Reports the state of a heater, in a loop.
pub async fn heater(pause: Duration, mut is_on: impl FnMut() -> bool) -> ! {
    loop {
        let state: &[u8] = if is_on() { b"on" } else { b"off" };
        let _ = REQUESTS.request(&[b"heater", state], Duration::from_secs(1)).await;
        Timer::after(pause).await;
    }
}
