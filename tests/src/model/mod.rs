//! Slow and obvious doubles, to compare the real thing with.

mod connection;
mod rep;
mod req;
mod table;

pub use connection::{delivered, said, said_in_time};
pub use rep::RepModel;
pub use req::ReqModel;
pub use table::Table;
