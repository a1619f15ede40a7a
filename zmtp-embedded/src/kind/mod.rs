//! The socket types: the type parameter `K` of the sockets.
//!
//! These types have no public methods. Use the type aliases in [`blocking`](crate::blocking) and
//! [`asynch`](crate::asynch), for example [`blocking::Req`](crate::blocking::Req).

mod dealer;
mod dish;
mod peers;
mod publish;
mod pull;
mod push;
mod radio;
mod rep;
mod req;
mod sealed;
mod single;
mod subscribe;
mod table;

pub use dealer::Dealer;
pub use dish::Dish;
pub use publish::Pub;
pub use pull::Pull;
pub use push::Push;
pub use radio::Radio;
pub use rep::Rep;
pub use req::Req;
pub(crate) use sealed::Kind;
pub use single::{Channel, Client, Single};
pub use subscribe::Sub;

use zmtp_core::pattern::PeerId;

/// The peer of a socket with one link.
pub(crate) const ONLY: PeerId = PeerId::new(0, 0);

/// Socket types that receive messages.
#[expect(private_bounds, reason = "sealed")]
pub trait Receives: Kind {}

/// Socket types that send messages.
#[expect(private_bounds, reason = "sealed")]
pub trait Sends: Kind {}

/// Socket types that can send at any time, and can be split into two halves.
#[expect(private_bounds, reason = "sealed")]
pub trait Splits: Kind {}

impl Receives for Dealer {}
impl<const GROUPS: usize> Receives for Dish<GROUPS> {}
impl Receives for Pull {}
impl<const N: usize> Receives for Rep<N> {}
impl Receives for Req {}
impl<const CHANNEL: bool> Receives for Single<CHANNEL> {}
impl<const TOPICS: usize> Receives for Sub<TOPICS> {}

impl Sends for Dealer {}
impl Sends for Push {}
impl<const N: usize> Sends for Rep<N> {}
impl Sends for Req {}

impl Splits for Dealer {}
impl<const TOPICS: usize> Splits for Pub<TOPICS> {}
impl Splits for Pull {}
impl Splits for Push {}
impl<const TOPICS: usize> Splits for Sub<TOPICS> {}
