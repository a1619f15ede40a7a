//! Peers of every type, for tests that kill, stop and restart them.

use core::error::Error;
use core::time::Duration;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use zmtp_interop::libzmq::{Context, Kind, Socket, option};

use super::ready;

/// What a peer does.
#[derive(Debug)]
pub(crate) enum Role {
    /// Receives every message, and prints their number when its input ends.
    Sink,
    /// Sends numbered messages and ends at once, within its linger.
    Source,
    /// Many DEALERs that exchange a number of requests and replies each, then stay connected.
    Dealers,
}

/// A peer and its settings.
#[derive(Debug)]
pub(crate) struct Peer {
    role: Role,
    kind: Kind,
    endpoint: String,
    bind: bool,
    count: usize,
    size: usize,
    rounds: usize,
    /// Numbers of options and their values.
    options: Vec<(i32, i32)>,
}

impl Peer {
    pub(crate) fn parse(
        role: Role,
        mut args: impl Iterator<Item = String>,
    ) -> Result<Self, String> {
        let kind = match role {
            Role::Dealers => Kind::Dealer,
            _ => kind(&args.next().ok_or("no socket type")?)?,
        };
        let endpoint = args.next().ok_or("no endpoint")?;
        let mut peer = Self {
            role,
            kind,
            endpoint,
            bind: false,
            count: 1,
            size: 0,
            rounds: 1,
            options: Vec::new(),
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--bind" => peer.bind = true,
                "--count" => peer.count = super::number(&arg, args.next())?,
                "--size" => peer.size = super::number(&arg, args.next())?,
                "--rounds" => peer.rounds = super::number(&arg, args.next())?,
                "--option" => {
                    let name = super::number(&arg, args.next())?;
                    let value = super::number(&arg, args.next())?;
                    let pair = (i32::try_from(name), i32::try_from(value));
                    let (Ok(name), Ok(value)) = pair else { return Err("too large".into()) };
                    peer.options.push((name, value));
                }
                _ => return Err(format!("what is {arg}?")),
            }
        }
        Ok(peer)
    }

    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        match self.role {
            Role::Sink => self.sink(),
            Role::Source => self.source(),
            Role::Dealers => self.dealers(),
        }
    }

    fn socket(&self, context: &Context) -> io::Result<Socket> {
        let socket = context.socket(self.kind)?;
        socket.set_timeout(None)?;
        for (option, value) in &self.options {
            socket.set_i32(*option, *value)?;
        }
        if self.kind == Kind::Sub {
            socket.set_bytes(option::SUBSCRIBE, b"")?;
        }
        match self.bind {
            true => socket.bind(&self.endpoint)?,
            false => socket.connect(&self.endpoint)?,
        }
        Ok(socket)
    }

    fn sink(&self) -> Result<(), Box<dyn Error>> {
        let context = Context::new()?;
        let socket = self.socket(&context)?;
        ready(&socket.last_endpoint());
        let got = Arc::new(AtomicU64::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let (count, end) = (Arc::clone(&got), Arc::clone(&over));
        thread::spawn(move || {
            for _ in io::stdin().lines() {
                println!("GOT {}", count.load(Ordering::Relaxed));
                let _ = io::stdout().flush();
            }
            end.store(true, Ordering::Relaxed);
        });
        socket.set_timeout(Some(Duration::from_millis(100)))?;
        while !over.load(Ordering::Relaxed) {
            if socket.recv().is_ok() {
                got.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn source(&self) -> Result<(), Box<dyn Error>> {
        let context = Context::new()?;
        let socket = self.socket(&context)?;
        ready(&socket.last_endpoint());
        for number in 0..self.count {
            let mut body = number.to_string().into_bytes();
            body.resize(self.size.max(body.len()), b' ');
            socket.send(&[&body])?;
        }
        // Closing the socket and terminating the context wait for the linger.
        Ok(())
    }

    fn dealers(&self) -> Result<(), Box<dyn Error>> {
        let context = Context::new()?;
        let mut dealers = Vec::new();
        for number in 0..self.count {
            let dealer = context.socket(Kind::Dealer)?;
            dealer.set_timeout(Some(Duration::from_secs(20)))?;
            dealer.set_bytes(option::ROUTING_ID, format!("dealer {number}").as_bytes())?;
            dealer.connect(&self.endpoint)?;
            dealers.push(dealer);
        }
        for round in 0..self.rounds {
            for (number, dealer) in dealers.iter().enumerate() {
                dealer.send(&[format!("{number} {round}").as_bytes()])?;
            }
            for (number, dealer) in dealers.iter().enumerate() {
                if dealer.recv()? != [format!("{number} {round}").into_bytes()] {
                    return Err(format!("dealer {number} got another's answer").into());
                }
            }
        }
        ready("all answered");
        // More requests than get a reply, so that a kill interrupts the exchange.
        for dealer in &dealers {
            dealer.send(&[b"unanswered"])?;
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(())
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    Ok(match name {
        "pair" => Kind::Pair,
        "pub" => Kind::Pub,
        "sub" => Kind::Sub,
        "req" => Kind::Req,
        "rep" => Kind::Rep,
        "dealer" => Kind::Dealer,
        "router" => Kind::Router,
        "pull" => Kind::Pull,
        "push" => Kind::Push,
        "xpub" => Kind::Xpub,
        "xsub" => Kind::Xsub,
        _ => return Err(format!("unknown socket type {name}")),
    })
}
