//! The program of the repository's README: a server, and a client if there is an argument.

use std::time::Duration;
use zmtp_mio::{Rep, Req};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = "tcp://127.0.0.1:5555";
    // With an argument: a client.
    if let Some(name) = std::env::args().nth(1) {
        let mut req = Req::builder().connect(endpoint)?;
        match req.request(name, Duration::from_secs(1))? {
            Some(reply) => println!("{}", reply.text()?),
            None => println!("no reply in time"),
        }
        return Ok(());
    }
    let mut rep = Rep::builder().bind(endpoint)?;
    loop {
        let request = rep.recv()?;
        rep.send(format!("hello, {}", request.text().unwrap_or("you")))?;
    }
}
