//! The message and, for a request, its destination. Read from the matches by hand, so that parts of
//! several kinds keep the order of the command line.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, FromArgMatches};

use crate::args::places::PlaceArgs;
use crate::input::{Hex, Part};

/// A request and its destination.
#[derive(Debug)]
pub(crate) struct Request {
    /// The endpoint that is the first argument.
    pub(crate) endpoint: Option<String>,
    pub(crate) places: PlaceArgs,
    /// At least one part, unless `lines`.
    pub(crate) parts: Vec<Part>,
    pub(crate) lines: bool,
    /// With `lines`: each line is JSON.
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
struct RequestArgs {
    /// The endpoint: bound if it contains a wildcard, otherwise connected to. Not with --bind or --connect
    #[arg(value_name = "ENDPOINT", required_unless_present_any = ["bind", "connect"])]
    target: Option<OsString>,

    /// A part of the message; `-` is a part read from stdin. Put `--` before parts that begin with
    /// a dash
    #[arg(value_name = "MESSAGE")]
    messages: Vec<OsString>,

    #[command(flatten)]
    places: PlaceArgs,

    /// A part of the message, as MESSAGE; may be repeated
    #[arg(short = 'D', long, value_name = "TEXT", allow_hyphen_values = true)]
    data: Vec<OsString>,

    /// A part read from a file; may be repeated
    #[arg(short, long, value_name = "FILE", short_alias = 'F')]
    file: Vec<PathBuf>,

    /// A part given in hex, like 00ff or "00 ff"; may be repeated
    #[arg(long, value_name = "HEX", value_parser = Hex::parse)]
    hex: Vec<Hex>,

    /// Send each line of stdin as a separate request, without its newline
    #[arg(short, long, conflicts_with_all = ["messages", "data", "file", "hex", "count"])]
    lines: bool,

    /// As --lines; each line is a message in JSON, as --json prints it: {"parts":[{"text":"a"},{"hex":"ff"}]}
    #[arg(long, conflicts_with_all = ["messages", "data", "file", "hex", "count", "lines"])]
    json_lines: bool,
}

/// A fixed reply: no parts if there is none.
#[derive(Debug)]
pub(crate) struct Reply(pub(crate) Vec<Part>);

#[derive(Args, Debug)]
struct ReplyArgs {
    /// Reply with this text; may be repeated and combined with the next two, each adds a part
    #[arg(
        long,
        value_name = "TEXT",
        visible_alias = "data",
        visible_short_alias = 'D',
        allow_hyphen_values = true
    )]
    reply: Vec<OsString>,

    /// Reply with a file's bytes, read once; `-` is stdin
    #[arg(long, value_name = "FILE")]
    reply_file: Vec<PathBuf>,

    /// Reply with these bytes, given in hex
    #[arg(long, value_name = "HEX", value_parser = Hex::parse)]
    reply_hex: Vec<Hex>,
}

