//! The sockets of a proxy, owned or borrowed.

use crate::socket::Socket;
use crate::socket::kind::{CanControl, CanProxy, Kind};

/// A socket that a [`Proxy`](crate::Proxy) can forward from and to: a [`Socket`] whose kind is
/// [`CanProxy`], owned or borrowed (`&mut`). Sealed.
pub trait ProxySocket: sealed::HasEngine + Send {}

impl<K: CanProxy> ProxySocket for Socket<K> {}
impl<K: CanProxy> ProxySocket for &mut Socket<K> {}

/// A socket that can control a [`Proxy`](crate::Proxy): a [`Socket`] whose kind is [`CanControl`],
/// owned or borrowed (`&mut`). Sealed.
pub trait ControlSocket: sealed::HasEngine + Send {}

impl<K: CanControl> ControlSocket for Socket<K> {}
impl<K: CanControl> ControlSocket for &mut Socket<K> {}

impl<K: Kind> sealed::HasEngine for Socket<K> {
    fn engine_ref(&self) -> sealed::EngineRef<'_> {
        sealed::EngineRef(self.engine())
    }
}

impl<K: Kind> sealed::HasEngine for &mut Socket<K> {
    fn engine_ref(&self) -> sealed::EngineRef<'_> {
        sealed::EngineRef(self.engine())
    }
}

pub(super) mod sealed {
    use crate::engine::SharedEngine;

    #[expect(unnameable_types, reason = "sealed")]
    pub trait HasEngine {
        fn engine_ref(&self) -> EngineRef<'_>;
    }

    /// Keeps the engine out of the public trait.
    #[derive(Debug)]
    #[expect(unnameable_types, reason = "sealed")]
    pub struct EngineRef<'e>(pub(crate) &'e SharedEngine);
}
