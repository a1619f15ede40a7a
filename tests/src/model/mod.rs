//! Slow and obvious doubles, to compare the real thing with.

mod connection;
mod rep;
mod req;
mod table;

pub use connection::said;
pub use rep::RepModel;
pub use req::ReqModel;
pub use table::Table;
