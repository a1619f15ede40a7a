//! What the two faces of a socket with several links say alike.

macro_rules! face_many {
    () => {
        /// A socket of type `K` over up to `N` links, each with its IO and its buffers.
        ///
        /// Links are numbered from 0. One that ends is said once and is idle until
        /// [`Socket::connect`] gives it another IO.
        #[derive(Debug)]
        pub struct Socket<'b, K, IO, const N: usize> {
            ports: [Port<'b, IO, NullOf<K>>; N],
            kind: K,
            /// The link whose message was handed out last.
            last: usize,
        }

        /// PUB over `N` links: sends each peer what it subscribed to. Subscriptions of all take
        /// `TOPICS` bytes, each its topic's and 4.
        pub type Pub<'b, IO, const N: usize, const TOPICS: usize> =
            Socket<'b, kind::Pub<TOPICS, N>, IO, N>;

        /// PULL over `N` links: takes messages from each in turn.
        pub type Pull<'b, IO, const N: usize> = Socket<'b, kind::Pull, IO, N>;

        /// REP over `N` links: takes requests from each in turn, and answers each before the next.
        pub type Rep<'b, IO, const N: usize> = Socket<'b, kind::Rep<N>, IO, N>;

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Rules, IO, const N: usize> Socket<'b, K, IO, N> {
            fn new_with(
                config: &'b Config,
                buffers: [(&'b mut [u8], &'b mut [u8]); N],
                kind: K,
            ) -> Self {
                const { assert!(N <= 1 << 16, "at most 65,536 links") };
                let mut index: u16 = 0;
                let ports = buffers.map(|(receive, send)| {
                    let port = Port::new(config, receive, send, index, NullOf::new());
                    index = index.saturating_add(1);
                    port
                });
                Self { ports, kind, last: 0 }
            }

            /// Begins a connection over `io` on a link; gives back the IO of its last one, or `io`
            /// itself if there is no such link.
            pub fn connect(&mut self, link: usize, io: IO, now: Instant) -> Option<IO> {
                match self.ports.get_mut(link) {
                    Some(port) => port.open(&mut self.kind, io, NullOf::new(), now),
                    None => Some(io),
                }
            }

            /// Ends a link and gives its IO back.
            pub fn disconnect(&mut self, link: usize) -> Option<IO> {
                self.ports.get_mut(link)?.close(&mut self.kind)
            }

            /// The first link that has no connection.
            pub fn free_link(&self) -> Option<usize> {
                self.ports.iter().position(|port| port.link.closed)
            }

            /// Whether messages may be sent over a link.
            pub fn is_ready(&self, link: usize) -> bool {
                self.ports.get(link).is_some_and(|port| port.is_ready())
            }

            /// Who the peer on a link is, once its READY has come.
            pub fn peer(&self, link: usize) -> Option<PeerInfo> {
                self.ports.get(link)?.peer()
            }

            /// Why the connection on a link failed, after [`Error::Connection`].
            pub fn failure(&self, link: usize) -> Option<zmtp_core::Error> {
                self.ports.get(link)?.failure()
            }

            /// Bytes that a link's buffer must have, after [`Error::ReceiveBuffer`] or
            /// [`Error::SendBuffer`].
            pub fn needed(&self, link: usize) -> Option<usize> {
                self.ports.get(link).map(|port| port.link.needed)
            }

            /// The reason that the peer on a link gave when it refused us.
            pub fn refusal(&self, link: usize) -> Option<&[u8]> {
                self.ports.get(link)?.refusal()
            }

            /// When the first of the connections must be looked after, by any call that waits.
            pub fn next_deadline(&self) -> Option<Instant> {
                let open = self.ports.iter().filter(|port| !port.link.closed);
                open.filter_map(|port| port.link.connection.poll_timeout()).min()
            }

            /// The link behind the last one that a message came from.
            fn next(&self) -> usize {
                let next = self.last.saturating_add(1);
                if next < N { next } else { 0 }
            }
        }

        impl<'b, IO, const N: usize, const TOPICS: usize> Socket<'b, kind::Pub<TOPICS, N>, IO, N> {
            /// A socket without connections: settings, and per link buffers to receive and to send.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Pub::new())
            }

            /// Subscriptions that were ignored because they did not fit.
            pub const fn refused_subscriptions(&self) -> u16 {
                self.kind.refused()
            }

            /// Puts a message into the send buffer of each peer that subscribed to a prefix of its
            /// first part, and says how many those are. A peer whose send buffer has no room for
            /// it goes without.
            pub fn publish(&mut self, parts: &[&[u8]]) -> usize {
                let Self { ports, kind, .. } = self;
                let subject = parts.first().copied().unwrap_or_default();
                let mut sent: usize = 0;
                for port in ports {
                    if port.is_ready() && kind.wants(port.link.peer(), subject) {
                        let (link, out) = (&mut port.link, &mut port.out);
                        let (mut cursor, large) = (Cursor::default(), TooLarge::Refuse);
                        let step: Result<_, Error<Infallible>> =
                            poll_send(link, out, kind, &[], parts, &mut cursor, large);
                        sent = sent.saturating_add(usize::from(step == Ok(Step::Done)));
                    }
                }
                sent
            }
        }

        impl<'b, IO, const N: usize> Socket<'b, kind::Pull, IO, N> {
            /// A socket without connections: settings, and per link buffers to receive and to send.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Pull::new())
            }
        }

        impl<'b, IO, const N: usize> Socket<'b, kind::Rep<N>, IO, N> {
            /// A socket without connections: settings, and per link buffers to receive and to send.
            pub fn new(config: &'b Config, buffers: [(&'b mut [u8], &'b mut [u8]); N]) -> Self {
                Self::new_with(config, buffers, kind::Rep::new())
            }
        }
    };
}

pub(crate) use face_many;
