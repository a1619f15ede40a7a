//! The part of the API that the blocking and the async sockets share: the calls without IO.

macro_rules! api {
    () => {
        /// A socket of type `K` over one `IO`: a UART, a TCP stream, or any other byte stream.
        ///
        /// Construct one with `new` of [`Req`], [`Rep`], [`Dealer`], [`Pub`], [`Sub`], [`Push`], [`Pull`],
        /// [`Client`], [`Channel`], [`Radio`] or [`Dish`], and give it an IO with [`Socket::connect`].
        #[derive(Debug)]
        pub struct Socket<'b, K, IO, M = NullOf<K>> {
            io: SocketIo<'b, IO, M>,
            kind: K,
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Kind, IO, M: Mechanism> Socket<'b, K, IO, M> {
            /// Begins a connection over `io`, a stream that was just established. Returns the IO of
            /// the previous connection, if there is one. The socket keeps its state: whether a
            /// request or a reply of a REQ is next, and the subscriptions of a SUB, which are sent again.
            ///
            /// The next call that waits performs the handshake, which must complete within
            /// [`Limits::handshake_timeout`](zmtp_core::Limits), in milliseconds, after `now`.
            pub fn connect(&mut self, io: IO, now: Instant) -> Option<IO>
            where
                M: Renew<Random = ()>,
            {
                self.connect_with_random(io, &(), now)
            }

            /// [`Socket::connect`] with a security mechanism for this connection.
            #[doc(hidden)]
            pub fn connect_with(&mut self, io: IO, mechanism: M, now: Instant) -> Option<IO> {
                self.io.open(&mut self.kind, io, mechanism, now)
            }

            /// Ends the connection and returns its IO. Unsent bytes are dropped.
            pub fn disconnect(&mut self) -> Option<IO> {
                self.io.close(&mut self.kind)
            }

            /// Whether the handshake is complete, so that messages can be sent.
            pub fn is_ready(&self) -> bool {
                self.io.is_ready()
            }

            /// Whether there is no connection: it was not begun, was closed, or has failed.
            pub const fn is_closed(&self) -> bool {
                self.io.link.is_closed()
            }

            /// The version and socket type of the peer; `None` before its READY has arrived.
            pub const fn peer(&self) -> Option<PeerInfo> {
                self.io.peer()
            }

            /// The time at which to make a call that waits, so that the socket can handle its handshake
            /// timeout and its heartbeats; `None` if there is no such deadline.
            pub fn next_deadline(&self) -> Option<Instant> {
                self.io.link.connection.poll_timeout()
            }

            /// The error that failed the connection, after [`Error::Connection`]; `None` if it has not
            /// failed.
            pub fn failure(&self) -> Option<zmtp_core::Error> {
                self.io.failure()
            }

            /// The required size of the buffer in bytes, after [`Error::ReceiveBuffer`] or
            /// [`Error::SendBuffer`].
            pub const fn needed(&self) -> usize {
                self.io.link.needed
            }

            /// The reason in the ERROR command of the peer, if [`Socket::failure`] is
            /// [`PeerError::Refused`](zmtp_core::PeerError::Refused).
            pub fn refusal(&self) -> Option<&[u8]> {
                self.io.refusal()
            }

            /// The security mechanism.
            #[doc(hidden)]
            pub const fn mechanism(&self) -> &M {
                self.io.link.connection.mechanism()
            }

            /// The socket with another security mechanism, without a connection. The buffers must have
            /// room for the bytes that it adds to each frame.
            #[doc(hidden)]
            pub fn with_mechanism<N: Mechanism>(
                self,
                config: &'b Config,
                mechanism: N,
            ) -> Socket<'b, K, IO, N> {
                let Self { io, kind } = self;
                Socket { io: io.with_mechanism(config, mechanism), kind }
            }
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Kind, IO> Socket<'b, K, IO> {
            #[inline(always)]
            fn new_with(
                config: &'b Config,
                receive: &'b mut [u8],
                send: &'b mut [u8],
                kind: K,
            ) -> Self {
                Self { io: SocketIo::new(config, receive, send, 0, NullOf::default()), kind }
            }
        }

        /// CHANNEL over one link: exchanges messages of one part with another CHANNEL (RFC 52).
        pub type Channel<'b, IO, M = NullOf<kind::Channel>> = Socket<'b, kind::Channel, IO, M>;

        /// CLIENT over one link: exchanges messages of one part with a SERVER (RFC 41).
        pub type Client<'b, IO, M = NullOf<kind::Client>> = Socket<'b, kind::Client, IO, M>;

        /// DISH over one link: receives the messages of the groups that it joined (RFC 48).
        ///
        /// A received message has two parts: the group and the body. The table of groups has `GROUPS` bytes; each
        /// group takes its length and 4.
        pub type Dish<'b, IO, const GROUPS: usize, M = NullOf<kind::Dish<GROUPS>>> =
            Socket<'b, kind::Dish<GROUPS>, IO, M>;

        /// RADIO over one link: sends the messages whose group the peer joined (RFC 48). The table of groups has
        /// `GROUPS` bytes; each group takes its length and 4.
        pub type Radio<'b, IO, const GROUPS: usize, M = NullOf<kind::Radio<GROUPS>>> =
            Socket<'b, kind::Radio<GROUPS>, IO, M>;

        /// DEALER over one link: sends and receives messages without changing them.
        pub type Dealer<'b, IO, M = NullOf<kind::Dealer>> = Socket<'b, kind::Dealer, IO, M>;

        /// PUB over one link: sends the messages that the peer subscribed to. The table of
        /// subscriptions has `TOPICS` bytes; each subscription takes the length of its topic and 4.
        pub type Pub<'b, IO, const TOPICS: usize, M = NullOf<kind::Pub<TOPICS>>> =
            Socket<'b, kind::Pub<TOPICS>, IO, M>;

        /// PULL over one link: receives messages.
        pub type Pull<'b, IO, M = NullOf<kind::Pull>> = Socket<'b, kind::Pull, IO, M>;

        /// PUSH over one link: sends messages.
        pub type Push<'b, IO, M = NullOf<kind::Push>> = Socket<'b, kind::Push, IO, M>;

        /// REP over one link: receives a request, then sends its reply.
        pub type Rep<'b, IO, M = NullOf<kind::Rep<1>>> = Socket<'b, kind::Rep<1>, IO, M>;

        /// REQ over one link: sends a request, then receives its reply.
        pub type Req<'b, IO, M = NullOf<kind::Req>> = Socket<'b, kind::Req, IO, M>;

        /// SUB over one link: receives the messages that it subscribed to. The table of subscriptions
        /// has `TOPICS` bytes; each subscription takes the length of its topic and 4.
        pub type Sub<'b, IO, const TOPICS: usize, M = NullOf<kind::Sub<TOPICS>>> =
            Socket<'b, kind::Sub<TOPICS>, IO, M>;

        api!(new kind::Dealer, kind::Dealer::new(),);
        api!(new kind::Dish<GROUPS>, kind::Dish::new(), const GROUPS: usize);
        api!(new kind::Pub<TOPICS>, kind::Pub::new(), const TOPICS: usize);
        api!(new kind::Pull, kind::Pull::new(),);
        api!(new kind::Push, kind::Push::new(),);
        api!(new kind::Radio<GROUPS>, kind::Radio::new(), const GROUPS: usize);
        api!(new kind::Rep<1>, kind::Rep::new(),);
        api!(new kind::Single<CHANNEL>, kind::Single::new(), const CHANNEL: bool);
        api!(new kind::Sub<TOPICS>, kind::Sub::new(), const TOPICS: usize);

        impl<'b, IO> Socket<'b, kind::Req, IO> {
            /// Creates a socket without a connection. [`size`](crate::size) computes the sizes of the
            /// buffers. The first request has the id `request_id + 1`; use a value that differs from
            /// boot to boot. `Config::socket_type` is not used.
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
            /// Cancels the request that was sent, so that the next one can be sent. A late reply to
            /// the cancelled request is dropped.
            pub fn cancel_request(&mut self) {
                self.kind.cancel_request();
                self.io.skip();
            }

            /// Cancels the request of a call that failed. `taken` is whether the request was put into the send
            /// buffer. Returns the error of the call.
            fn unanswered<E>(&mut self, error: Error<E>, taken: bool) -> Error<E> {
                self.cancel_request();
                match error {
                    Error::TimedOut if taken => Error::NoReply,
                    // The peer may have the request if all of it was written.
                    Error::Closed | Error::Connection | Error::Io(_)
                        if taken && !self.io.out.is_request_pending() =>
                    {
                        Error::PeerLost
                    }
                    error => error,
                }
            }
        }

        impl<const TOPICS: usize, IO, M> Socket<'_, kind::Pub<TOPICS>, IO, M> {
            /// The number of subscriptions that were ignored because they did not fit, at most 65,535.
            pub const fn refused_subscriptions(&self) -> u16 {
                self.kind.refused()
            }
        }

        impl<const GROUPS: usize, IO, M> Socket<'_, kind::Radio<GROUPS>, IO, M> {
            /// The number of groups that were ignored because they did not fit, at most 65,535.
            pub const fn refused_groups(&self) -> u16 {
                self.kind.refused()
            }
        }
    };
    (new $kind:ty, $make:expr, $($generic:tt)*) => {
        impl<'b, IO, $($generic)*> Socket<'b, $kind, IO> {
            /// Creates a socket without a connection. [`size`](crate::size) computes the sizes of the
            /// buffers. `Config::socket_type` is not used.
            pub fn new(config: &'b Config, receive: &'b mut [u8], send: &'b mut [u8]) -> Self {
                Self::new_with(config, receive, send, $make)
            }
        }
    };
}

pub(crate) use api;
