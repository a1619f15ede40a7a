//! `zmtp proxy`: forwards messages between two sockets.

use zmtp_mio::{AnySocket, Error, Pair, Proxy, Rep, SocketKind};

use crate::args::places::PlaceArgs;
use crate::args::{EndArg, ProxyArgs, TypeName};
use crate::device::{Context, open};
use crate::exit::Failure;
use crate::loss::{self, Known, Loss};
use crate::text::count;

pub(super) fn run(args: &ProxyArgs, context: &Context<'_>) -> Result<u8, Failure> {
    check(args).map_err(Failure::Usage)?;
    let mut frontend = socket(&args.frontend, args, context)?;
    let mut backend = socket(&args.backend, args, context)?;
    let mut capture = match &args.capture {
        None => None,
        Some(one) => Some(socket(one, args, context)?),
    };
    let (mut pair, mut rep) = (None, None);
    if let Some(one) = &args.control {
        let control = socket(one, args, context)?;
        match one.socket_type {
            TypeName::Pair => pair = Pair::try_from(control).ok(),
            _ => rep = Rep::try_from(control).ok(),
        }
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
    let lost = close(frontend, backend, capture, args, context);
    if args.stats {
        let all = handle.statistics();
        let sides = [("frontend", all.frontend), ("backend", all.backend)];
        let text = sides.map(|(name, side)| {
            let (came, went) = (side.received, side.sent);
            format!(
                "{name} received {}, {}, and sent {}, {}",
                count(came.parts, "part", "parts"),
                count(came.bytes, "byte", "bytes"),
                count(went.parts, "part", "parts"),
                count(went.bytes, "byte", "bytes")
            )
        });
        context.output.note(&text.join("; "));
    }
    loss::code(result, lost)
}

/// Closes the sockets that forward messages, and reports their losses. Returns whether there are any.
fn close(
    frontend: AnySocket,
    backend: AnySocket,
    capture: Option<AnySocket>,
    args: &ProxyArgs,
    context: &Context<'_>,
) -> bool {
    let linger = args.socket.linger();
    let ends = [
        ("frontend", Some(frontend), Some(&args.frontend)),
        ("backend", Some(backend), Some(&args.backend)),
        ("capture", capture, args.capture.as_ref()),
    ];
    let mut lost = false;
    for (name, socket, end) in ends {
        let (Some(socket), Some(end)) = (socket, end) else { continue };
        let known = Known { is_udp: end.has_udp(), ..Known::default() };
        let (_, losses) = loss::close(socket, linger, &known);
        lost |= losses.iter().any(Loss::is_certain);
        loss::report(&losses, Some(name), context.output);
    }
    lost
}

/// Checks the socket types.
fn check(args: &ProxyArgs) -> Result<(), &'static str> {
    use TypeName::{Dealer, Dish, Pair, Pub, Push, Rep};

    let types = [args.frontend.socket_type, args.backend.socket_type];
    can_forward(types.map(TypeName::kind))?;
    match (types.contains(&Dish), args.group.is_empty()) {
        (true, true) => return Err("a dish needs --group"),
        (false, false) => return Err("--group is only for a dish"),
        _ => {}
    }
    if args
        .capture
        .as_ref()
        .is_some_and(|one| !matches!(one.socket_type, Pub | Push | Pair | Dealer))
    {
        return Err("--capture takes a pub, push, pair or dealer");
    }
    if args.control.as_ref().is_some_and(|one| !matches!(one.socket_type, Pair | Rep)) {
        return Err("--control takes a pair or rep");
    }
    Ok(())
}

/// Whether messages can be forwarded between two sockets, or why not.
fn can_forward(kinds: [SocketKind; 2]) -> Result<(), &'static str> {
    use SocketKind::{Dgram, Peer, Rep, Req, Router, Server, Stream};

    if kinds.iter().any(|kind| matches!(kind, Req | Rep)) {
        return Err("a proxy takes router and dealer for rep and req");
    }
    let [front, back] = kinds;
    if !(front.can_receive() && back.can_send() || back.can_receive() && front.can_send()) {
        return Err("one of the two sockets must receive, and the other one send");
    }
    for [one, other] in [[front, back], [back, front]] {
        if matches!(one, Peer | Server) && other.can_receive() {
            return Err(
                "a proxy cannot send to a server or peer, because the messages have no routing id: \
                 use router and dealer, or a type that only sends at the other side",
            );
        }
        if matches!(one, Dgram | Router | Stream) && other.is_thread_safe() {
            return Err("messages of router, stream and dgram begin with an address, \
                 and messages of the other type have one part");
        }
    }
    Ok(())
}

/// Creates a socket with its endpoints. A SUB subscribes to everything.
fn socket(end: &EndArg, args: &ProxyArgs, context: &Context<'_>) -> Result<AnySocket, Failure> {
    let kind = end.socket_type.kind();
    let options = args.socket.options(kind, false)?;
    let mut socket = AnySocket::builder(kind).options(options).build().map_err(Failure::Socket)?;
    if kind == SocketKind::Sub {
        socket.subscribe("").map_err(Failure::Socket)?;
    }
    if kind == SocketKind::Dish {
        for group in &args.group {
            socket.join(group.as_encoded_bytes()).map_err(Failure::Socket)?;
        }
    }
    let (bind, connect) = (end.bind.clone(), end.connect.clone());
    let places = PlaceArgs { bind, connect, source: None };
    open(&mut socket, &[], &places, context)?;
    Ok(socket)
}
