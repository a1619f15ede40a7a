//! The messages of a SOCKS5 client as a state machine without IO (RFC 1928, RFC 1929).

use core::fmt;
use core::net::IpAddr;

use zeroize::Zeroizing;

use crate::endpoint::{Endpoint, Host};
use crate::options::SocksLogin;

/// The version of the messages, and of the login.
const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
/// Methods of authentication.
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
/// The command CONNECT, and the types of addresses.
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
/// The longest message of a proxy: a reply with a name of 255 bytes.
const LONGEST: usize = 4 + 1 + 255 + 2;

/// The address that the proxy connects to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'t> {
    Ip(IpAddr, u16),
    Name(&'t str, u16),
}

impl SocksError {
    /// Nothing listens at the endpoint.
    pub(crate) const CONNECTION_REFUSED: Self = Self::Refused(5);
}

impl<'t> Target<'t> {
    /// The address in a TCP endpoint; `None` for another endpoint.
    pub(crate) fn of(endpoint: &'t Endpoint) -> Option<Self> {
        match endpoint {
            Endpoint::Tcp { host: Host::Name(name), port, .. } => Some(Self::Name(name, *port)),
            Endpoint::Tcp { host: Host::Ip(ip), port, .. } => Some(Self::Ip(*ip, *port)),
            // A zone has a meaning only on this machine.
            Endpoint::Tcp { host: Host::Zoned(ip, _), port, .. } => {
                Some(Self::Ip((*ip).into(), *port))
            }
            _ => None,
        }
    }
}

/// Why a SOCKS5 proxy did not connect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SocksError {
    /// The proxy refused the user name and the password.
    Login,
    /// The proxy requires a login, and none is set, or it accepts only other methods of authentication.
    Method,
    /// The proxy could not connect to the endpoint, or does not allow it: the code of its reply (RFC 1928 § 6).
    Refused(u8),
    /// The answer is not one of a SOCKS5 proxy.
    Version,
}

/// A client's end of the messages before those of the target.
pub(crate) struct Negotiation {
    step: Step,
    /// The login, if there is one, and the request.
    login: Option<Zeroizing<Vec<u8>>>,
    request: Vec<u8>,
    output: Zeroizing<Vec<u8>>,
    sent: usize,
    input: [u8; LONGEST],
    len: usize,
    /// The bytes of the message that is received.
    wanted: usize,
}

/// The message that is received next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Method,
    Login,
    Reply,
    Done,
}

impl Negotiation {
    /// Creates the state of a new connection. `None` if the name of the target is longer than 255 bytes.
    pub(crate) fn new(target: Target<'_>, login: Option<&SocksLogin>) -> Option<Self> {
        let methods: &[u8] = match login {
            Some(_) => &[NO_LOGIN, LOGIN],
            None => &[NO_LOGIN],
        };
        let greeting = [&[VERSION, methods.len() as u8], methods].concat();
        Some(Self {
            step: Step::Method,
            login: login.map(|login| {
                let mut message = Zeroizing::new(Vec::with_capacity(3 + 2 * 255));
                message.push(LOGIN_VERSION);
                for field in [&login.username, &login.password] {
                    // The builder has checked the lengths.
                    message.push(field.len() as u8);
                    message.extend_from_slice(field);
                }
                message
            }),
            request: request(target)?,
            output: greeting.into(),
            sent: 0,
            input: [0; LONGEST],
            len: 0,
            wanted: 2,
        })
    }

