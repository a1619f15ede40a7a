//! Peers behind slow links, over real connections.

#[path = "../harness/mod.rs"]
mod harness;

mod case;
mod lingering;
mod product;
