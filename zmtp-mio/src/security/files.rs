//! Authenticators whose keys or passwords are files, read again when they change.

use core::fmt;
#[cfg(feature = "curve")]
use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use zmtp_core::mechanism::Status;

#[cfg(feature = "curve")]
use super::{AllowedKeys, Certificate, User};
use super::{Authenticator, ConnectingClient, Passwords, Reply};

/// An [`Authenticator`] that accepts the clients of CURVE whose certificates are in a folder. The user id is the name of
/// the file without `.key`.
///
/// A certificate is a regular file whose name ends in `.key`, as [`Certificate::save`], CZMQ and pyzmq write it. The
/// metadata of the certificate is that of the [`User`](crate::User). At each question the folder is listed, and read again
/// if a file was added, removed or changed. Files that are not certificates are skipped.
///
/// Clients that are not accepted are refused with [`Status::Denied`]. While the folder cannot be read, or a file that was
/// a certificate is none because another program writes it, they are refused with [`Status::Temporary`], so that they
/// connect again.
#[cfg(feature = "curve")]
#[derive(Debug)]
pub struct CertificateFolder(Watched<Certificates>);

#[cfg(feature = "curve")]
impl CertificateFolder {
    /// Reads the certificates of a folder.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        Watched::open(path.into(), certificates, Certificates::load).map(Self)
    }
}

#[cfg(feature = "curve")]
impl Authenticator for CertificateFolder {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        match self.0.current() {
            Some(certificates) => reply.send(certificates.decide(client)),
            None => reply.refuse(Status::Temporary),
        }
    }
}

/// An [`Authenticator`] that accepts clients of PLAIN whose user names and passwords are in a file, in the form that
/// [`Passwords::load`] reads. The user id is the user name.
///
/// The file must be a regular file. It is read again when it has changed. While there is no such file, or it cannot be
/// read, for example while another program replaces it, clients are refused with [`Status::Temporary`], so that they
/// connect again.
#[derive(Debug)]
pub struct PasswordFile(Watched<Passwords>);

impl PasswordFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Those of [`Passwords::load`].
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        // Another kind of file, such as a pipe, can block the reader.
        let sole = |path: &Path| match fs::metadata(path)?.is_file() {
            true => Ok(vec![path.to_owned()]),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
        };
        let load = |files: &[PathBuf], _: Option<&Passwords>| match files {
            [file] => Passwords::load(file),
            _ => Ok(Passwords::new()),
        };
        Watched::open(path.into(), sole, load).map(Self)
    }
}

impl Authenticator for PasswordFile {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        match self.0.current() {
            Some(passwords) => reply.send(passwords.decide(client)),
            None => reply.refuse(Status::Temporary),
        }
    }
}

/// The certificates in a folder.
#[cfg(feature = "curve")]
fn certificates(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let named = path.extension().is_some_and(|extension| extension == "key");
        // Another kind of file, such as a pipe, can block the reader.
        if named && fs::metadata(&path).is_ok_and(|data| data.is_file()) {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The certificates of a folder.
#[cfg(feature = "curve")]
#[derive(Default)]
struct Certificates {
    allowed: AllowedKeys,
    /// The files that were certificates when they were read last, or before they were replaced.
    files: HashSet<PathBuf>,
    /// One of these is no certificate now: it is being replaced.
    replacing: bool,
}

#[cfg(feature = "curve")]
impl Certificates {
    fn load(files: &[PathBuf], before: Option<&Self>) -> io::Result<Self> {
        let mut now = Self::default();
        for file in files {
            match Certificate::load(file) {
                Ok(certificate) => {
                    let mut user =
                        User::new(file.file_stem().unwrap_or_default().to_string_lossy());
                    user.metadata = certificate
                        .metadata()
                        .map(|(name, value)| (name.into(), value.into()))
                        .collect();
                    now.allowed = now.allowed.allow(*certificate.public_key(), user);
                }
                Err(_) if before.is_some_and(|before| before.files.contains(file)) => {
                    now.replacing = true;
                }
                Err(_) => continue,
            }
            now.files.insert(file.clone());
        }
        Ok(now)
    }

    /// The decision about a client.
    fn decide(&self, client: &ConnectingClient<'_>) -> Result<User, Status> {
        match self.allowed.decide(client) {
            Err(Status::Denied) if self.replacing => Err(Status::Temporary),
            decision => decision,
        }
    }
}

/// What was read from files, and how they were then.
struct Watched<T> {
    path: PathBuf,
    list: fn(&Path) -> io::Result<Vec<PathBuf>>,
    /// Reads these files, given what was read before.
    load: fn(&[PathBuf], Option<&T>) -> io::Result<T>,
    state: Mutex<(Vec<Stamp>, Option<Arc<T>>)>,
}

/// A file, and what changes when it is written.
#[derive(Eq, PartialEq)]
struct Stamp {
    file: PathBuf,
    /// The length, the time of the last change, and on Unix the number of the file and the time of the last change of
    /// its state. `None` if there is no such file.
    seen: Option<(u64, Option<SystemTime>, [i64; 3])>,
}

impl Stamp {
    fn of(file: PathBuf) -> Self {
        let seen = fs::metadata(&file).ok().map(|data| {
            let state = state(&data);
            (data.len(), data.modified().ok(), state)
        });
        Self { file, seen }
    }
}

#[cfg(unix)]
fn state(data: &Metadata) -> [i64; 3] {
    use std::os::unix::fs::MetadataExt;

    [data.ino().cast_signed(), data.ctime(), data.ctime_nsec()]
}

#[cfg(not(unix))]
fn state(_: &Metadata) -> [i64; 3] {
    [0; 3]
}

impl<T> Watched<T> {
    fn open(
        path: PathBuf,
        list: fn(&Path) -> io::Result<Vec<PathBuf>>,
        load: fn(&[PathBuf], Option<&T>) -> io::Result<T>,
    ) -> io::Result<Self> {
        // Looked at before they are read: a change in between is noticed at the next question.
        let files = list(&path)?;
        let stamps = files.iter().cloned().map(Stamp::of).collect();
        let loaded = Arc::new(load(&files, None)?);
        Ok(Self { path, list, load, state: Mutex::new((stamps, Some(loaded))) })
    }

    /// What is in the files now; `None` if they cannot be read.
    fn current(&self) -> Option<Arc<T>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(files) = (self.list)(&self.path) else {
            *state = (Vec::new(), None);
            return None;
        };
        let stamps: Vec<Stamp> = files.iter().cloned().map(Stamp::of).collect();
        if stamps != state.0 || state.1.is_none() {
            let loaded = (self.load)(&files, state.1.as_deref());
            *state = (stamps, loaded.ok().map(Arc::new));
        }
        state.1.clone()
    }
}

/// Without what the files contain.
impl<T> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("path", &self.path).finish_non_exhaustive()
    }
}
