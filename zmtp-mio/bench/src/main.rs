//! The benchmark of zmtp-mio: see `README.md` and [`zmtp_bench`].

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    zmtp_bench::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("zmtp-bench runs on Linux only");
}
