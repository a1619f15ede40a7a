//! Sending and receiving.

use std::ffi::{c_int, c_void};

use super::arguments::bytes;
use super::border;
use super::message::{Msg, part};
use super::socket::socket;
use crate::errno::{Errno, Outcome};
use crate::message::Part;
use crate::socket::{Given, SNDMORE};

/// A length as the result of a call.
fn length(len: usize) -> c_int {
    c_int::try_from(len).unwrap_or(c_int::MAX)
}

/// Sends a copy of bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_send(
    handle: *mut c_void,
    data: *const c_void,
    len: usize,
    flags: c_int,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        // SAFETY: the program passes the address and the number of bytes.
        let bytes = unsafe { bytes(data, len) }?;
        socket.send(Given::Bytes(bytes), flags).map(length)
    })
}

/// Sends bytes that the program never changes. They are copied too.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_send_const(
    handle: *mut c_void,
    data: *const c_void,
    len: usize,
    flags: c_int,
) -> c_int {
    // SAFETY: passed on.
    unsafe { zmq_send(handle, data, len, flags) }
}

/// Receives a part into a buffer. Returns the length of the part, which may be longer.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_recv(
    handle: *mut c_void,
    data: *mut c_void,
    len: usize,
    flags: c_int,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        let len = if data.is_null() { 0 } else { len.min(isize::MAX as usize) };
        let start = if len == 0 { std::ptr::dangling_mut::<u8>() } else { data.cast() };
        // SAFETY: the program passes the address and the size of a buffer that it does not use during the call.
        let buffer = unsafe { std::slice::from_raw_parts_mut(start, len) };
        socket.receive_into(buffer, flags).map(length)
    })
}

/// Sends a message, which is empty afterwards.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_send(msg: Msg, handle: *mut c_void, flags: c_int) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        // SAFETY: the program passes the address of a `zmq_msg_t` that it does not use elsewhere.
        let part = unsafe { part(msg) }?;
        let len = socket.send(Given::Part(part), flags)?;
        Ok(length(len))
    })
}

/// Receives a part into a message, whose former content is freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_recv(msg: Msg, handle: *mut c_void, flags: c_int) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        // SAFETY: the program passes the address of a `zmq_msg_t` that it does not use elsewhere.
        let part = unsafe { part(msg) }?;
        socket.receive_to(part, flags).map(length)
    })
}

/// The older name of `zmq_msg_send`.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_sendmsg(handle: *mut c_void, msg: Msg, flags: c_int) -> c_int {
    // SAFETY: passed on.
    unsafe { zmq_msg_send(msg, handle, flags) }
}

/// The older name of `zmq_msg_recv`.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_recvmsg(handle: *mut c_void, msg: Msg, flags: c_int) -> c_int {
    // SAFETY: passed on.
    unsafe { zmq_msg_recv(msg, handle, flags) }
}

/// Sends buffers, with `ZMQ_SNDMORE` as the parts of a message. Returns the length of the last one.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_sendiov(
    handle: *mut c_void,
    buffers: *mut libc::iovec,
    count: usize,
    flags: c_int,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        if count == 0 || buffers.is_null() {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the program passes the address and the number of buffers.
        let buffers = unsafe { std::slice::from_raw_parts(buffers, count) };
        let mut sent = 0;
        for (index, buffer) in buffers.iter().enumerate() {
            // SAFETY: each of them is the address and the number of bytes.
            let bytes = unsafe { bytes(buffer.iov_base, buffer.iov_len) }?;
            let flags = if index + 1 < count { flags } else { flags & !SNDMORE };
            sent = socket.send(Given::Bytes(bytes), flags)?;
        }
        Ok(length(sent))
    })
}

/// Receives the parts of a message into buffers that the program frees. Returns the number of parts, and sets `count` to
/// it.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_recviov(
    handle: *mut c_void,
    buffers: *mut libc::iovec,
    count: *mut usize,
    flags: c_int,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        if count.is_null() || buffers.is_null() {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the program passes the address of the number of buffers.
        let room = unsafe { count.read() };
        if room == 0 {
            return Err(Errno::EINVAL);
        }
        // SAFETY: as above.
        unsafe { count.write(0) };
        let mut received = 0;
        while received < room {
            let part = socket.receive(flags)?;
            let buffer = copy(&part)?;
            // SAFETY: the program passes the address of `room` buffers, of which it reads those that are counted.
            unsafe { buffers.add(received).write(buffer) };
            received += 1;
            // SAFETY: as above.
            unsafe { count.write(received) };
            if !part.more {
                break;
            }
        }
        Ok(length(received))
    })
}

/// Copies a part into memory of `malloc`.
fn copy(part: &Part) -> Outcome<libc::iovec> {
    let bytes = part.bytes();
    // SAFETY: `malloc` accepts every size.
    let memory = unsafe { libc::malloc(bytes.len().max(1)) };
    if memory.is_null() {
        return Err(Errno(libc::ENOMEM));
    }
    // SAFETY: the memory has room for the bytes, and nothing else uses it.
    unsafe { memory.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(libc::iovec { iov_base: memory, iov_len: bytes.len() })
}
