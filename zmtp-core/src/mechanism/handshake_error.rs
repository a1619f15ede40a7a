//! Errors of the commands of PLAIN and CURVE.

use core::fmt;

use crate::wire::CommandName;

/// Why a command of a PLAIN or CURVE handshake is invalid. The peer gets no ERROR command: the connection is closed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HandshakeError {
    /// The cookie in INITIATE is not that of the WELCOME.
    Cookie,
    /// A box does not verify: its bytes were changed, or the peer has another key. The latter is the case if the
    /// client has a wrong key of the server.
    Forged,
    /// A field exceeds this command, or bytes follow the last field.
    Length(CommandName),
    /// The nonce of INITIATE is not higher than that of HELLO.
    Nonce,
    /// The padding or the content of HELLO is not zero.
    Padding,
    /// The version of CURVE in HELLO is not 1.0.
    Version,
    /// The vouch in INITIATE is not for this connection and this server, or the client does not have the secret key
    /// of its public key.
    Vouch,
    /// A public key has a low order: anyone could compute the shared secret.
    WeakKey,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cookie => "the cookie is not that of the WELCOME",
            Self::Forged => "a box does not verify: another key, or changed bytes",
            Self::Length(_) => "a field exceeds the command, or bytes follow the last field",
            Self::Nonce => "the nonce is not higher than that of HELLO",
            Self::Padding => "the padding of HELLO is not zero",
            Self::Version => "unknown version of CURVE",
            Self::Vouch => "the vouch is not for this connection, or the peer lacks the secret key",
            Self::WeakKey => "a public key has a low order",
        })
    }
}

impl core::error::Error for HandshakeError {}
