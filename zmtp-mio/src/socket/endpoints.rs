//! Binding, connecting, and the endpoints of a socket.

use super::Socket;
use super::kind::Kind;
use crate::endpoint::Endpoint;
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::transport::BoundListener;

/// Endpoints.
impl<K: Kind> Socket<K> {
    /// Listens on an endpoint. Returns the concrete endpoint: for `tcp://127.0.0.1:*` it has the
    /// port that the system chose.
    ///
    /// A socket can bind and connect to several endpoints, in any order. A socket file of ipc on which no
    /// process listens is replaced. The file is removed when the endpoint is unbound or the socket is
    /// dropped. A host name other than `localhost` is looked up during this call, by the
    /// [`Builder::resolver`](crate::Builder::resolver) if there is one, otherwise by the system, within
    /// [`Limits::handshake_timeout`](crate::Limits::handshake_timeout).
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] for a text that is not an endpoint, for an endpoint with a source address, for a transport that
    /// the socket type does not bind, and for a second endpoint of a DGRAM; [`Error::Security`] for UDP with security;
    /// [`Error::AddressInUse`]; and [`Error::Io`] for other errors of the system.
    pub fn bind<E>(&mut self, endpoint: E) -> Result<Endpoint, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        let endpoint = self.engine.bind(&endpoint)?;
        self.last_endpoint = Some(endpoint.clone());
        Ok(endpoint)
    }

    /// Listens with a socket that listens already, for example one that systemd has passed to the process (`ZMQ_USE_FD`).
    /// Returns its endpoint. The file of a Unix socket is not removed.
    ///
    /// ```
    /// use zmtp_mio::Pull;
    ///
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let mut pull = Pull::builder().build()?;
    /// let endpoint = pull.bind_listener(listener)?;
    /// # assert!(endpoint.to_string().starts_with("tcp://127.0.0.1:"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] for an error of the system, and if a Unix socket has neither a path nor a name in UTF-8.
    pub fn bind_listener(&mut self, listener: impl Into<BoundListener>) -> Result<Endpoint, Error> {
        let endpoint = self.engine.bind_listener(listener.into())?;
        self.last_endpoint = Some(endpoint.clone());
        Ok(endpoint)
    }

    /// Stops listening on an endpoint, in the form that [`Self::bind`] returned. Accepted connections
    /// stay open.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEndpoint`] if the socket does not listen on it, [`Error::Endpoint`] for a text that is
    /// not an endpoint.
    pub fn unbind<E>(&mut self, endpoint: E) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        unbind(&self.engine, endpoint.try_into().map_err(Into::into)?)
    }

    /// Connects to an endpoint, and reconnects whenever the connection is lost or refused, without limit unless
    /// [`Reconnect::stop`](crate::Reconnect::stop) sets one. Returns before the connection is established.
    ///
    /// Host names other than `localhost` are looked up by a few threads that the process shares. A look-up that
    /// takes longer than [`Limits::handshake_timeout`](crate::Limits::handshake_timeout) counts as failed. A
    /// [`Builder::resolver`](crate::Builder::resolver) is called in the thread that drives the socket, and first by
    /// this call, which waits for it.
    ///
    /// With UDP there is no connection: a RADIO sends to the endpoint as soon as its address is known.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] for a text that is not an endpoint, for the host `*` or the port 0, and for a transport that the
    /// socket type does not connect to; [`Error::Security`] for UDP with security; [`Error::Io`] for UDP if the interface,
    /// the zone or the device does not exist.
    pub fn connect<E>(&mut self, endpoint: E) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = self.remote(endpoint)?;
        connect(&self.engine, endpoint)
    }

    /// Closes the connection to an endpoint and does not reconnect: the oldest one, if the socket is connected to it
    /// several times. Queued messages that cannot be written without waiting are dropped and counted as
    /// [`cancelled`](crate::DroppedMessages::cancelled).
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEndpoint`] if [`Self::connect`] was not called for it, [`Error::Endpoint`] for a text
    /// that is not an endpoint.
    pub fn disconnect<E>(&mut self, endpoint: E) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        disconnect(&self.engine, endpoint.try_into().map_err(Into::into)?)
    }

    /// Returns the concrete endpoints that the socket listens on.
    pub fn endpoints(&self) -> impl ExactSizeIterator<Item = Endpoint> + use<K> {
        endpoints(&self.engine).into_iter()
    }

    /// Returns the endpoint that was bound or connected last (`ZMQ_LAST_ENDPOINT`). A bound endpoint
    /// is concrete.
    pub const fn last_endpoint(&self) -> Option<&Endpoint> {
        self.last_endpoint.as_ref()
    }

    /// Converts an endpoint to connect to, and stores it as the last one.
    pub(super) fn remote<E>(&mut self, endpoint: E) -> Result<Endpoint, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = endpoint.try_into().map_err(Into::into)?;
        endpoint.check_remote()?;
        self.last_endpoint = Some(endpoint.clone());
        Ok(endpoint)
    }
}

pub(super) fn unbind(engine: &SharedEngine, endpoint: Endpoint) -> Result<(), Error> {
    match engine.enter()?.unbind(&endpoint) {
        true => Ok(()),
        false => Err(Error::UnknownEndpoint(endpoint)),
    }
}

pub(super) fn connect(engine: &SharedEngine, endpoint: Endpoint) -> Result<(), Error> {
    let mut engine = engine.enter()?;
    engine.check(&endpoint)?;
    engine.connect(endpoint);
    Ok(())
}

pub(super) fn disconnect(engine: &SharedEngine, endpoint: Endpoint) -> Result<(), Error> {
    match engine.enter()?.disconnect(&endpoint) {
        true => Ok(()),
        false => Err(Error::UnknownEndpoint(endpoint)),
    }
}

/// The endpoints that the socket listens on.
pub(super) fn endpoints(engine: &SharedEngine) -> Vec<Endpoint> {
    engine.look().map_or_else(Vec::new, |engine| engine.endpoints().cloned().collect())
}
