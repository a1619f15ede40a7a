//! Printing: messages on stdout, everything else on stderr.

use core::cell::Cell;
use core::fmt::Write as _;
use core::time::Duration;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use zmtp_mio::{CloseReason, Endpoint, Event, EventKind, Message, SocketKind};

use crate::args::OutputArgs;
use crate::exit::Failure;
use crate::loss::Loss;
use crate::record::{Part, Record, Stats, json};
use crate::stdout::may_have_been_closed;
use crate::text::{ascii_line, count, hex_line, quoted_line, text_line};

/// The note before the first output that nothing may read.
const UNSEEN: &str =
    "the output is discarded: stdout is closed, or is /dev/null opened for reading and writing";

#[derive(Clone, Copy, Debug)]
enum Format {
    Ascii,
    Hex,
    Json,
    Quoted,
    Raw,
    Text,
}

/// Prints in the requested format.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
    verbose: bool,
    /// Progress is shown on the last line of the terminal.
    progress: Cell<bool>,
    /// Stdout may have been closed, and this is not reported yet.
    unseen: Cell<bool>,
}

impl Output {
    pub(crate) fn new(args: &OutputArgs) -> Self {
        let format = match args {
            OutputArgs { json: true, .. } => Format::Json,
            OutputArgs { raw: true, .. } => Format::Raw,
            OutputArgs { hex_output: true, .. } => Format::Hex,
            OutputArgs { ascii: true, .. } => Format::Ascii,
            OutputArgs { quoted: true, .. } => Format::Quoted,
            _ => Format::Text,
        };
        Self {
            format,
            quiet: args.quiet,
            verbose: args.verbose,
            progress: Cell::new(false),
            unseen: Cell::new(may_have_been_closed()),
        }
    }

    pub(crate) const fn verbose(&self) -> bool {
        self.verbose
    }

    /// Whether progress is visible and does not mix with messages or records.
    pub(crate) fn shows_progress(&self) -> bool {
        let prints = !self.quiet && io::stdout().is_terminal();
        io::stderr().is_terminal() && !prints && !self.is_json()
    }

    pub(crate) const fn is_hex(&self) -> bool {
        matches!(self.format, Format::Hex)
    }

    pub(crate) const fn is_ascii(&self) -> bool {
        matches!(self.format, Format::Ascii)
    }

    pub(crate) const fn is_quoted(&self) -> bool {
        matches!(self.format, Format::Quoted)
    }

    pub(crate) const fn is_raw(&self) -> bool {
        matches!(self.format, Format::Raw)
    }

