//! What the two faces of a socket say alike: everything that moves no bytes.

macro_rules! face {
    () => {
        /// A socket of type `K` over one `IO`: a UART, a TCP socket, anything that reads and
        /// writes.
        ///
        /// Make one by the constructor of [`Req`], [`Rep`], [`Dealer`], [`Pub`], [`Sub`],
        /// [`Push`] or [`Pull`], and give it an IO by [`Socket::connect`].
        #[derive(Debug)]
        pub struct Socket<'b, K, IO, M = NullOf<K>> {
            port: Port<'b, IO, M>,
            kind: K,
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Rules, IO, M: Mechanism> Socket<'b, K, IO, M> {
            /// Begins a connection over `io`, a stream that has just been established; gives back
            /// the IO of the last one. What the socket knows outlives its connections. The next
            /// call that waits shakes hands, which must be over within
            /// [`Limits::handshake_timeout`](zmtp_core::Limits) of `now`.
            pub fn connect(&mut self, io: IO, now: Instant) -> Option<IO>
            where
                M: Default,
            {
                self.connect_with(io, M::default(), now)
            }

            /// [`Socket::connect`] with a security mechanism that has keys of its own for each
            /// connection.
            #[doc(hidden)]
            pub fn connect_with(&mut self, io: IO, mechanism: M, now: Instant) -> Option<IO> {
                self.port.open(&mut self.kind, io, mechanism, now)
            }

            /// Gives the IO back, for instance to close it. What waits to be sent is forgotten.
            pub fn disconnect(&mut self) -> Option<IO> {
                self.port.close(&mut self.kind)
            }

            /// Whether messages may be sent.
            pub fn is_ready(&self) -> bool {
                self.port.is_ready()
            }

            /// Whether there is no connection: none was begun, it ended, or it failed.
            pub const fn is_closed(&self) -> bool {
                self.port.link.is_over()
            }

            /// Who the peer is, once its READY has come.
            pub const fn peer(&self) -> Option<PeerInfo> {
                self.port.peer()
            }

            /// When the connection must be looked after, by any call that waits.
            pub fn next_deadline(&self) -> Option<Instant> {
                self.port.link.connection.poll_timeout()
            }

            /// Why the connection failed, after [`Error::Connection`].
            pub fn failure(&self) -> Option<zmtp_core::Error> {
                self.port.failure()
            }

            /// Bytes that the buffer must have, after [`Error::ReceiveBuffer`] or
            /// [`Error::SendBuffer`].
            pub const fn needed(&self) -> usize {
                self.port.link.needed
            }

            /// The reason that the peer gave when it refused us, after
            /// [`PeerError::Refused`](zmtp_core::PeerError::Refused).
            pub fn refusal(&self) -> Option<&[u8]> {
                self.port.refusal()
            }

            /// The security mechanism.
            #[doc(hidden)]
            pub const fn mechanism(&self) -> &M {
                self.port.link.connection.mechanism()
            }

            /// The socket with another security mechanism, without a connection. Buffers must have
            /// room for what that adds to each frame.
            #[doc(hidden)]
            pub fn with_mechanism<N: Mechanism>(
                self,
                config: &'b Config,
                mechanism: N,
            ) -> Socket<'b, K, IO, N> {
                let Self { port, kind } = self;
                Socket { port: port.with_mechanism(config, mechanism), kind }
            }
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Rules, IO> Socket<'b, K, IO> {
            #[inline(always)]
            fn new_with(
                config: &'b Config,
                receive: &'b mut [u8],
                send: &'b mut [u8],
                kind: K,
            ) -> Self {
                Self { port: Port::new(config, receive, send, 0, NullOf::new()), kind }
            }
        }

        /// DEALER over one link: messages both ways, as they are.
        pub type Dealer<'b, IO, M = NullOf<kind::Dealer>> = Socket<'b, kind::Dealer, IO, M>;

        /// PUB over one link: sends what the peer subscribed to. Subscriptions take `TOPICS`
        /// bytes, each its topic's and 4.
        pub type Pub<'b, IO, const TOPICS: usize, M = NullOf<kind::Pub<TOPICS>>> =
            Socket<'b, kind::Pub<TOPICS>, IO, M>;

        /// PULL over one link: takes messages.
        pub type Pull<'b, IO, M = NullOf<kind::Pull>> = Socket<'b, kind::Pull, IO, M>;

        /// PUSH over one link: sends messages.
        pub type Push<'b, IO, M = NullOf<kind::Push>> = Socket<'b, kind::Push, IO, M>;

        /// REP over one link: takes a request and answers it.
        pub type Rep<'b, IO, M = NullOf<kind::Rep<1>>> = Socket<'b, kind::Rep<1>, IO, M>;

        /// REQ over one link: a request, then its reply.
        pub type Req<'b, IO, M = NullOf<kind::Req>> = Socket<'b, kind::Req, IO, M>;

        /// SUB over one link: takes what it subscribed to. Subscriptions take `TOPICS` bytes,
        /// each its topic's and 4.
        pub type Sub<'b, IO, const TOPICS: usize, M = NullOf<kind::Sub<TOPICS>>> =
            Socket<'b, kind::Sub<TOPICS>, IO, M>;

        face!(new kind::Dealer, kind::Dealer::new(),);
        face!(new kind::Pub<TOPICS>, kind::Pub::new(), const TOPICS: usize);
        face!(new kind::Pull, kind::Pull::new(),);
        face!(new kind::Push, kind::Push::new(),);
        face!(new kind::Rep<1>, kind::Rep::new(),);
        face!(new kind::Sub<TOPICS>, kind::Sub::new(), const TOPICS: usize);

        impl<'b, IO> Socket<'b, kind::Req, IO> {
            /// A socket without a connection. Of `config` all but the type counts;
            /// [`size`](crate::size) says how large the buffers must be. Request ids start at
            /// `request_id`, which should differ from boot to boot.
            pub fn new(
                config: &'b Config,
                receive: &'b mut [u8],
                send: &'b mut [u8],
                request_id: u32,
            ) -> Self {
                Self::new_with(config, receive, send, kind::Req::new(request_id))
            }

        }

        impl<IO, M: Mechanism> Socket<'_, kind::Req, IO, M> {
            /// Gives the request that was sent up: another may be sent, and this one's reply will
            /// not be taken for that one's.
            pub fn give_up(&mut self) {
                self.kind.give_up();
                self.port.skip();
            }
        }

        impl<const TOPICS: usize, IO, M> Socket<'_, kind::Pub<TOPICS>, IO, M> {
            /// Subscriptions that were ignored because they did not fit.
            pub const fn refused_subscriptions(&self) -> u16 {
                self.kind.refused()
            }
        }
    };
    (new $kind:ty, $make:expr, $($generic:tt)*) => {
        impl<'b, IO, $($generic)*> Socket<'b, $kind, IO> {
            /// A socket without a connection. Of `config` all but the type counts;
            /// [`size`](crate::size) says how large the buffers must be.
            pub fn new(config: &'b Config, receive: &'b mut [u8], send: &'b mut [u8]) -> Self {
                Self::new_with(config, receive, send, $make)
            }
        }
    };
}

pub(crate) use face;