    /// The bytes to send now. The answer is read when there are none.
    pub(crate) fn output(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// Notes that the first `n` bytes of [`Self::output`] were sent.
    pub(crate) const fn sent(&mut self, n: usize) {
        self.sent += n;
    }

    /// The room for the bytes to receive: no more than the rest of the message, because the bytes of the target follow.
    pub(crate) fn input(&mut self) -> &mut [u8] {
        self.input.get_mut(self.len..self.wanted).unwrap_or_default()
    }

    /// Handles that the first `n` bytes of [`Self::input`] were received.
    ///
    /// # Errors
    ///
    /// [`SocksError`]: the connection cannot be used.
    pub(crate) fn received(&mut self, n: usize) -> Result<(), SocksError> {
        self.len += n;
        if self.len < self.wanted {
            return Ok(());
        }
        let message = self.input;
        let [version, status, ..] = message;
        let expected = if self.step == Step::Login { LOGIN_VERSION } else { VERSION };
        if version != expected {
            return Err(SocksError::Version);
        }
        match self.step {
            Step::Method => match (status, self.login.take()) {
                (NO_LOGIN, _) => self.send_request(),
                (LOGIN, Some(login)) => self.send(login, Step::Login, 2),
                _ => return Err(SocksError::Method),
            },
            Step::Login if status == 0 => self.send_request(),
            Step::Login => return Err(SocksError::Login),
            Step::Reply if status != 0 => return Err(SocksError::Refused(status)),
            Step::Reply => {
                // The length of the reply depends on its address.
                let [_, _, _, kind, first, ..] = message;
                let address = match kind {
                    IPV4 => 4,
                    IPV6 => 16,
                    NAME => 1 + usize::from(first),
                    _ => return Err(SocksError::Version),
                };
                self.wanted = 4 + address + 2;
                if self.len >= self.wanted {
                    self.step = Step::Done;
                }
            }
            Step::Done => {}
        }
        Ok(())
    }

    /// Whether the proxy has connected.
    pub(crate) fn is_done(&self) -> bool {
        self.step == Step::Done
    }

    fn send_request(&mut self) {
        let request = core::mem::take(&mut self.request);
        // Up to the first byte of the address, which may be the length of a name.
        self.send(request.into(), Step::Reply, 5);
    }

    fn send(&mut self, message: Zeroizing<Vec<u8>>, answer: Step, wanted: usize) {
        (self.output, self.sent) = (message, 0);
        (self.step, self.len, self.wanted) = (answer, 0, wanted);
    }
}

/// The request to connect.
fn request(target: Target<'_>) -> Option<Vec<u8>> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match target {
        Target::Ip(IpAddr::V4(ip), port) => {
            request.push(IPV4);
            request.extend(ip.octets());
            port
        }
        Target::Ip(IpAddr::V6(ip), port) => {
            request.push(IPV6);
            request.extend(ip.octets());
            port
        }
        Target::Name(name, port) => {
            request.extend([NAME, u8::try_from(name.len()).ok()?]);
            request.extend(name.bytes());
            port
        }
    };
    request.extend(port.to_be_bytes());
    Some(request)
}

/// Without the login.
impl fmt::Debug for Negotiation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Negotiation").field("step", &self.step).finish_non_exhaustive()
    }
}