    /// Bytes only.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { self.print(bytes) }
    }

    pub(crate) const fn is_json(&self) -> bool {
        matches!(self.format, Format::Json)
    }

    /// A received message of a socket of this kind, counted from 1.
    pub(crate) fn received(
        &self,
        kind: SocketKind,
        n: u64,
        message: &Message,
    ) -> Result<(), Failure> {
        if kind == SocketKind::Stream && self.is_raw() {
            // The bytes of the peer, without the id of the connection.
            return self.bytes(message.part(1).unwrap_or_default());
        }
        let mut with_group;
        let message = if kind == SocketKind::Dish && !self.is_json() {
            with_group = message.clone();
            with_group.push_front(message.group());
            &with_group
        } else {
            message
        };
        self.message(message, |parts| Record::received(kind, n, message, parts))
    }

    /// A received request, counted from 1.
    pub(crate) fn request(&self, n: u64, message: &Message) -> Result<(), Failure> {
        self.message(message, |parts| Record::Request { n, parts })
    }

    /// A received reply, and the time since its request.
    pub(crate) fn reply(&self, n: u64, message: &Message, rtt: Duration) -> Result<(), Failure> {
        if self.verbose && !matches!(self.format, Format::Json) {
            self.note(&format!("reply {n} after {:.1} µs", rtt.as_secs_f64() * 1e6));
        }
        let rtt_us = u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX);
        self.message(message, |parts| Record::Reply { n, parts, rtt_us })
    }

    /// A bound endpoint, without wildcards.
    pub(crate) fn listening(&self, endpoint: &Endpoint) {
        let endpoint = endpoint.to_string();
        let text = format!("listening on {endpoint}");
        self.tell(&text, &Record::Listening { endpoint });
    }

    /// A connection event, if events are printed.
    pub(crate) fn event(&self, event: &Event) {
        if !self.verbose {
            return;
        }
        let (text, record) = event_line(event);
        self.tell(&text, &record);
    }

    /// As [`Output::event`], on stdout, for `zmtp monitor`.
    pub(crate) fn happened(&self, event: &Event) -> Result<(), Failure> {
        let (text, record) = event_line(event);
        self.line(&text, || record)
    }

    /// A line on stdout, as text or as JSON.
    pub(crate) fn line<R: Serialize>(
        &self,
        text: &str,
        record: impl FnOnce() -> R,
    ) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        let line = if self.is_json() { json(&record()) } else { format!("{text}\n") };
        self.print(line.as_bytes())
    }

    /// A note.
    pub(crate) fn note(&self, text: &str) {
        self.tell(&format!("zmtp: {text}"), &Record::Note { text });
    }

    /// Messages that were lost; `end` is the name of the socket, if the command has several.
    pub(crate) fn lost(&self, loss: &Loss, end: Option<&str>) {
        let Loss { n, cause, text } = loss;
        let of = end.map(|end| format!("{end}: ")).unwrap_or_default();
        self.tell(&format!("zmtp: {of}{text}"), &Record::Lost { end, n: *n, cause, text });
    }

    /// Totals.
    pub(crate) fn stats(&self, text: &str, stats: &Stats) {
        self.tell(text, &Record::Stats(stats));
    }

    /// Progress: a line that the next one replaces.
    pub(crate) fn progress(&self, text: &str) {
        self.progress.set(true);
        let _ = write!(io::stderr().lock(), "\r{text}\x1b[K");
    }

    /// A failure, of the request `n` if it concerns only that.
    pub(crate) fn failure(&self, n: Option<u64>, failure: &Failure) {
        if !failure.is_silent() {
            let text = failure.to_string();
            let line = format!("zmtp: {text}");
            self.tell(&line, &Record::Error { n, error: failure.name(), text });
        }
    }

    fn message<'a>(
        &self,
        message: &'a Message,
        record: impl FnOnce(Vec<Part<'a>>) -> Record<'a>,
    ) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        match self.format {
            Format::Raw => match message.bytes() {
                Some(bytes) => self.print(bytes),
                None => self.print(&message.parts().collect::<Vec<_>>().concat()),
            },
            Format::Json => self.print(json(&record(Part::all(message))).as_bytes()),
            Format::Hex => self.print(hex_line(message).as_bytes()),
            Format::Text => self.print(text_line(message).as_bytes()),
            Format::Ascii => self.print(ascii_line(message).as_bytes()),
            Format::Quoted => self.print(quoted_line(message).as_bytes()),
        }
    }

    /// Prints to stdout.
    fn print(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.unseen.take() {
            self.note(UNSEEN);
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.map_err(|source| match source.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::Io { doing: "write to stdout".into(), source },
        })
    }

    /// Prints to stderr. Errors are ignored: it may have no reader.
    pub(crate) fn tell(&self, text: &str, record: &impl Serialize) {
        let line = match self.format {
            Format::Json => json(record),
            _ => format!("{text}\n"),
        };
        let mut stderr = io::stderr().lock();
        if self.progress.take() {
            let _ = stderr.write_all(b"\r\x1b[K");
        }
        let _ = stderr.write_all(line.as_bytes());
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.progress.take() {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}

/// An event in a line.
fn event_line(event: &Event) -> (String, Record<'static>) {
    let (name, detail) = describe(&event.kind);
    let endpoint = event.endpoint.to_string();
    let remote = event.remote.map(|remote| remote.to_string());
    let mut text = format!("{endpoint} {}", name.replace('_', " "));
    if let Some(remote) = &remote {
        let _ = write!(text, " {remote}");
    }
    if let Some(detail) = &detail {
        let _ = write!(text, ": {detail}");
    }
    (text, Record::Event { event: name, endpoint, remote, detail })
}

/// The name of an event, and details.
pub(crate) fn describe(kind: &EventKind) -> (&'static str, Option<String>) {
    let detail = match kind {
        EventKind::BindFailed(error) | EventKind::AcceptPaused(error) => Some(error.to_string()),
        // A connection attempt to an ipc file. The event has no text of the system.
        EventKind::Closed(CloseReason::Io(io::ErrorKind::NotFound)) => {
            Some("No such file or directory".into())
        }
        EventKind::Closed(reason) => Some(reason.to_string()),
        EventKind::Retrying(wait) => Some(format!("in {} ms", wait.as_millis())),
        EventKind::Ready(peer) => {
            let name = peer.socket_type.map(|name| name.to_string());
            let name = name.unwrap_or_else(|| "unnamed socket type".into());
            Some(format!("{name}, ZMTP {}", peer.version))
        }
        EventKind::Refused(reason) => Some(reason.to_string()),
        EventKind::Ignored(what) => Some(what.to_string()),
        EventKind::Dropped(reason) => Some(reason.to_string()),
        EventKind::DroppedDatagram(error) => Some(error.to_string()),
        EventKind::DatagramFailed(error) => Some(error.to_string()),
        EventKind::UnsentMessages(n) => Some(count(*n, "message", "messages")),
        _ => None,
    };
    (kind.name(), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unsent_message_is_singular() {
        let unsent = [1, 2].map(|n| describe(&EventKind::UnsentMessages(n)).1.unwrap_or_default());
        assert_eq!(unsent, ["1 message", "2 messages"]);
    }
}
