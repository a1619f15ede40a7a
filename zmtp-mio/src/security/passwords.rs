//! User names and their passwords.

use core::fmt;
use core::hint::black_box;
use core::iter;
use std::collections::HashMap;

use zeroize::Zeroizing;
use zmtp_core::mechanism::{Credentials, Status};

use super::{Authenticator, Client};

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
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("users", &self.0.len()).finish_non_exhaustive()
    }
}

impl Authenticator for Passwords {
    fn authenticate(&self, client: &Client<'_>) -> Result<String, Status> {
        let Credentials::Plain { username, password } = client.credentials else {
            return Err(Status::Denied);
        };
        let expected = self.0.get(username);
        // For an unknown user too, so that its time does not show which users exist.
        let same = equal(password, expected.map_or(&b""[..], |expected| expected));
        if same && expected.is_some() {
            Ok(String::from_utf8_lossy(username).into_owned())
        } else {
            Err(Status::Denied)
        }
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
            let client = Client::new(None, Credentials::Plain { username, password });
            passwords.authenticate(&client)
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
    fn every_sent_byte_is_compared_also_if_fewer_are_expected() {
        for expected in ["", "s", "secret", "secrets and more"] {
            let mut count = 0;
            differences(b"secrets".iter().inspect(|_| count += 1), expected.as_bytes());
            assert_eq!(count, 7, "{expected}");
        }
    }
}
