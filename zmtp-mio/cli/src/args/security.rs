//! Security of sockets.

#![expect(clippy::doc_markdown, reason = "help texts have no ticks")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use zmtp_mio::{
    AllowedKeys, Certificate, CertificateError, KeyPair, Options, PasswordFile, PublicKey, Security,
};

use crate::exit::Failure;

/// PLAIN and CURVE. Keys and passwords are in files, because other users can see the arguments of a process.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Security")]
pub(crate) struct SecurityArgs {
    /// Use CURVE as the server, with the keys in this file of zmtp keygen or pyzmq (CURVE_SERVER); without
    /// --curve-allow, every client that has the public key is accepted
    #[arg(long, value_name = "FILE.key_secret")]
    curve_server: Option<PathBuf>,

    /// Accept only clients with the public key in this file; may be repeated
    #[arg(long, value_name = "FILE.key", requires = "curve_server")]
    curve_allow: Vec<PathBuf>,

    /// Use CURVE as the client, with the keys in this file
    #[arg(
        long,
        value_name = "FILE.key_secret",
        requires = "curve_server_key",
        conflicts_with = "curve_server"
    )]
    curve_client: Option<PathBuf>,

    /// The public key of the server, as a file or in Z85 (CURVE_SERVERKEY)
    #[arg(long, value_name = "FILE.key|KEY", requires = "curve_client")]
    curve_server_key: Option<String>,

    /// Use PLAIN as the server; the file has a line user=password for each user (PLAIN_SERVER)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["curve_server", "curve_client"])]
    plain_server: Option<PathBuf>,

    /// Use PLAIN as the client; the first line of the file is user=password (PLAIN_USERNAME)
    #[arg(long, value_name = "FILE",
        conflicts_with_all = ["curve_server", "curve_client", "plain_server"])]
    plain_client: Option<PathBuf>,
}

impl SecurityArgs {
    /// Sets the security of a socket.
    pub(super) fn apply(&self, options: &mut Options) -> Result<(), Failure> {
        if let Some(path) = &self.curve_server {
            options.security = Security::curve_server(keys(path)?);
            if !self.curve_allow.is_empty() {
                let mut allowed = AllowedKeys::new();
                for path in &self.curve_allow {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    allowed = allowed.allow(*load(path)?.public_key(), name);
                }
                options.authenticator = Some(Arc::new(allowed));
            }
        } else if let (Some(path), Some(server)) = (&self.curve_client, &self.curve_server_key) {
            let server = match PublicKey::from_z85(server) {
                Some(key) => key,
                None => *load(Path::new(server))?.public_key(),
            };
            options.security = Security::curve_client(server, keys(path)?);
        } else if let Some(path) = &self.plain_server {
            let passwords = PasswordFile::open(path).map_err(reading(path))?;
            options.security = Security::plain_server();
            options.authenticator = Some(Arc::new(passwords));
        } else if let Some(path) = &self.plain_client {
            let (user, password) =
                login(path, "the first line of --plain-client is not user=password")?;
            options.security = Security::plain_client(user, password);
        }
        Ok(())
    }
}

/// Reads the user name and the password in the first line of a file; `error` if it has none.
pub(super) fn login(path: &Path, error: &'static str) -> Result<(String, String), Failure> {
    let text = fs::read_to_string(path).map_err(reading(path))?;
    let first = text.lines().next().and_then(|line| line.split_once('='));
    let (user, password) = first.ok_or(Failure::Usage(error))?;
    Ok((user.into(), password.into()))
}

/// Reads a certificate.
fn load(path: &Path) -> Result<Certificate, Failure> {
    Certificate::load(path).map_err(|error| {
        reading(path)(match error {
            CertificateError::Io(error) => error,
            error => io::Error::other(error),
        })
    })
}

/// Reads a certificate with both keys.
pub(crate) fn keys(path: &Path) -> Result<KeyPair, Failure> {
    let keys = load(path)?.keys();
    keys.ok_or(Failure::Usage("the file has no secret key: use the one that ends in _secret"))
}

fn reading(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    Failure::io(format!("read {}", path.display()))
}
