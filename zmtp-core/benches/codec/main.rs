//! The cost of the codec: nanoseconds and, with valgrind, instructions per operation.
//!
//! `cargo bench -p zmtp-core --bench codec`. Nanoseconds are the median of many batches and
//! vary between machines and runs; instructions are counted by callgrind and are reproducible. Without `--bench`
//! (`cargo test --benches`) every operation runs once.

mod measure;
mod nom_header;
mod operations;

use operations::OPERATIONS;

/// The argument with which this program runs itself in valgrind: `--run <operation> <times>`.
const RUN: &str = "--run";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, operation, times] = &args[..]
        && flag == RUN
    {
        let operation: usize = operation.parse().expect("the number of an operation");
        return (OPERATIONS[operation].run)(times.parse().expect("how often"));
    }
    nom_header::check_against_core();
    if !args.iter().any(|arg| arg == "--bench") {
        OPERATIONS.iter().for_each(|operation| (operation.run)(1));
        return println!("{} operations ran once; `cargo bench` measures", OPERATIONS.len());
    }

    let valgrind = measure::valgrind();
    println!("{:<58} {:>9} {:>13}", "operation", "ns", "instructions");
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let ns = measure::nanoseconds(operation.run);
        let instructions = match valgrind {
            Ok(()) => format!("{:.1}", measure::instructions(number)),
            Err(_) => "-".to_owned(),
        };
        println!("{:<58} {ns:>9.2} {instructions:>13}", operation.name);
    }
    if let Err(reason) = valgrind {
        println!("\nno instructions counted: {reason}");
    }
}
