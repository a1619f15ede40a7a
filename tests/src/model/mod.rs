//! Slow and obvious doubles, to compare the real thing with.

mod connection;
mod pair;
mod rep;
mod req;
mod table;
mod topics;
mod turns;

pub use connection::{delivered, said, said_in_time};
pub use pair::{PairModel, PairPeer};
pub use rep::RepModel;
pub use req::ReqModel;
pub use table::Table;
pub use topics::{IdList, SubscriptionsModel, TopicsModel};
pub use turns::{RouterModel, TurnsModel};
