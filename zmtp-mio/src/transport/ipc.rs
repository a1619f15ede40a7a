//! IPC: Unix stream sockets, in the file system or in Linux's abstract namespace.

use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr, UnixListener as StdListener};
use std::path::{Path, PathBuf};
use std::{fs, process, thread};

use mio::net::{UnixListener, UnixStream};
use nix::fcntl::{Flock, FlockArg};
#[cfg(any(target_os = "android", target_os = "linux"))]
use nix::sys::socket::{getsockopt, sockopt};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::options::PeerProcess;

/// How often to try to lock a directory, and the pause after each attempt.
const ATTEMPTS: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(1);

/// A listener and the file it owns.
#[derive(Debug)]
pub(crate) struct IpcListener {
    listener: UnixListener,
    endpoint: Endpoint,
    file: Option<OwnedFile>,
    /// The directory that was created for the file. It is removed after the file.
    directory: Option<Directory>,
}

/// A new directory, which is removed when it is dropped.
#[derive(Debug)]
struct Directory {
    path: PathBuf,
    process: u32,
}

impl Directory {
    /// Creates a directory for temporary files that other users cannot use.
    fn new() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        loop {
            let path = parent.join(format!("zmtp-{:016x}", fastrand::u64(..)));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path, process: process::id() }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A forked child removes no directory.
        if self.process == process::id() {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// The file that was created, and the process that created it: only this process removes this file.
#[derive(Debug)]
struct OwnedFile {
    device: u64,
    inode: u64,
    process: u32,
}

impl IpcListener {
    pub(super) fn bind(endpoint: &Endpoint) -> Result<Self, Error> {
        let fail = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::AddressInUse(endpoint.clone()),
            _ => Error::Io { doing: format!("bind {endpoint}"), source },
        };
        if let Endpoint::IpcAny = endpoint {
            let directory = Directory::new().map_err(fail)?;
            let mut bound = Self::bind(&Endpoint::Ipc(directory.path.join("socket")))?;
            bound.directory = Some(directory);
            return Ok(bound);
        }
        let address = address(endpoint).map_err(fail)?;
        let _lock = match endpoint {
            Endpoint::Ipc(path) => lock_directory(path),
            _ => None,
        };
        let listener = match (UnixListener::bind_addr(&address), endpoint) {
            (Err(error), Endpoint::Ipc(path)) if error.kind() == io::ErrorKind::AddrInUse => {
                if !is_stale(path) {
                    return Err(Error::AddressInUse(endpoint.clone()));
                }
                fs::remove_file(path).map_err(fail)?;
                UnixListener::bind_addr(&address)
            }
            (result, _) => result,
        };
        let listener = listener.map_err(fail)?;
        let file = match endpoint {
            Endpoint::Ipc(path) => OwnedFile::at(path),
            _ => None,
        };
        Ok(Self { listener, endpoint: endpoint.clone(), file, directory: None })
    }

    /// Takes over a listening socket. Its file is not removed.
    pub(super) fn adopt(listener: StdListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let endpoint = match address.as_pathname() {
            Some(path) => Endpoint::Ipc(path.into()),
            None => abstract_endpoint(&address)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?,
        };
        let listener = UnixListener::from_std(listener);
        Ok(Self { listener, endpoint, file: None, directory: None })
    }

    pub(super) fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().map(|(stream, _)| stream)
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn as_raw_fd(&self) -> RawFd {
        self.listener.as_raw_fd()
    }

    pub(super) fn register(
        &mut self,
        registry: &mio::Registry,
        token: mio::Token,
        interest: mio::Interest,
    ) -> io::Result<()> {
        mio::event::Source::register(&mut self.listener, registry, token, interest)
    }

    pub(super) fn deregister(&mut self, registry: &mio::Registry) -> io::Result<()> {
        mio::event::Source::deregister(&mut self.listener, registry)
    }
}

impl Drop for IpcListener {
    fn drop(&mut self) {
        let Endpoint::Ipc(path) = &self.endpoint else { return };
        // A file that was created there later is not removed, and a forked child removes no file.
        if let Some(file) = &self.file
            && file.process == process::id()
            && OwnedFile::at(path)
                .is_some_and(|now| now.inode == file.inode && now.device == file.device)
        {
            let _ = fs::remove_file(path);
        }
    }
}

impl OwnedFile {
    fn at(path: &Path) -> Option<Self> {
        let data = fs::symlink_metadata(path).ok()?;
        Some(Self { device: data.dev(), inode: data.ino(), process: process::id() })
    }
}

/// Locks the directory of a path, until the result is dropped or the process ends.
///
/// Between its `bind` and its `listen` a live socket looks as one of a dead process does. And when two processes
/// replace the file of a dead one, the second could remove the file of the first. Therefore only one process at a
/// time binds in a directory.
///
/// `None` if this process may not read the directory, or if another one does not release the lock: any process that
/// may read the directory can lock it, and must not keep this one from listening.
fn lock_directory(path: &Path) -> Option<Flock<fs::File>> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = fs::File::open(directory).ok()?;
    for _ in 0..ATTEMPTS {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Some(lock),
            Err((unlocked, nix::errno::Errno::EWOULDBLOCK | nix::errno::Errno::EINTR)) => {
                file = unlocked;
                thread::sleep(PAUSE);
            }
            Err(_) => return None,
        }
    }
    None
}

