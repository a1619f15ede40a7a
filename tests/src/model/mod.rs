//! Reference models: slow and obvious implementations to compare with.

mod connection;
mod groups;
mod pair;
mod publish;
mod rep;
mod req;
mod server;
mod table;
mod time;
mod topics;
mod turns;

pub use connection::{delivered, log};
pub use groups::GroupsModel;
pub use pair::PairModel;
pub use publish::PublishModel;
pub use rep::RepModel;
pub use req::ReqModel;
pub use server::ServerModel;
pub use table::Table;
pub use time::log_in_time;
pub use topics::{IdList, SubscriptionsModel, TopicsModel};
pub use turns::{RouterModel, TurnsModel};
