//! The message and its destination, for types that do not wait for replies. Read from the matches by
//! hand, as for requests, so that parts keep the order of the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, FromArgMatches};

use super::places::PlaceArgs;
use crate::input::{Hex, Part};
use crate::parts::{bytes, file, hex, in_order, indexed, made_of};
use crate::size;

/// The message and its destination.
#[derive(Debug)]
pub(crate) struct Payload {
    /// The endpoint that is the first argument.
    pub(crate) endpoint: Option<String>,
    pub(crate) places: PlaceArgs,
    /// The message; with lines, the parts before each line.
    pub(crate) parts: Vec<Part>,
    pub(crate) lines: Option<LinesOf>,
}

/// Messages from lines.
#[derive(Debug)]
pub(crate) struct LinesOf {
    /// A file; stdin if `None`.
    pub(crate) file: Option<PathBuf>,
    /// The separator of the parts of a line.
    pub(crate) split: Option<Vec<u8>>,
    /// Lines are hex.
    pub(crate) hex: bool,
    /// Lines are JSON.
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
struct PayloadArgs {
    /// The endpoint; bound if it contains a wildcard. Not with --bind or --connect
    #[arg(value_name = "ENDPOINT", required_unless_present_any = ["bind", "connect"])]
    target: Option<OsString>,

    /// A part of the message; `-` is a part that is read from stdin. Put `--` before parts that
    /// begin with a dash
    #[arg(value_name = "MESSAGE")]
    messages: Vec<OsString>,

    #[command(flatten)]
    places: PlaceArgs,

    /// A part of the message, as MESSAGE; may be repeated
    #[arg(short = 'D', long, value_name = "TEXT", allow_hyphen_values = true)]
    data: Vec<OsString>,

    /// A part that is read from a file; may be repeated
    #[arg(short, long, value_name = "FILE", short_alias = 'F')]
    file: Vec<PathBuf>,

    /// A part in hex, for example 00ff or "00 ff"; may be repeated
    #[arg(long, value_name = "HEX", value_parser = Hex::parse)]
    hex: Vec<Hex>,

    /// A part of this size in bytes: 300, 64k, 1M; may be repeated
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    size: Vec<u64>,

    /// Send each line of stdin, without its newline, as the last part of a message, after MESSAGEs
    #[arg(short, long)]
    lines: bool,

    /// As --lines, from a file
    #[arg(long, value_name = "FILE", conflicts_with = "lines")]
    lines_from: Option<PathBuf>,

    /// Split each line into parts at TEXT, for example '|'
    #[arg(long, value_name = "TEXT")]
    split: Option<OsString>,

    /// Decode each line as hex
    #[arg(long)]
    hex_lines: bool,

    /// As --lines; each line is a message in JSON, as --json prints it: {"parts":[{"text":"a"},{"hex":"ff"}]}
    #[arg(long, conflicts_with_all = ["split", "hex_lines"])]
    json_lines: bool,
}

impl FromArgMatches for Payload {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let places = PlaceArgs::from_arg_matches(matches)?;
        let text = |text: &OsString| match text.to_str() {
            Some("-") => Part::Stdin,
            _ => bytes(text),
        };
        let mut parts = [
            indexed(matches, "messages", text),
            indexed(matches, "data", |text: &OsString| bytes(text)),
            indexed(matches, "file", |path: &PathBuf| file(path)),
            indexed(matches, "hex", hex),
            indexed(matches, "size", |size: &u64| Part::Size(*size)),
        ]
        .concat();
        let mut target = matches.get_one::<OsString>("target").cloned();
        if !places.bind.is_empty() || !places.connect.is_empty() {
            parts.extend(indexed(matches, "target", text));
            target = None;
        }
        let endpoint = target.map(|target| target.to_string_lossy().into_owned());
        let parts = in_order(parts)?;
        Ok(Self { endpoint, places, lines: lines(matches, &parts)?, parts })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

made_of!(Payload, PayloadArgs);

fn lines(matches: &ArgMatches, parts: &[Part]) -> Result<Option<LinesOf>, clap::Error> {
    let fail = |kind, text: &str| Err(clap::Error::raw(kind, format!("{text}\n")));
    let file = matches.get_one::<PathBuf>("lines_from").cloned();
    let from_stdin = matches.get_flag("lines");
    let split = matches.get_one::<OsString>("split").map(|text| text.as_encoded_bytes().to_vec());
    let hex = matches.get_flag("hex_lines");
    let json = matches.get_flag("json_lines");
    if !from_stdin && file.is_none() && !json {
        return match split.is_some() || hex {
            false => Ok(None),
            true => fail(
                ErrorKind::MissingRequiredArgument,
                "--split and --hex-lines go with --lines or --lines-from",
            ),
        };
    }
    if split.as_ref().is_some_and(Vec::is_empty) {
        return fail(ErrorKind::ValueValidation, "--split needs at least one byte to split at");
    }
    let file = file.filter(|path| path.as_os_str() != "-");
    if file.is_none() && parts.contains(&Part::Stdin) {
        return fail(ErrorKind::ArgumentConflict, "stdin can be read only once: `-` and lines");
    }
    Ok(Some(LinesOf { file, split, hex, json }))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        payload: Payload,
    }

    fn payload(line: &[&str]) -> Result<Payload, ErrorKind> {
        let line = Line::try_parse_from([&["zmtp"], line].concat());
        line.map(|line| line.payload).map_err(|error| error.kind())
    }

    #[test]
    fn parts_of_all_kinds_keep_their_order() {
        let line = ["tcp://a:1", "--size", "2k", "text", "--hex", "00", "-f", "x", "-"];
        let payload = payload(&line).unwrap();
        assert_eq!(payload.endpoint.as_deref(), Some("tcp://a:1"));
        let text = Part::Bytes(b"text".to_vec());
        let expected =
            [Part::Size(2_048), text, Part::Bytes(vec![0]), Part::File("x".into()), Part::Stdin];
        assert_eq!(payload.parts, expected);
        assert!(payload.lines.is_none());
    }

    #[test]
    fn lines_have_parts_before_them() {
        let payload = payload(&["--bind", "tcp://*:1", "topic", "--lines", "--split", "|"]);
        let payload = payload.unwrap();
        assert_eq!(payload.parts, [Part::Bytes(b"topic".to_vec())]);
        let lines = payload.lines.unwrap();
        assert_eq!((lines.file, lines.split, lines.hex), (None, Some(b"|".to_vec()), false));
    }

    #[test]
    fn contradictions_are_refused() {
        use ErrorKind::{ArgumentConflict, MissingRequiredArgument, ValueValidation};
        for (line, kind) in [
            (&[][..], MissingRequiredArgument),
            (&["tcp://a:1", "--split", "|"], MissingRequiredArgument),
            (&["tcp://a:1", "--hex-lines"], MissingRequiredArgument),
            (&["tcp://a:1", "--lines", "--split", ""], ValueValidation),
            (&["tcp://a:1", "--json-lines", "--hex-lines"], ArgumentConflict),
            (&["tcp://a:1", "--json-lines", "--split", "|"], ArgumentConflict),
            (&["tcp://a:1", "--json-lines", "-"], ArgumentConflict),
            (&["tcp://a:1", "--lines", "-"], ArgumentConflict),
            (&["tcp://a:1", "--lines-from", "-", "-"], ArgumentConflict),
            (&["tcp://a:1", "--lines", "--lines-from", "x"], ArgumentConflict),
            (&["tcp://a:1", "--size", "x"], ValueValidation),
        ] {
            assert_eq!(payload(line).map(drop), Err(kind), "{line:?}");
        }
    }
}
