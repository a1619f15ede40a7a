//! `zmtp req`: sends requests and prints the replies.

use core::time::Duration;
use std::io;
use std::time::Instant;

use zmtp_mio::{Endpoint, Error, EventKind, Message, Req, SocketKind};

use crate::args::ReqArgs;
use crate::device::{Context, LONG, next_event, open};
use crate::exit::Failure;
use crate::input::{self, Lines, Part};
use crate::json;
use crate::loss::{self, Known, Unsent};
use crate::output::describe;
use crate::traffic::Tally;

/// The source of the requests.
enum Source {
    Lines { lines: Lines, json: bool, n: u64, has_failed: bool },
    Same { message: Message, left: u64 },
}

impl Source {
    /// The requests that were not taken, as far as they are known.
    const fn unsent(&self) -> Option<Unsent> {
        match self {
            Self::Lines { n, has_failed: true, .. } => Some(Unsent::LinesFrom(*n)),
            Self::Lines { .. } | Self::Same { left: 0, .. } => None,
            Self::Same { left, .. } => Some(Unsent::Messages(*left)),
        }
    }
}

/// The socket, and the last reason why no reply arrives.
struct Client<'a> {
    req: Req,
    context: &'a Context<'a>,
    timeout: Duration,
    /// A peer has been connected.
    met: bool,
    /// The last error of a connection, until a connection is ready.
    trouble: Option<String>,
    tally: Tally,
}

pub(crate) fn run(args: ReqArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let asked = args.request;
    let linger = args.socket.linger();
    let mut req = Req::builder()
        .options(args.socket.options(SocketKind::Req, false)?)
        .build()
        .map_err(Failure::Socket)?;
    let mut source = if asked.lines {
        let handle = req.handle().map_err(Failure::Socket)?;
        Source::Lines { lines: Lines::start(handle)?, json: asked.json, n: 0, has_failed: false }
    } else {
        hint(&asked.parts, context);
        // Read before the socket has endpoints, because nothing serves it meanwhile.
        Source::Same { message: input::read(&asked.parts)?, left: args.count }
    };
    open(&mut req, asked.endpoint.as_slice(), &asked.places, context)?;
    let tally = Tally::new(args.stats, false, None);
    let mut client =
        Client { req, context, timeout: args.timeout, met: false, trouble: None, tally };
    let result = client.run(&mut source, args.interval, args.keep_going);
    client.events();
    let known = Known { unsent: source.unsent(), ..Known::default() };
    loss::finish(client.req, linger, known, &client.tally, result, context.output)
}

/// The request in a line, the `n`th.
fn request(line: Vec<u8>, json: bool, n: u64) -> Result<Message, Failure> {
    if !json {
        return Ok(line.into());
    }
    let read = json::read(&Message::new(), &line, SocketKind::Req);
    let (message, _) = read.map_err(|error| {
        let error = io::Error::new(io::ErrorKind::InvalidData, format!("line {n}: {error}"));
        Failure::io("read stdin")(error)
    })?;
    Ok(message)
}

/// Prints a note about arguments that are easily confused.
fn hint(parts: &[Part], context: &Context<'_>) {
    if input::is_typed(parts) {
        context.output.note("type the message, then Ctrl-D");
    }
    if let Some(Part::Bytes(first)) = parts.first()
        && let Ok(text) = str::from_utf8(first)
        && text.parse::<Endpoint>().is_ok()
    {
        let text = format!("{text} is sent as a message; --connect adds endpoints");
        context.output.note(&text);
    }
}

