//! Calls of several threads.

use std::ffi::{CStr, c_int, c_long, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread;

use super::{Input, Item, KINDS, LINGER, assert_failed, set};
use super::{
    zmq_bind, zmq_close, zmq_connect, zmq_ctx_new, zmq_ctx_set, zmq_ctx_shutdown, zmq_ctx_term,
};
use super::{zmq_disconnect, zmq_getsockopt, zmq_poll, zmq_recv, zmq_send, zmq_socket, zmq_unbind};

const DONTWAIT: c_int = 1;
const SNDMORE: c_int = 2;
const EVENTS: c_int = 15;
const USE_FD: c_int = 89;
/// The option of a context that sets the linger of its sockets to 0.
const BLOCKY: c_int = 70;

const THREADS: usize = 3;

const ENDPOINTS: [&CStr; 4] =
    [c"inproc://a", c"inproc://b", c"ipc://@zmtp-fuzz", c"tcp://127.0.0.1:*"];

/// The handles that the threads share.
type Handles = [AtomicPtr<c_void>; THREADS];

/// Whatever calls three threads make with the same sockets, all of them end when the context is shut down, also those that
/// wait, and the context ends when its sockets are closed. A handle that was closed is found out.
pub(super) fn calls_end(input: &[u8]) {
    let mut input = Input(input);
    let context = AtomicPtr::new(zmq_ctx_new());
    let context = || context.load(Ordering::Relaxed);
    assert_eq!(zmq_ctx_set(context(), BLOCKY, 0), 0);
    let handles = Handles::default();
    let pause = input.byte();
    let len = input.0.len().div_ceil(THREADS).max(1);
    thread::scope(|scope| {
        for (calls, own) in input.0.chunks(len).zip(&handles) {
            scope.spawn(|| run(Input(calls), context(), &handles, own));
        }
        for _ in 0..pause {
            thread::yield_now();
        }
        assert_eq!(zmq_ctx_shutdown(context()), 0);
    });
    for handle in &handles {
        close(handle);
    }
    assert_eq!(zmq_ctx_term(context()), 0);
    assert_eq!(zmq_ctx_term(context()), -1);
}

/// Closes the socket of a place, if there is one.
fn close(handle: &AtomicPtr<c_void>) {
    let socket = handle.swap(ptr::null_mut(), Ordering::AcqRel);
    if !socket.is_null() {
        assert_eq!(zmq_close(socket), 0);
        assert_failed(zmq_close(socket));
    }
}

/// Makes calls with all sockets. A thread opens and closes only its own, and waits in `zmq_poll` for some milliseconds: the
/// C API does not allow that a thread uses a socket for which another one waits there, and such a wait may not end.
fn run(mut input: Input<'_>, context: *mut c_void, handles: &Handles, own: &AtomicPtr<c_void>) {
    let mut buffer = [0_u8; 300];
    while !input.is_empty() {
        let (call, argument) = (input.byte(), input.byte());
        let handle = &handles[usize::from(call >> 4) % handles.len()];
        let socket = handle.load(Ordering::Acquire);
        let endpoint = ENDPOINTS[usize::from(argument) % ENDPOINTS.len()].as_ptr();
        let flags = if argument & 1 == 0 { 0 } else { DONTWAIT };
        // SAFETY: the texts end with 0, and the lengths are at most those of the buffers.
        let _ = unsafe {
            match call % 16 {
                0 | 1 => {
                    let socket = zmq_socket(context, c_int::from(argument % KINDS));
                    close(&AtomicPtr::new(own.swap(socket, Ordering::AcqRel)));
                    0
                }
                2 => {
                    close(own);
                    0
                }
                3 => zmq_bind(socket, endpoint),
                4 | 5 => zmq_connect(socket, endpoint),
                6 => zmq_unbind(socket, endpoint),
                7 => zmq_disconnect(socket, endpoint),
                8 | 9 => zmq_send(socket, buffer.as_ptr().cast(), argument.into(), flags),
                10 => zmq_send(socket, buffer.as_ptr().cast(), argument.into(), SNDMORE | flags),
                11 | 12 => zmq_recv(socket, buffer.as_mut_ptr().cast(), argument.into(), flags),
                // Without an end of the linger, the end of the context waits; a descriptor may be any one of the process.
                13 if [LINGER, USE_FD].contains(&argument.into()) => 0,
                13 => {
                    let len = usize::from(input.byte() % 16);
                    set(socket, argument.into(), input.bytes(len))
                }
                14 => {
                    let mut len = 4;
                    zmq_getsockopt(socket, EVENTS, buffer.as_mut_ptr().cast(), &raw mut len)
                }
                _ => {
                    let socket = own.load(Ordering::Acquire);
                    let mut item = Item { socket, fd: 0, events: 3, revents: 0 };
                    let limit = c_long::from(argument % 4);
                    zmq_poll(&raw mut item, 1, limit)
                }
            }
        };
    }
}
