//! The file of expected counts: a line that names the compiler, and a line per loop.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// The part of an expected count by which a count may differ: hash seeds and the system's `memcpy` vary.
const TOLERANCE: f64 = 0.03;

/// Instructions by the name of a loop, with the compiler that built the program.
pub(crate) struct Counts {
    compiler: String,
    loops: BTreeMap<String, f64>,
}

impl Counts {
    pub(crate) const fn new(compiler: String) -> Self {
        Self { compiler, loops: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, name: &str, instructions: f64) {
        self.loops.insert(name.to_owned(), instructions);
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let lines = self.loops.iter().map(|(name, count)| format!("{name} {count:.0}\n"));
        let text = format!("# {}\n{}", self.compiler, lines.collect::<String>());
        fs::write(path, text)
    }

    fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let mut counts = Self::new(String::new());
        for line in text.lines() {
            let wrong = || io::Error::other(format!("{}: {line}", path.display()));
            if let Some(compiler) = line.strip_prefix("# ") {
                compiler.clone_into(&mut counts.compiler);
            } else {
                let (name, count) = line.split_once(' ').ok_or_else(wrong)?;
                counts.add(name, count.parse().map_err(|_| wrong())?);
            }
        }
        Ok(counts)
    }
}

/// Compares counts with a file, and prints the differences. Returns whether none is too large.
pub(crate) fn compare(counts: &Counts, path: &Path) -> io::Result<bool> {
    let expected = Counts::read(path)?;
    if counts.compiler != expected.compiler {
        println!("not compared: {}, but {} is expected", counts.compiler, expected.compiler);
        return Ok(true);
    }
    let mut good = true;
    for (name, count) in &counts.loops {
        let Some(before) = expected.loops.get(name) else {
            println!("{name}: no count is expected; add it with --update");
            good = false;
            continue;
        };
        let change = count / before - 1.0;
        let percent = 100.0 * change;
        if change > TOLERANCE {
            println!("{name}: {count:.0} instead of {before:.0}, {percent:+.1} %");
            good = false;
        } else if change < -TOLERANCE {
            println!("{name}: {count:.0} instead of {before:.0}, {percent:+.1} %: use --update");
        }
    }
    if good {
        println!("no count is more than {:.0} % above the expected one", 100.0 * TOLERANCE);
    }
    Ok(good)
}
