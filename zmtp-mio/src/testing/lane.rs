//! One direction of a connection in memory: bytes between a writer and a reader.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Notify;

/// Bytes that a lane holds before its writer has to wait, as a kernel's buffers would.
const CAPACITY: usize = 64 << 10;

/// What an end does when it has to be looked at; nothing while that is not known.
pub(super) type Notified = Option<Arc<dyn Notify>>;

#[derive(Debug, Default)]
pub(super) struct Lane(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// Bytes that a cut has discarded.
    lost: usize,
    /// The writer is gone: what is here can be read to its end.
    ended: bool,
    /// The reader is gone: writing fails.
    unread: bool,
    /// The writer waits for room.
    wanted: bool,
    reader: Notified,
    writer: Notified,
}

/// Calls what has to be looked at, without the lane's lock.
fn notify(end: &Notified) {
    if let Some(end) = end {
        end.notify();
    }
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_reader(&self, reader: Arc<dyn Notify>) {
        self.lock().reader = Some(reader);
    }

    pub(super) fn set_writer(&self, writer: Arc<dyn Notify>) {
        self.lock().writer = Some(writer);
    }

    pub(super) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.lock();
        let n = state.bytes.len().min(into.len());
        if n == 0 {
            return if state.ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        // Whole slices: the cost of this network is part of the instruction counts.
        let (front, back) = state.bytes.as_slices();
        let first = front.len().min(n);
        into[..first].copy_from_slice(&front[..first]);
        into[first..n].copy_from_slice(&back[..n - first]);
        state.bytes.drain(..n);
        if core::mem::take(&mut state.wanted) {
            let writer = state.writer.clone();
            drop(state);
            notify(&writer);
        }
        Ok(n)
    }

    /// The number of bytes that the reader has not read.
    pub(super) fn len(&self) -> usize {
        let state = self.lock();
        state.bytes.len() + state.lost
    }

    /// Whether both ends are there.
    pub(super) fn is_open(&self) -> bool {
        let state = self.lock();
        !state.ended && !state.unread
    }

    /// Breaks the connection; with `loses` what was not read is lost.
    pub(super) fn cut(&self, loses: bool) {
        let mut state = self.lock();
        (state.ended, state.unread) = (true, true);
        if loses {
            state.lost += state.bytes.len();
            state.bytes.clear();
        }
        let ends = [state.reader.clone(), state.writer.clone()];
        drop(state);
        ends.iter().for_each(notify);
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        if state.unread {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let n = bytes.len().min(CAPACITY - state.bytes.len());
        state.wanted |= n < bytes.len();
        if n == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.bytes.extend(&bytes[..n]);
        let reader = state.reader.clone();
        drop(state);
        notify(&reader);
        Ok(n)
    }

    /// The writer is dropped: the reader gets the remaining bytes, then the end.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let reader = state.reader.take();
        state.writer = None;
        drop(state);
        notify(&reader);
    }

    /// The reader is dropped: the bytes that it has not read are lost.
    pub(super) fn reset(&self) {
        let mut state = self.lock();
        state.unread = true;
        let writer = state.writer.take();
        state.reader = None;
        drop(state);
        notify(&writer);
    }
}
