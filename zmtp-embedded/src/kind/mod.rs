//! Socket types: what each does with frames that come and puts in front of what goes.
//!
//! They are the parameter `K` of a socket, and have no methods of their own.

mod dealer;
mod publish;
mod pull;
mod push;
mod rep;
mod req;
mod rules;
mod subscribe;

pub use dealer::Dealer;
pub use publish::Pub;
pub use pull::Pull;
pub use push::Push;
pub use rep::Rep;
pub use req::Req;
pub use subscribe::Sub;

pub(crate) use rules::{Place, Prefix, Rules};

use zmtp_core::pattern::PeerId;

/// The peer of a socket with one link.
pub(crate) const ONLY: PeerId = PeerId::new(0, 0);

/// Types of sockets that receive messages.
#[expect(private_bounds, reason = "sealed")]
pub trait Receives: Rules {}

/// Types of sockets that send messages.
#[expect(private_bounds, reason = "sealed")]
pub trait Sends: Rules {}

/// Types of sockets whose sending and receiving have nothing to do with each other.
#[expect(private_bounds, reason = "sealed")]
pub trait Splits: Rules {}

impl Receives for Dealer {}
impl Receives for Pull {}
impl<const N: usize> Receives for Rep<N> {}
impl Receives for Req {}
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
