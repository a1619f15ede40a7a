//! The event loop of the cookbook: a REP and HTTP in the application's own `mio::Poll`, in one thread.
//! Run `cargo run -p zmtp-mio --example own_poll`, then `zmtp req tcp://127.0.0.1:5555 hello` and
//! `curl http://127.0.0.1:5580`.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use zmtp_mio::Rep;
use zmtp_mio::mio::net::{TcpListener, TcpStream};
use zmtp_mio::mio::{Events, Interest, Poll, Token};

const REP: Token = Token(0);
const HTTP: Token = Token(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rep = Rep::builder().bind("tcp://127.0.0.1:5555")?;
    let mut http = TcpListener::bind("127.0.0.1:5580".parse()?)?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut rep, REP, Interest::READABLE)?;
    poll.registry().register(&mut http, HTTP, Interest::READABLE)?;
    let mut events = Events::with_capacity(64);
    let mut browsers: HashMap<Token, TcpStream> = HashMap::new();
    let mut tokens = (2..).map(Token);
    let mut answered = 0;
    loop {
        // In each turn, whichever event arrived: a step without work is one system call.
        let ready = rep.step()?;
        if ready.readable
            && let Some(request) = rep.try_recv()?
        {
            rep.send(request)?;
            answered += 1;
        }
        // `next` is zero while messages are queued; otherwise it is the time until the socket's next
        // task, for example a PING.
        poll.poll(&mut events, ready.next)?;
        for event in &events {
            if event.token() == HTTP {
                while let Ok((mut stream, _)) = http.accept() {
                    let token = tokens.next().expect("more tokens than connections");
                    poll.registry().register(&mut stream, token, Interest::READABLE)?;
                    browsers.insert(token, stream);
                }
            } else if let Some(mut stream) = browsers.remove(&event.token()) {
                // The request of a browser is short, and every request has the same answer.
                let _ = stream.read(&mut [0; 4096]);
                let body = format!("{answered} requests answered\n");
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes());
            }
        }
    }
}
