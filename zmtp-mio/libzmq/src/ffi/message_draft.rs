//! `zmq_msg_*` for the draft socket types: routing ids and groups.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use super::arguments::c_text;
use super::border;
use super::message::{Msg, part};
use crate::errno::Errno;

/// The longest name of a group (`ZMQ_GROUP_MAX_LENGTH`), in bytes.
const GROUP_MAX_LENGTH: usize = 255;

/// Sets the peer that a SERVER or PEER sends a message to.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_set_routing_id(msg: Msg, routing_id: u32) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        let part = unsafe { part(msg) }?;
        if routing_id == 0 {
            return Err(Errno::EINVAL);
        }
        part.routing_id = routing_id;
        Ok(0)
    })
}

/// Returns the peer that a SERVER or PEER has received a message from; 0 if there is none.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_routing_id(msg: Msg) -> u32 {
    // SAFETY: the program passes the address of a `zmq_msg_t`.
    border(0, || Ok(unsafe { part(msg) }?.routing_id))
}

/// Sets the group that a RADIO sends a message to.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_set_group(msg: Msg, group: *const c_char) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        let part = unsafe { part(msg) }?;
        // SAFETY: the program passes a text.
        let group = unsafe { c_text(group) }?;
        if group.count_bytes() > GROUP_MAX_LENGTH {
            return Err(Errno::EINVAL);
        }
        part.group = Some(CString::from(group).into());
        Ok(0)
    })
}

/// Returns the group of a message; an empty text if it has none.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_msg_group(msg: Msg) -> *const c_char {
    border(ptr::null(), || {
        // SAFETY: the program passes the address of a `zmq_msg_t`.
        let part = unsafe { part(msg) }?;
        Ok(part.group.as_ref().map_or(c"".as_ptr(), |group| group.as_ptr()))
    })
}
