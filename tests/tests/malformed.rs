//! Runs every malformed input of libzmq's table and compares the outcome with the stated one.

use zmtp_tests::malformed::{What, cases, differences, libzmq};

#[test]
fn rows_of_the_table_and_cases_correspond() {
    let rows: Vec<_> = libzmq().into_iter().map(|row| (row.section, row.input)).collect();
    let cases: Vec<_> = cases()
        .into_iter()
        .map(|case| (case.section.to_string(), case.input.to_string()))
        .collect();
    assert_eq!(rows, cases);
    assert_eq!(rows.len(), 136);
}

#[test]
fn every_case_has_the_stated_outcome() {
    let (mut run, mut elsewhere) = (0, 0);
    for (row, case) in libzmq().into_iter().zip(cases()) {
        match case.what {
            What::Elsewhere { .. } => elsewhere += 1,
            What::Run(input) => {
                println!("{}: {}", case.section, case.input);
                assert_eq!(input.outcome(), input.stated(&row.outcome));
                run += 1;
            }
        }
    }
    println!("{run} run, {elsewhere} run with sockets");
    assert_eq!(elsewhere, 7);
}

#[test]
fn exactly_the_differences_from_libzmq_have_a_reason() {
    for (row, case) in libzmq().into_iter().zip(cases()) {
        if let What::Run(input) = case.what {
            let same = input.stated(&row.outcome) == row.outcome;
            assert_eq!(same, input.differs.is_none(), "{}: {}", case.section, case.input);
        }
    }
}

#[test]
fn the_page_of_differences_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/MALFORMED.md");
    let expected = differences();
    if std::env::var_os("ZMTP_WRITE").is_some() {
        std::fs::write(path, &expected).expect("MALFORMED.md can be written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == expected, "MALFORMED.md should be:\n{expected}");
}
