//! User names and their passwords.

use core::fmt;
use core::hint::black_box;
use core::iter;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;
use zmtp_core::mechanism::{Credentials, Status};

use super::{Authenticator, ConnectingClient, Reply, User};

/// An [`Authenticator`] that accepts clients of PLAIN by user name and password. The user id is the user name.
#[derive(Clone, Default)]
pub struct Passwords(HashMap<Vec<u8>, Zeroizing<Vec<u8>>>);

impl Passwords {
    /// Accepts no one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts clients with this user name and password too.
    #[must_use]
    pub fn allow(mut self, username: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        self.0.insert(username.into(), Zeroizing::new(password.into()));
        self
    }

    /// Reads a file of passwords as CZMQ has them: a line `username=password` for each user. Empty lines, and lines
    /// that start with `#`, are skipped.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a line has no `=` (`InvalidData`).
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let text = Zeroizing::new(fs::read_to_string(path)?);
        let mut passwords = Self::new();
        for (line, at) in text.lines().zip(1..) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((username, password)) = line.split_once('=') else {
                let text = format!("line {at} of the passwords has no `=`");
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            };
            passwords = passwords.allow(username, password);
        }
        Ok(passwords)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("users", &self.0.len()).finish_non_exhaustive()
    }
}

impl Passwords {
    /// The decision about a client.
    pub(super) fn decide(&self, client: &ConnectingClient<'_>) -> Result<User, Status> {
        let Credentials::Plain { username, password } = client.credentials else {
            return Err(Status::Denied);
        };
        let expected = self.0.get(username);
        // For an unknown user too, so that its time does not show which users exist.
        let same = equal(password, expected.map_or(&b""[..], |expected| expected));
        if same && expected.is_some() {
            Ok(String::from_utf8_lossy(username).into_owned().into())
        } else {
            Err(Status::Denied)
        }
    }
}

impl Authenticator for Passwords {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        reply.send(self.decide(client));
    }
}

/// Compares with one step for each byte that the peer sent, whatever is expected.
fn equal(sent: &[u8], expected: &[u8]) -> bool {
    differences(sent.iter(), expected) == 0 && sent.len() == expected.len()
}

/// Ends after the last byte that was sent.
fn differences<'s>(sent: impl Iterator<Item = &'s u8>, expected: &[u8]) -> u8 {
    let expected = expected.iter().chain(iter::repeat(&0));
    sent.zip(expected).fold(0, |sum, (sent, expected)| black_box(sum | (sent ^ expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_of_the_user_is_accepted() {
        let passwords = Passwords::new().allow("admin", "secret").allow("empty", "");
        let ask = |username: &str, password: &str| {
            let (username, password) = (username.as_bytes(), password.as_bytes());
            let credentials = Credentials::Plain { username, password };
            passwords.decide(&ConnectingClient {
                domain: "",
                address: None,
                routing_id: b"",
                credentials,
            })
        };
        assert_eq!(ask("admin", "secret"), Ok("admin".into()));
        assert_eq!(ask("empty", ""), Ok("empty".into()));
        for (username, password) in [
            ("admin", "secre"),
            ("admin", "secrets"),
            ("admin", "secret\0"),
            ("admin", ""),
            ("empty", "\0"),
            ("other", ""),
            ("", ""),
        ] {
            assert_eq!(ask(username, password), Err(Status::Denied), "{username} {password}");
        }
        assert!(!format!("{passwords:?}").contains("secret"));
    }

    #[test]
    fn a_file_has_a_line_for_each_user() {
        let path = std::env::temp_dir().join(format!("zmtp-passwords-{}", std::process::id()));
        fs::write(&path, "# users\n\nadmin=sec=ret\nempty=\n").unwrap();
        let passwords = Passwords::load(&path).unwrap();
        let expected = [(b"admin", b"sec=ret".to_vec()), (b"empty", Vec::new())];
        for (user, password) in &expected {
            assert_eq!(passwords.0.get(&user[..]).map(|known| &***known), Some(&password[..]));
        }
        assert_eq!(passwords.0.len(), 2);
        fs::write(&path, "admin=secret\nadmin secret\n").unwrap();
        let error = Passwords::load(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "line 2 of the passwords has no `=`");
        fs::remove_file(&path).unwrap();
        assert!(Passwords::load(&path).is_err());
    }

    #[test]
    fn every_sent_byte_is_compared_also_if_fewer_are_expected() {
        for expected in ["", "s", "secret", "secrets and more"] {
            let mut count = 0;
            differences(b"secrets".iter().inspect(|_| count += 1), expected.as_bytes());
            assert_eq!(count, 7, "{expected}");
        }
    }
}
