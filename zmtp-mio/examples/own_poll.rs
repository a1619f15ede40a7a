//! A REP in a poll of the caller's, beside a listener that is none of ours: one thread, no blocking
//! call but the poll's own. `cargo run -p zmtp-mio --example own_poll`, then
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
        // Each turn of the loop steps the socket, whatever the poll had to say: a step that finds
        // nothing is one system call.
        let ready = rep.step()?;
        if ready.readable
            && let Some(request) = rep.try_recv()?
        {
            rep.send(request)?;
            answered += 1;
        }
        // `next` is zero while messages wait, and else when the socket has something to do.
        poll.poll(&mut events, ready.next)?;
        if events.iter().any(|event| event.token() == PLAIN) {
            while let Ok((mut stream, _)) = plain.accept() {
                writeln!(stream, "{answered} requests answered")?;
            }
        }
    }
}
