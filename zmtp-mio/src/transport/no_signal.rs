//! Writes that raise no SIGPIPE if the peer is gone.
//!
//! SIGPIPE is ignored in most Rust programs, but a program in another language that loads this crate may have it at
//! its default, which ends the process. The standard library sets the flag only for `TcpStream::write`, and in newer
//! versions for `UnixStream::write`; never for vectored writes. On Apple's systems the option `SO_NOSIGPIPE` of the
//! socket, which mio and socket2 set, has the same effect.

use core::ffi::c_int;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;

use nix::libc::MSG_NOSIGNAL;
use socket2::SockRef;

/// Not on Apple's systems, whose older versions do not have the flag.
const FLAGS: c_int = if cfg!(target_vendor = "apple") { 0 } else { MSG_NOSIGNAL };

pub(super) fn write(socket: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    SockRef::from(socket).send_with_flags(bytes, FLAGS)
}

pub(super) fn write_vectored(socket: &impl AsFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    SockRef::from(socket).send_vectored_with_flags(slices, FLAGS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{self, Shutdown};
    use std::os::unix;
    use std::{fs, thread};

    use mio::net::{TcpStream, UnixStream};
    use nix::sys::signal::{SigSet, Signal};

    use super::super::Stream;
    use super::*;

    /// A blocked signal stays pending, also if it is ignored.
    fn is_pending(signal: Signal) -> bool {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("SigPnd:")).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap() >> (signal as u32 - 1) & 1 == 1
    }

    fn assert_quiet(mut stream: Stream) {
        let test = move || {
            let mut blocked = SigSet::empty();
            blocked.add(Signal::SIGPIPE);
            blocked.thread_block().unwrap();
            for len in [1, 100_000] {
                let bytes = vec![0; len];
                let error = stream.write(&bytes).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
                let slices = [IoSlice::new(b"header"), IoSlice::new(&bytes)];
                let error = stream.write_vectored(&slices).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
            }
            assert!(!is_pending(Signal::SIGPIPE));
        };
        // The signal belongs to the thread that writes.
        thread::spawn(test).join().unwrap();
    }

    #[test]
    fn no_write_to_a_broken_connection_raises_sigpipe() {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        stream.set_nonblocking(true).unwrap();
        assert_quiet(Stream::Tcp(TcpStream::from_std(stream)));

        let (stream, peer) = unix::net::UnixStream::pair().unwrap();
        drop(peer);
        stream.set_nonblocking(true).unwrap();
        assert_quiet(Stream::Ipc(UnixStream::from_std(stream)));
    }
}
