//! Lists of names in one piece: a table of slices takes 8 octets of flash for each besides its text.

/// Names with a space between each two. None is empty or has a space.
pub(super) struct Names(pub(super) &'static [u8]);

impl Names {
    fn iter(&self) -> impl Iterator<Item = &'static [u8]> {
        self.0.split(|octet| *octet == b' ')
    }

    /// Which name this is.
    pub(super) fn index(&self, name: &[u8]) -> Option<usize> {
        self.iter().position(|one| one == name)
    }

    /// The name at `index`; empty if there is none.
    pub(super) fn get(&self, index: usize) -> &'static [u8] {
        self.iter().nth(index).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_found() {
        let names = Names(b"AB ABC D");
        assert_eq!(names.index(b"ABC"), Some(1));
        for other in [&b""[..], b"A", b"BC", b"AB ABC", b" ", b"d"] {
            assert_eq!(names.index(other), None);
        }
        assert_eq!([0, 1, 2, 3].map(|at| names.get(at)), [&b"AB"[..], b"ABC", b"D", b""]);
    }
}
