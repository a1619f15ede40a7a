//! A panic that must not link.
#![no_std]
#![no_main]

use footprint::{look, octets};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        look(&[octets()[7]]);
    }
}
