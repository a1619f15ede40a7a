//! Starts the children, takes samples, and writes the results.

mod results;
mod rounds;
mod running;

pub use results::{Figures, Results};
pub use rounds::{Plan, measure};
pub use running::{Contender, run_case};
