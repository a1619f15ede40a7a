//! The name and the flags of the shared library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Programs that are linked to libzmq ask for this name.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libzmq.so.5");
    // The library stays in memory after `dlclose`: threads can still be in its code.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
