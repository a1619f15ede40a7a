//! A REP on tokio that answers many clients until Ctrl-C, and such clients.
//!
//! ```sh
//! cargo run -p zmtp-mio --example async_echo -- serve tcp://127.0.0.1:5559
//! cargo run -p zmtp-mio --example async_echo -- clients tcp://127.0.0.1:5559 1000
//! ```
//!
//! The server prints its endpoint, whose port the system chooses for `tcp://127.0.0.1:*`. Each client needs three
//! descriptors, the server needs one for each client: `ulimit -n 8192`.

use std::pin::pin;
use std::time::Duration;

use tokio::task::JoinSet;
use zmtp_mio::{Error, Rep, Req};

/// Requests of each client.
const REQUESTS: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", endpoint] => serve(endpoint).await?,
        ["clients", endpoint, number] => clients(endpoint, number.parse()?).await?,
        _ => return Err("usage: async_echo serve <endpoint> | clients <endpoint> <number>".into()),
    }
    Ok(())
}

async fn serve(endpoint: &str) -> Result<(), Error> {
    let mut rep = Rep::builder().build()?;
    println!("serving {}", rep.bind(endpoint)?);
    let mut rep = rep.into_tokio()?;
    let mut stop = pin!(tokio::signal::ctrl_c());
    let mut answered = 0;
    loop {
        tokio::select! {
            request = rep.recv() => {
                rep.send(request?).await?;
                answered += 1;
            }
            _ = &mut stop => break,
        }
    }
    // The last replies may be on their way.
    let unsent = rep.close(Duration::from_secs(1)).await;
    println!("{answered} requests answered, {} replies not sent", unsent.messages.len());
    Ok(())
}

async fn clients(endpoint: &str, number: u32) -> Result<(), Box<dyn std::error::Error>> {
    let mut clients = JoinSet::new();
    for client in 0..number {
        clients.spawn(exchange(endpoint.to_owned(), client));
    }
    let mut answers = 0;
    while let Some(client) = clients.join_next().await {
        answers += client??;
    }
    println!("{answers} answers to {number} clients");
    Ok(())
}

/// Sends requests and checks the replies. Returns their number.
async fn exchange(endpoint: String, client: u32) -> Result<u32, Error> {
    let mut req = Req::builder().connect(endpoint)?.into_tokio()?;
    let mut answers = 0;
    for n in 0..REQUESTS {
        let request = format!("request {n} of client {client}");
        if let Some(reply) = req.request(request.as_str(), PATIENCE).await?
            && reply.text() == Ok(request.as_str())
        {
            answers += 1;
        }
    }
    Ok(answers)
}
