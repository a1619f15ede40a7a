//! Endpoints of any text.

use std::ffi::{CStr, CString, c_int, c_void};

use zmtp_mio::{Endpoint, Host, SocketKind};

use super::{Input, LINGER, assert_failed, set};
use super::{zmq_bind, zmq_close, zmq_connect, zmq_ctx_new, zmq_ctx_term};
use super::{zmq_disconnect, zmq_getsockopt, zmq_socket, zmq_unbind};
use crate::socket::endpoint::{Side, parse};

const LAST_ENDPOINT: c_int = 32;

/// The socket types whose endpoints have rules of their own: PAIR, DEALER, STREAM, RADIO and DISH.
const TYPES: [(c_int, SocketKind); 5] = [
    (0, SocketKind::Pair),
    (5, SocketKind::Dealer),
    (11, SocketKind::Stream),
    (14, SocketKind::Radio),
    (15, SocketKind::Dish),
];

/// Binds, connects and their ends end with a result or an error, whatever the text is. An endpoint that is bound can be
/// unbound by the text that the socket reports, and one that is connected can be disconnected by its text.
pub(super) fn endpoints_hold(input: &[u8]) {
    let mut input = Input(input);
    let context = zmq_ctx_new();
    let (number, kind) = TYPES[usize::from(input.byte()) % TYPES.len()];
    let socket = zmq_socket(context, number);
    while !input.is_empty() && !socket.is_null() {
        let call = input.byte();
        let len = usize::from(input.byte());
        let text = input.bytes(len);
        let text = CString::new(text.split(|&byte| byte == 0).next().unwrap_or_default());
        let Ok(text) = text else { continue };
        let side = if call % 4 == 0 { Side::Bind } else { Side::Connect };
        if call % 4 < 2 && !is_here(&text, kind, side) {
            continue;
        }
        // SAFETY: the text ends with 0.
        let result = unsafe {
            match call % 4 {
                0 => zmq_bind(socket, text.as_ptr()),
                1 => zmq_connect(socket, text.as_ptr()),
                2 => zmq_unbind(socket, text.as_ptr()),
                _ => zmq_disconnect(socket, text.as_ptr()),
            }
        };
        match (result, call % 4) {
            (0, 0) if call & 4 != 0 => {
                let last = last(socket);
                // SAFETY: the text ends with 0.
                assert_eq!(unsafe { zmq_unbind(socket, last.as_ptr()) }, 0, "{text:?}: {last:?}");
            }
            (0, 1) if call & 4 != 0 => {
                // SAFETY: the text ends with 0.
                assert_eq!(unsafe { zmq_disconnect(socket, text.as_ptr()) }, 0, "{text:?}");
            }
            (0, _) => {}
            _ => assert_failed(result),
        }
    }
    if !socket.is_null() {
        assert_eq!(set(socket, LINGER, &0_i32.to_ne_bytes()), 0);
        assert_eq!(zmq_close(socket), 0);
    }
    assert_eq!(zmq_ctx_term(context), 0);
}

/// The endpoint that the socket reports.
fn last(socket: *mut c_void) -> CString {
    let mut buffer = [0_u8; 512];
    let mut len = buffer.len();
    // SAFETY: the length is that of the buffer.
    let result =
        unsafe { zmq_getsockopt(socket, LAST_ENDPOINT, buffer.as_mut_ptr().cast(), &raw mut len) };
    assert_eq!(result, 0);
    CStr::from_bytes_with_nul(&buffer[..len]).expect("a text with a 0 at its end").into()
}

/// Whether the use of an endpoint has no effect beyond this machine and on its files, and needs no look-up of a name.
fn is_here(text: &CStr, kind: SocketKind, side: Side) -> bool {
    let Ok(text) = text.to_str() else { return true };
    match parse(text, kind, side) {
        Err(_) | Ok(Endpoint::Inproc(_) | Endpoint::IpcAny | Endpoint::Abstract(_)) => true,
        Ok(Endpoint::Tcp { host: Host::Ip(address), source: None, .. }) => address.is_loopback(),
        Ok(Endpoint::Tcp { host: Host::Any, source: None, .. }) => true,
        Ok(_) => false,
    }
}
