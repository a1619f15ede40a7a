//! Puts the fragments of IP packets together.

use std::collections::VecDeque;

use super::packet::{Fragment, Id};

/// The most packets that wait for fragments. Further ones replace the oldest.
const WAITING: usize = 256;
/// The most bytes of the content of a packet.
const MOST: usize = 65_535;

/// The packets of which fragments were captured.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    waiting: VecDeque<Pieces>,
    replaced: usize,
}

#[derive(Debug)]
struct Pieces {
    id: Id,
    /// The fragments with their offsets, which ascend.
    all: Vec<(usize, Vec<u8>)>,
    /// The number of their bytes.
    bytes: usize,
    /// The number of bytes in all, if the last fragment was captured.
    total: Option<usize>,
}

impl Fragments {
    /// Adds a fragment, and returns the content of its packet if it is complete now.
    pub(crate) fn add(&mut self, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        let end = fragment.offset + fragment.payload.len();
        if fragment.missing > 0 || end > MOST {
            return None;
        }
        let at = self.waiting.iter().position(|pieces| pieces.id == fragment.id);
        let at = at.unwrap_or_else(|| {
            if self.waiting.len() == WAITING {
                self.waiting.pop_front();
                self.replaced += 1;
            }
            self.waiting.push_back(Pieces {
                id: fragment.id,
                all: Vec::new(),
                bytes: 0,
                total: None,
            });
            self.waiting.len() - 1
        });
        let pieces = &mut self.waiting[at];
        if !fragment.more {
            pieces.total = Some(end);
        }
        let place = pieces.all.partition_point(|(offset, _)| *offset < fragment.offset);
        let bytes = pieces.bytes + fragment.payload.len();
        // A repetition is not added. Fragments with more bytes than a packet are not of one packet.
        let is_new = pieces.all.get(place).is_none_or(|(offset, _)| *offset != fragment.offset);
        if is_new && bytes <= MOST {
            pieces.bytes = bytes;
            pieces.all.insert(place, (fragment.offset, fragment.payload.to_vec()));
        }
        let whole = pieces.whole()?;
        self.waiting.remove(at);
        Some(whole)
    }

    /// The number of packets of which fragments are missing.
    pub(crate) fn incomplete(&self) -> usize {
        self.waiting.len() + self.replaced
    }
}

impl Pieces {
    /// All bytes, if none is missing.
    fn whole(&self) -> Option<Vec<u8>> {
        let total = self.total?;
        let mut whole = Vec::with_capacity(total);
        for (offset, bytes) in &self.all {
            // Of bytes that are there twice, the first ones count.
            let known = whole.len().checked_sub(*offset)?;
            whole.extend_from_slice(bytes.get(known..).unwrap_or_default());
        }
        (whole.len() == total).then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{Packet, parse};
    use super::*;

    const CONTENT: &[u8] = b"\x03\xe8\x07\xd0\x00\x27\x00\x00\x02TVa body in several pieces....";

    /// A fragment of `CONTENT`, as a packet.
    fn v4(number: u8, from: usize, to: usize) -> Vec<u8> {
        let flags = if to < CONTENT.len() { 0x20 } else { 0 };
        let total = 20 + (to - from) as u8;
        let mut ip = vec![0x45, 0, 0, total, 0, number, flags, (from / 8) as u8, 64, 17, 0, 0];
        ip.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        ip.extend(&CONTENT[from..to]);
        ip
    }

    fn v6(number: u8, from: usize, to: usize) -> Vec<u8> {
        let mut ip = vec![0x60, 0, 0, 0, 0, 8 + (to - from) as u8, 44, 64];
        ip.extend([1; 32]);
        let more = u8::from(to < CONTENT.len());
        ip.extend([17, 0, 0, from as u8 | more, 0, 0, 0, number]);
        ip.extend(&CONTENT[from..to]);
        ip
    }

    fn add(fragments: &mut Fragments, data: &[u8]) -> Option<Vec<u8>> {
        let Packet::Fragment(fragment) = parse(101, data) else { panic!("{data:?}") };
        let whole = fragments.add(&fragment)?;
        let Packet::Udp(packet) = fragment.parse_whole(&whole) else { panic!("{whole:?}") };
        assert_eq!((packet.from.port(), packet.to.port(), packet.missing), (1_000, 2_000, 0));
        Some(packet.payload.to_vec())
    }

    #[test]
    fn fragments_are_put_together_in_any_order() {
        let len = CONTENT.len();
        for make in [v4, v6] {
            let cuts = [(0, 16), (16, 24), (24, len)];
            for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
                let mut fragments = Fragments::default();
                // Those of another packet, and a repetition.
                assert_eq!(add(&mut fragments, &make(1, 0, 16)), None);
                let first = cuts[order[0]];
                assert_eq!(add(&mut fragments, &make(2, first.0, first.1)), None);
                let mut found = None;
                for at in order {
                    assert_eq!(found, None);
                    found = add(&mut fragments, &make(2, cuts[at].0, cuts[at].1));
                }
                assert_eq!(found.as_deref(), Some(&CONTENT[8..]));
                assert_eq!(fragments.incomplete(), 1);
            }
        }
    }

    #[test]
    fn of_bytes_that_arrive_twice_the_first_ones_count() {
        let mut fragments = Fragments::default();
        let len = CONTENT.len();
        for (from, to) in [(0, 24), (8, 24)] {
            assert_eq!(add(&mut fragments, &v4(1, from, to)), None);
        }
        assert_eq!(add(&mut fragments, &v4(1, 16, len)).as_deref(), Some(&CONTENT[8..]));
    }

    #[test]
    fn the_number_of_waiting_packets_is_bounded() {
        let mut fragments = Fragments::default();
        for number in 0..=255 {
            assert_eq!(add(&mut fragments, &v4(number, 0, 16)), None);
            assert_eq!(add(&mut fragments, &v6(number, 0, 16)), None);
        }
        assert_eq!((fragments.waiting.len(), fragments.incomplete()), (WAITING, 512));
        // One that was not captured completely.
        let cut = v4(9, 0, 16);
        assert_eq!(add(&mut fragments, &cut[..30]), None);
        assert_eq!(fragments.incomplete(), 512);
    }
}
