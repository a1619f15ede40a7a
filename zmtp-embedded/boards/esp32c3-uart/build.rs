//! Passes the script of the runtime to the linker.

fn main() {
    println!("cargo:rustc-link-arg=-Tlinkall.x");
}
