//! What must hold for the machines of patterns.

use zmtp_core::pattern::{Fixed, Mode, Rep, Req};

use crate::model::{RepModel, ReqModel, Table};
use crate::script::{self, ROOM};

/// Every machine that has a model. A new one is a line here.
const MACHINES: &[fn(&[u8])] = &[req_matches_its_model, rep_matches_its_model];

/// A machine does what its model does; the first octet chooses which.
pub fn machines_match_their_models(octets: &[u8]) {
    let Some((which, script)) = octets.split_first() else { return };
    MACHINES[usize::from(*which) % MACHINES.len()](script);
}

/// REQ over two kinds of tables does what its model does. The first octet chooses the mode.
pub fn req_matches_its_model(octets: &[u8]) {
    let Some((mode, script)) = octets.split_first() else { return };
    let first_id = u32::from(*mode).wrapping_sub(8);
    let mode = Mode { relaxed: mode & 1 != 0, correlate: mode & 2 != 0 };
    let mut fixed = Req::new(Fixed::<_, ROOM>::new(), mode, first_id);
    let mut table = Req::new(Table::new(ROOM), mode, first_id);
    let mut model = ReqModel::new(ROOM, mode, first_id);
    script::run(script, &mut [&mut model, &mut fixed, &mut table]);
}

/// REP over two kinds of tables does what its model does.
pub fn rep_matches_its_model(script: &[u8]) {
    let mut fixed = Rep::new(Fixed::<_, ROOM>::new());
    let mut table = Rep::new(Table::new(ROOM));
    let mut model = RepModel::new(ROOM);
    script::run(script, &mut [&mut model, &mut fixed, &mut table]);
}
