//! The rules of an endpoint, by its socket type.

use core::fmt::Debug;

use zmtp_core::pattern::{
    Channel, Client, Dish, FairPeer, Fixed, FixedSubscriptions, Gather, Mode, Pattern, Radio, Rep,
    RepPeer, Req, ReqPeer, Scatter, Server,
};
use zmtp_core::wire::SocketType;

use crate::model::{GroupsModel, IdList};

/// The first routing id that a SERVER or PEER assigns.
const FIRST_ID: u32 = 0x0102_0304;

#[derive(Debug)]
pub(super) enum Rules {
    /// Frames are the application's as they are.
    None,
    Dish(Dish<Fixed<FairPeer, 1>, FixedSubscriptions<64>>),
    /// A type without operations of its own.
    Other(Box<dyn Other>),
    Radio(Radio<Fixed<FairPeer, 1>, GroupsModel>),
    Rep(Rep<Fixed<RepPeer, 1>>),
    Req(Req<Fixed<ReqPeer, 1>>),
}

pub(super) trait Other: Pattern + Debug {}

impl<P: Pattern + Debug> Other for P {}

impl Rules {
    /// Those of a type; if it is a REQ, with this mode and ids behind `id`.
    pub(super) fn of(kind: SocketType, mode: Mode, id: u32) -> Self {
        match kind {
            SocketType::Channel => Self::Other(Box::new(Channel::new(false))),
            SocketType::Client => Self::Other(Box::new(Client::new(Fixed::<_, 1>::new(), false))),
            SocketType::Dish => Self::Dish(Dish::new(Fixed::new(), FixedSubscriptions::new())),
            SocketType::Gather => Self::Other(Box::new(Gather::new(Fixed::<_, 1>::new()))),
            SocketType::Peer | SocketType::Server => {
                let ids = IdList::new(1);
                let server = Server::new(Fixed::<_, 1>::new(), ids, FIRST_ID, false);
                Self::Other(Box::new(server))
            }
            SocketType::Radio => Self::Radio(Radio::new(Fixed::new(), GroupsModel::new(8))),
            SocketType::Rep => Self::Rep(Rep::new(Fixed::new())),
            SocketType::Req => Self::Req(Req::new(Fixed::new(), mode, id)),
            SocketType::Scatter => Self::Other(Box::new(Scatter::new(Fixed::<_, 1>::new(), false))),
            _ => Self::None,
        }
    }

    pub(super) fn pattern(&mut self) -> Option<&mut dyn Pattern> {
        match self {
            Self::None => None,
            Self::Dish(rules) => Some(rules),
            Self::Other(rules) => Some(&mut **rules),
            Self::Radio(rules) => Some(rules),
            Self::Rep(rules) => Some(rules),
            Self::Req(rules) => Some(rules),
        }
    }
}
