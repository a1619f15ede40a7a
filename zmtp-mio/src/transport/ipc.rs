//! IPC: Unix stream sockets, in the file system or in Linux's abstract namespace.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::{fs, process};

use mio::net::{UnixListener, UnixStream};

use crate::endpoint::Endpoint;
use crate::error::Error;

/// A listener and the file it owns.
#[derive(Debug)]
pub(crate) struct IpcListener {
    listener: UnixListener,
    endpoint: Endpoint,
    file: Option<OwnedFile>,
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
        let address = address(endpoint).map_err(fail)?;
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
        Ok(Self { listener, endpoint: endpoint.clone(), file })
    }

    pub(super) fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().map(|(stream, _)| stream)
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
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
