//! The async server of the cookbook: a REP on tokio that ends at Ctrl-C.

use std::pin::pin;
use std::time::Duration;
use zmtp_mio::{Error, Rep};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut rep = Rep::builder().bind("tcp://127.0.0.1:5555")?.into_tokio()?;
    let mut stop = pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            request = rep.recv() => {
                let reply = format!("hello, {}", request?.text().unwrap_or("you"));
                rep.send(reply).await?;
            }
            _ = &mut stop => break,
        }
    }
    // The last reply may be on its way.
    let unsent = rep.close(Duration::from_secs(1)).await;
    println!("{} replies were not sent", unsent.messages.len());
    Ok(())
}