/// Whether the path is a socket file on which no process listens.
fn is_stale(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket());
    // Does not block: a live listener with a full backlog answers `WouldBlock`.
    is_socket
        && UnixStream::connect(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

pub(super) fn dial(endpoint: &Endpoint) -> io::Result<UnixStream> {
    UnixStream::connect_addr(&address(endpoint)?)
}

fn address(endpoint: &Endpoint) -> io::Result<SocketAddr> {
    match endpoint {
        Endpoint::Ipc(path) => SocketAddr::from_pathname(path),
        #[cfg(target_os = "linux")]
        Endpoint::Abstract(name) => {
            use std::os::linux::net::SocketAddrExt;
            SocketAddr::from_abstract_name(name)
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[cfg(target_os = "linux")]
fn abstract_endpoint(address: &SocketAddr) -> Option<Endpoint> {
    use std::os::linux::net::SocketAddrExt;
    let name = str::from_utf8(address.as_abstract_name()?).ok()?;
    Some(Endpoint::Abstract(name.into()))
}

#[cfg(not(target_os = "linux"))]
fn abstract_endpoint(_: &SocketAddr) -> Option<Endpoint> {
    None
}

/// The process at the other end, as it was when it connected.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(super) fn process(stream: &UnixStream) -> Option<PeerProcess> {
    let peer = getsockopt(stream, sockopt::PeerCredentials).ok()?;
    // The id of a process that this one cannot see is 0.
    let process = u32::try_from(peer.pid()).ok()?;
    Some(PeerProcess { group: peer.gid(), process, user: peer.uid() })
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(super) fn process(_: &UnixStream) -> Option<PeerProcess> {
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// A path in a directory that no other test uses.
    fn path(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("zmtp-{}-{name}", process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory.join("socket")
    }

    #[test]
    fn of_two_starters_on_one_path_one_is_refused() {
        const STARTERS: usize = 3;
        const ROUNDS: usize = 1_000;
        let path = path("starters");
        let endpoint = Endpoint::Ipc(path.clone());
        let barrier = Barrier::new(STARTERS);
        // A thread that panics would leave the others at the barrier.
        let start = |is_first: bool| {
            let (mut wins, mut wrong) = (0, 0);
            for round in 0..ROUNDS {
                if is_first && round % 2 == 0 {
                    // A dead process leaves its file.
                    let _ = std::os::unix::net::UnixListener::bind(&path);
                }
                barrier.wait();
                let result = IpcListener::bind(&endpoint);
                barrier.wait();
                match &result {
                    Ok(_) => {
                        wins += 1;
                        wrong += usize::from(UnixStream::connect(&path).is_err());
                    }
                    Err(Error::AddressInUse(_)) => {}
                    Err(_) => wrong += 1,
                }
                drop(result);
                barrier.wait();
                wrong += usize::from(path.exists());
                barrier.wait();
            }
            (wins, wrong)
        };
        let results = thread::scope(|scope| {
            let start = &start;
            let starters = [0; STARTERS].iter().enumerate();
            let threads: Vec<_> =
                starters.map(|(n, _)| scope.spawn(move || start(n == 0))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(results.iter().map(|(wins, _)| wins).sum::<usize>(), ROUNDS);
        assert_eq!(results.iter().map(|(_, wrong)| wrong).sum::<usize>(), 0);
        fs::remove_dir(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_directory_that_another_process_locks_can_still_be_used() {
        let path = path("locked");
        let other = lock_directory(&path).unwrap();
        drop(IpcListener::bind(&Endpoint::Ipc(path.clone())).unwrap());
        drop(other);
        fs::remove_dir(path.parent().unwrap()).unwrap();
    }
}
