//! Where the parts of a message end.

use crate::memory::OutOfMemory;

/// How many ends are stored without an allocation.
const FEW: usize = 3;

/// Offsets in rising order.
#[derive(Clone)]
pub(super) enum Ends {
    Few { len: u8, ends: [u32; FEW] },
    Many(Vec<usize>),
}

impl Default for Ends {
    fn default() -> Self {
        Self::Few { len: 0, ends: [0; FEW] }
    }
}

impl Ends {
    /// Whether they own no memory besides themselves.
    #[inline]
    pub(super) const fn are_few(&self) -> bool {
        matches!(self, Self::Few { .. })
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Few { len, .. } => *len as usize,
            Self::Many(ends) => ends.len(),
        }
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<usize> {
        match self {
            Self::Few { len, ends } => {
                ends[..usize::from(*len)].get(index).map(|end| *end as usize)
            }
            Self::Many(ends) => ends.get(index).copied(),
        }
    }

    #[inline]
    pub(super) fn push(&mut self, end: usize) {
        match (&mut *self, u32::try_from(end)) {
            (Self::Few { len, ends }, Ok(end)) if usize::from(*len) < FEW => {
                ends[usize::from(*len)] = end;
                *len += 1;
            }
            _ => self.make_many().push(end),
        }
    }

    /// Makes room for one more end.
    #[inline]
    pub(super) fn try_reserve(&mut self) -> Result<(), OutOfMemory> {
        match self {
            // They become many with a few bytes.
            Self::Few { .. } => Ok(()),
            Self::Many(ends) => Ok(ends.try_reserve(1)?),
        }
    }

    /// Adds `by` to each end, and inserts one before them.
    pub(super) fn push_front(&mut self, end: usize, by: usize) {
        let mut moved = self.clone();
        moved.shift(by);
        self.clear();
        self.push(end);
        moved.iter().for_each(|end| self.push(end));
    }

    /// Adds `by` to each end.
    pub(super) fn shift(&mut self, by: usize) {
        match self {
            Self::Many(ends) => ends.iter_mut().for_each(|end| *end += by),
            Self::Few { .. } => {
                let few = core::mem::take(self);
                few.iter().for_each(|end| self.push(end + by));
            }
        }
    }

    /// Removes the first `n` ends.
    pub(super) fn remove_front(&mut self, n: usize) {
        match self {
            Self::Few { len, ends } => {
                ends[..usize::from(*len)].rotate_left(n);
                *len -= n as u8;
            }
            Self::Many(ends) => drop(ends.drain(..n)),
        }
    }

    /// Keeps the first `n` ends.
    pub(super) fn truncate(&mut self, n: usize) {
        match self {
            Self::Few { len, .. } => *len = n.min(usize::from(*len)) as u8,
            Self::Many(ends) => ends.truncate(n),
        }
    }

    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn make_many(&mut self) -> &mut Vec<usize> {
        if let Self::Few { .. } = self {
            *self = Self::Many(self.iter().collect());
        }
        match self {
            Self::Many(ends) => ends,
            Self::Few { .. } => unreachable!("was just set"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_ends_behave_alike() {
        for count in 0..8 {
            let mut ends = Ends::default();
            (1..=count).for_each(|end| ends.push(end * 10));
            ends.push_front(5, 5);
            let all: Vec<usize> = ends.iter().collect();
            let expected: Vec<usize> = (0..=count).map(|end| end * 10 + 5).collect();
            assert_eq!(all, expected);
            ends.truncate(count);
            ends.remove_front(count.min(1));
            assert!(ends.iter().eq(expected[..count].iter().copied().skip(1)));
            assert_eq!((ends.len(), ends.get(7)), (count.saturating_sub(1), None));
        }
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn an_end_of_more_than_4_gib_is_stored() {
        let mut ends = Ends::default();
        ends.push(7);
        ends.push(1 << 33);
        assert!(ends.iter().eq([7, 1 << 33]));
    }
}
