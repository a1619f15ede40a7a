//! What every socket type has.

/// Implements the methods that all socket types share, for a type with a field `engine`; `$own` are the settings that only this type has.
macro_rules! common {
    ($socket:ident, $own:ty) => {
        impl $socket {
            /// A socket with default settings and no endpoints.
            ///
            /// # Errors
            ///
            /// [`Error::Io`](crate::Error::Io) if the system has no descriptor left.
            pub fn new() -> Result<Self, crate::Error> {
                Self::builder().build()
            }

            /// Settings first.
            pub fn builder() -> super::Builder<Self> {
                super::Builder::default()
            }

            /// Listens on an endpoint and returns it made concrete: `tcp://127.0.0.1:*` comes back
            /// with its port. Several endpoints may be bound and connected, in any order.
            ///
            /// An ipc file that a dead process left behind is replaced; the file goes when the
            /// endpoint is unbound or the socket dropped. Host names other than `localhost` are
            /// looked up before this returns.
            ///
            /// # Errors
            ///
            /// [`Error::Endpoint`](crate::Error::Endpoint) for a text that is no endpoint,
            /// [`Error::AddressInUse`](crate::Error::AddressInUse), and
            /// [`Error::Io`](crate::Error::Io) for what else the system says.
            pub fn bind(&mut self, endpoint: &str) -> Result<crate::Endpoint, crate::Error> {
                self.engine.enter().bind(&endpoint.parse()?)
            }

            /// Stops listening on an endpoint, named as [`Self::bind`] returned it. Connections
            /// that were accepted stay.
            ///
            /// # Errors
            ///
            /// [`Error::UnknownEndpoint`](crate::Error::UnknownEndpoint) if it is not bound.
            pub fn unbind(&mut self, endpoint: &str) -> Result<(), crate::Error> {
                match self.engine.enter().unbind(&endpoint.parse()?) {
                    true => Ok(()),
                    false => Err(crate::Error::UnknownEndpoint(endpoint.parse()?)),
                }
            }

            /// Dials an endpoint, and again whenever the connection is lost, for ever. Returns at
            /// once, whether or not anybody listens there.
            ///
            /// Host names other than `localhost` are looked up on a short-lived thread, the only
            /// one this crate ever starts by itself; or, if there is a
            /// [`Builder::resolver`](crate::Builder::resolver), by it, in whichever call dials,
            /// this one included: that call takes as long as the resolver.
            ///
            /// # Errors
            ///
            /// [`Error::Endpoint`](crate::Error::Endpoint) for a text that is no endpoint to dial.
            pub fn connect(&mut self, endpoint: &str) -> Result<(), crate::Error> {
                let endpoint = crate::Endpoint::to_dial(endpoint)?;
                let mut engine = self.engine.enter();
                engine.check(&endpoint)?;
                engine.connect(endpoint);
                Ok(())
            }

            /// Stops dialling an endpoint and closes its connection. What waits to be sent to it
            /// and cannot go at once is dropped and counted.
            ///
            /// # Errors
            ///
            /// [`Error::UnknownEndpoint`](crate::Error::UnknownEndpoint) if it is not connected.
            pub fn disconnect(&mut self, endpoint: &str) -> Result<(), crate::Error> {
                match self.engine.enter().disconnect(&endpoint.parse()?) {
                    true => Ok(()),
                    false => Err(crate::Error::UnknownEndpoint(endpoint.parse()?)),
                }
            }

            /// The endpoints that are bound, made concrete.
            pub fn endpoints(&self) -> impl ExactSizeIterator<Item = crate::Endpoint> + use<> {
                let bound: Vec<_> = self.engine.look().endpoints().cloned().collect();
                bound.into_iter()
            }

            /// What the socket has done so far.
            pub fn counters(&self) -> crate::Counters {
                self.engine.look().counters()
            }

            /// The oldest event that was not taken. Up to 1,024 wait; older ones give way and are
            /// counted.
            pub fn next_event(&mut self) -> Option<crate::Event> {
                self.engine.look().take_event()
            }

            /// Returns a reader of the socket's events for other threads. It takes from the same
            /// queue as [`Self::next_event`].
            pub fn events(&self) -> crate::EventReader {
                self.engine.look().events()
            }

            /// The peers that are connected now, handshakes over.
            pub fn peers(&self) -> impl ExactSizeIterator<Item = crate::PeerStatus> + use<> {
                let peers: Vec<_> = self.engine.look().connected().collect();
                peers.into_iter()
            }

            /// Waits up to `timeout` until at least `n` peers are connected, handshakes over;
            /// `false` if they are not. A publisher wants `wait_for_subscribers`: a subscription
            /// comes after the handshake.
            ///
            /// # Errors
            ///
            /// [`Error::Woken`](crate::Error::Woken), [`Error::Stopped`](crate::Error::Stopped),
            /// [`Error::Io`](crate::Error::Io).
            pub fn wait_for_peers(
                &mut self,
                n: usize,
                timeout: core::time::Duration,
            ) -> Result<bool, crate::Error> {
                crate::exchange::wait_for_peers(&self.engine, n, Some(timeout))
            }

            /// Who sent the message that was received last (`zmq_msg_gets`): its address, socket
            /// type and routing id, as far as they are known, also if it is gone by now. Of a
            /// dialled peer that is another process since, it is that one. None before the first
            /// message. It costs nothing until it is called.
            pub fn last_peer(&self) -> Option<crate::PeerStatus> {
                self.engine.look().last_peer()
            }

            /// A handle that wakes or stops this socket's calls from another thread.
            ///
            /// # Errors
            ///
            /// [`Error::Io`](crate::Error::Io) if the system has no descriptor left.
            pub fn handle(&mut self) -> Result<crate::Handle, crate::Error> {
                self.engine.enter().handle()
            }

            /// Does a bounded amount of work without waiting, and says what is possible now. For
            /// callers with a poll of their own, in which this socket is registered: call it when
            /// the socket is readable there, and after [`Ready::next`](crate::Ready::next) at the
            /// latest. As long as messages wait that is at once: the poll speaks only of what is
            /// new.
            ///
            /// # Errors
            ///
            /// [`Error::Stopped`](crate::Error::Stopped), [`Error::Woken`](crate::Error::Woken),
            /// and [`Error::Io`](crate::Error::Io) if the system's poll fails.
            pub fn step(&mut self) -> Result<crate::Ready, crate::Error> {
                let mut ready = self.look()?;
                if ready.readable {
                    ready.next = Some(core::time::Duration::ZERO);
                }
                Ok(ready)
            }

            /// [`Self::step`], without a word on what the application has not taken.
            fn look(&mut self) -> Result<crate::Ready, crate::Error> {
                let next = self.engine.enter().step()?;
                let (readable, writable) = crate::exchange::readiness(&self.engine);
                Ok(crate::Ready { readable, writable, next })
            }

            /// Waits up to `timeout` for something to happen, whatever it is, and says what is
            /// possible then. Does not wait while a receive would not. Events that can be taken
            /// already do not end the wait: take them before.
            ///
            /// # Errors
            ///
            /// As [`Self::step`].
            pub fn wait(
                &mut self,
                timeout: core::time::Duration,
            ) -> Result<crate::Ready, crate::Error> {
                let (readable, _) = crate::exchange::readiness(&self.engine);
                if !readable {
                    crate::exchange::wait_for_event(&self.engine, Some(timeout))?;
                }
                self.step()
            }
        }

        impl super::Socket for $socket {
            type Own = $own;

            fn make(options: crate::Options, own: Self::Own) -> Result<Self, crate::Error> {
                Self::with(options, own)
            }

            fn bind_to(&mut self, endpoint: &str) -> Result<crate::Endpoint, crate::Error> {
                self.bind(endpoint)
            }

            fn connect_to(&mut self, endpoint: &str) -> Result<(), crate::Error> {
                self.connect(endpoint)
            }
        }

        impl super::sealed::Sealed for $socket {}

        #[cfg(unix)]
        impl super::Pollable for $socket {
            fn step_once(&mut self) -> Result<crate::Ready, crate::Error> {
                self.look()
            }

            fn descriptor(&self) -> std::os::fd::RawFd {
                self.engine.descriptor()
            }

            fn hold(&self) {
                self.engine.hold();
            }

            fn release(&self) {
                self.engine.release();
            }

            fn can(&self) -> (bool, bool) {
                crate::exchange::readiness(&self.engine)
            }
        }

        /// Registers the socket in a poll of the caller's. Interest in readability is what
        /// matters; then call `step`. As long as it is registered no background driver serves it:
        /// deregister it before the poll is dropped.
        #[cfg(unix)]
        impl mio::event::Source for $socket {
            fn register(
                &mut self,
                registry: &mio::Registry,
                token: mio::Token,
                interest: mio::Interest,
            ) -> std::io::Result<()> {
                // From now on it is this poll's to hear of the socket, not the driver's.
                let before = self.engine.set_registered(true);
                let result = mio::unix::SourceFd(&super::Pollable::descriptor(self))
                    .register(registry, token, interest);
                if result.is_err() {
                    self.engine.set_registered(before);
                }
                result
            }

            fn reregister(
                &mut self,
                registry: &mio::Registry,
                token: mio::Token,
                interest: mio::Interest,
            ) -> std::io::Result<()> {
                mio::unix::SourceFd(&super::Pollable::descriptor(self))
                    .reregister(registry, token, interest)
            }

            fn deregister(&mut self, registry: &mio::Registry) -> std::io::Result<()> {
                mio::unix::SourceFd(&super::Pollable::descriptor(self)).deregister(registry)?;
                self.engine.set_registered(false);
                Ok(())
            }
        }

        /// Sends what is queued, within linger, and closes everything. A forked child only closes
        /// its copies.
        impl Drop for $socket {
            fn drop(&mut self) {
                self.engine.close();
            }
        }
    };
}

