//! `zmq_msg_t`: one part of a message.

mod incoming;
mod metadata;
#[cfg(test)]
mod tests;

use std::ffi::CString;
use std::fmt;
use std::sync::Arc;

use zmtp_mio::{Message, libzmq};

pub(crate) use incoming::Incoming;
pub(crate) use metadata::{Metadata, MetadataCache};

/// The longest body that is stored in a `zmq_msg_t` itself, in bytes.
const INLINE: usize = 38;
/// The longest body that is copied when it is sent or received, although it could be shared, in bytes.
const COPIED: usize = 512;
/// The first bytes of a `zmq_msg_t` that contains a part. It has other bytes before it is initialised and after it is
/// closed.
const MAGIC: u16 = 0x7a6d;

/// One part of a message, as a `zmq_msg_t` holds it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Part {
    magic: u16,
    /// Whether another part of the same message follows.
    pub(crate) more: bool,
    /// Whether copies may share the body.
    shared: bool,
    /// The number of the peer, for SERVER and PEER; 0 if there is none.
    pub(crate) routing_id: u32,
    /// What is known about the connection that the part was received on.
    pub(crate) metadata: Option<Arc<Metadata>>,
    /// The group, for RADIO and DISH.
    pub(crate) group: Option<Arc<CString>>,
    body: Body,
}

/// C programs reserve this many bytes for it.
const _: () = assert!(size_of::<Part>() == 64 && align_of::<Part>() == 8);

