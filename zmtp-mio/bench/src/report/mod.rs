//! The tables and the plot.

mod costs;
mod full;
mod label;
mod plot;
mod publish;
mod table;

pub use costs::costs;
pub use full::full;
pub use plot::plot;
pub use publish::publish;
pub use table::{line, table};