/// Implements the ways to receive, or the bounded ones for a type with a `recv` of its own; `$what`
/// is received.
macro_rules! receiving {
    ($socket:ident, $what:literal) => {
        impl $socket {
            #[doc = concat!("Receives ", $what, ", waiting for it for ever.")]
            ///
            /// # Errors
            ///
            /// [`Error::Woken`](crate::Error::Woken), [`Error::Stopped`](crate::Error::Stopped),
            /// [`Error::Io`](crate::Error::Io).
            pub fn recv(&mut self) -> Result<crate::Message, crate::Error> {
                // Without a deadline only an error comes without a message.
                crate::exchange::recv(&self.engine, None)?.ok_or(crate::Error::WouldBlock)
            }
        }

        receiving!($socket, $what, within a time);
    };
    ($socket:ident, $what:literal, within a time) => {
        impl $socket {
            #[doc = concat!("Receives ", $what, "; `None` if it does not come within `timeout`.")]
            ///
            /// # Errors
            ///
            /// As [`Self::recv`].
            pub fn recv_timeout(
                &mut self,
                timeout: core::time::Duration,
            ) -> Result<Option<crate::Message>, crate::Error> {
                crate::exchange::recv(&self.engine, Some(timeout))
            }

            #[doc = concat!("Receives ", $what, " if it is there already; `None` if not.")]
            ///
            /// # Errors
            ///
            /// As [`Self::recv`].
            pub fn try_recv(&mut self) -> Result<Option<crate::Message>, crate::Error> {
                self.recv_timeout(core::time::Duration::ZERO)
            }

            #[doc = concat!("Receives ", $what, " as text; `None` if it does not come within `timeout`.")]
            ///
            /// # Errors
            ///
            /// [`Error::NotText`](crate::Error::NotText), which gives back a message that is not
            /// UTF-8 or has not one part; else as [`Self::recv`].
            pub fn recv_string(
                &mut self,
                timeout: core::time::Duration,
            ) -> Result<Option<String>, crate::Error> {
                let message = self.recv_timeout(timeout)?;
                Ok(message.map(crate::Message::into_string).transpose()?)
            }

            /// As [`Self::recv_timeout`], into a message whose memory is used again. `false`, and
            /// an empty message, if none came.
            ///
            /// # Errors
            ///
            /// As [`Self::recv`].
            pub fn recv_into(
                &mut self,
                message: &mut crate::Message,
                timeout: core::time::Duration,
            ) -> Result<bool, crate::Error> {
                // Its memory goes to this thread's pool, where receiving finds it.
                drop(core::mem::take(message));
                let received = self.recv_timeout(timeout)?;
                let came = received.is_some();
                *message = received.unwrap_or_default();
                Ok(came)
            }
        }
    };
}

