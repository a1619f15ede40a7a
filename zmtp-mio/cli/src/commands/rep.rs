//! `zmtp rep`: replies to requests.

use core::time::Duration;
use std::time::Instant;

use zmtp_mio::{Error, Message, Rep, SocketKind};

use crate::args::RepArgs;
use crate::device::{Context, open};
use crate::exec::Exec;
use crate::exit::Failure;
use crate::input;
use crate::loss::{self, Known, Unsent};
use crate::traffic::Tally;

/// The source of the replies.
enum Responder {
    Echo,
    Exec(Exec),
    Fixed(Message),
}

pub(crate) fn run(args: RepArgs, context: &Context<'_>) -> Result<u8, Failure> {
    // Read before a request can arrive.
    let fixed = match &*args.reply.0 {
        [] => None,
        parts => Some(input::read(parts)?),
    };
    let linger = args.socket.linger();
    let mut rep = Rep::builder()
        .options(args.socket.options(SocketKind::Rep, false)?)
        .build()
        .map_err(Failure::Socket)?;
    open(&mut rep, &args.endpoints, &args.places, context)?;
    let responder = match (args.exec, fixed) {
        (Some(command), _) => {
            let handle = rep.handle().map_err(Failure::Socket)?;
            Responder::Exec(Exec { command, timeout: args.exec_timeout, handle })
        }
        (None, Some(reply)) => Responder::Fixed(reply),
        (None, None) => Responder::Echo,
    };
    let mut tally = Tally::new(args.stats, false, None);
    let mut known = Known::default();
    let unsent = &mut known.unsent;
    let result = serve(&mut rep, &responder, args.count, args.timeout, &mut tally, unsent, context);
    context.events(&mut rep);
    loss::finish(rep, linger, known, &tally, result.map(|()| 0), context.output)
}

/// Replies to requests. `unsent` is the reply that is not sent at the end.
fn serve(
    rep: &mut Rep,
    responder: &Responder,
    count: Option<u64>,
    timeout: Option<Duration>,
    tally: &mut Tally,
    unsent: &mut Option<Unsent>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    for n in 1..=count.unwrap_or(u64::MAX) {
        let request = receive(rep, timeout, context)?;
        tally.received(&request);
        *unsent = Some(Unsent::ReplyTo(n));
        // Each request gets a reply, even if the output has no reader.
        let printed = context.output.request(n, &request);
        let reply = responder.reply(rep, request, context)?;
        let bytes = reply.byte_len();
        rep.send(reply).map_err(|error| context.failure(error.error))?;
        *unsent = None;
        tally.sent(bytes);
        printed?;
    }
    Ok(())
}

fn receive(
    rep: &mut Rep,
    timeout: Option<Duration>,
    context: &Context<'_>,
) -> Result<Message, Failure> {
    let start = Instant::now();
    loop {
        let rest = timeout.map_or(Duration::MAX, |timeout| timeout.saturating_sub(start.elapsed()));
        let received = rep.recv_timeout(context.slice(rest));
        context.events(rep);
        match (received, timeout) {
            (Ok(Some(request)), _) => return Ok(request),
            (Ok(None), Some(within)) if start.elapsed() >= within => {
                return Err(Failure::Timeout {
                    awaited: "no request".into(),
                    within,
                    reason: None,
                });
            }
            // `Woken`: a command that took too long has ended now.
            (Ok(None) | Err(Error::Woken), _) => {}
            (Err(error), _) => return Err(context.failure(error)),
        }
    }
}

impl Responder {
    fn reply(
        &self,
        rep: &mut Rep,
        request: Message,
        context: &Context<'_>,
    ) -> Result<Message, Failure> {
        match self {
            Self::Echo => Ok(request),
            Self::Fixed(reply) => Ok(reply.clone()),
            Self::Exec(exec) => {
                let output = exec.run(rep, &request).map_err(|error| context.failure(error))?;
                // Partial output is not sent: the client cannot distinguish it from complete output.
                Ok(output.map_or_else(
                    |trouble| {
                        context.output.note(&format!("command: {trouble}; the reply is empty"));
                        Message::from("")
                    },
                    Message::from,
                ))
            }
        }
    }
}
