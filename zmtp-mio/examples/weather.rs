//! The publisher of the cookbook for a subscriber in Python.

use std::thread;
use std::time::Duration;
use zmtp_mio::{Error, Pub};

fn main() -> Result<(), Error> {
    let mut publisher = Pub::builder().bind("tcp://127.0.0.1:5556")?;
    for degrees in (-10..25).cycle() {
        publisher.send(format!("oslo {degrees}"))?;
        publisher.send(format!("rome {}", degrees + 12))?;
        thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}
