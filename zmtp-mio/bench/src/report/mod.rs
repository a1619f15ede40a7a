//! The table and the plot.

mod table;

pub use table::{line, table};
