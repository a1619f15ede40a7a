//! Assembles segments to the stream of each side. Bytes that are missing from the capture are reported,
//! and decoding stops there: after a gap the start of the next frame is unknown.

use core::net::SocketAddr;
use std::collections::HashMap;

use super::packet::Segment;
use super::place::Place;
use super::stream::{Dialect, Item, Stream};
use crate::text::count;

/// The most segments of one side, and the most of their bytes, that wait for an earlier segment.
const WAITING: (usize, usize) = (4_096, 16 << 20);
/// The number of bytes of one side after which a connection is not recognised as ZMTP any more.
const UNDECIDED: u64 = 64 << 10;

/// An item or a fault in a connection.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Item(Item<'a>),
    Fault(String),
}

/// All connections of a capture.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    places: HashMap<(SocketAddr, SocketAddr), usize>,
    all: Vec<Connection>,
    /// If set, only connections with this port, which are decoded as ZMTP.
    port: Option<u16>,
    dialect: Option<Dialect>,
    /// The number of connections without ZMTP.
    pub(crate) others: u64,
}

#[derive(Debug)]
struct Connection {
    sides: [Side; 2],
    is_zmtp: Option<bool>,
}

#[derive(Debug)]
struct Side {
    from: SocketAddr,
    stream: Stream,
    /// The sequence number of the next byte.
    next: Option<u32>,
    /// The number of bytes in order so far.
    bytes: u64,
    waiting: Vec<(u32, Vec<u8>)>,
    waiting_bytes: usize,
    gap: bool,
}

impl Connections {
    pub(crate) fn new(port: Option<u16>, dialect: Option<Dialect>) -> Self {
        Self { port, dialect, ..Self::default() }
    }

