//! The part of the API that chooses PLAIN or CURVE, which the blocking and the async sockets share.

macro_rules! api_secure {
    () => {
        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<'b, K: Kind, IO> Socket<'b, K, IO> {
            /// The socket with PLAIN as the client (RFC 24). Returns `None` if the user name or the password has more
            /// than 255 bytes.
            ///
            /// Both are sent in the clear. A peer with another mechanism is refused.
            #[must_use]
            pub fn plain_client(
                self,
                username: &'b str,
                password: &'b str,
            ) -> Option<Socket<'b, K, IO, Of<K, PlainClient<&'b str>>>> {
                PlainClient::new(username, password).map(|plain| self.secured(Of::new(plain)))
            }

            /// The socket with PLAIN as the server (RFC 24). `authenticator` decides about clients; a function or a
            /// closure can be one. The answer [`Decision::Later`](zmtp_core::mechanism::Decision) is not supported: it
            /// refuses the client for now, without an ERROR.
            ///
            /// A peer with another mechanism is refused.
            #[must_use]
            pub fn plain_server<A: Authenticate + Clone>(
                self,
                authenticator: A,
            ) -> Socket<'b, K, IO, Of<K, PlainServer<A>>> {
                self.secured(Of::new(PlainServer::new(authenticator)))
            }

            /// The socket with CURVE as the client (RFC 26, `ZMQ_CURVE_SERVERKEY`, `ZMQ_CURVE_PUBLICKEY`,
            /// `ZMQ_CURVE_SECRETKEY`). Begin connections with [`Socket::connect_with_random`].
            ///
            /// A peer with another mechanism is refused. If the server's public key has a low order
            /// ([`PublicKey::has_low_order`](zmtp_core::mechanism::PublicKey::has_low_order)), nothing is sent and the
            /// handshake times out. The buffers need room for whole parts:
            /// [`size::receive_curve_client`](crate::size::receive_curve_client) and
            /// [`size::send_curve`](crate::size::send_curve) compute their sizes.
            #[cfg(feature = "curve")]
            #[must_use]
            pub fn curve_client(
                self,
                keys: &'b ClientKeys,
            ) -> Socket<'b, K, IO, Of<K, CurveClient<&'b ClientKeys>>> {
                self.secured(Of::new(CurveClient::unconnected(Portable, keys)))
            }

            /// The socket with CURVE as the server (RFC 26, `ZMQ_CURVE_SERVER`, `ZMQ_CURVE_SECRETKEY`). `authenticator`
            /// decides about clients by their public keys, as for [`Socket::plain_server`]. Begin connections with
            /// [`Socket::connect_with_random`].
            ///
            /// A peer with another mechanism is refused. [`size::receive_curve_server`](crate::size::receive_curve_server)
            /// and [`size::send_curve`](crate::size::send_curve) compute the sizes of the buffers.
            #[cfg(feature = "curve")]
            #[must_use]
            pub fn curve_server<A: Authenticate + Clone>(
                self,
                keys: &'b KeyPair,
                authenticator: A,
            ) -> Socket<'b, K, IO, Of<K, CurveServer<&'b KeyPair, A>>> {
                self.secured(Of::new(CurveServer::unconnected(Portable, keys, authenticator)))
            }

            fn secured<N: Mechanism>(self, mechanism: N) -> Socket<'b, K, IO, N> {
                let config = *self.io.link.connection.shared_config();
                self.with_mechanism(config, mechanism)
            }
        }

        #[expect(private_bounds, reason = "the types are those of this crate")]
        impl<K: Kind, IO, M: Renew> Socket<'_, K, IO, M> {
            /// As [`Socket::connect`], with the random bytes of a connection with CURVE: 48 of a client, 96 of a
            /// server. Take new ones for each connection, from a generator of random numbers for cryptography.
            pub fn connect_with_random(
                &mut self,
                io: IO,
                random: &M::Random,
                now: Instant,
            ) -> Option<IO> {
                let mechanism = self.mechanism().renew(random);
                self.connect_with(io, mechanism, now)
            }
        }
    };
}

pub(crate) use api_secure;
