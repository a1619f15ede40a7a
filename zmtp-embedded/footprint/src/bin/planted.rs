//! A panic that must not link.
#![no_std]
#![no_main]

use footprint::{bytes, look};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        look(&[bytes()[7]]);
    }
}
