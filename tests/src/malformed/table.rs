//! The table of what libzmq does.

use core::fmt::Write;

use super::Outcome;
use crate::vectors::folder;

/// A row of the table.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "columns of a table")]
pub struct Row {
    /// The section it stands in, without what follows in brackets.
    pub section: String,
    /// The input.
    pub input: String,
    /// What libzmq does.
    pub outcome: Outcome,
}

impl Row {
    /// Whether this is the row of that name.
    pub fn is(&self, section: &str, input: &str) -> bool {
        self.section == section && self.input == input
    }
}

/// The rows of `vectors/malformed.md`, with "byte" for the word "octet" of that file.
///
/// # Panics
///
/// If the file cannot be read or has another shape.
pub fn libzmq() -> Vec<Row> {
    let text = std::fs::read_to_string(folder().join("malformed.md")).expect("malformed.md");
    let text = text.replace("octet", "byte");
    let (_, tables) = text.split_once("\n## Tables\n").expect("a part with the tables");
    let (mut section, mut rows) = (String::new(), Vec::new());
    for line in tables.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            section = title.split(" (").next().unwrap_or_default().into();
        } else if line.starts_with("| ") && !line.starts_with("| input |") {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [input, result, sent, delivered, _] = cells[..] else { panic!("{line}") };
            let closes = result.starts_with("closes");
            assert!(closes || result.starts_with("stays open"), "{line}");
            let outcome = Outcome { closes, sent: sent.into(), delivered: delivered.into() };
            rows.push(Row { section: section.clone(), input: input.into(), outcome });
        }
    }
    rows
}

/// Bytes as the table writes them: 24 or more of the same as `XX*N`, and cut at 60 characters.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut words: Vec<String> = Vec::new();
    for run in bytes.chunk_by(|one, other| one == other) {
        let byte = format!("{:02x}", run[0]);
        if run.len() < 24 {
            words.extend(core::iter::repeat_n(byte, run.len()));
        } else {
            words.push(format!("{byte}*{}", run.len()));
        }
    }
    let mut text = if words.is_empty() { "-".into() } else { words.join(" ") };
    text.truncate(60);
    text
}

/// An outcome in a few words.
pub(super) fn words(outcome: &Outcome) -> String {
    let mut text = String::from(if outcome.closes { "closes" } else { "stays open" });
    write!(text, "; sends {}; delivers {}", outcome.sent, outcome.delivered).expect("memory");
    text.replace("sends -", "sends nothing").replace("delivers -", "delivers nothing")
}
