//! Arguments from the host and output to it, through semihosting. A board without a debugger has none.

pub use semihosting::println;
use semihosting::{experimental::env, process};

/// The number after `name=` among the arguments that QEMU was started with (`arg=name=7`).
pub fn number(name: &str) -> Option<u32> {
    let args = env::args::<256>().ok()?;
    (&args).flatten().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// A number in decimal digits.
pub fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

/// The number of these decimal digits.
pub fn parse(digits: &[u8]) -> Option<u32> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Ends QEMU with exit status 0.
pub fn done() -> ! {
    process::exit(0)
}

/// Ends QEMU with exit status 1.
pub fn failed() -> ! {
    process::exit(1)
}

/// Prints a failure and its reason, and ends QEMU with exit status 1.
pub fn fail(what: &str, why: &dyn core::fmt::Debug) -> ! {
    println!("FAILED {what}: {why:?}");
    process::exit(1)
}

/// A panic is a bug. Its exit status is 101, as for processes of Rust; that of a failure is 1.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    println!("PANIC {info}");
    process::exit(101)
}
