//! REP and REQ with CURVE or PLAIN. The keys are files that CZMQ and pyzmq read too.
//!
//! ```text
//! security keys <folder>                                creates server.key and alice.key
//! security rep <curve | plain> <folder>                 prints its endpoint and echoes requests
//! security req <curve | plain> <folder> <endpoint>      sends a request and prints the reply
//! ```

use std::env;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use zmtp_mio::{AllowedKeys, Certificate, Passwords, Rep, Req};

const USER: &str = "alice";
const PASSWORD: &str = "the password of alice";
const UNKNOWN: &str = "the mechanism is `curve` or `plain`";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["keys", folder] => create_keys(Path::new(folder)),
        ["rep", mechanism, folder] => echo(mechanism, Path::new(folder)),
        ["req", mechanism, folder, endpoint] => ask(mechanism, Path::new(folder), endpoint),
        _ => Err("usage: security keys | rep | req, see the first lines of the file".into()),
    }
}

fn create_keys(folder: &Path) -> Result<(), Box<dyn Error>> {
    Certificate::generate()?.save(folder.join("server.key"))?;
    Certificate::generate()?.save(folder.join("alice.key"))?;
    Ok(())
}

fn echo(mechanism: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let builder = Rep::builder();
    let builder = match mechanism {
        "curve" => {
            let keys = Certificate::load(folder.join("server.key_secret"))?.keys();
            let alice = Certificate::load(folder.join("alice.key"))?;
            builder
                .curve_server(keys.ok_or("no secret key")?)
                .authenticator(AllowedKeys::new().allow(*alice.public_key(), USER))
        }
        "plain" => builder.plain_server(Passwords::new().allow(USER, PASSWORD)),
        _ => return Err(UNKNOWN.into()),
    };
    let mut rep = builder.bind("tcp://127.0.0.1:*")?;
    println!("{}", rep.last_endpoint().ok_or("not bound")?);
    loop {
        let request = rep.recv()?;
        rep.send(request)?;
    }
}

fn ask(mechanism: &str, folder: &Path, endpoint: &str) -> Result<(), Box<dyn Error>> {
    let builder = Req::builder();
    let builder = match mechanism {
        "curve" => {
            let keys = Certificate::load(folder.join("alice.key_secret"))?.keys();
            let server = Certificate::load(folder.join("server.key"))?;
            builder.curve_client(*server.public_key(), keys.ok_or("no secret key")?)
        }
        "plain" => builder.plain_client(USER, PASSWORD),
        _ => return Err(UNKNOWN.into()),
    };
    let mut req = builder.connect(endpoint)?;
    let reply = req.request("question", Duration::from_secs(10))?.ok_or("no reply in time")?;
    println!("{}", reply.text()?);
    Ok(())
}
