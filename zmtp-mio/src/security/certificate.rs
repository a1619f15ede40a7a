//! Certificate files, as CZMQ and pyzmq write them.

use core::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;
use zmtp_core::mechanism::{KeyPair, PublicKey, SecretKey};

use super::zpl;

/// The keys of a client or server, in files that CZMQ and pyzmq read too.
///
/// A certificate `alice.key` has the public key, for the other end. The file beside it, `alice.key_secret`, has the
/// secret key too. Both can have metadata: names and values, such as the name of the owner.
///
/// ```no_run
/// use zmtp_mio::Certificate;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// Certificate::generate()?.with("name", "Alice").save("alice.key")?;
/// let alice = Certificate::load("alice.key_secret")?;
/// println!("{}", alice.public_key());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Certificate {
    public: PublicKey,
    secret: Option<SecretKey>,
    metadata: Vec<(String, String)>,
}

/// Why a certificate cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file cannot be read.
    Io(io::Error),
    /// The file has no `public-key`.
    NoPublicKey,
    /// A key is not 40 characters in Z85 (RFC 32).
    NotZ85,
    /// The public key does not belong to the secret key.
    OtherKeys,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NoPublicKey => f.write_str("the certificate has no public key"),
            Self::NotZ85 => f.write_str("a key of the certificate is not 40 characters in Z85"),
            Self::OtherKeys => f.write_str("the two keys of the certificate are not a pair"),
        }
    }
}

impl core::error::Error for CertificateError {}

impl From<io::Error> for CertificateError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Certificate {
    /// New keys, made of random bytes of the system.
    ///
    /// # Errors
    ///
    /// The system has no random bytes.
    pub fn generate() -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
        Ok(KeyPair::new(SecretKey::new(*bytes)).into())
    }

    /// The public key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Both keys; `None` if the certificate has only the public key.
    pub fn keys(&self) -> Option<KeyPair> {
        let secret = self.secret.clone()?;
        Some(KeyPair::from_parts(self.public, secret))
    }

    /// The names and values in the section `metadata`, in their order. A [`CertificateFolder`](crate::CertificateFolder)
    /// passes them on as the metadata of the [`User`](crate::User), as CZMQ does.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        self.metadata.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Adds a name and a value to the metadata. [`Certificate::save`] states which it can write.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }

    /// Reads the text of a certificate in ZPL (RFC 4). The keys may be in any section except `metadata`.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let is_metadata = |entry: &zpl::Entry<'_>| entry.section == "metadata";
        let value = |name: &str| {
            let mut others = zpl::entries(text).filter(|entry| !is_metadata(entry));
            others.find(|entry| entry.name == name).map(|entry| entry.value)
        };
        let public = value("public-key").ok_or(CertificateError::NoPublicKey)?;
        let public = PublicKey::from_z85(public).ok_or(CertificateError::NotZ85)?;
        let secret = value("secret-key")
            .map(|secret| SecretKey::from_z85(secret).ok_or(CertificateError::NotZ85))
            .transpose()?;
        if secret.as_ref().is_some_and(|secret| secret.public_key() != public) {
            return Err(CertificateError::OtherKeys);
        }
        let metadata = zpl::entries(text).filter(is_metadata);
        let metadata = metadata.map(|entry| (entry.name.into(), entry.value.into())).collect();
        Ok(Self { public, secret, metadata })
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CertificateError> {
        Self::parse(&Zeroizing::new(fs::read_to_string(path)?))
    }

    /// Writes the public key to `path`, and both keys to the file with `_secret` after this name, which only its
    /// owner can read (mode 0600). Existing files are not changed. After an error, neither file that was missing exists.
    ///
    /// # Errors
    ///
    /// A file exists or cannot be written. `InvalidInput`: a name of the metadata has characters other than letters,
    /// digits and `$-_@.&+/`, or a value has a control character or both kinds of quotes.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let mut body = String::from("metadata\n");
        for (name, value) in self.metadata() {
            zpl::put(&mut body, name, value)?;
        }
        body.push_str("curve\n");
        let public = format!("{PUBLIC_HEAD}{body}    public-key = \"{}\"\n", self.public);
        let Some(secret) = &self.secret else { return write(path, &public, 0o644) };
        let z85 = Zeroizing::new(secret.expose_z85());
        let secret = Zeroizing::new(format!(
            "{SECRET_HEAD}{body}    public-key = \"{}\"\n    secret-key = \"{}\"\n",
            self.public,
            str::from_utf8(&*z85).unwrap_or_default()
        ));
        let beside = beside(path);
        write(&beside, &secret, 0o600)?;
        write(path, &public, 0o644).inspect_err(|_| remove(&beside))
    }
}

/// Writes the public key only.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("public", &self.public).finish_non_exhaustive()
    }
}

