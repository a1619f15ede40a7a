//! The programs of the README are those of `examples`, which are compiled for microcontrollers and run under QEMU.

#[test]
fn the_programs_of_the_readme_are_the_examples() {
    let readme = include_str!("../README.md");
    for example in
        [include_str!("../examples/uart_req.rs"), include_str!("../examples/async_sub.rs")]
    {
        let (_, code) = example.split_once("\n\n").expect("a comment, then code");
        let code = code.replace("\npub fn ", "\nfn ").replace("\npub async fn ", "\nasync fn ");
        assert!(readme.contains(code.trim_end()), "the README differs from:\n{code}");
    }
}
