//! Builds libzmq from source, with drafts and CURVE: a C and a C++ compiler, make and a shell are
//! all it needs.

use std::env;

/// What libzmq's own configure finds on every Linux of today, and zeromq-src leaves out. Without
/// eventfd libzmq would wake its threads through socket pairs, unlike installed builds of libzmq.
const LINUX: &[&str] = &[
    "HAVE_ACCEPT4",
    "HAVE_CLOCK_GETTIME",
    "HAVE_FORK",
    "HAVE_IF_NAMETOINDEX",
    "HAVE_MKDTEMP",
    "HAVE_POSIX_MEMALIGN",
    "ZMQ_CACHELINE_SIZE=64",
    "ZMQ_HAVE_EVENTFD",
    "ZMQ_HAVE_EVENTFD_CLOEXEC",
    "ZMQ_HAVE_IFADDRS",
    "ZMQ_HAVE_NOEXCEPT",
    "ZMQ_HAVE_O_CLOEXEC",
    "ZMQ_HAVE_PPOLL",
    "ZMQ_HAVE_SOCK_CLOEXEC",
    "ZMQ_HAVE_SO_BINDTODEVICE",
    "ZMQ_HAVE_SO_KEEPALIVE",
    "ZMQ_HAVE_SO_PEERCRED",
    "ZMQ_HAVE_SO_PRIORITY",
    "ZMQ_HAVE_TCP_KEEPCNT",
    "ZMQ_HAVE_TCP_KEEPIDLE",
    "ZMQ_HAVE_TCP_KEEPINTVL",
    "ZMQ_IOTHREAD_POLLER_USE_EPOLL_CLOEXEC",
];

fn main() {
    // What links no program does not need it: `.ci/unlinked.sh`.
    println!("cargo:rerun-if-env-changed=ZMTP_WITHOUT_LIBZMQ");
    if env::var_os("ZMTP_WITHOUT_LIBZMQ").is_some() {
        return;
    }
    let mut flags = env::var("CXXFLAGS").unwrap_or_default();
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        for name in LINUX {
            flags.push_str(" -D");
            flags.push_str(name);
        }
    }
    // libzmq's warnings are not ours to mend.
    flags.push_str(" -w");
    set("CXXFLAGS", &flags);
    // In every profile: tests and benchmarks meet the libzmq that users run.
    set("OPT_LEVEL", "3");
    set("DEBUG", "false");

    let sodium = zeromq_src::LibLocation::new(from_sodium("LIB"), from_sodium("INCLUDE"));
    zeromq_src::Build::new().enable_draft(true).with_libsodium(Some(sodium)).build();
}

/// What the build script of libsodium-sys-stable passes on.
fn from_sodium(key: &str) -> String {
    let name = format!("DEP_SODIUM_{key}");
    env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: build libsodium from source"))
}

/// zeromq-src has no options for these, and the `cc` crate below it reads them from the
/// environment.
fn set(name: &str, value: &str) {
    // SAFETY: a build script has one thread until `cc` starts compilers.
    #[allow(unsafe_code, reason = "the environment is the only way to the `cc` crate")]
    unsafe {
        env::set_var(name, value);
    }
}
