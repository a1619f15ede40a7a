//! What the codec costs: nanoseconds and, with valgrind, instructions per operation.
//!
//! `cargo bench -p zmtp-core --bench codec`. Nanoseconds are the median of many batches and belong
//! to one machine and its mood; instructions are counted by callgrind and repeat. Without `--bench`
//! (`cargo test --benches`) every operation only runs once.

mod measure;
mod nom_header;
mod operations;

use operations::OPERATIONS;

/// The argument under which this program runs itself inside valgrind: `--run <operation> <times>`.
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
