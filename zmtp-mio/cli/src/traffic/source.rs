//! The source of messages: one message repeatedly, or lines as they arrive.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::{thread, vec};

use zmtp_mio::{Handle, Message, SocketKind};

use crate::args::LinesOf;
use crate::exit::Failure;
use crate::input::{Hex, line};
use crate::json;
use crate::loss::Unsent;

/// Bytes per read.
const CHUNK: usize = 64 << 10;

#[derive(Debug)]
pub(super) enum Source {
    Same { message: Message, left: Option<u64> },
    Lines(Box<Lines>),
}

/// A message to send.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) message: Message,
    /// It has its group, or the routing id of its receiver. Others of a RADIO get the group of the command line, and others
    /// of a SERVER, PEER or STREAM go to the peers in turn.
    pub(super) is_addressed: bool,
}

impl From<Message> for Outgoing {
    fn from(message: Message) -> Self {
        Self { message, is_addressed: false }
    }
}

/// The next item.
#[derive(Debug)]
pub(super) enum Next {
    Message(Outgoing),
    /// Nothing yet: the socket will be woken.
    Later,
    End,
}

impl Source {
    pub(super) fn nothing() -> Self {
        Self::Same { message: Message::new(), left: Some(0) }
    }

    /// A message this many times, or without end.
    pub(super) const fn same(message: Message, times: Option<u64>) -> Self {
        Self::Same { message, left: times }
    }

    /// Lines, each after the parts of `head`; the handle's socket is woken when lines are available.
    pub(super) fn lines(
        lines: LinesOf,
        head: Message,
        kind: SocketKind,
        handle: Handle,
    ) -> Result<Self, Failure> {
        let (found, batches) = sync_channel(2);
        let name =
            lines.file.as_ref().map_or_else(|| "stdin".into(), |path| path.display().to_string());
        let doing = format!("read {name}");
        let reader: Box<dyn Read + Send> = match &lines.file {
            Some(path) => Box::new(File::open(path).map_err(Failure::io(&*doing))?),
            None => Box::new(io::stdin()),
        };
        let feed = move || feed(reader, &found, &handle);
        thread::Builder::new().name("lines".into()).spawn(feed).map_err(Failure::io("thread"))?;
        let batch = Vec::new().into_iter();
        let has_failed = false;
        let n = 0;
        Ok(Self::Lines(Box::new(Lines { batches, batch, head, kind, lines, n, has_failed, doing })))
    }

    /// What is not sent, with the message that was taken last if it is `pending`.
    pub(super) fn unsent(&self, pending: bool) -> Option<Unsent> {
        match self {
            Self::Same { left, .. } => {
                let n = left.map(|left| left + u64::from(pending)).filter(|n| *n > 0);
                n.map(Unsent::Messages)
            }
            Self::Lines(lines) if pending || lines.has_failed => Some(Unsent::LinesFrom(lines.n)),
            Self::Lines(lines) => lines.has_more().then_some(Unsent::LinesFrom(lines.n + 1)),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Same { left: Some(0), .. })
    }

    pub(super) fn next(&mut self) -> Result<Next, Failure> {
        match self {
            Self::Same { left: Some(0), .. } => Ok(Next::End),
            Self::Same { message, left } => {
                *left = left.map(|left| left - 1);
                Ok(Next::Message(message.clone().into()))
            }
            Self::Lines(lines) => lines.next(),
        }
    }
}

/// Lines that arrived together; `None` is the end.
type Batch = io::Result<Option<Vec<Vec<u8>>>>;

/// Lines that a separate thread reads, so that the socket is served while there is no input.
#[derive(Debug)]
pub(super) struct Lines {
    batches: Receiver<Batch>,
    batch: vec::IntoIter<Vec<u8>>,
    head: Message,
    kind: SocketKind,
    lines: LinesOf,
    /// The number of lines that were taken.
    n: u64,
    /// The last one has an error.
    has_failed: bool,
    doing: String,
}

impl Lines {
    fn next(&mut self) -> Result<Next, Failure> {
        loop {
            if let Some(line) = self.batch.next() {
                self.n += 1;
                let message = self.message(line);
                self.has_failed = message.is_err();
                return message.map(Next::Message);
            }
            match self.batches.try_recv() {
                Ok(batch) => match batch.map_err(Failure::io(&*self.doing))? {
                    Some(batch) => self.batch = batch.into_iter(),
                    None => return Ok(Next::End),
                },
                Err(TryRecvError::Empty) => return Ok(Next::Later),
                Err(TryRecvError::Disconnected) => return Ok(Next::End),
            }
        }
    }

    /// Whether lines were read that were not taken.
    fn has_more(&self) -> bool {
        let mut batches = self.batches.try_iter().flatten().flatten();
        self.batch.len() > 0 || batches.any(|batch| !batch.is_empty())
    }

    fn message(&self, line: Vec<u8>) -> Result<Outgoing, Failure> {
        if self.lines.json {
            let read = json::read(&self.head, &line, self.kind);
            let (message, is_addressed) = read.map_err(|error| self.bad(&error))?;
            return Ok(Outgoing { message, is_addressed });
        }
        if self.head.part_count() == 0 && self.lines.split.is_none() && !self.lines.hex {
            return Ok(Message::from(line).into());
        }
        let mut message = self.head.clone();
        for part in split(&line, self.lines.split.as_deref()) {
            if self.lines.hex {
                message.push(self.bytes(part)?);
            } else {
                message.push(part);
            }
        }
        Ok(message.into())
    }

    fn bytes(&self, part: &[u8]) -> Result<Vec<u8>, Failure> {
        let hex = Hex::parse(&String::from_utf8_lossy(part));
        hex.map(|hex| hex.0).map_err(|error| self.bad(&error))
    }

    /// The failure if a line has an error.
    fn bad(&self, error: &str) -> Failure {
        let text = format!("line {}: {error}", self.n);
        Failure::io(&*self.doing)(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

/// The parts of a line: at least one.
fn split<'a>(mut line: &'a [u8], at: Option<&[u8]>) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    if let Some(at) = at {
        while let Some(n) = line.windows(at.len()).position(|here| here == at) {
            parts.push(&line[..n]);
            line = &line[n + at.len()..];
        }
    }
    parts.push(line);
    parts
}

/// Reads lines in batches: as many as arrived together.
fn feed(reader: impl Read, found: &SyncSender<Batch>, handle: &Handle) {
    let mut reader = BufReader::with_capacity(CHUNK, reader);
    let tell = |batch| found.send(batch).is_ok() && handle.wake().is_ok();
    loop {
        let mut batch = Vec::new();
        let end = loop {
            match line(&mut reader) {
                Ok(Some(line)) => batch.push(line),
                Ok(None) => break Some(Ok(None)),
                Err(error) => break Some(Err(error)),
            }
            // A next line that is not whole yet may take long.
            if !reader.buffer().contains(&b'\n') {
                break None;
            }
        };
        if !tell(Ok(Some(batch))) {
            return;
        }
        if let Some(end) = end {
            tell(end);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_whole() {
        assert_eq!(split(b"a|b||c", Some(b"|")), [&b"a"[..], b"b", b"", b"c"]);
        assert_eq!(split(b"a | b", Some(b" | ")), [b"a", b"b"]);
        assert_eq!(split(b"a|b", None), [b"a|b"]);
        assert_eq!(split(b"", Some(b"|")), [b""]);
    }
}
