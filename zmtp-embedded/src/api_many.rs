//! The part of the API that the blocking and the async sockets with several links share.

macro_rules! api_many {
    () => {
        /// A socket of type `K` over up to `N` links, each with its IO and its buffers. `N` is at most
        /// 65,536, for REP 256; a larger `N` does not compile.
        ///
        /// The links have the indices 0 to `N - 1`. The failure of a link is reported once; the link
        /// then stays closed until [`Socket::connect`] is called for it.
        #[derive(Debug)]
        pub struct Socket<'b, K, IO, const N: usize> {
            links: [SocketIo<'b, IO, NullOf<K>>; N],
            kind: K,
            /// The link of the message that was received last.
            last: usize,
        }

        /// PUB over `N` links: sends to each peer the messages that it subscribed to. The table of the
        /// subscriptions of all peers has `TOPICS` bytes; each subscription takes the length of its
        /// topic and 4.
        pub type Pub<'b, IO, const N: usize, const TOPICS: usize> =
            Socket<'b, kind::Pub<TOPICS, N>, IO, N>;

        /// PULL over `N` links: receives messages from the links in turn.
        pub type Pull<'b, IO, const N: usize> = Socket<'b, kind::Pull, IO, N>;

        /// REP over `N` links: receives requests from the links in turn. Each request needs a reply before
        /// the next request is received.
        ///
        /// A request is received whole, and must fit the receive buffer of its link: in pieces, that of a slow
        /// client would keep the others waiting.
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
                    let io = SocketIo::new(config, receive, send, index, NullOf::default());
                    index = index.saturating_add(1);
                    io
                });
                Self { links, kind, last: 0 }
            }

            /// Begins a connection over `io` on a link. Returns the IO of the previous connection of the
            /// link, or `io` itself if the socket has no link with this index.
            pub fn connect(&mut self, link: usize, io: IO, now: Instant) -> Option<IO> {
                match self.links.get_mut(link) {
                    Some(link) => link.open(&mut self.kind, io, NullOf::default(), now),
                    None => Some(io),
                }
            }

            /// Ends the connection of a link and returns its IO. Unsent bytes are dropped.
            pub fn disconnect(&mut self, link: usize) -> Option<IO> {
                self.links.get_mut(link)?.close(&mut self.kind)
            }

            /// The index of the first link without a connection; `None` if all links have one.
            pub fn free_link(&self) -> Option<usize> {
                self.links.iter().position(|io| io.link.closed)
            }

            /// Whether a link has no connection: it was not begun, was closed, or has failed. Also `true` if the
            /// socket has no link with this index.
            pub fn is_closed(&self, link: usize) -> bool {
                self.links.get(link).is_none_or(|io| io.link.is_closed())
            }

            /// Whether the handshake on a link is complete, so that messages can be sent.
            pub fn is_ready(&self, link: usize) -> bool {
                self.links.get(link).is_some_and(|io| io.is_ready())
            }

            /// The version and socket type of the peer on a link; `None` before its READY has arrived.
            pub fn peer(&self, link: usize) -> Option<PeerInfo> {
                self.links.get(link)?.peer()
            }

            /// The error that failed the connection on a link, after [`Error::Connection`].
            pub fn failure(&self, link: usize) -> Option<zmtp_core::Error> {
                self.links.get(link)?.failure()
            }

            /// The required size of the buffer of a link in bytes, after [`Error::ReceiveBuffer`] or
            /// [`Error::SendBuffer`]; `None` if the socket has no link with this index.
            pub fn needed(&self, link: usize) -> Option<usize> {
                self.links.get(link).map(|io| io.link.needed)
            }

            /// The reason in the ERROR command of the peer on a link, if it refused the connection.
            pub fn refusal(&self, link: usize) -> Option<&[u8]> {
                self.links.get(link)?.refusal()
            }

            /// The earliest time at which to make a call that waits, so that the socket can handle
            /// handshake timeouts and heartbeats; `None` if there is no such deadline.
            pub fn next_deadline(&self) -> Option<Instant> {
                let open = self.links.iter().filter(|io| !io.link.closed);
                open.filter_map(|io| io.link.connection.poll_timeout()).min()
            }

            /// Begins a call that receives. The last message is released; with `chunks`, other links may be within
            /// messages that were begun by another call.
            fn start<E>(&mut self, want: Want) -> Result<(), LinkError<E>> {
                let last = self.last;
                if let Some(io) = self.links.get_mut(last)
                    && let Err(error) = io.start(&mut self.kind, want)
                {
                    return Err(LinkError { link: last, error });
                }
                #[cfg(feature = "chunks")]
                for (link, io) in self.links.iter_mut().enumerate() {
                    if let Err(error) = io.link.inbox.resume(&mut io.window, want) {
                        return Err(LinkError { link, error });
                    }
                }
                Ok(())
            }

            /// The link after the one of the last message.
            fn next(&self) -> usize {
                let next = self.last.saturating_add(1);
                if next < N { next } else { 0 }
            }
        }

        impl<'b, IO, const N: usize, const TOPICS: usize> Socket<'b, kind::Pub<TOPICS, N>, IO, N> {
            /// Creates a socket without connections. `buffers` contains a receive buffer and a send
            /// buffer for each link; [`size`](crate::size) computes their sizes.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Pub::new())
            }

            /// The number of subscriptions that were ignored because they did not fit, at most 65,535.
            pub const fn refused_subscriptions(&self) -> u16 {
                self.kind.refused()
            }

            /// Puts a message into the send buffer of each peer that subscribed to a prefix of its
            /// first part. Returns the number of these peers. A peer whose send buffer has no room does
            /// not get the message and is not counted. `serve` writes the messages.
            pub fn publish(&mut self, parts: &[&[u8]]) -> usize {
                let Self { links, kind, .. } = self;
                let subject = parts.first().copied().unwrap_or_default();
                let mut sent: usize = 0;
                for io in links {
                    if io.is_ready() && kind.matches(io.link.peer(), subject) {
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
            /// Creates a socket without connections. `buffers` contains a receive buffer and a send
            /// buffer for each link; [`size`](crate::size) computes their sizes.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Pull::new())
            }
        }

        impl<'b, IO, const N: usize> Socket<'b, kind::Rep<N>, IO, N> {
            /// Creates a socket without connections. `buffers` contains a receive buffer and a send
            /// buffer for each link; [`size`](crate::size) computes their sizes.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Rep::new())
            }
        }
    };
}

pub(crate) use api_many;
