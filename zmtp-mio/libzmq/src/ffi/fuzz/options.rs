//! Options of any size and value.

use std::ffi::{c_int, c_void};
use std::ptr;

use super::{Input, KINDS, LINGER, assert_failed, set};
use super::{zmq_close, zmq_ctx_get, zmq_ctx_new, zmq_ctx_set, zmq_ctx_term};
use super::{zmq_errno, zmq_getsockopt, zmq_setsockopt, zmq_socket};

/// Bytes after a buffer, which must not change.
const AFTER: usize = 16;

/// Setters and getters of a context and of a socket end with a result or an error, whatever the option, the value and its
/// size are. A getter writes only into its buffer, and reports no more bytes than that has.
pub(super) fn options_hold(input: &[u8]) {
    let mut input = Input(input);
    let context = zmq_ctx_new();
    assert!(!context.is_null());
    let socket = zmq_socket(context, c_int::from(input.byte() % KINDS));
    while !input.is_empty() {
        let kind = input.byte();
        // There are options up to 130, and any other numbers.
        let option = match input.byte() {
            number @ 0..=140 => c_int::from(number),
            _ => c_int::from(input.number().cast_signed()),
        };
        match kind % 8 {
            0..=2 if !socket.is_null() => {
                let len = usize::from(input.byte());
                let value = input.bytes(len);
                if set(socket, option, value) != 0 {
                    assert_failed(-1);
                }
            }
            3 if !socket.is_null() => {
                // SAFETY: a null pointer is allowed; the size then only counts.
                let result =
                    unsafe { zmq_setsockopt(socket, option, ptr::null(), input.byte().into()) };
                if result != 0 {
                    assert_failed(result);
                }
            }
            4..=5 if !socket.is_null() => get(socket, option, input.byte().into()),
            6 => {
                let value = i32::from_le_bytes([input.byte(), input.byte(), 0, input.byte()]);
                let _ = zmq_ctx_set(context, option, value);
            }
            _ => {
                let _ = zmq_ctx_get(context, option);
            }
        }
    }
    if !socket.is_null() {
        assert_eq!(set(socket, LINGER, &0_i32.to_ne_bytes()), 0);
        assert_eq!(zmq_close(socket), 0);
    }
    assert_eq!(zmq_ctx_term(context), 0);
}

/// Reads an option into a buffer of this size.
fn get(socket: *mut c_void, option: c_int, room: usize) {
    let mut buffer = vec![0xa5_u8; room + AFTER];
    let mut len = room;
    // SAFETY: the length is at most that of the buffer.
    let result =
        unsafe { zmq_getsockopt(socket, option, buffer.as_mut_ptr().cast(), &raw mut len) };
    assert!(buffer[room..].iter().all(|&byte| byte == 0xa5), "option {option}");
    match result {
        0 => assert!(len <= room, "option {option}: {len} bytes of {room}"),
        _ => {
            assert_failed(result);
            assert_eq!(len, room, "option {option}: error {}", zmq_errno());
        }
    }
}
