//! `zmtp proxy`: passes messages between two sockets.

use zmtp_mio::{
    Builder, Dealer, Error, Pair, Proxy, Pub, Pull, Push, Rep, Router, Socket, Sub, Xpub, Xsub,
};

use super::{Context, Device, open};
use crate::args::{EndArg, PlaceArgs, ProxyArgs, SocketArgs, TypeName};
use crate::exit::Failure;

/// A socket of any type that a proxy takes.
enum End {
    Dealer(Dealer),
    Router(Router),
    Push(Push),
    Pull(Pull),
    Pub(Pub),
    Sub(Sub),
    Xpub(Xpub),
    Xsub(Xsub),
    Pair(Pair),
}

/// Does the same with a socket of any type.
macro_rules! each {
    ($end:expr, $socket:ident => $what:expr) => {
        match $end {
            End::Dealer($socket) => $what,
            End::Router($socket) => $what,
            End::Push($socket) => $what,
            End::Pull($socket) => $what,
            End::Pub($socket) => $what,
            End::Sub($socket) => $what,
            End::Xpub($socket) => $what,
            End::Xsub($socket) => $what,
            End::Pair($socket) => $what,
        }
    };
}

pub(super) fn run(args: &ProxyArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let options = &args.socket;
    let mut frontend = End::open(&args.frontend, options, context)?;
    let mut backend = End::open(&args.backend, options, context)?;
    let mut capture = match &args.capture {
        None => None,
        Some(end) => match end.socket_type {
            TypeName::Pub | TypeName::Push | TypeName::Pair | TypeName::Dealer => {
                Some(End::open(end, options, context)?)
            }
            _ => return Err(Failure::Usage("--capture takes a pub, push, pair or dealer")),
        },
    };
    let (mut pair, mut rep) = (None, None);
    match &args.control {
        None => {}
        Some(end) => match end.socket_type {
            TypeName::Pair => pair = Some(make::<Pair>(end, options, context, |made| made)?),
            TypeName::Rep => rep = Some(make::<Rep>(end, options, context, |made| made)?),
            _ => return Err(Failure::Usage("--control takes a pair or rep")),
        },
    }
    let made = each!(&mut frontend, one => each!(&mut backend, two => Proxy::new(one, two)));
    let mut proxy = made.map_err(Failure::Socket)?;
    if let Some(capture) = &mut capture {
        proxy = each!(capture, socket => proxy.capture(socket));
    }
    if let Some(pair) = &mut pair {
        proxy = proxy.control(pair);
    }
    if let Some(rep) = &mut rep {
        proxy = proxy.control(rep);
    }
    let steering = proxy.steering();
    let result = loop {
        match proxy.run() {
            Ok(_) => break Ok(0),
            Err(Error::Woken) => {}
            Err(error) => break Err(context.failure(error)),
        }
    };
    drop(proxy);
    each!(&mut frontend, socket => context.events(socket));
    each!(&mut backend, socket => context.events(socket));
    if args.stats {
        let all = steering.statistics();
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

impl End {
    fn open(end: &EndArg, args: &SocketArgs, context: &Context<'_>) -> Result<Self, Failure> {
        Ok(match end.socket_type {
            TypeName::Dealer => Self::Dealer(make(end, args, context, |made| made)?),
            TypeName::Router => Self::Router(make(end, args, context, |made| made)?),
            TypeName::Push => Self::Push(make(end, args, context, |made| made)?),
            TypeName::Pull => Self::Pull(make(end, args, context, |made| made)?),
            TypeName::Pub => Self::Pub(make(end, args, context, |made| made)?),
            TypeName::Sub => {
                Self::Sub(make(end, args, context, |made: Builder<Sub>| made.topic(""))?)
            }
            TypeName::Xpub => Self::Xpub(make(end, args, context, |made| made)?),
            TypeName::Xsub => Self::Xsub(make(end, args, context, |made| made)?),
            TypeName::Pair => Self::Pair(make(end, args, context, |made| made)?),
            TypeName::Req | TypeName::Rep => {
                return Err(Failure::Usage("a proxy takes router and dealer for rep and req"));
            }
        })
    }
}

/// Makes a socket with its endpoints.
fn make<S: Socket + Device>(
    end: &EndArg,
    args: &SocketArgs,
    context: &Context<'_>,
    more: impl FnOnce(Builder<S>) -> Builder<S>,
) -> Result<S, Failure> {
    let options = args.options(false).map_err(Failure::Usage)?;
    let builder = more(Builder::<S>::default().options(options));
    let mut socket = builder.build().map_err(Failure::Socket)?;
    let places = PlaceArgs { bind: end.bind.clone(), connect: end.connect.clone() };
    open(&mut socket, &[], &places, context)?;
    Ok(socket)
}
