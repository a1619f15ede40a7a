//! DISH over a UART, with 64 bytes of groups.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::{Group, SocketType};
use zmtp_embedded::blocking::Dish;

static CONFIG: Config = Config::new(SocketType::Dish);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut dish = Dish::<_, 64>::new(&CONFIG, bytes(), bytes());
    let group = Group::new(b"weather").unwrap_or(Group::EMPTY);
    outcome(dish.join(group).is_ok());
    dish.connect(Uart, now());
    loop {
        match dish.receive(now().after(1_000), now) {
            Ok(message) => message.parts().for_each(look),
            Err(_) => {
                outcome(false);
                dish.connect(Uart, now());
            }
        }
    }
}
