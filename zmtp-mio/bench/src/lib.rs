//! The benchmark of `zmtp-mio`: against libzmq, and against plain sockets that move the same bytes.
//!
//! Each end of a connection is a process of its own, started and timed by a parent process; inproc has
//! two threads of one process.
//!
//! | file | content |
//! |---|---|
//! | `work.rs`, `case.rs`, `rows.rs` | what is measured: loops and their parameters; transport and placement; the table |
//! | `library` | sockets of a library behind one trait, and the loops that use it |
//! | `raw` | the same traffic over plain sockets |
//! | `meter.rs`, `histogram.rs`, `placement.rs` | counters of a child, times, CPUs |
//! | `child.rs` | one end of a connection |
//! | `parent` | starts the children, takes samples, writes the results |
//! | `about.rs` | the machine and the versions |
//! | `report` | the table and the plot |
#![cfg(target_os = "linux")]

pub mod case;
pub mod child;
pub mod histogram;
pub mod library;
pub mod meter;
pub mod parent;
pub mod placement;
pub mod raw;
pub mod report;
pub mod rows;
pub mod work;

mod about;
mod command;

pub use command::main;

/// Any error: this program only prints it.
pub type Failure = Box<dyn core::error::Error + Send + Sync>;

/// The result of a step.
pub type Result<T = ()> = core::result::Result<T, Failure>;
