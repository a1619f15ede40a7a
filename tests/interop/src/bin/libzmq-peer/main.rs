//! A process with libzmq sockets, for tests that kill their peer.

mod roles;

use core::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use std::{env, io, thread};

use zmtp_interop::libzmq::{self, Context, Frame, Kind, Socket};
use zmtp_interop::summary::{self, Load, Summary};

use roles::{Peer, Role};

const USAGE: &str = "\
usage: libzmq-peer rep ENDPOINT [--connect]
       libzmq-peer req ENDPOINT --size N --count N --warmup N [--bind]
       libzmq-peer sink TYPE ENDPOINT [--bind] [--option NUMBER VALUE]...
       libzmq-peer source TYPE ENDPOINT [--bind] --count N --size N [--option NUMBER VALUE]...
       libzmq-peer dealers ENDPOINT --count N --rounds N

rep prints `READY <endpoint>` and echoes requests until its standard input ends.
req makes round trips and prints their times.
sink prints `READY <endpoint>`, takes what comes, and prints `GOT <messages>` for each line of its input.
source sends numbered messages and ends, as long as its linger (option 17) lets it.
dealers asks from N sockets and prints `READY` when all are answered.
ENDPOINT is like tcp://127.0.0.1:*, tcp://127.0.0.1:5555, or ipc:///path.";

#[derive(Debug)]
enum Command {
    Rep { endpoint: String, connect: bool },
    Req { endpoint: String, load: Load, bind: bool },
    Peer(Peer),
}

fn main() -> ExitCode {
    let command = match parse(env::args().skip(1)) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("libzmq-peer: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("libzmq-peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let role = args.next().ok_or("no command")?;
    let peer = match role.as_str() {
        "sink" => Some(Role::Sink),
        "source" => Some(Role::Source),
        "dealers" => Some(Role::Dealers),
        _ => None,
    };
    if let Some(role) = peer {
        return Peer::parse(role, args).map(Command::Peer);
    }
    let req = match role.as_str() {
        "req" => true,
        "rep" => false,
        _ => return Err(format!("unknown command {role}")),
    };
    let (mut endpoint, mut turned) = (None, false);
    let (mut size, mut count, mut warmup) = (None, None, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--size" if req => size = Some(number(&arg, args.next())?),
            "--count" if req => count = Some(number(&arg, args.next())?),
            "--warmup" if req => warmup = Some(number(&arg, args.next())?),
            "--bind" if req => turned = true,
            "--connect" if !req => turned = true,
            _ if arg.starts_with('-') => return Err(format!("{role} has no option {arg}")),
            _ if endpoint.is_some() => return Err(format!("what is {arg}?")),
            _ => endpoint = Some(arg),
        }
    }
    let endpoint = endpoint.ok_or("no endpoint")?;
    if !req {
        return Ok(Command::Rep { endpoint, connect: turned });
    }
    let load = Load {
        size: size.ok_or("--size is missing")?,
        count: count.ok_or("--count is missing")?,
        warmup: warmup.ok_or("--warmup is missing")?,
    };
    if load.count == 0 {
        return Err("--count must be at least 1".to_owned());
    }
    Ok(Command::Req { endpoint, load, bind: turned })
}

fn number(option: &str, value: Option<String>) -> Result<usize, String> {
    let value = value.ok_or_else(|| format!("{option} needs a number"))?;
    value.parse().map_err(|_| format!("{option} needs a number, not {value}"))
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Rep { endpoint, connect } => rep(&endpoint, connect)?,
        Command::Req { endpoint, load, bind } => println!("{}", req(&endpoint, &load, bind)?),
        Command::Peer(peer) => peer.run()?,
    }
    Ok(())
}

fn rep(endpoint: &str, connect: bool) -> io::Result<()> {
    let context = Context::new()?;
    let socket = context.socket(Kind::Rep)?;
    socket.set_timeout(None)?;
    if connect {
        socket.connect(endpoint)?;
    } else {
        socket.bind(endpoint)?;
    }
    // Ends `echo`, so that the socket is closed in order. libzmq leaves the file of ipc behind, and
    // the next bind replaces it.
    at_end_of_input(move || drop(context.shutdown()));
    ready(&socket.last_endpoint());
    let Err(error) = echo(&socket);
    match libzmq::Error::of(&error) {
        Some(known) if known.code == libzmq::Error::ETERM => Ok(()),
        _ => Err(error),
    }
}

fn echo(socket: &Socket) -> io::Result<core::convert::Infallible> {
    let mut frames = Vec::new();
    loop {
        // REP replies only to a complete request.
        let frame = socket.recv_frame()?;
        let more = frame.more();
        frames.push(frame);
        if !more {
            let last = frames.len() - 1;
            for (at, frame) in frames.drain(..).enumerate() {
                socket.send_frame(frame, at < last)?;
            }
        }
    }
}

fn req(endpoint: &str, load: &Load, bind: bool) -> Result<Summary, Box<dyn Error>> {
    let socket = Context::new()?.socket(Kind::Req)?;
    if bind {
        socket.bind(endpoint)?;
        ready(&socket.last_endpoint());
    } else {
        socket.connect(endpoint)?;
    }
    let body = vec![0x5A; load.size];
    summary::measure(load, || {
        socket.send_frame(Frame::with_bytes(&body)?, false)?;
        let reply = socket.recv_frame()?;
        if reply.more() || reply.bytes().len() != body.len() {
            return Err("the reply is not as long as the request".into());
        }
        Ok(())
    })
}

/// Prints the endpoint to connect to, for the parent process.
fn ready(endpoint: &str) {
    println!("READY {endpoint}");
    // The parent does not read, so it does not wait for the line.
    let _ = io::stdout().flush();
}

/// Ends the server when its input ends, so that it does not outlive the test that started it.
fn at_end_of_input(end: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        end();
    });
}