/// Implements the ways to send: a message goes `$whither`, and waits `$why`.
macro_rules! sending {
    ($socket:ident, $whither:literal, $why:literal) => {
        impl $socket {
            #[doc = concat!("Sends a message ", $whither, ", waiting for ever ", $why, ".")]
            ///
            /// # Errors
            ///
            /// Each gives the message back: [`Error::EmptyMessage`], [`Error::Woken`],
            /// [`Error::Stopped`], [`Error::Io`].
            pub fn send(
                &mut self,
                message: impl Into<crate::Message>,
            ) -> Result<(), crate::SendError> {
                crate::exchange::send(&self.engine, message.into(), None)
            }

            /// As [`Self::send`], waiting up to `timeout`.
            ///
            /// # Errors
            ///
            /// As [`Self::send`], and [`Error::WouldBlock`] at the end of that time.
            pub fn send_timeout(
                &mut self,
                message: impl Into<crate::Message>,
                timeout: core::time::Duration,
            ) -> Result<(), crate::SendError> {
                crate::exchange::send(&self.engine, message.into(), Some(timeout))
            }

            /// As [`Self::send`], without waiting.
            ///
            /// # Errors
            ///
            /// As [`Self::send_timeout`].
            pub fn try_send(
                &mut self,
                message: impl Into<crate::Message>,
            ) -> Result<(), crate::SendError> {
                self.send_timeout(message, core::time::Duration::ZERO)
            }
        }
    };
}

