//! Many connections with one request outstanding each: the clients of every measured server, and a plain
//! server to compare with.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use zmtp_mio::mio::{Events, Interest, Poll, Token, net};

use crate::meter::Lane;
use crate::work::SIZE;
use crate::{Failure, Result};

const LISTENER: Token = Token(usize::MAX);
const GREETING: usize = 64;

struct Client {
    stream: net::TcpStream,
    /// Bytes of the reply that have been read.
    have: usize,
    start: Instant,
}

/// Sends requests as REQ does from so many connections, on one thread.
///
/// # Errors
///
/// A connection is lost, or the handshake is not that of a ZMTP 3 server.
pub fn clients(connections: usize, endpoint: &str, lane: &Lane) -> Result {
    let address = endpoint.strip_prefix("tcp://").ok_or("clients need tcp")?;
    let mut poll = Poll::new()?;
    let mut clients = vec![];
    for at in 0..connections {
        let mut stream = open(address, "REQ")?;
        poll.registry().register(&mut stream, Token(at), Interest::READABLE)?;
        clients.push(Client { stream, have: 0, start: Instant::now() });
    }
    let request = wire::delimited(&[0x5a; SIZE]);
    for client in &mut clients {
        client.start = Instant::now();
        client.stream.write_all(&request)?;
    }
    let mut events = Events::with_capacity(connections.max(16));
    let mut buffer = [0; 4 * SIZE];
    while lane.more() {
        poll.poll(&mut events, None)?;
        for event in &events {
            let client = &mut clients[event.token().0];
            // A read that does not fill the buffer has read everything: the next bytes are a new event.
            let Some(n) = read(&mut client.stream, &mut buffer)? else { continue };
            client.have += n;
            if client.have >= request.len() {
                client.have = 0;
                lane.round_trip(&mut client.start);
                client.stream.write_all(&request)?;
            }
        }
    }
    Ok(())
}

/// Connects so many times and does nothing more.
///
/// # Errors
///
/// As [`clients`].
pub fn idle(connections: usize, endpoint: &str, lane: &Lane) -> Result {
    let address = endpoint.strip_prefix("tcp://").ok_or("clients need tcp")?;
    let open = |_| open(address, "DEALER");
    let streams = (0..connections).map(open).collect::<Result<Vec<_>>>()?;
    lane.add(streams.len() as u64);
    loop {
        thread::park();
    }
}

/// Connects, and completes the handshake of a socket of this type.
fn open(address: &str, kind: &str) -> Result<net::TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(&wire::burst(kind, &[]))?;
    let mut opening = [0; GREETING + 2];
    stream.read_exact(&mut opening)?;
    let [.., 4, len] = opening else { return Err(Failure::from("no READY after the greeting")) };
    stream.read_exact(&mut vec![0; usize::from(len)])?;
    stream.set_nonblocking(true)?;
    Ok(net::TcpStream::from_std(stream))
}

/// `None` if there are no bytes now.
fn read(stream: &mut net::TcpStream, into: &mut [u8]) -> io::Result<Option<usize>> {
    match stream.read(into) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(n) => Ok(Some(n)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Echoes the bytes of every connection, after a handshake whose content is not read.
pub(super) fn echo(endpoint: &str, ready: &dyn Fn(&str)) -> Result {
    let address = endpoint.strip_prefix("tcp://").ok_or("clients need tcp")?;
    let listener = TcpListener::bind(address.replace('*', "0"))?;
    ready(&format!("tcp://{}", listener.local_addr()?));
    listener.set_nonblocking(true)?;
    let mut listener = net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let opening = wire::burst("REP", &[]);
    let skip = wire::burst("REQ", &[]).len();
    let mut streams: Vec<(net::TcpStream, usize)> = vec![];
    let mut events = Events::with_capacity(1_024);
    let mut buffer = [0; 4_096];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let token = Token(streams.len());
                    poll.registry().register(&mut stream, token, Interest::READABLE)?;
                    stream.write_all(&opening)?;
                    streams.push((stream, skip));
                }
                continue;
            }
            let (stream, skip) = &mut streams[event.token().0];
            while let Some(n) = read(stream, &mut buffer)? {
                let skipped = n.min(*skip);
                *skip -= skipped;
                if n > skipped {
                    stream.write_all(&buffer[skipped..n])?;
                }
                if n < buffer.len() {
                    break;
                }
            }
        }
    }
}