impl FromArgMatches for Request {
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
        ]
        .concat();
        let mut target = matches.get_one::<OsString>("target").cloned();
        if !places.bind.is_empty() || !places.connect.is_empty() {
            parts.extend(indexed(matches, "target", text));
            target = None;
        }
        let endpoint = target.map(|target| target.to_string_lossy().into_owned());
        let json = matches.get_flag("json_lines");
        let lines = json || matches.get_flag("lines");
        if lines && !parts.is_empty() {
            let text =
                "--lines and --json-lines read the messages from stdin: MESSAGE is not allowed";
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, text));
        }
        let mut parts = in_order(parts)?;
        if parts.is_empty() && !lines {
            parts.push(Part::Stdin);
        }
        Ok(Self { endpoint, places, parts, lines, json })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl FromArgMatches for Reply {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let parts = [
            indexed(matches, "reply", |text: &OsString| bytes(text)),
            indexed(matches, "reply_file", |path: &PathBuf| file(path)),
            indexed(matches, "reply_hex", hex),
        ];
        in_order(parts.concat()).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Parses the arguments of `$args` into a `$made`.
macro_rules! made_of {
    ($made:ty, $args:ty) => {
        impl Args for $made {
            fn augment_args(command: clap::Command) -> clap::Command {
                <$args>::augment_args(command)
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                <$args>::augment_args_for_update(command)
            }
        }
    };
}

pub(crate) use made_of;

made_of!(Request, RequestArgs);
made_of!(Reply, ReplyArgs);

/// The bytes of an argument: on Unix any bytes.
pub(crate) fn bytes(text: &OsStr) -> Part {
    Part::Bytes(text.as_encoded_bytes().to_vec())
}

pub(crate) fn file(path: &Path) -> Part {
    if path.as_os_str() == "-" { Part::Stdin } else { Part::File(path.into()) }
}

pub(crate) fn hex(bytes: &Hex) -> Part {
    Part::Bytes(bytes.0.clone())
}

/// The parts of one argument, each with its place on the command line.
pub(crate) fn indexed<T>(
    matches: &ArgMatches,
    id: &str,
    part: impl Fn(&T) -> Part,
) -> Vec<(usize, Part)>
where
    T: Clone + Send + Sync + 'static,
{
    let indices = matches.indices_of(id).into_iter().flatten();
    let values = matches.get_many::<T>(id).into_iter().flatten();
    indices.zip(values.map(part)).collect()
}

pub(crate) fn in_order(mut parts: Vec<(usize, Part)>) -> Result<Vec<Part>, clap::Error> {
    parts.sort_by_key(|(index, _)| *index);
    let parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
    if parts.iter().filter(|part| **part == Part::Stdin).count() > 1 {
        let text = "stdin can be read only once, but `-` is given twice";
        return Err(clap::Error::raw(ErrorKind::ValueValidation, text));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn request(line: &[&str]) -> Result<Request, ErrorKind> {
        match Cli::try_parse_from([&["zmtp", "req"], line].concat()) {
            Ok(Cli { command: Command::Req(args) }) => Ok(args.request),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.kind()),
        }
    }

    fn text(text: &str) -> Part {
        Part::Bytes(text.into())
    }

    #[test]
    fn the_first_argument_is_the_endpoint_and_the_others_are_parts() {
        let Request { endpoint, parts, .. } =
            request(&["tcp://a:1", "one", "", "tcp://b:2"]).unwrap();
        assert_eq!(endpoint.as_deref(), Some("tcp://a:1"));
        assert_eq!(parts, [text("one"), text(""), text("tcp://b:2")]);
    }

    #[test]
    fn with_endpoint_options_all_arguments_are_parts() {
        for line in [
            ["--connect", "tcp://a:1", "--bind", "tcp://*:2", "one", "two"],
            ["one", "two", "--connect", "tcp://a:1", "--bind", "tcp://*:2"],
        ] {
            let Request { endpoint, places, parts, .. } = request(&line).unwrap();
            assert_eq!(endpoint, None);
            assert_eq!(
                (places.connect, places.bind),
                (vec!["tcp://a:1".into()], vec!["tcp://*:2".into()])
            );
            assert_eq!(parts, [text("one"), text("two")]);
        }
    }

    #[test]
    fn parts_of_all_kinds_keep_their_order() {
        let line = ["--hex", "00 ff", "tcp://a:1", "-f", "x", "--", "-", "-b", "tail"];
        assert_eq!(
            request(&line).unwrap().parts,
            [
                Part::Bytes(vec![0, 255]),
                Part::File("x".into()),
                Part::Stdin,
                text("-b"),
                text("tail")
            ]
        );
    }

    #[test]
    fn no_part_is_stdin() {
        assert_eq!(request(&["tcp://a:1"]).unwrap().parts, [Part::Stdin]);
        assert_eq!(request(&["--connect", "tcp://a:1"]).unwrap().parts, [Part::Stdin]);
        let lines = request(&["tcp://a:1", "--lines"]).unwrap();
        assert!(lines.lines && lines.parts.is_empty());
    }

    #[test]
    fn contradictions_are_refused() {
        use ErrorKind::{ArgumentConflict, MissingRequiredArgument, ValueValidation};
        for (line, kind) in [
            (&[][..], MissingRequiredArgument),
            (&["tcp://a:1", "-", "-"], ValueValidation),
            (&["tcp://a:1", "--hex", "0"], ValueValidation),
            (&["tcp://a:1", "--count", "0"], ValueValidation),
            (&["tcp://a:1", "--timeout", "5"], ValueValidation),
            (&["tcp://a:1", "--lines", "one"], ArgumentConflict),
            (&["--connect", "tcp://a:1", "--lines", "one"], ArgumentConflict),
            (&["tcp://a:1", "--lines", "--count", "2"], ArgumentConflict),
            (&["tcp://a:1", "--json", "--raw"], ArgumentConflict),
            (&["tcp://a:1", "--ascii", "--raw"], ArgumentConflict),
            (&["tcp://a:1", "--json-lines", "one"], ArgumentConflict),
            (&["--connect", "tcp://a:1", "--json-lines", "one"], ArgumentConflict),
        ] {
            assert_eq!(request(line).map(|_| ()), Err(kind), "{line:?}");
        }
    }

    #[test]
    fn replies_keep_their_order_and_exclude_commands() {
        let parse =
            |line: &[&str]| Cli::try_parse_from([&["zmtp", "rep", "tcp://*:*"], line].concat());
        let line = ["--reply-hex", "00", "--reply", "-", "--reply-file", "-"];
        let Ok(Cli { command: Command::Rep(args) }) = parse(&line) else { panic!() };
        assert_eq!(args.reply.0, [Part::Bytes(vec![0]), text("-"), Part::Stdin]);
        for line in [["--exec", "cat", "--reply", "x"], ["--echo", "--exec", "cat", "-q"]] {
            assert_eq!(parse(&line).unwrap_err().kind(), ErrorKind::ArgumentConflict);
        }
    }
}
