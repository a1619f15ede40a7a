//! The properties of a connection, as text for `zmq_msg_gets`.

use std::ffi::{CStr, CString};
use std::sync::{Arc, OnceLock};

use libc::c_int;
use zmtp_mio::{Properties, libzmq};

/// The properties of the connection that a part was received on.
#[derive(Debug)]
pub(crate) struct Metadata {
    properties: Arc<Properties>,
    /// Names and values, made when the first of them is read.
    texts: OnceLock<Vec<(String, CString)>>,
}

impl Metadata {
    fn new(properties: Arc<Properties>) -> Self {
        Self { properties, texts: OnceLock::new() }
    }

    /// The number of the descriptor of the connection (`ZMQ_SRCFD`).
    pub(crate) fn descriptor(&self) -> Option<c_int> {
        libzmq::connection_descriptor(&self.properties)
    }

    /// Returns the value of a property. The name `Identity` is another one for `Routing-Id`.
    pub(crate) fn get(&self, name: &str) -> Option<&CStr> {
        let name = if name == "Identity" { "Routing-Id" } else { name };
        let texts = self.texts.get_or_init(|| texts(&self.properties));
        texts.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_c_str())
    }
}

/// Names and values. What the authenticator states comes first, because a peer may claim the same name.
fn texts(properties: &Properties) -> Vec<(String, CString)> {
    let mut texts = Vec::new();
    let mut add = |name: &str, value: &[u8]| {
        // A value in C ends before a byte that is 0.
        let value = value.split(|&byte| byte == 0).next().unwrap_or_default();
        texts.push((name.to_owned(), CString::new(value).unwrap_or_default()));
    };
    if let Some(socket_type) = properties.socket_type {
        add("Socket-Type", socket_type.name().as_bytes());
    }
    if !properties.routing_id.is_empty() {
        add("Routing-Id", &properties.routing_id);
    }
    if let Some(address) = properties.peer_address {
        add("Peer-Address", address.ip().to_string().as_bytes());
    }
    if let Some(user) = &properties.user_id {
        add("User-Id", user.as_bytes());
    }
    if let Some(descriptor) = libzmq::connection_descriptor(properties) {
        add("__fd", descriptor.to_string().as_bytes());
    }
    for (name, value) in properties.metadata.iter().chain(&properties.peer_metadata) {
        add(name, value);
    }
    texts
}

/// The metadata of the connections that messages were last received on. All messages of a connection share them.
#[derive(Debug, Default)]
pub(crate) struct MetadataCache {
    slots: [Option<Arc<Metadata>>; SLOTS],
}

const SLOTS: usize = 16;

impl MetadataCache {
    /// Returns the metadata of these properties.
    pub(crate) fn find(&mut self, properties: &Arc<Properties>) -> Arc<Metadata> {
        // Addresses are multiples of 16, and those of neighbours differ in higher bits.
        let address = Arc::as_ptr(properties).addr();
        let slot = &mut self.slots[(address >> 4 ^ address >> 8) % SLOTS];
        match slot {
            Some(found) if Arc::ptr_eq(&found.properties, properties) => Arc::clone(found),
            _ => Arc::clone(slot.insert(Arc::new(Metadata::new(Arc::clone(properties))))),
        }
    }
}
