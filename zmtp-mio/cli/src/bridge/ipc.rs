//! Listening on a Unix socket, with the rules of `zmtp-mio`: of two processes that start on one path, one is refused.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use zmtp_mio::Endpoint;

/// How often to try to lock a directory, and the pause after each attempt.
const ATTEMPTS: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(1);

/// A listener. It removes its socket file when it is dropped.
#[derive(Debug)]
pub(crate) struct IpcListener {
    listener: UnixListener,
    pub(super) endpoint: Endpoint,
    /// The device and the inode of the socket file.
    file: Option<(u64, u64)>,
}

impl IpcListener {
    /// Listens without blocking. The file of a process that has ended is replaced.
    pub(super) fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let address = address(endpoint)?;
        let path = match endpoint {
            Endpoint::Ipc(path) => Some(path),
            _ => None,
        };
        // The lock ends with the binding.
        let _lock = path.and_then(|path| lock_directory(path));
        let listener = match (UnixListener::bind_addr(&address), path) {
            (Err(error), Some(path))
                if error.kind() == io::ErrorKind::AddrInUse && is_stale(path) =>
            {
                fs::remove_file(path)?;
                UnixListener::bind_addr(&address)
            }
            (result, _) => result,
        }?;
        let file = path.and_then(|path| identity(path));
        // It removes the file also after an error.
        let made = Self { listener, endpoint: endpoint.clone(), file };
        made.listener.set_nonblocking(true)?;
        Ok(made)
    }

    pub(super) fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().map(|(stream, _)| stream)
    }
}

impl AsFd for IpcListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for IpcListener {
    fn drop(&mut self) {
        // A file that another process created there later is not removed.
        if let Endpoint::Ipc(path) = &self.endpoint
            && self.file.is_some()
            && identity(path) == self.file
        {
            let _ = fs::remove_file(path);
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|data| (data.dev(), data.ino()))
}

/// Locks the directory of a path until the file is dropped: only one process at a time binds in a directory. `None` if
/// this process may not read the directory, or if another one does not release the lock.
fn lock_directory(path: &Path) -> Option<File> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = File::open(directory.unwrap_or_else(|| Path::new("."))).ok()?;
    for _ in 0..ATTEMPTS {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Some(file),
            Err(Errno::WOULDBLOCK | Errno::INTR) => thread::sleep(PAUSE),
            Err(_) => return None,
        }
    }
    None
}

/// Whether the path is a socket file on which no process listens.
fn is_stale(path: &Path) -> bool {
    // Does not block, unlike the same of `std`: a live listener with a full backlog answers `WouldBlock`.
    fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket())
        && zmtp_mio::mio::net::UnixStream::connect(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// The address of a path, or of an abstract name.
///
/// # Errors
///
/// [`io::ErrorKind::Unsupported`] if it is neither, or the system has no abstract names.
pub(super) fn address(endpoint: &Endpoint) -> io::Result<SocketAddr> {
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

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn of_two_starters_on_one_path_one_is_refused() {
        const ROUNDS: usize = 500;
        let directory = std::env::temp_dir().join(format!("zmtp-bridge-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("socket");
        let endpoint = Endpoint::Ipc(path.clone());
        let barrier = Barrier::new(2);
        let start = |leaves_a_file: bool| {
            let mut bound = 0;
            for _ in 0..ROUNDS {
                if leaves_a_file {
                    // As a process leaves it that is killed.
                    drop(UnixListener::bind(&path));
                }
                barrier.wait();
                let listener = IpcListener::bind(&endpoint);
                barrier.wait();
                bound += usize::from(listener.is_ok());
                drop(listener);
                barrier.wait();
            }
            bound
        };
        let bound: usize = thread::scope(|scope| {
            let other = scope.spawn(|| start(false));
            start(true) + other.join().unwrap()
        });
        assert_eq!(bound, ROUNDS);
        assert!(!path.exists());
        fs::remove_dir(&directory).unwrap();
    }
}
