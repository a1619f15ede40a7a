//! The program of the cookbook that ends at a signal.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::thread;
use std::time::Duration;
use zmtp_mio::{Error, Pull};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut pull = Pull::builder().bind("tcp://127.0.0.1:5557")?;
    let handle = pull.handle()?;
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = handle.stop();
        }
    });
    loop {
        match pull.recv() {
            Ok(message) => println!("{}", message.text()?),
            Err(Error::Stopped) => break,
            Err(error) => return Err(error.into()),
        }
    }
    let unsent = pull.close(Duration::from_secs(5));
    println!("{} messages were not sent", unsent.messages.len());
    Ok(())
}
