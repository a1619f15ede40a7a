//! The functions and numbers of `zmq.h` that are used here, as of libzmq 4.3.5.

use core::ffi::{c_char, c_int, c_long, c_short, c_void};

/// `zmq_msg_t`: opaque. libzmq itself moves messages by assignment, so Rust may move them too.
#[derive(Debug)]
#[repr(C, align(8))]
pub(super) struct Msg([u8; 64]);

impl Msg {
    /// Memory for one of the `zmq_msg_init` functions.
    pub(super) const fn uninit() -> Self {
        Self([0; 64])
    }
}

/// `zmq_pollitem_t`, with the file descriptor of Unix.
#[derive(Debug)]
#[repr(C)]
pub(super) struct PollItem {
    pub(super) socket: *mut c_void,
    pub(super) fd: c_int,
    pub(super) events: c_short,
    pub(super) revents: c_short,
}

pub(super) const SNDMORE: c_int = 2;
pub(super) const POLLIN: c_short = 1;
pub(super) const POLLOUT: c_short = 2;

unsafe extern "C" {
    pub(super) fn zmq_errno() -> c_int;
    pub(super) fn zmq_strerror(code: c_int) -> *const c_char;
    pub(super) fn zmq_version(major: *mut c_int, minor: *mut c_int, patch: *mut c_int);
    pub(super) fn zmq_has(capability: *const c_char) -> c_int;
    pub(super) fn zmq_curve_keypair(public: *mut c_char, secret: *mut c_char) -> c_int;

    pub(super) fn zmq_ctx_new() -> *mut c_void;
    pub(super) fn zmq_ctx_shutdown(context: *mut c_void) -> c_int;
    pub(super) fn zmq_ctx_term(context: *mut c_void) -> c_int;

    pub(super) fn zmq_socket(context: *mut c_void, kind: c_int) -> *mut c_void;
    pub(super) fn zmq_close(socket: *mut c_void) -> c_int;
    pub(super) fn zmq_bind(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(super) fn zmq_connect(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(super) fn zmq_unbind(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(super) fn zmq_disconnect(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(super) fn zmq_setsockopt(
        socket: *mut c_void,
        option: c_int,
        value: *const c_void,
        size: usize,
    ) -> c_int;
    pub(super) fn zmq_getsockopt(
        socket: *mut c_void,
        option: c_int,
        value: *mut c_void,
        size: *mut usize,
    ) -> c_int;
    pub(super) fn zmq_socket_monitor(
        socket: *mut c_void,
        endpoint: *const c_char,
        events: c_int,
    ) -> c_int;
    pub(super) fn zmq_connect_peer(socket: *mut c_void, endpoint: *const c_char) -> u32;
    pub(super) fn zmq_join(socket: *mut c_void, group: *const c_char) -> c_int;
    pub(super) fn zmq_leave(socket: *mut c_void, group: *const c_char) -> c_int;
    pub(super) fn zmq_poll(items: *mut PollItem, count: c_int, timeout: c_long) -> c_int;

    pub(super) fn zmq_msg_init(msg: *mut Msg) -> c_int;
    pub(super) fn zmq_msg_init_size(msg: *mut Msg, size: usize) -> c_int;
    // `const` here, unlike in `zmq.h`: zmq.cpp only reads, and bytes in the message
    // itself are then borrowed, not written.
    pub(super) fn zmq_msg_data(msg: *const Msg) -> *mut c_void;
    pub(super) fn zmq_msg_size(msg: *const Msg) -> usize;
    pub(super) fn zmq_msg_gets(msg: *const Msg, property: *const c_char) -> *const c_char;
    pub(super) fn zmq_msg_more(msg: *const Msg) -> c_int;
    pub(super) fn zmq_msg_set_routing_id(msg: *mut Msg, routing_id: u32) -> c_int;
    pub(super) fn zmq_msg_routing_id(msg: *const Msg) -> u32;
    pub(super) fn zmq_msg_set_group(msg: *mut Msg, group: *const c_char) -> c_int;
    pub(super) fn zmq_msg_group(msg: *const Msg) -> *const c_char;
    pub(super) fn zmq_msg_send(msg: *mut Msg, socket: *mut c_void, flags: c_int) -> c_int;
    pub(super) fn zmq_msg_recv(msg: *mut Msg, socket: *mut c_void, flags: c_int) -> c_int;
    pub(super) fn zmq_msg_close(msg: *mut Msg) -> c_int;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_that_of_zmq_h() {
        // `zmq_msg_t` is 64 bytes wide and aligned like a pointer, at least.
        assert_eq!(size_of::<Msg>(), 64);
        assert!(align_of::<Msg>() >= align_of::<*const c_void>());
        assert_eq!(size_of::<PollItem>(), size_of::<*const c_void>() + 8);
    }
}
