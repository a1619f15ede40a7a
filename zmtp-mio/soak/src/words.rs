//! The lines that the processes of a run exchange: words with a space between them.

use core::fmt::Debug;
use core::str::{FromStr, SplitWhitespace};

/// The words of a line.
#[derive(Debug)]
pub(crate) struct Words<'a>(SplitWhitespace<'a>);

impl<'a> Words<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self(line.split_whitespace())
    }

    /// Returns the next word, which is empty at the end of the line.
    pub(crate) fn word(&mut self) -> &'a str {
        self.0.next().unwrap_or_default()
    }

    /// Returns the next word as a value. Panics if it is none: both ends are this program.
    pub(crate) fn value<T: FromStr<Err: Debug>>(&mut self) -> T {
        let word = self.word();
        word.parse().unwrap_or_else(|error| panic!("the word {word:?}: {error:?}"))
    }

    /// Returns the words that are left.
    pub(crate) fn rest(self) -> impl Iterator<Item = &'a str> {
        self.0
    }
}
