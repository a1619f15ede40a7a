//! The part of the API that the blocking and the async sockets with several links share.

macro_rules! api_many {
    () => {
        /// A socket of type `K` over up to `N` links, each with its IO and its buffers.
        ///
        /// Links have indices from 0. A link that fails is reported once, and is closed until
        /// [`Socket::connect`] gives it another IO.
        #[derive(Debug)]
        pub struct Socket<'b, K, IO, const N: usize> {
            links: [SocketIo<'b, IO, NullOf<K>>; N],
            kind: K,
            /// The link of the message that was received last.
            last: usize,
        }

        /// PUB over `N` links: sends each peer the messages it subscribed to. There are `TOPICS` bytes
        /// for the subscriptions of all peers; each takes the bytes of its topic and 4.
        pub type Pub<'b, IO, const N: usize, const TOPICS: usize> =
            Socket<'b, kind::Pub<TOPICS, N>, IO, N>;

        /// PULL over `N` links: receives messages from each in turn.
        pub type Pull<'b, IO, const N: usize> = Socket<'b, kind::Pull, IO, N>;

        /// REP over `N` links: receives requests from each in turn, and sends each reply before the next
        /// request.
        pub type Rep<'b, IO, const N: usize> = Socket<'b, kind::Rep<N>, IO, N>;

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Kind, IO, const N: usize> Socket<'b, K, IO, N> {
            fn new_with(
                config: &'b Config,
                buffers: [(&'b mut [u8], &'b mut [u8]); N],
                kind: K,
            ) -> Self {
                const { assert!(N <= 1 << 16, "at most 65,536 links") };
                let mut index: u16 = 0;
                let links = buffers.map(|(receive, send)| {
                    let io = SocketIo::new(config, receive, send, index, NullOf::new());
                    index = index.saturating_add(1);
                    io
                });
                Self { links, kind, last: 0 }
            }

            /// Begins a connection over `io` on a link. Returns the IO of its last connection, or `io`
            /// itself if there is no such link.
            pub fn connect(&mut self, link: usize, io: IO, now: Instant) -> Option<IO> {
                match self.links.get_mut(link) {
                    Some(link) => link.open(&mut self.kind, io, NullOf::new(), now),
                    None => Some(io),
                }
            }

            /// Ends the connection of a link and returns its IO.
            pub fn disconnect(&mut self, link: usize) -> Option<IO> {
                self.links.get_mut(link)?.close(&mut self.kind)
            }

            /// The first link that has no connection.
            pub fn free_link(&self) -> Option<usize> {
                self.links.iter().position(|io| io.link.closed)
            }

            /// Whether messages can be sent over a link: its handshake is complete.
            pub fn is_ready(&self, link: usize) -> bool {
                self.links.get(link).is_some_and(|io| io.is_ready())
            }

            /// The version and type of the peer on a link; `None` before its READY.
            pub fn peer(&self, link: usize) -> Option<PeerInfo> {
                self.links.get(link)?.peer()
            }

            /// The reason why the connection on a link failed, after [`Error::Connection`].
            pub fn failure(&self, link: usize) -> Option<zmtp_core::Error> {
                self.links.get(link)?.failure()
            }

            /// The bytes that the buffer of a link must have, after [`Error::ReceiveBuffer`] or
            /// [`Error::SendBuffer`].
            pub fn needed(&self, link: usize) -> Option<usize> {
                self.links.get(link).map(|io| io.link.needed)
            }

            /// The reason in the ERROR of the peer on a link.
            pub fn refusal(&self, link: usize) -> Option<&[u8]> {
                self.links.get(link)?.refusal()
            }

            /// The first time at which a connection needs a call that waits.
            pub fn next_deadline(&self) -> Option<Instant> {
                let open = self.links.iter().filter(|io| !io.link.closed);
                open.filter_map(|io| io.link.connection.poll_timeout()).min()
            }

            /// The link after the one of the last message.
            fn next(&self) -> usize {
                let next = self.last.saturating_add(1);
                if next < N { next } else { 0 }
            }
        }

        impl<'b, IO, const N: usize, const TOPICS: usize> Socket<'b, kind::Pub<TOPICS, N>, IO, N> {
            /// A socket without connections, with a receive and a send buffer for each link.
            /// [`size`](crate::size) computes their sizes.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Pub::new())
            }

            /// How many subscriptions were ignored because they did not fit.
            pub const fn refused_subscriptions(&self) -> u16 {
                self.kind.refused()
            }

            /// Puts a message into the send buffer of each peer that subscribed to a prefix of its
            /// first part. Returns how many peers get it: not those whose send buffer has no room.
            pub fn publish(&mut self, parts: &[&[u8]]) -> usize {
                let Self { links, kind, .. } = self;
                let subject = parts.first().copied().unwrap_or_default();
                let mut sent: usize = 0;
                for io in links {
                    if io.is_ready() && kind.wants(io.link.peer(), subject) {
                        let (link, out) = (&mut io.link, &mut io.out);
                        let (mut cursor, large) = (Cursor::default(), TooLarge::Refuse);
                        let step: Result<_, Error<Infallible>> =
                            send::poll(link, out, kind, &[], parts, &mut cursor, large);
                        sent = sent.saturating_add(usize::from(step == Ok(Step::Done)));
                    }
                }
                sent
            }
        }

        impl<'b, IO, const N: usize> Socket<'b, kind::Pull, IO, N> {
            /// A socket without connections, with a receive and a send buffer for each link.
            /// [`size`](crate::size) computes their sizes.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Pull::new())
            }
        }

        impl<'b, IO, const N: usize> Socket<'b, kind::Rep<N>, IO, N> {
            /// A socket without connections, with a receive and a send buffer for each link.
            /// [`size`](crate::size) computes their sizes.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Rep::new())
            }
        }
    };
}

pub(crate) use api_many;