    /// Takes a segment, and calls `tell` with the items that it completes.
    pub(crate) fn segment<E>(
        &mut self,
        time: f64,
        segment: &Segment<'_>,
        tell: &mut impl FnMut(&Place, Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = (segment.from, segment.to);
        if self.port.is_some_and(|port| port != from.port() && port != to.port()) {
            return Ok(());
        }
        let key = (from.min(to), from.max(to));
        let known = self.places.get(&key).copied();
        let mut place = known.unwrap_or(self.all.len());
        // A SYN with another sequence number begins another connection with the same ports.
        if let Some(connection) = self.all.get_mut(place)
            && segment.syn
            && connection.side(from).next.is_some_and(|_| !connection.is_young(segment))
        {
            place = self.all.len();
        }
        if place == self.all.len() {
            self.places.insert(key, place);
            let side = |from| Side::new(from, self.dialect);
            let is_zmtp = self.port.map(|_| true);
            self.all.push(Connection { sides: [side(from), side(to)], is_zmtp });
        }
        let connection = &mut self.all[place];
        if let Some(fault) = connection.side(from).take(segment) {
            let at = Place::of(time, from, to, connection.side(from).bytes);
            if connection.is_zmtp == Some(true) {
                tell(&at, Found::Fault(fault))?;
            }
        }
        connection.tell(time, tell)
    }

    /// Calls `tell` with the faults at the ends of all connections.
    pub(crate) fn finish<E>(
        &mut self,
        time: f64,
        tell: &mut impl FnMut(&Place, Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for connection in &mut self.all {
            if connection.is_zmtp != Some(true) {
                self.others += u64::from(connection.sides.iter().any(|side| side.bytes > 0));
                continue;
            }
            let [one, two] = &mut connection.sides;
            let ends = [two.from, one.from];
            for (side, to) in [one, two].into_iter().zip(ends) {
                if let Some((offset, fault)) = side.finish() {
                    tell(&Place::of(time, side.from, to, offset), Found::Fault(fault))?;
                }
            }
        }
        Ok(())
    }
}

impl Connection {
    fn side(&mut self, from: SocketAddr) -> &mut Side {
        let [one, two] = &mut self.sides;
        if one.from == from { one } else { two }
    }

    /// Whether a SYN is a repetition of the first one.
    fn is_young(&mut self, segment: &Segment<'_>) -> bool {
        let side = self.side(segment.from);
        side.bytes == 0 && side.next == Some(segment.number.wrapping_add(1))
    }

    fn tell<E>(
        &mut self,
        time: f64,
        tell: &mut impl FnMut(&Place, Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_zmtp.is_none() {
            self.decide();
        }
        if self.is_zmtp != Some(true) {
            return Ok(());
        }
        // The bytes of one side may determine the version of the other.
        for n in [0, 1, 0, 1] {
            let to = self.sides[1 - n].from;
            let Side { from, stream, .. } = &mut self.sides[n];
            while let Some(found) = stream.next() {
                match found {
                    Ok((offset, item)) => {
                        tell(&Place::of(time, *from, to, offset), Found::Item(item))?;
                    }
                    Err((offset, fault)) => {
                        tell(&Place::of(time, *from, to, offset), Found::Fault(fault))?;
                    }
                }
            }
            if let Some(old @ (Dialect::V1 | Dialect::V2)) = stream.dialect() {
                self.sides[1 - n].stream.assume(old);
            }
        }
        Ok(())
    }

    /// Decides from the first bytes whether the connection is ZMTP: a side with version 2.0 or later begins with
    /// `ff`. The other side then also uses ZMTP; if it does not begin with `ff`, version 1.0.
    fn decide(&mut self) {
        let firsts = [self.sides[0].stream.first(), self.sides[1].stream.first()];
        if firsts.contains(&Some(0xff)) {
            self.is_zmtp = Some(true);
            if firsts.iter().flatten().any(|first| *first != 0xff) {
                for side in &mut self.sides {
                    side.stream.assume(Dialect::V1);
                }
            }
            return;
        }
        let long = self.sides.iter().any(|side| side.bytes > UNDECIDED);
        if long || firsts.iter().all(Option::is_some) {
            self.is_zmtp = Some(false);
            for side in &mut self.sides {
                side.stream = Stream::new(None);
                side.stream.lose();
            }
        }
    }
}

impl Side {
    fn new(from: SocketAddr, dialect: Option<Dialect>) -> Self {
        Self {
            from,
            stream: Stream::new(dialect),
            next: None,
            bytes: 0,
            waiting: Vec::new(),
            waiting_bytes: 0,
            gap: false,
        }
    }

    /// Inserts a segment; reports an error if too many bytes wait for a missing one.
    fn take(&mut self, segment: &Segment<'_>) -> Option<String> {
        let number = segment.number.wrapping_add(u32::from(segment.syn));
        if segment.syn {
            self.next.get_or_insert(number);
        }
        if segment.payload.is_empty() || self.gap {
            return None;
        }
        self.next.get_or_insert(number);
        if !self.put(number, segment.payload) {
            self.waiting.push((number, segment.payload.to_vec()));
            self.waiting_bytes += segment.payload.len();
            let full = self.waiting.len() > WAITING.0 || self.waiting_bytes > WAITING.1;
            return if full { self.lose() } else { None };
        }
        while let Some(n) = self.waiting.iter().position(|(number, _)| self.ahead(*number) <= 0) {
            let (number, bytes) = self.waiting.swap_remove(n);
            self.waiting_bytes -= bytes.len();
            self.put(number, &bytes);
        }
        None
    }

    /// The number of bytes between the next byte and this sequence number; negative if the byte was received before.
    fn ahead(&self, number: u32) -> i32 {
        number.wrapping_sub(self.next.unwrap_or(number)).cast_signed()
    }

    /// Takes the next bytes, without those that were received before.
    fn put(&mut self, number: u32, bytes: &[u8]) -> bool {
        let ahead = self.ahead(number);
        if ahead > 0 {
            return false;
        }
        let new = bytes.get(ahead.unsigned_abs() as usize..).unwrap_or_default();
        self.stream.push(new);
        self.bytes += new.len() as u64;
        self.next = self.next.map(|next| next.wrapping_add(new.len() as u32));
        true
    }

    /// Reports the missing bytes, and stops to wait for them.
    fn lose(&mut self) -> Option<String> {
        let missing = self.waiting.iter().map(|(number, _)| self.ahead(*number)).min()?;
        self.gap = true;
        self.waiting = Vec::new();
        self.stream.lose();
        let what = count(u64::from(missing.unsigned_abs()), "byte was", "bytes were");
        Some(format!("{what} not captured; later bytes are not shown"))
    }

    fn finish(&mut self) -> Option<(u64, String)> {
        match self.lose() {
            Some(fault) => Some((self.bytes, fault)),
            None => self.stream.finish(),
        }
    }
}
