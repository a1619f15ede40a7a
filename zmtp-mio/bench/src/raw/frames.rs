//! Frames of ZMTP 3.1, written into and read from large buffers.

use std::io::{self, IoSlice, Read, Write};

/// Bytes at which a write begins. On loopback, writes of this size are faster than larger ones.
const WRITE: usize = 32 << 10;
const READ: usize = 128 << 10;
const LONG: u8 = 2;

/// Frames that are not written yet.
#[derive(Default)]
pub(super) struct Outbox(Vec<u8>);

impl Outbox {
    pub(super) fn push(&mut self, body: &[u8]) {
        match u8::try_from(body.len()) {
            Ok(len) => self.0.extend_from_slice(&[0, len]),
            Err(_) => self.push_long(body.len()),
        }
        self.0.extend_from_slice(body);
    }

    fn push_long(&mut self, len: usize) {
        self.0.push(LONG);
        self.0.extend_from_slice(&(len as u64).to_be_bytes());
    }

    pub(super) const fn is_full(&self) -> bool {
        self.0.len() >= WRITE
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Writes everything.
    pub(super) fn write(&mut self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&self.0)?;
        self.clear();
        Ok(())
    }

    /// Writes everything, and a message whose body is not copied.
    pub(super) fn write_with(&mut self, body: &[u8], to: &mut impl Write) -> io::Result<()> {
        self.push_long(body.len());
        let header = self.0.len();
        let mut written = 0;
        while written < header + body.len() {
            let rest = match written.checked_sub(header) {
                None => [IoSlice::new(&self.0[written..]), IoSlice::new(body)],
                Some(at) => [IoSlice::new(&body[at..]), IoSlice::new(&[])],
            };
            written += to.write_vectored(&rest)?;
        }
        self.clear();
        Ok(())
    }
}

/// Bytes that were read, and the body that was taken last.
pub(super) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    body: Vec<u8>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { bytes: vec![0; READ], start: 0, end: 0, body: vec![] }
    }
}

impl Inbox {
    /// The next body if it has been read whole.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let (header, len) = self.header()?;
        let body = self.bytes[self.start..self.end].get(header..header + len)?;
        self.body.clear();
        self.body.extend_from_slice(body);
        self.start += header + len;
        Some(&self.body)
    }

    /// Reads what there is. A body that does not fit is read whole, into its own memory.
    /// Returns its length.
    pub(super) fn read(&mut self, from: &mut impl Read) -> io::Result<Option<usize>> {
        if let Some((header, len)) = self.header().filter(|(_, len)| *len > READ / 4) {
            let have = (self.end - self.start - header).min(len);
            self.body.resize(len, 0);
            let first = self.start + header;
            self.body[..have].copy_from_slice(&self.bytes[first..first + have]);
            from.read_exact(&mut self.body[have..])?;
            self.start = first + have;
            return Ok(Some(len));
        }
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let n = from.read(&mut self.bytes[self.end..])?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.end += n;
        Ok(None)
    }

    /// Bytes of the next header and of its body.
    fn header(&self) -> Option<(usize, usize)> {
        match self.bytes[self.start..self.end] {
            [flags, ref rest @ ..] if flags & LONG != 0 => {
                let size = rest.first_chunk()?;
                Some((9, u64::from_be_bytes(*size) as usize))
            }
            [_, len, ..] => Some((2, usize::from(len))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_zmtp_and_are_read_back() {
        let bodies: Vec<Vec<u8>> =
            [0, 1, 255, 256, 40_000, 1 << 20, 3].into_iter().map(|n| vec![n as u8; n]).collect();
        let (mut outbox, mut wire) = (Outbox::default(), vec![]);
        for body in &bodies {
            match body.len() {
                ..1_000 => outbox.push(body),
                _ => outbox.write_with(body, &mut wire).unwrap(),
            }
        }
        outbox.write(&mut wire).unwrap();
        let frames: Vec<u8> = bodies.iter().flat_map(|body| wire::frame(0, body)).collect();
        assert!(wire == frames);
        let (mut inbox, mut from, mut sizes) = (Inbox::default(), &wire[..], vec![]);
        while sizes.len() < bodies.len() {
            match inbox.next() {
                Some(body) => sizes.push(body.len()),
                None => sizes.extend(inbox.read(&mut from).unwrap()),
            }
        }
        assert!(sizes.into_iter().eq(bodies.iter().map(Vec::len)));
    }
}
