//! Pairs of a thread-safe socket of ours and one of libzmq.

use zmtp_interop::libzmq::{Context, Kind, Socket};
use zmtp_mio::ThreadSafeSocket;
use zmtp_mio::kind::ThreadSafe;

use super::{LONG, Place, libzmq};

/// Calls `test` with our socket and one of libzmq: over each transport, with either end bound.
pub(crate) fn each_way<K: ThreadSafe>(theirs: Kind, test: impl Fn(&ThreadSafeSocket<K>, &Socket)) {
    for place in Place::both() {
        for we_bind in [true, false] {
            println!("{place:?}, we bind: {we_bind}");
            let our = super::builder::<ThreadSafeSocket<K>>().build().unwrap();
            let their = libzmq(&Context::new().unwrap(), theirs);
            if we_bind {
                their.connect(&our.bind(&*place.endpoint).unwrap().to_string()).unwrap();
            } else {
                their.bind(&place.endpoint).unwrap();
                our.connect(their.last_endpoint()).unwrap();
            }
            assert!(our.wait_for_peers(1, LONG).unwrap());
            test(&our, &their);
        }
    }
}