impl fmt::Display for SocksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login => f.write_str("the proxy refused the user name and the password"),
            Self::Method => f.write_str("the proxy requires another authentication"),
            Self::Refused(code) => {
                let reason = match code {
                    1 => "general failure",
                    2 => "not allowed",
                    3 => "network unreachable",
                    4 => "host unreachable",
                    5 => "connection refused",
                    6 => "time to live expired",
                    7 => "command not supported",
                    8 => "type of address not supported",
                    _ => "unknown code",
                };
                write!(f, "the proxy could not connect: {reason} ({code})")
            }
            Self::Version => f.write_str("the proxy is not a SOCKS5 proxy"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target<'_> = Target::Name("a.example", 258);
    const GREETING: &[u8] = &[5, 1, 0];
    const REQUEST: &[u8] = b"\x05\x01\x00\x03\x09a.example\x01\x02";

    fn login() -> SocksLogin {
        SocksLogin { username: b"me".to_vec().into(), password: b"secret".to_vec().into() }
    }

    /// Feeds the answers of a proxy in pieces of `size` bytes. Returns what was sent, and the result.
    fn play(
        mut negotiation: Negotiation,
        mut answers: &[u8],
        size: usize,
    ) -> (Vec<u8>, Result<(), SocksError>, usize) {
        let mut sent = Vec::new();
        while !negotiation.is_done() {
            let output = negotiation.output();
            if !output.is_empty() {
                let count = output.len().min(size);
                sent.extend_from_slice(&output[..count]);
                negotiation.sent(count);
                continue;
            }
            let room = negotiation.input();
            let count = room.len().min(size).min(answers.len());
            if count == 0 {
                break;
            }
            room[..count].copy_from_slice(&answers[..count]);
            answers = &answers[count..];
            if let Err(error) = negotiation.received(count) {
                return (sent, Err(error), answers.len());
            }
        }
        assert_eq!(negotiation.is_done(), negotiation.step == Step::Done);
        (sent, Ok(()), answers.len())
    }

    #[test]
    fn a_client_without_a_login_connects_and_reads_no_byte_of_the_target() {
        for (kind, address) in
            [(1, vec![0; 4]), (4, vec![0; 16]), (3, b"\x05proxy".to_vec()), (3, vec![0])]
        {
            let reply = [&[5, 0, 5, 0, 0, kind], &address[..], &[0, 80], b"target"].concat();
            for size in [1, 2, 3, 300] {
                let negotiation = Negotiation::new(TARGET, None).unwrap();
                let (sent, result, left) = play(negotiation, &reply, size);
                assert_eq!((sent, result), ([GREETING, REQUEST].concat(), Ok(())));
                assert_eq!(left, "target".len(), "{kind} {size}");
            }
        }
    }

    #[test]
    fn a_login_is_sent_only_if_the_proxy_chooses_it() {
        let (hello, sent_login) = (&[5, 2, 0, 2][..], &b"\x01\x02me\x06secret"[..]);
        let connected = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0][..];
        for (answers, expected) in [
            ([&[5, 0][..], connected].concat(), [hello, REQUEST].concat()),
            ([&[5, 2, 1, 0][..], connected].concat(), [hello, sent_login, REQUEST].concat()),
        ] {
            for size in [1, 300] {
                let negotiation = Negotiation::new(TARGET, Some(&login())).unwrap();
                assert_eq!(play(negotiation, &answers, size), (expected.clone(), Ok(()), 0));
            }
        }
    }

    #[test]
    fn errors_of_a_proxy_have_their_reasons() {
        for (answers, with_login, expected) in [
            (&[4, 0][..], false, SocksError::Version),
            (b"HTTP/1.1", false, SocksError::Version),
            (&[5, 0xff], true, SocksError::Method),
            (&[5, 2], false, SocksError::Method),
            (&[5, 1], true, SocksError::Method),
            (&[5, 2, 1, 1], true, SocksError::Login),
            (&[5, 2, 5, 0], true, SocksError::Version),
            (&[5, 0, 5, 5, 0, 1, 0], false, SocksError::Refused(5)),
            (&[5, 0, 5, 0xff, 0, 1, 0], false, SocksError::Refused(255)),
            (&[5, 0, 4, 0, 0, 1, 0], false, SocksError::Version),
            (&[5, 0, 5, 0, 0, 2, 0], false, SocksError::Version),
        ] {
            let login = login();
            let negotiation = Negotiation::new(TARGET, with_login.then_some(&login)).unwrap();
            assert_eq!(play(negotiation, answers, 1).1, Err(expected), "{answers:?}");
        }
    }

    #[test]
    fn addresses_and_names_are_encoded_by_type() {
        let name = "n".repeat(256);
        let encoded = |target: Target<'_>| request(target).map(|bytes| bytes[3..].to_vec());
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        assert_eq!(encoded(Target::Ip(four, 80)), Some(vec![1, 192, 0, 2, 1, 0, 80]));
        let long = encoded(Target::Ip(six, 80)).unwrap();
        assert_eq!((long[0], long.len()), (4, 1 + 16 + 2));
        assert_eq!(encoded(Target::Name(&name[1..], 80)).unwrap().len(), 2 + 255 + 2);
        assert_eq!(encoded(Target::Name(&name, 80)), None);
    }
}
