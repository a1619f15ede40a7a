//! Round trips: a read and a write at each end, which block or keep a CPU busy.

use std::io::{Read as _, Write as _};
use std::time::Instant;

use super::stream::{Blocking, Listener};
use crate::Result;
use crate::meter::Lane;

/// Flags of a long frame.
const LONG: u8 = 2;

/// Echoes the requests of one connection.
pub(super) fn reply(endpoint: &str, spins: bool, ready: &dyn Fn(&str)) -> Result {
    let mut stream = Listener::bind(endpoint, ready)?.accept()?.spinning(spins)?;
    let mut buffer = vec![0; 128 << 10];
    loop {
        let mut have = 0;
        let total = loop {
            let n = stream.read(&mut buffer[have..])?;
            if n == 0 {
                return Ok(());
            }
            have += n;
            match length(&buffer[..have]) {
                Some(total) if have >= total => break total,
                Some(total) if total > buffer.len() => buffer.resize(total, 0),
                _ => {}
            }
        };
        stream.write_all(&buffer[..total])?;
    }
}

/// Bytes of a delimiter and a body, when the header of the body has been read.
fn length(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [1, 0, LONG, ref rest @ ..] => Some(11 + u64::from_be_bytes(*rest.first_chunk()?) as usize),
        [1, 0, 0, size, ..] => Some(4 + usize::from(size)),
        _ => None,
    }
}

/// Sends requests as REQ does, with a delimiter.
pub(super) fn request(endpoint: &str, size: usize, spins: bool, lane: &Lane) -> Result {
    let mut stream = Blocking::connect(endpoint)?.spinning(spins)?;
    let request = wire::delimited(&vec![0x5a; size]);
    let mut reply = vec![0; request.len()];
    let mut start = Instant::now();
    while lane.more() {
        stream.write_all(&request)?;
        stream.read_exact(&mut reply)?;
        lane.round_trip(&mut start);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn length_of_a_request_is_in_its_header() {
        for (size, header) in [(0, 4), (255, 4), (256, 11), (65_536, 11)] {
            let bytes = wire::delimited(&vec![1; size]);
            assert_eq!(length(&bytes), Some(bytes.len()));
            assert_eq!(length(&bytes[..header]), Some(bytes.len()));
            assert_eq!(length(&bytes[..header - 1]), None);
        }
    }
}
