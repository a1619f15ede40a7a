//! The least that a round trip can cost.
//!
//! Blocking sockets move the bytes of a request and of its reply as ZMTP 3.1 frames them, with one
//! write and as few reads as it takes, and nothing else. `zmtp-mio/benches/round_trip.rs` includes
//! this file.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};

use core::time::Duration;

use super::summary::{self, Load, Summary};

/// How long the client waits for bytes of a reply.
const TIMEOUT: Duration = Duration::from_secs(5);
const LONG: u8 = 2;

/// Binds, tells where, and sends every request back, one connection after the other.
///
/// # Errors
///
/// The endpoint cannot be bound, or connections cannot be accepted.
pub fn reply(endpoint: &str, ready: impl FnOnce(&str)) -> io::Result<()> {
    if let Some(address) = endpoint.strip_prefix("tcp://") {
        // A wildcard is port zero to std.
        let any_port = address.strip_suffix(":*").map(|host| format!("{host}:0"));
        let listener = TcpListener::bind(any_port.as_deref().unwrap_or(address))?;
        ready(&format!("tcp://{}", listener.local_addr()?));
        for stream in listener.incoming() {
            let stream = stream?;
            stream.set_nodelay(true)?;
            end_of_connection(echo(stream));
        }
        return Ok(());
    }
    #[cfg(unix)]
    if let Some(path) = endpoint.strip_prefix("ipc://") {
        let listener = UnixListener::bind(path)?;
        ready(endpoint);
        for stream in listener.incoming() {
            end_of_connection(echo(stream?));
        }
        return Ok(());
    }
    Err(unknown(endpoint))
}

/// A client that is gone does not end the server, unless it was no client at all.
fn end_of_connection(result: io::Result<()>) {
    if let Err(error) = result {
        eprintln!("connection lost: {error}");
    }
}

fn unknown(endpoint: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("cannot speak {endpoint} here"))
}

fn echo(mut stream: impl Read + Write) -> io::Result<()> {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let mut have = 0;
        let total = loop {
            let Some(total) = length(&buffer[..have])? else {
                let read = stream.read(&mut buffer[have..])?;
                if read == 0 {
                    return Ok(());
                }
                have += read;
                continue;
            };
            if total > buffer.len() {
                buffer.resize(total, 0);
            }
            if have >= total {
                break total;
            }
            stream.read_exact(&mut buffer[have..total])?;
            have = total;
        };
        if have > total {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "more than one request"));
        }
        stream.write_all(&buffer[..total])?;
    }
}

/// How long the exchange is that starts with these bytes, once they tell.
fn length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let (body, size) = match bytes {
        [] | [1] | [1, 0] | [1, 0, 0 | LONG] => return Ok(None),
        [1, 0, 0, size, ..] => (4, Ok(usize::from(*size))),
        [1, 0, LONG, a, b, c, d, e, f, g, h, ..] => {
            (11, usize::try_from(u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])))
        }
        [1, 0, LONG, ..] => return Ok(None),
        _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "no delimiter and body")),
    };
    let total = size.ok().and_then(|size| size.checked_add(body));
    total.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A request as REQ sends it: the delimiter, and one frame.
fn request_of(size: usize) -> Vec<u8> {
    wire::delimited(&vec![0x5A; size])
}

/// Connects, and makes round trips.
///
/// # Errors
///
/// The server cannot be reached, or does not answer.
pub fn request(endpoint: &str, load: &Load) -> io::Result<Summary> {
    if let Some(address) = endpoint.strip_prefix("tcp://") {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        return exchange(stream, load);
    }
    #[cfg(unix)]
    if let Some(path) = endpoint.strip_prefix("ipc://") {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        return exchange(stream, load);
    }
    Err(unknown(endpoint))
}

fn exchange(mut stream: impl Read + Write, load: &Load) -> io::Result<Summary> {
    let request = request_of(load.size);
    let mut reply = vec![0; request.len()];
    let result = summary::measure(load, || {
        stream.write_all(&request)?;
        stream.read_exact(&mut reply)
    });
    if result.is_ok() && reply != request {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the reply is not the request"));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn request_is_framed_as_zmtp() {
        assert_eq!(request_of(1), [1, 0, 0, 1, 0x5A]);
        assert_eq!(request_of(255).len(), 4 + 255);
        let long = request_of(256);
        assert_eq!(long[..11], [1, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0]);
        for bytes in [request_of(0), request_of(255), long] {
            let header = if bytes.len() > 4 + 255 { 11 } else { 4 };
            for have in 0..header {
                assert_eq!(length(&bytes[..have]).unwrap(), None, "{have} bytes");
            }
            assert_eq!(length(&bytes[..header]).unwrap(), Some(bytes.len()));
        }
        assert!(length(&[0, 1]).is_err());
        assert!(length(&[1, 0, 1]).is_err());
        assert!(length(&[1, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255]).is_err());
    }

    #[test]
    fn sizes_round_trip_over_tcp() {
        let (tell, told) = mpsc::channel();
        // Ends with the test's process.
        thread::spawn(move || reply("tcp://127.0.0.1:*", |at| tell.send(at.to_owned()).unwrap()));
        let endpoint = told.recv_timeout(TIMEOUT).unwrap();
        for size in [0, 1, 255, 256, 65_536, 1 << 20] {
            let load = Load { size, count: 10, warmup: 1 };
            assert_eq!(request(&endpoint, &load).unwrap().count, 10);
        }
    }

    #[test]
    fn endpoints_of_other_transports_are_refused() {
        assert!(reply("inproc://x", |_| ()).is_err());
        assert!(request("127.0.0.1:1", &Load { size: 1, count: 1, warmup: 0 }).is_err());
    }
}
