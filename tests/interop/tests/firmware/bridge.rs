//! The bridge of the tool, killed when dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::LONG;
use crate::common::skipped;

/// The tool, if it is built; otherwise the test is skipped.
pub(crate) fn tool() -> Option<PathBuf> {
    let tool = env::var_os("ZMTP_TOOL").map(PathBuf::from);
    if tool.is_none() {
        skipped("no tool zmtp in ZMTP_TOOL: run .ci/firmware.sh");
    }
    tool
}

/// A running bridge.
pub(crate) struct Bridge(Child);

impl Bridge {
    /// Starts a bridge with these arguments, again if QEMU does not listen yet: then it ends at once.
    pub(crate) fn start(tool: &Path, arguments: &[&str]) -> Self {
        let end = Instant::now() + LONG;
        while Instant::now() < end {
            let mut command = Command::new(tool);
            command.arg("bridge").args(arguments).arg("--quiet");
            let mut child = command.stdin(Stdio::null()).spawn().expect("zmtp starts");
            let looks = (0..50).map(|_| thread::sleep(Duration::from_millis(10)));
            if looks.map(|()| child.try_wait()).all(|ended| matches!(ended, Ok(None))) {
                return Self(child);
            }
        }
        panic!("the bridge ends");
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
