//! Every bad input of libzmq's table has an outcome of ours, and that is what comes out.

use zmtp_tests::malformed::{What, cases, differences, libzmq};

#[test]
fn every_row_of_the_table_has_a_case_and_every_case_a_row() {
    let rows: Vec<_> = libzmq().into_iter().map(|row| (row.section, row.input)).collect();
    let cases: Vec<_> = cases()
        .into_iter()
        .map(|case| (case.section.to_string(), case.input.to_string()))
        .collect();
    assert_eq!(rows, cases);
    assert_eq!(rows.len(), 136);
}

#[test]
fn every_case_comes_out_as_stated() {
    let (mut run, mut elsewhere, mut deferred) = (0, 0, 0);
    for (row, case) in libzmq().into_iter().zip(cases()) {
        match case.what {
            What::Deferred(why) => {
                assert!(!why.is_empty());
                deferred += 1;
            }
            What::Elsewhere(_) => elsewhere += 1,
            What::Run(input) => {
                println!("{}: {}", case.section, case.input);
                assert_eq!(input.outcome(), input.stated(&row.outcome));
                run += 1;
            }
        }
    }
    println!("{run} run, {elsewhere} run with sockets, {deferred} deferred");
}

#[test]
fn whatever_comes_out_unlike_libzmq_has_a_reason_and_nothing_else() {
    for (row, case) in libzmq().into_iter().zip(cases()) {
        if let What::Run(input) = case.what {
            let same = input.stated(&row.outcome) == row.outcome;
            assert_eq!(same, input.differs.is_none(), "{}: {}", case.section, case.input);
        }
    }
}

#[test]
fn the_page_of_differences_is_in_step() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/MALFORMED.md");
    let expected = differences();
    if std::env::var_os("ZMTP_WRITE").is_some() {
        std::fs::write(path, &expected).expect("MALFORMED.md can be written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == expected, "MALFORMED.md should be:\n{expected}");
}
