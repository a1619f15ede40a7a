//! The part of the API that the blocking and the async sessions share.

macro_rules! api_session {
    () => {
        /// A socket without an IO. It outlives connections: it has the buffers, the state of a REQ (whether a
        /// request or a reply is next), and the subscriptions of a SUB.
        ///
        /// [`Session::connect`] begins a connection, which borrows the session. When the [`Connection`] is dropped,
        /// it is closed, and the session can connect again, over an IO of any type.
        ///
        /// A session dereferences to a [`Socket`] without a connection, for the methods that need none, such as
        /// `subscribe`, `failure` and `needed`.
        #[derive(Debug)]
        pub struct Session<'b, K, M = NullOf<K>> {
            socket: Socket<'b, K, NoIo, M>,
        }

        /// A connection of a [`Session`]. It owns the IO, or borrows it: `&mut` of an IO is an IO. It is closed when
        /// it is dropped.
        ///
        /// It dereferences to a [`Socket`], which has the methods that send and receive.
        #[derive(Debug)]
        #[expect(private_bounds, reason = "the types are those of this crate")]
        pub struct Connection<'s, 'b, K: Kind, IO, M: Mechanism + Default = NullOf<K>> {
            /// The socket of the session, moved here.
            socket: Socket<'b, K, IO, M>,
            session: &'s mut Session<'b, K, M>,
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Kind, M: Mechanism + Default> Session<'b, K, M> {
            /// Makes a session of a socket that was never connected.
            pub const fn new(socket: Socket<'b, K, NoIo, M>) -> Self {
                Self { socket }
            }

            /// Begins a connection over `io`, a stream that was just established. The next call that waits performs
            /// the handshake, as after [`Socket::connect`].
            ///
            /// If the connection is not dropped but forgotten (`core::mem::forget`), the session has no buffers
            /// afterwards, and its calls fail with [`Error::SendBuffer`].
            pub fn connect<IO>(&mut self, io: IO, now: Instant) -> Connection<'_, 'b, K, IO, M> {
                let blank = self.socket.blank();
                let mut socket = core::mem::replace(&mut self.socket, blank).over();
                socket.connect_with(io, M::default(), now);
                Connection { socket, session: self }
            }
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<K: Kind, IO, M: Mechanism + Default> Connection<'_, '_, K, IO, M> {
            /// Ends the connection and returns its IO. Unsent bytes are dropped.
            pub fn disconnect(mut self) -> Option<IO> {
                self.socket.io.stream.take()
            }
        }

        impl<K: Kind, IO, M: Mechanism + Default> Drop for Connection<'_, '_, K, IO, M> {
            fn drop(&mut self) {
                let blank = self.socket.blank();
                self.session.socket = core::mem::replace(&mut self.socket, blank).over();
            }
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Kind, IO, M: Mechanism + Default> Socket<'b, K, IO, M> {
            /// A socket without buffers, with the same settings.
            fn blank(&self) -> Self {
                let config = *self.io.link.connection.shared_config();
                let io = SocketIo::new(config, &mut [], &mut [], 0, M::default());
                Self { io, kind: K::blank() }
            }

            /// The same socket, closed, for another type of IO.
            fn over<T>(mut self) -> Socket<'b, K, T, M> {
                self.io.close(&mut self.kind);
                let SocketIo { link, window, out, stream: _ } = self.io;
                Socket { io: SocketIo { link, window, out, stream: None }, kind: self.kind }
            }
        }

        impl<'b, K: Kind, IO, M: Mechanism + Default> core::ops::Deref
            for Connection<'_, 'b, K, IO, M>
        {
            type Target = Socket<'b, K, IO, M>;

            fn deref(&self) -> &Self::Target {
                &self.socket
            }
        }

        impl<K: Kind, IO, M: Mechanism + Default> core::ops::DerefMut
            for Connection<'_, '_, K, IO, M>
        {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.socket
            }
        }

        impl<'b, K, M> core::ops::Deref for Session<'b, K, M> {
            type Target = Socket<'b, K, NoIo, M>;

            fn deref(&self) -> &Self::Target {
                &self.socket
            }
        }

        impl<K, M> core::ops::DerefMut for Session<'_, K, M> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.socket
            }
        }
    };
}

pub(crate) use api_session;
