//! Starts the children, takes samples, and writes the results.

mod children;
mod costs;
mod memory;
mod results;
mod rounds;
mod running;
mod tools;

pub use children::Contender;
pub use costs::{Cost, Costs, Quantity, cases as cost_cases, measure as measure_costs};
pub use results::{Figures, Results, median};
pub use rounds::{Plan, measure};
pub use running::run_case;