impl From<KeyPair> for Certificate {
    fn from(keys: KeyPair) -> Self {
        let secret = Some(keys.secret().clone());
        Self { public: *keys.public(), secret, metadata: Vec::new() }
    }
}

impl From<PublicKey> for Certificate {
    fn from(public: PublicKey) -> Self {
        Self { public, secret: None, metadata: Vec::new() }
    }
}

const PUBLIC_HEAD: &str = "#   ZeroMQ CURVE Public Certificate\n\
    #   Exchange securely, or use a secure mechanism to verify the contents\n\
    #   of this file after exchange.\n\n";
const SECRET_HEAD: &str = "#   ZeroMQ CURVE **Secret** Certificate\n\
    #   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.\n\n";

/// The file of the secret key.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("_secret");
    name.into()
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "files have no mode there"))]
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    drop(file);
    written.inspect_err(|_| remove(path))
}

/// Removes a file that was created and is of no use.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As pyzmq's `create_certificates` writes it, and as CZMQ's `zcert_save`.
    #[test]
    fn files_of_pyzmq_and_czmq_are_read() {
        let keys = Certificate::generate().unwrap().keys().unwrap();
        let secret = keys.secret().expose_z85();
        let (public, secret) = (keys.public().to_string(), str::from_utf8(&secret).unwrap());
        for text in [
            format!(
                "#   ****  Generated on 2026-01-01 by pyzmq  ****\n#   ZeroMQ CURVE **Secret** \
                 Certificate\n\nmetadata\n    name = \"x\"\ncurve\n    public-key = \
                 \"{public}\"\n    secret-key = \"{secret}\"\n"
            ),
            format!("curve\n    public-key = \"{public}\"\n    secret-key = \"{secret}\"\n"),
        ] {
            let read = Certificate::parse(&text).unwrap();
            assert_eq!(read.metadata().next(), text.contains("name").then_some(("name", "x")));
            assert_eq!(read.public_key(), keys.public());
            assert_eq!(read.keys().unwrap().secret().expose(), keys.secret().expose());
        }
        let read = Certificate::parse(&format!("curve\n\tpublic-key='{public}'\n")).unwrap();
        assert!(read.keys().is_none() && read.public_key() == keys.public());
    }

    #[test]
    fn other_texts_are_no_certificates() {
        let one = Certificate::generate().unwrap().keys().unwrap();
        let other = Certificate::generate().unwrap();
        let secret = one.secret().expose_z85();
        let text = format!(
            "public-key = \"{}\"\nsecret-key = \"{}\"\n",
            other.public_key(),
            str::from_utf8(&secret).unwrap()
        );
        let error = |text: &str| Certificate::parse(text).unwrap_err();
        assert!(matches!(error(&text), CertificateError::OtherKeys));
        assert!(matches!(error(""), CertificateError::NoPublicKey));
        assert!(matches!(error("public-key = \"short\""), CertificateError::NotZ85));
    }

    #[test]
    fn keys_in_the_metadata_are_no_keys() {
        let keys = Certificate::generate().unwrap();
        let text =
            format!("metadata\n public-key = x\ncurve\n public-key = \"{}\"\n", keys.public_key());
        let read = Certificate::parse(&text).unwrap();
        assert_eq!(read.public_key(), keys.public_key());
        assert_eq!(read.metadata().collect::<Vec<_>>(), [("public-key", "x")]);
    }

    fn folder(name: &str) -> PathBuf {
        let name = format!("zmtp-certificate-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_failed_save_leaves_no_file_behind() {
        let folder = folder("failed");
        let path = folder.join("alice.key");
        fs::write(&path, "there").unwrap();
        let certificate = Certificate::generate().unwrap();
        assert_eq!(certificate.save(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "there");
        assert!(!beside(&path).exists());
        let unwritable = certificate.with("name", "two\nlines");
        let path = folder.join("bob.key");
        assert_eq!(unwritable.save(&path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(!path.exists() && !beside(&path).exists());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn files_are_written_once_and_the_secret_is_for_its_owner() {
        let folder = folder("written");
        let path = folder.join("alice.key");
        let metadata = [("name", "Alice # 1"), ("mail", "alice@example.org")];
        let certificate = metadata
            .iter()
            .fold(Certificate::generate().unwrap(), |all, (name, value)| all.with(*name, *value));
        certificate.save(&path).unwrap();
        for path in [&path, &beside(&path)] {
            let read = Certificate::load(path).unwrap();
            assert_eq!(read.metadata().collect::<Vec<_>>(), metadata);
        }
        let (public, secret) = (Certificate::load(&path).unwrap(), beside(&path));
        assert!(public.keys().is_none());
        assert_eq!(public.public_key(), certificate.public_key());
        assert!(Certificate::load(&secret).unwrap().keys().is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let again = Certificate::generate().unwrap().save(&path).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(Certificate::load(&path).unwrap().public_key(), certificate.public_key());
        fs::remove_dir_all(&folder).unwrap();
    }
}
