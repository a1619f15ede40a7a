//! `zmtp proxy`: forwards messages between two sockets.

use zmtp_mio::{AnySocket, Error, Pair, Proxy, Rep, SocketKind};

use crate::args::places::PlaceArgs;
use crate::args::{EndArg, ProxyArgs, SocketArgs, TypeName};
use crate::device::{Context, open};
use crate::exit::Failure;

pub(super) fn run(args: &ProxyArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let options = &args.socket;
    let mut frontend = end(&args.frontend, options, context)?;
    let mut backend = end(&args.backend, options, context)?;
    let mut capture = match &args.capture {
        None => None,
        Some(one) => match one.socket_type {
            TypeName::Pub | TypeName::Push | TypeName::Pair | TypeName::Dealer => {
                Some(end(one, options, context)?)
            }
            _ => return Err(Failure::Usage("--capture takes a pub, push, pair or dealer")),
        },
    };
    let (mut pair, mut rep) = (None, None);
    match &args.control {
        None => {}
        Some(one) => match one.socket_type {
            TypeName::Pair => pair = Pair::try_from(socket(one, options, context)?).ok(),
            TypeName::Rep => rep = Rep::try_from(socket(one, options, context)?).ok(),
            _ => return Err(Failure::Usage("--control takes a pair or rep")),
        },
    }
    let mut proxy = Proxy::new(&mut frontend, &mut backend).map_err(Failure::Socket)?;
    if let Some(capture) = &mut capture {
        proxy = proxy.capture(capture);
    }
    if let Some(pair) = &mut pair {
        proxy = proxy.control(pair);
    }
    if let Some(rep) = &mut rep {
        proxy = proxy.control(rep);
    }
    let handle = proxy.handle();
    let result = loop {
        match proxy.run() {
            Ok(_) => break Ok(0),
            Err(Error::Woken) => {}
            Err(error) => break Err(context.failure(error)),
        }
    };
    drop(proxy);
    context.events(&mut frontend);
    context.events(&mut backend);
    if args.stats {
        let all = handle.statistics();
        let sides = [("frontend", all.frontend), ("backend", all.backend)];
        let text = sides.map(|(name, side)| {
            let (came, went) = (side.received, side.sent);
            format!(
                "{name} received {} parts, {} bytes, and sent {} parts, {} bytes",
                came.parts, came.bytes, went.parts, went.bytes
            )
        });
        context.output.note(&text.join("; "));
    }
    result
}

/// Creates a socket that messages are forwarded from and to.
fn end(end: &EndArg, args: &SocketArgs, context: &Context<'_>) -> Result<AnySocket, Failure> {
    match end.socket_type {
        TypeName::Req | TypeName::Rep => {
            Err(Failure::Usage("a proxy takes router and dealer for rep and req"))
        }
        _ => socket(end, args, context),
    }
}

/// Creates a socket with its endpoints. A SUB subscribes to everything.
fn socket(end: &EndArg, args: &SocketArgs, context: &Context<'_>) -> Result<AnySocket, Failure> {
    let kind = end.socket_type.kind();
    let options = args.options(kind, false)?;
    let mut socket = AnySocket::builder(kind).options(options).build().map_err(Failure::Socket)?;
    if kind == SocketKind::Sub {
        socket.subscribe("").map_err(Failure::Socket)?;
    }
    let (bind, connect) = (end.bind.clone(), end.connect.clone());
    let places = PlaceArgs { bind, connect, source: None };
    open(&mut socket, &[], &places, context)?;
    Ok(socket)
}