/// Implements holding messages back, so that many go out in one write.
macro_rules! corking {
    ($socket:ident) => {
        impl $socket {
            /// Gathers what is sent from now on into large writes, until [`Self::uncork`]. What
            /// was gathered goes out at 32 KiB for a peer, and whenever the socket waits for
            /// anything.
            ///
            /// A single message is delivered sooner without; a stream of small ones moves several
            /// times faster with.
            pub fn cork(&mut self) {
                self.engine.enter().cork();
            }

            /// Writes what was gathered, and each further message at once.
            pub fn uncork(&mut self) {
                self.engine.enter().uncork();
            }
        }
    };
}

/// Implements the setting to keep only the newest message.
macro_rules! conflating {
    ($socket:ident) => {
        impl super::Builder<$socket> {
            /// Keeps only the newest message of each queue (`ZMQ_CONFLATE`); the others are
            /// counted as conflated. Multipart messages stay whole, unlike libzmq's.
            #[must_use]
            pub const fn conflate(mut self, conflate: bool) -> Self {
                self.options.conflate = conflate;
                self
            }
        }
    };
}

/// Implements the setting to greet new peers with an empty message, for a type whose own settings
/// have `probe`.
macro_rules! probing {
    ($socket:ident) => {
        impl super::Builder<$socket> {
            /// Sends an empty message to each new peer, so that a ROUTER learns of us
            /// (`ZMQ_PROBE_ROUTER`).
            #[must_use]
            pub const fn probe_router(mut self, probe: bool) -> Self {
                self.own.probe = probe;
                self
            }
        }
    };
}

pub(super) use {common, conflating, corking, probing, receiving, sending};
