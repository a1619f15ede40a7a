//! A REP in the application's own `mio::Poll`, together with a plain TCP listener: one thread, and no
//! blocking call except `Poll::poll`. Run `cargo run -p zmtp-mio --example own_poll`, then
//! `zmtp req tcp://127.0.0.1:5555 hello` and `nc 127.0.0.1 5556`.

use std::io::Write as _;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use zmtp_mio::Rep;

const REP: Token = Token(0);
const PLAIN: Token = Token(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rep = Rep::builder().bind("tcp://127.0.0.1:5555")?;
    let mut plain = TcpListener::bind("127.0.0.1:5556".parse()?)?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut rep, REP, Interest::READABLE)?;
    poll.registry().register(&mut plain, PLAIN, Interest::READABLE)?;
    let mut events = Events::with_capacity(64);
    let mut answered = 0;
    loop {
        // Each iteration steps the socket, whichever event arrived: a step without work is one system
        // call.
        let ready = rep.step()?;
        if ready.readable
            && let Some(request) = rep.try_recv()?
        {
            rep.send(request)?;
            answered += 1;
        }
        // `next` is zero while messages are queued; otherwise it is the time until the socket's next task.
        poll.poll(&mut events, ready.next)?;
        if events.iter().any(|event| event.token() == PLAIN) {
            while let Ok((mut stream, _)) = plain.accept() {
                writeln!(stream, "{answered} requests answered")?;
            }
        }
    }
}
