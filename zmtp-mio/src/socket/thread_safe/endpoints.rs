//! Binding, connecting, and the endpoints of a thread-safe socket.

use std::sync::PoisonError;

use super::super::endpoints;
use super::super::kind::Kind;
use super::ThreadSafeSocket;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::transport::BoundListener;

/// Endpoints.
impl<K: Kind> ThreadSafeSocket<K> {
    /// As [`Socket::bind`](crate::Socket::bind).
    ///
    /// # Errors
    ///
    /// As [`Socket::bind`](crate::Socket::bind).
    pub fn bind<E>(&self, endpoint: E) -> Result<Endpoint, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = self.engine.bind(&endpoint.try_into().map_err(Into::into)?)?;
        self.set_last_endpoint(endpoint.clone());
        Ok(endpoint)
    }

    /// As [`Socket::bind_listener`](crate::Socket::bind_listener).
    ///
    /// # Errors
    ///
    /// As [`Socket::bind_listener`](crate::Socket::bind_listener).
    pub fn bind_listener(&self, listener: impl Into<BoundListener>) -> Result<Endpoint, Error> {
        let endpoint = self.engine.bind_listener(listener.into())?;
        self.set_last_endpoint(endpoint.clone());
        Ok(endpoint)
    }

    /// As [`Socket::unbind`](crate::Socket::unbind).
    ///
    /// # Errors
    ///
    /// As [`Socket::unbind`](crate::Socket::unbind).
    pub fn unbind<E>(&self, endpoint: E) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        endpoints::unbind(&self.engine, endpoint.try_into().map_err(Into::into)?)
    }

    /// As [`Socket::connect`](crate::Socket::connect).
    ///
    /// # Errors
    ///
    /// As [`Socket::connect`](crate::Socket::connect).
    pub fn connect<E>(&self, endpoint: E) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        endpoints::connect(&self.engine, self.remote(endpoint)?)
    }

    /// As [`Socket::disconnect`](crate::Socket::disconnect).
    ///
    /// # Errors
    ///
    /// As [`Socket::disconnect`](crate::Socket::disconnect).
    pub fn disconnect<E>(&self, endpoint: E) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        endpoints::disconnect(&self.engine, endpoint.try_into().map_err(Into::into)?)
    }

    /// Returns the concrete endpoints that the socket listens on.
    pub fn endpoints(&self) -> impl ExactSizeIterator<Item = Endpoint> + use<K> {
        endpoints::endpoints(&self.engine).into_iter()
    }

    /// Returns the endpoint that was bound or connected last (`ZMQ_LAST_ENDPOINT`). A bound endpoint
    /// is concrete.
    pub fn last_endpoint(&self) -> Option<Endpoint> {
        self.last_endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Converts an endpoint to connect to, and stores it as the last one.
    pub(in super::super) fn remote<E>(&self, endpoint: E) -> Result<Endpoint, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        endpoint.check_remote()?;
        self.set_last_endpoint(endpoint.clone());
        Ok(endpoint)
    }

    fn set_last_endpoint(&self, endpoint: Endpoint) {
        *self.last_endpoint.lock().unwrap_or_else(PoisonError::into_inner) = Some(endpoint);
    }
}
