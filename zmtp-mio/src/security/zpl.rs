//! ZPL, the format of certificate files (RFC 4): sections of names and values.

use core::fmt::Write;
use std::io;

/// A name and its value, and the section that they are in; the section is empty before the first one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry<'t> {
    pub(super) section: &'t str,
    pub(super) name: &'t str,
    pub(super) value: &'t str,
}

/// The entries of a text. A section is a line without indentation and without a value. Comments, and lines without a
/// value in a section, are skipped.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        let is_indented = line.starts_with([' ', '\t']);
        let line = line.trim();
        match line.split_once('=') {
            _ if line.starts_with('#') => None,
            Some((name, rest)) if !name.contains('#') => {
                Some(Entry { section, name: name.trim_end(), value: value(rest) })
            }
            _ => {
                if !is_indented && !line.is_empty() {
                    section = without_comment(line);
                }
                None
            }
        }
    })
}

/// The value after `=`: in quotes, or up to a comment.
fn value(rest: &str) -> &str {
    let rest = rest.trim_start();
    for quote in ['"', '\''] {
        if let Some((value, _comment)) =
            rest.strip_prefix(quote).and_then(|rest| rest.split_once(quote))
        {
            return value;
        }
    }
    without_comment(rest)
}

fn without_comment(text: &str) -> &str {
    text.split('#').next().unwrap_or_default().trim_end()
}

/// Writes an entry of a section.
///
/// # Errors
///
/// `InvalidInput` if the name or the value cannot be written.
pub(super) fn put(text: &mut String, name: &str, value: &str) -> io::Result<()> {
    let invalid = |what: String| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_@.&+/".contains(&byte);
    if name.is_empty() || !name.bytes().all(of_name) {
        return invalid(format!("`{}` is not a name in ZPL", name.escape_debug()));
    }
    let Some(quote) = ['"', '\''].into_iter().find(|quote| !value.contains(*quote)) else {
        return invalid(format!("the value of `{name}` has both kinds of quotes"));
    };
    if value.contains(|letter: char| letter.is_control()) {
        return invalid(format!("the value of `{name}` has a control character"));
    }
    let _ = writeln!(text, "    {name} = {quote}{value}{quote}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_read_with_their_section() {
        let text = "first = 1\n# a = comment\n\nmetadata  # the = owner\n    name = \"A # B\"  # cut\n\
                    \tmail='a\"b'\n    free = two words # cut\n    nested\n    open = \"x\n    empty =\ncurve\n";
        let read: Vec<_> =
            entries(text).map(|entry| (entry.section, entry.name, entry.value)).collect();
        let expected = [
            ("", "first", "1"),
            ("metadata", "name", "A # B"),
            ("metadata", "mail", "a\"b"),
            ("metadata", "free", "two words"),
            ("metadata", "open", "\"x"),
            ("metadata", "empty", ""),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut text = String::from("metadata\n");
        let all = [("name", "A # B = \\"), ("e-mail", "it's"), ("x", "say \"yes\""), ("y", "")];
        for (name, value) in all {
            put(&mut text, name, value).unwrap();
        }
        let read: Vec<_> = entries(&text).map(|entry| (entry.name, entry.value)).collect();
        assert_eq!(read, all);
        for (name, value) in
            [("", "x"), ("two words", "x"), ("a=", "x"), ("a", "\"'"), ("a", "b\nsecret-key = x")]
        {
            let error = put(&mut text, name, value).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name} {value}");
        }
    }
}