/// Bytes that several parts and messages can share, with what owns them.
#[derive(Clone)]
struct Shared(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl Shared {
    fn new(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self(Arc::new(owner))
    }
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

/// Where the bytes of a part are.
enum Body {
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    /// Bytes that no other part shares.
    Owned(Box<[u8]>),
    /// Bytes that copies of the part share, or that the program owns.
    Shared(Shared),
    /// A part of a message that was received. If others hold the message too, its clones share its bytes.
    Received {
        message: Arc<Message>,
        index: u32,
    },
}

impl Default for Part {
    /// Returns an empty part.
    fn default() -> Self {
        Self::new(Body::Inline { len: 0, bytes: [0; INLINE] })
    }
}

/// A long body is not copied.
impl From<Box<[u8]>> for Part {
    fn from(bytes: Box<[u8]>) -> Self {
        match bytes.len() {
            ..=INLINE => Self::from(&*bytes),
            _ => Self::new(Body::Owned(bytes)),
        }
    }
}

impl From<&[u8]> for Part {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        if bytes.len() > INLINE {
            return Self::new(Body::Owned(bytes.into()));
        }
        let mut inline = [0; INLINE];
        inline[..bytes.len()].copy_from_slice(bytes);
        Self::new(Body::Inline { len: bytes.len() as u8, bytes: inline })
    }
}

impl Part {
    #[inline]
    fn new(body: Body) -> Self {
        Self {
            magic: MAGIC,
            more: false,
            shared: false,
            routing_id: 0,
            metadata: None,
            group: None,
            body,
        }
    }

    /// Returns a part with bytes that another type owns, which are not copied. If they are constant, they are never freed,
    /// and are shared from the beginning.
    pub(crate) fn owned_by(
        owner: impl AsRef<[u8]> + Send + Sync + 'static,
        constant: bool,
    ) -> Self {
        Self { shared: constant, ..Self::new(Body::Shared(Shared::new(owner))) }
    }

    /// Returns a part of `len` bytes that fit into the part itself; `None` if they do not.
    pub(crate) fn small(len: usize) -> Option<Self> {
        let len = u8::try_from(len).ok().filter(|&len| usize::from(len) <= INLINE)?;
        Some(Self::new(Body::Inline { len, bytes: [0; INLINE] }))
    }

    /// Whether the bytes of a `zmq_msg_t` contain a part, by the first of them.
    pub(crate) const fn is_magic(magic: u16) -> bool {
        magic == MAGIC
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Body::Owned(bytes) => bytes,
            Body::Shared(shared) => shared.as_ref(),
            Body::Received { message, index } => message.part(*index as usize).unwrap_or_default(),
        }
    }

    /// Returns the bytes if they are few and the part has no group and no routing id: such a part is sent as its bytes.
    pub(crate) fn short_bytes(&self) -> Option<&[u8]> {
        let is_plain = self.routing_id == 0 && self.group.is_none();
        is_plain.then(|| self.bytes()).filter(|bytes| bytes.len() <= COPIED)
    }

    /// Returns the address of the first byte. The program may change bytes that no other part shares.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        match &mut self.body {
            Body::Inline { bytes, .. } => bytes.as_mut_ptr(),
            Body::Owned(bytes) => bytes.as_mut_ptr(),
            Body::Shared(_) | Body::Received { .. } => self.bytes().as_ptr().cast_mut(),
        }
    }

    /// Whether the bytes belong to this part alone.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self.body, Body::Inline { .. } | Body::Owned(_))
    }

    /// Whether another part may share the bytes (`ZMQ_SHARED`).
    pub(crate) const fn is_shared(&self) -> bool {
        self.shared
    }

    /// Returns a copy, which shares the bytes with this part unless they are few.
    pub(crate) fn share(&mut self) -> Self {
        let body = match &mut self.body {
            Body::Inline { len, bytes } => Body::Inline { len: *len, bytes: *bytes },
            Body::Owned(bytes) => {
                let shared = Shared::new(std::mem::take(bytes));
                self.body = Body::Shared(shared.clone());
                Body::Shared(shared)
            }
            Body::Shared(shared) => Body::Shared(shared.clone()),
            Body::Received { message, index } => {
                if let Some(message) = Arc::get_mut(message) {
                    libzmq::share(message);
                }
                Body::Received { message: Arc::clone(message), index: *index }
            }
        };
        self.shared |= !matches!(body, Body::Inline { .. });
        Self {
            magic: MAGIC,
            more: self.more,
            shared: self.shared,
            routing_id: self.routing_id,
            metadata: self.metadata.clone(),
            group: self.group.clone(),
            body,
        }
    }

    /// Appends the part to a message that is to be sent. The bytes are copied, except those of the first part if they
    /// are many: a message of one part shares them, or owns them.
    pub(crate) fn append_to(self, message: &mut Message) {
        if message.part_count() > 0 {
            return message.push(self.bytes());
        }
        let Self { routing_id, group, body, .. } = self;
        *message = body.into_message();
        message.set_routing_id(routing_id);
        if let Some(group) = group {
            // Its length was checked when it was set.
            let _ = message.set_group(group.as_bytes());
        }
    }

    /// Returns the part as a message of one part.
    #[cfg(test)]
    pub(crate) fn into_message(self) -> Message {
        let mut message = Message::new();
        self.append_to(&mut message);
        message
    }
}

impl Body {
    fn into_message(self) -> Message {
        match self {
            Self::Inline { len, bytes } => Message::from(&bytes[..usize::from(len)]),
            Self::Owned(bytes) => Message::from(bytes),
            Self::Shared(shared) => match shared.as_ref() {
                bytes if bytes.len() <= COPIED => Message::from(bytes),
                _ => Message::from_owner(shared),
            },
            Self::Received { message, index } => {
                let index = index as usize;
                let mut message = match Arc::try_unwrap(message) {
                    Ok(message) => message,
                    Err(message) => {
                        let bytes = message.part(index).unwrap_or_default();
                        if bytes.len() <= COPIED {
                            return Message::from(bytes);
                        }
                        (*message).clone()
                    }
                };
                libzmq::keep_part(&mut message, index);
                message.set_routing_id(None);
                message
            }
        }
    }
}

/// Shows the number of bytes, which are not always those of this library.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, len) = match self {
            Self::Inline { len, .. } => ("inline", usize::from(*len)),
            Self::Owned(bytes) => ("owned", bytes.len()),
            Self::Shared(shared) => ("shared", shared.as_ref().len()),
            Self::Received { message, .. } => ("received in", message.byte_len()),
        };
        write!(f, "{kind} {len} bytes")
    }
}
