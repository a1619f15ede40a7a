//! Authenticators whose keys or passwords are files, read again when they change.

use core::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use zmtp_core::mechanism::Status;

#[cfg(feature = "curve")]
use super::{AllowedKeys, Certificate};
use super::{Authenticator, Client, Passwords, Reply};

/// An [`Authenticator`] that accepts the clients of CURVE whose certificates are in a folder. The user id is the name of
/// the file without `.key`.
///
/// A certificate is a file that ends in `.key`, as [`Certificate::save`], CZMQ and pyzmq write it. At each question the
/// folder is listed, and read again if a file was added, removed or changed. Files that are not certificates are
/// skipped. While the folder cannot be read, clients are refused with [`Status::Failed`].
#[cfg(feature = "curve")]
#[derive(Debug)]
pub struct CertificateFolder(Watched<AllowedKeys>);

#[cfg(feature = "curve")]
impl CertificateFolder {
    /// Reads the certificates of a folder.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        Watched::open(path.into(), certificates, keys).map(Self)
    }
}

#[cfg(feature = "curve")]
impl Authenticator for CertificateFolder {
    fn authenticate(&self, client: &Client<'_>, reply: Reply) {
        match self.0.current() {
            Some(keys) => reply.send(keys.decide(client)),
            None => reply.refuse(Status::Failed),
        }
    }
}

/// An [`Authenticator`] that accepts clients of PLAIN whose user names and passwords are in a file, in the form that
/// [`Passwords::load`] reads. The user id is the user name.
///
/// The file is read again when it has changed. While it cannot be read, clients are refused with [`Status::Failed`].
#[derive(Debug)]
pub struct PasswordFile(Watched<Passwords>);

impl PasswordFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Those of [`Passwords::load`].
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let sole = |path: &Path| Ok(vec![path.to_owned()]);
        let load = |files: &[PathBuf]| match files {
            [file] => Passwords::load(file),
            _ => Ok(Passwords::new()),
        };
        Watched::open(path.into(), sole, load).map(Self)
    }
}

impl Authenticator for PasswordFile {
    fn authenticate(&self, client: &Client<'_>, reply: Reply) {
        match self.0.current() {
            Some(passwords) => reply.send(passwords.decide(client)),
            None => reply.refuse(Status::Failed),
        }
    }
}

/// The certificates in a folder.
#[cfg(feature = "curve")]
fn certificates(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "key") {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(feature = "curve")]
fn keys(files: &[PathBuf]) -> io::Result<AllowedKeys> {
    let named = files.iter().filter_map(|file| {
        let name = file.file_stem()?.to_string_lossy().into_owned();
        Some((*Certificate::load(file).ok()?.public_key(), name))
    });
    Ok(named.fold(AllowedKeys::new(), |allowed, (key, name)| allowed.allow(key, name)))
}

/// What was read from files, and how they were then.
struct Watched<T> {
    path: PathBuf,
    list: fn(&Path) -> io::Result<Vec<PathBuf>>,
    load: fn(&[PathBuf]) -> io::Result<T>,
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
        load: fn(&[PathBuf]) -> io::Result<T>,
    ) -> io::Result<Self> {
        // Looked at before they are read: a change in between is noticed at the next question.
        let files = list(&path)?;
        let stamps = files.iter().cloned().map(Stamp::of).collect();
        let loaded = Arc::new(load(&files)?);
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
            *state = (stamps, (self.load)(&files).ok().map(Arc::new));
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
