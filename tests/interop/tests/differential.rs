//! Our sockets and libzmq's have the same outcome for the same bytes, with a small sample; the binary
//! `differential` uses a large one.

use zmtp_interop::differential::subject::Kind;
use zmtp_interop::differential::{compare, listed};
use zmtp_tests::malformed::{self, Case, What};

/// Every row of the table of malformed inputs, every dialogue, and some generated inputs.
const INPUTS: usize = 400;

fn compared(kind: Kind) {
    let summary = compare(kind, INPUTS, 42).unwrap();
    println!("{kind:?}: {summary}");
    assert_eq!(summary.compared, INPUTS);
    // The sockets of both ends have the mechanism NULL.
    let runs = |case: &Case| matches!(&case.what, What::Run(run) if run.is_null());
    let rows = malformed::cases().iter().filter(|case| runs(case)).count();
    assert_eq!(summary.rows, rows, "rows compared");
    let left_out: usize = summary.left_out.values().sum();
    assert_eq!(summary.rows + left_out, malformed::libzmq().len(), "rows of the table");
    assert!(summary.same > INPUTS / 4, "most inputs are refused by both or by none");
    assert!(summary.findings.is_empty(), "{} differences are not listed", summary.findings.len());
}

#[test]
fn rep_differs_only_as_listed() {
    compared(Kind::Rep);
}

#[test]
fn router_differs_only_as_listed() {
    compared(Kind::Router);
}

#[test]
fn pull_differs_only_as_listed() {
    compared(Kind::Pull);
}

#[test]
fn sub_differs_only_as_listed() {
    compared(Kind::Sub);
}

#[test]
fn gather_differs_only_as_listed() {
    compared(Kind::Gather);
}

#[test]
fn server_differs_only_as_listed() {
    compared(Kind::Server);
}

#[test]
fn channel_differs_only_as_listed() {
    compared(Kind::Channel);
}

#[test]
fn the_page_of_differences_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/DIFFERENCES.md");
    let expected = listed::table();
    if std::env::var_os("ZMTP_WRITE").is_some() {
        std::fs::write(path, &expected).expect("DIFFERENCES.md can be written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == expected, "DIFFERENCES.md should be:\n{expected}");
}
