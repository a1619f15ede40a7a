//! Chooses board and memory map by the target, and links as the runtimes want it.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(board, values(\"mps2\", \"microbit\", \"virt\"))");
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let ethernet = env::var_os("CARGO_FEATURE_ETHERNET").is_some();
    let board = match target.as_str() {
        // The micro:bit of QEMU has no network. A Cortex-M3 executes the instructions of a Cortex-M0.
        "thumbv6m-none-eabi" if ethernet => "mps2",
        "thumbv6m-none-eabi" => "microbit",
        "thumbv7m-none-eabi" => "mps2",
        "riscv32imc-unknown-none-elf" => "virt",
        _ => panic!(
            "no board for {target}: thumbv6m-none-eabi, thumbv7m-none-eabi, riscv32imc-unknown-none-elf"
        ),
    };
    println!("cargo::rustc-cfg=board=\"{board}\"");
    let map = format!("memory/{board}.x");
    println!("cargo::rerun-if-changed={map}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy(map, out.join("memory.x")).expect("a memory map per board");
    println!("cargo::rustc-link-search={}", out.display());
    // Here and not in `rustflags`, which an environment's RUSTFLAGS would replace.
    if board == "virt" {
        println!("cargo::rustc-link-arg=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg=-Tlink.x");
    if env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        println!("cargo::rustc-link-arg-bin=tcp=-Tdefmt.x");
        println!("cargo::rerun-if-env-changed=DEFMT_LOG");
        // Errors alone would be defmt's choice.
        let level = env::var("DEFMT_LOG").unwrap_or_else(|_| "info".into());
        println!("cargo::rustc-env=DEFMT_LOG={level}");
    }
    println!("cargo::rustc-link-arg=--nmagic");
}
