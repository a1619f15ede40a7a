//! The programs of the pages that run until they are ended are examples, which `.ci/examples.sh` runs.

#[test]
fn the_servers_of_the_pages_are_the_examples() {
    let readme = include_str!("../../../README.md");
    let cookbook = include_str!("../../docs/cookbook.md");
    for (page, example) in [
        (readme, include_str!("../../examples/hello.rs")),
        (cookbook, include_str!("../../examples/async_server.rs")),
        (cookbook, include_str!("../../examples/own_poll.rs")),
        (cookbook, include_str!("../../examples/shutdown.rs")),
        (cookbook, include_str!("../../examples/weather.rs")),
    ] {
        let (_, code) = example.split_once("\n\n").expect("a comment, then code");
        assert!(
            page.contains(&format!("```rust,no_run\n{code}```")),
            "a page differs from:\n{code}"
        );
    }
}

#[test]
fn programs_of_the_pages_have_no_hidden_lines() {
    for page in [
        include_str!("../../../README.md"),
        include_str!("../../README.md"),
        include_str!("../../docs/cookbook.md"),
        include_str!("../../docs/security.md"),
        include_str!("../../../zmtp-core/README.md"),
    ] {
        let programs =
            page.split("```rust").skip(1).map(|rest| rest.split("\n```").next().unwrap());
        for program in programs {
            assert!(program.contains("fn main("), "not a program:\n{program}");
            let hidden = program.lines().map(str::trim_start).find(|line| line.starts_with("# "));
            assert_eq!(hidden, None);
        }
    }
}
