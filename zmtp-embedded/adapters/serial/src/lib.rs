//! Serial ports for the blocking sockets of `zmtp-embedded`, if their HAL does not have the traits of `embedded-io` 0.7:
//! [`Nb`] for those of `embedded-hal-nb`, [`Io06`] for those of `embedded-io` 0.6.
//!
//! ```
//! use embedded_hal_nb::serial;
//! use zmtp_embedded::blocking::{Req, Session, wait_for_silence};
//! use zmtp_embedded::{Config, Instant, SocketType, size};
//! use zmtp_serial::Nb;
//!
//! static CONFIG: Config = Config::new(SocketType::Req);
//!
//! fn run<U>(uart: U, now: impl Fn() -> Instant, mut show: impl FnMut(&[u8]))
//! where
//!     U: serial::Read<u8> + serial::Write<u8>,
//! {
//!     let mut receive = [0; size::receive(SocketType::Req, 32, 1)];
//!     let mut send = [0; size::smallest_send(&CONFIG)];
//!     let mut session = Session::new(Req::new(&CONFIG, &mut receive, &mut send, 1));
//!     let mut uart = Nb::new(uart);
//!     loop {
//!         wait_for_silence(&mut uart, 60, &now);
//!         let mut req = session.connect(&mut uart, now());
//!         while let Ok(reply) = req.request(&[b"temperature?"], now().after(1_000), &now) {
//!             show(reply.first());
//!         }
//!     }
//! }
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod io06;
mod nb;

pub use io06::{Io06, Io06Error};
pub use nb::{Nb, NbError};
