//! The manual pages: the parts that clap knows, and the sections that a reader of `man` expects.

mod examples;

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::Cli;
use crate::exit::HELP;

/// Where the source and the documentation are.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Writes `zmtp.1` and a page for each command into the folder.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    for command in cli.get_subcommands() {
        page(command, folder)?;
    }
    page(&cli, folder)
}

fn page(command: &Command, folder: &Path) -> io::Result<()> {
    let name = command.get_name();
    let version = concat!("zmtp ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(version).manual("Commands of zmtp");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    exit_status(&mut roff, name);
    entries(&mut roff, "ENVIRONMENT", &environment(name));
    entries(&mut roff, "EXAMPLES", examples::of(name));
    see_also(&mut roff, name);
    roff.to_writer(&mut page)?;
    fs::write(folder.join(man.get_filename()), page)
}

/// The codes that a command has.
fn exit_status(roff: &mut Roff, name: &str) {
    let codes: &[&str] = match name {
        "zmtp" => &["0", "1", "2", "3", "4", "5", "6", "130"],
        "bridge" => &["1", "2", "4", "130"],
        "completions" | "keygen" | "man" => &["0", "1", "2", "130"],
        "decode" => &["0", "1", "2", "6", "130"],
        _ => &["0", "1", "2", "3", "4", "5", "130"],
    };
    let (table, rest) = codes_of_help();
    let table: Vec<_> = table.into_iter().filter(|(code, _)| codes.contains(code)).collect();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in &table {
        roff.control("TP", []).text([bold(*code)]).text([roman(meaning)]);
    }
    if codes.contains(&"5") {
        roff.control("PP", []).text([roman(rest)]);
    }
}

/// The table of the help text, and the text below it.
fn codes_of_help() -> (Vec<(&'static str, String)>, String) {
    let mut lines = HELP.lines().skip(1);
    let mut table: Vec<(&str, String)> = Vec::new();
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        match (line.trim().split_once("  "), table.last_mut()) {
            (Some((code, meaning)), _) => table.push((code, meaning.trim().into())),
            (None, Some((_, meaning))) => {
                meaning.push(' ');
                meaning.push_str(line.trim());
            }
            (None, None) => {}
        }
    }
    (table, lines.collect::<Vec<_>>().join(" "))
}

/// The variables that a command reads or sets.
fn environment(name: &str) -> Vec<[&'static str; 2]> {
    let no_color =
        ["NO_COLOR", "If it is set, help and errors of the command line are not styled."];
    let sizes = [
        "ZMTP_PART_SIZES",
        "Set for the command of --exec: the sizes of the parts of the request in bytes, separated by spaces.",
    ];
    let directory = ["TMPDIR", "The directory in which ipc://* is bound; /tmp if it is not set."];
    match name {
        "zmtp" => vec![no_color, directory, sizes],
        "rep" => vec![no_color, directory, sizes],
        "bridge" | "completions" | "decode" | "dgram" | "keygen" | "man" => vec![no_color],
        _ => vec![no_color, directory],
    }
}

fn entries(roff: &mut Roff, section: &str, entries: &[[&str; 2]]) {
    roff.control("SH", [section]);
    for [what, text] in entries {
        roff.control("TP", []).text([bold(*what)]).text([roman(*text)]);
    }
}

/// The commands at the other side, and the program.
fn see_also(roff: &mut Roff, name: &str) {
    let related: &[&str] = match name {
        "bridge" => &["decode", "monitor"],
        "channel" => &["pair", "peer"],
        "client" => &["server"],
        "completions" => &["man"],
        "dealer" => &["router", "rep"],
        "decode" => &["monitor", "keygen"],
        "dgram" => &["radio", "dish"],
        "dish" => &["radio"],
        "gather" => &["scatter"],
        "keygen" => &["decode"],
        "man" => &["completions"],
        "monitor" => &["decode"],
        "pair" => &["channel"],
        "peer" => &["server", "client"],
        "proxy" => &["xpub", "xsub", "router", "dealer"],
        "pub" => &["sub", "xsub"],
        "pull" => &["push"],
        "push" => &["pull"],
        "radio" => &["dish"],
        "rep" => &["req", "dealer"],
        "req" => &["rep", "router"],
        "router" => &["dealer", "req"],
        "scatter" => &["gather"],
        "server" => &["client"],
        "stream" => &["dgram"],
        "sub" => &["pub", "xpub"],
        "xpub" => &["sub", "xsub", "proxy"],
        "xsub" => &["pub", "xpub", "proxy"],
        _ => &[],
    };
    let mut pages: Vec<String> = related.iter().map(|name| format!("zmtp-{name}(1)")).collect();
    match name {
        "zmtp" => pages.extend(["zmq(7)", "zmq_socket(3)", "nngcat(1)"].map(Into::into)),
        _ => pages.insert(0, "zmtp(1)".into()),
    }
    roff.control("SH", ["SEE ALSO"]).text([roman(pages.join(", "))]);
    roff.control("PP", []).text([roman(HOME)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_exit_codes_is_that_of_the_help() {
        let (table, rest) = codes_of_help();
        let codes: Vec<_> = table.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, ["0", "1", "2", "3", "4", "5", "6", "130"]);
        assert!(table[5].1.contains("messages were lost") && table[5].1.ends_with("reconnect)"));
        assert!(rest.starts_with("The code is") && rest.ends_with('.'), "{rest}");
    }
}