impl Client<'_> {
    /// Sends all requests. Returns the exit code.
    fn run(
        &mut self,
        source: &mut Source,
        interval: Duration,
        keep_going: bool,
    ) -> Result<u8, Failure> {
        let mut code = 0;
        let mut next: Option<Instant> = None;
        for n in 1.. {
            let Some(request) = self.next(source)? else { break };
            if let Some(at) = next {
                self.pause(at)?;
            }
            next = Instant::now().checked_add(interval);
            match self.ask(n, request) {
                Ok(()) => {}
                Err(failure @ (Failure::PeerLost | Failure::Timeout { .. })) if keep_going => {
                    self.context.output.failure(Some(n), &failure);
                    if code == 0 {
                        code = failure.code();
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(code)
    }

    /// The next request; `None` after the last one.
    fn next(&mut self, source: &mut Source) -> Result<Option<Message>, Failure> {
        match source {
            Source::Same { left: 0, .. } => Ok(None),
            Source::Same { message, left } => {
                *left -= 1;
                Ok(Some(message.clone()))
            }
            Source::Lines { lines, json, n, has_failed } => {
                lines.ask();
                loop {
                    self.events();
                    match self.req.wait(LONG) {
                        Ok(_) => {}
                        Err(Error::Woken) => {
                            let Some(line) = lines.take()? else { return Ok(None) };
                            *n += 1;
                            let request = request(line, *json, *n);
                            *has_failed = request.is_err();
                            return request.map(Some);
                        }
                        Err(error) => return Err(self.context.failure(error)),
                    }
                }
            }
        }
    }

    /// Sends a request and prints the reply.
    fn ask(&mut self, n: u64, request: Message) -> Result<(), Failure> {
        let reply = self.exchange(request);
        self.events();
        match reply.map_err(|error| self.context.failure(error))? {
            Some((reply, rtt)) => {
                self.tally.received(&reply);
                self.context.output.reply(n, &reply, rtt)
            }
            None => {
                let reason = self.trouble.clone();
                Err(Failure::Timeout { awaited: "no reply".into(), within: self.timeout, reason })
            }
        }
    }

    /// As [`Req::request`], and handles events meanwhile. Also returns the time from the request to the reply.
    fn exchange(&mut self, request: Message) -> Result<Option<(Message, Duration)>, Error> {
        let start = Instant::now();
        // Otherwise the first request would be queued for the first endpoint, even if another one is connected.
        loop {
            // Connecting queues events: they are handled before the wait.
            self.events();
            let rest = self.timeout.saturating_sub(start.elapsed());
            if self.met {
                break;
            } else if rest.is_zero() {
                return Ok(None);
            }
            self.req.wait(rest)?;
        }
        let asked = Instant::now();
        // Cancels an earlier request without a reply.
        self.req.cancel_request();
        let bytes = request.byte_len();
        let mut unsent = Some(request);
        loop {
            let rest = self.timeout.saturating_sub(start.elapsed());
            let slice = self.context.slice(rest);
            if let Some(request) = unsent.take() {
                match self.req.send_timeout(request, slice) {
                    Ok(()) => {
                        self.tally.sent(bytes);
                        continue;
                    }
                    Err(error) if matches!(error.error, Error::WouldBlock) => {
                        unsent = Some(*error.message);
                    }
                    Err(error) => return Err(error.error),
                }
            } else if let Some(reply) = self.req.recv_timeout(slice)? {
                return Ok(Some((reply, asked.elapsed())));
            }
            if start.elapsed() >= self.timeout {
                return Ok(None);
            }
            self.events();
        }
    }

    /// Serves the socket until it is time for the next request.
    fn pause(&mut self, until: Instant) -> Result<(), Failure> {
        loop {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Ok(());
            }
            self.req.wait(rest).map_err(|error| self.context.failure(error))?;
            self.events();
        }
    }

    /// Prints events, and stores an error that may explain a missing reply.
    fn events(&mut self) {
        while let Some(event) = next_event(&mut self.req) {
            self.context.output.event(&event);
            match event.kind {
                EventKind::Ready(_) => {
                    self.met = true;
                    self.trouble = None;
                }
                EventKind::Closed(_) | EventKind::Refused(_) => {
                    let (name, detail) = describe(&event.kind);
                    let detail = detail.unwrap_or_else(|| name.into());
                    self.trouble = Some(format!("{}: {detail}", event.endpoint));
                }
                _ => {}
            }
        }
    }
}
