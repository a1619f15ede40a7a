//! Depth of the stack, and numbers of instructions as counted by QEMU.

const PAINT: u32 = 0xCCCC_CCCC;
/// Bytes below the stack pointer that are painted.
const DEPTH: usize = 4_096;

/// Bytes of stack that `run` uses below its caller. No interrupt may be on.
#[inline(never)]
#[allow(unsafe_code, reason = "the stack below the stack pointer is unused")]
pub fn stack(run: &mut dyn FnMut()) -> usize {
    let top = stack_pointer() & !3;
    let bottom = top - DEPTH;
    for address in (bottom..top).step_by(4) {
        // SAFETY: RAM below the frame of this function, which calls nothing meanwhile.
        unsafe { (address as *mut u32).write_volatile(PAINT) };
    }
    run();
    let mut lowest = bottom;
    // SAFETY: as above; reading what calls have left there.
    while lowest < top && unsafe { (lowest as *const u32).read_volatile() } == PAINT {
        lowest += 4;
    }
    top - lowest
}

#[inline(always)]
#[allow(unsafe_code, reason = "there is no other way to this register")]
fn stack_pointer() -> usize {
    let pointer: usize;
    // SAFETY: copies a register.
    unsafe {
        #[cfg(target_arch = "arm")]
        core::arch::asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
        #[cfg(target_arch = "riscv32")]
        core::arch::asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// Instructions that `run` executes, under `-icount shift=6`: 64 ns of virtual time each.
pub fn instructions(run: &mut dyn FnMut()) -> u64 {
    let count = |run: &mut dyn FnMut()| {
        let start = counter();
        run();
        between(start, counter())
    };
    count(run).saturating_sub(count(&mut || ()))
}

/// As [`instructions`], up to 2 * 10^9.
pub fn many_instructions(run: &mut dyn FnMut()) -> u64 {
    let count = |run: &mut dyn FnMut()| {
        let start = [coarse(), counter()];
        run();
        let end = [coarse(), counter()];
        between_many(start, end)
    };
    // The first call starts the timers.
    let none = count(&mut || ()).min(count(&mut || ()));
    count(run).saturating_sub(none)
}

/// SysTick counts down 24 bits at the speed of the CPU, with a period of `PERIOD` / 10 ns.
#[cfg(any(board = "microbit", board = "mps2"))]
fn counter() -> u32 {
    use cortex_m::peripheral::SYST;
    use cortex_m::peripheral::syst::SystClkSource;

    #[allow(unsafe_code, reason = "this program has no other clock")]
    // SAFETY: the timer has no other owner: no board was taken.
    let mut timer = unsafe { cortex_m::Peripherals::steal() }.SYST;
    if !timer.is_counter_enabled() {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(0xFF_FFFF);
        timer.clear_current();
        timer.enable_counter();
    }
    SYST::get_current()
}

#[cfg(any(board = "microbit", board = "mps2"))]
fn between(start: u32, end: u32) -> u64 {
    of_ticks(u64::from(start.wrapping_sub(end) & 0xFF_FFFF))
}

#[cfg(any(board = "microbit", board = "mps2"))]
const fn of_ticks(ticks: u64) -> u64 {
    /// 25 MHz and 16 MHz.
    const PERIOD: u64 = if cfg!(board = "mps2") { 400 } else { 625 };
    (ticks * PERIOD + 320) / 640
}

/// As `between`. The coarse timer counts the wraps of SysTick: the difference of the two is close to a multiple of one.
#[cfg(any(board = "microbit", board = "mps2"))]
fn between_many(start: [u32; 2], end: [u32; 2]) -> u64 {
    const WRAP: u32 = 1 << 24;
    let [coarse, fine] = [0, 1].map(|at| start[at].wrapping_sub(end[at]));
    let fine = fine % WRAP;
    let wraps = coarse.wrapping_sub(fine).wrapping_add(WRAP / 2) / WRAP;
    of_ticks(u64::from(wraps) * u64::from(WRAP) + u64::from(fine))
}

/// TIMER0, which counts down 32 bits at the speed of the CPU.
#[cfg(board = "mps2")]
#[allow(unsafe_code, reason = "addresses of registers, from ARM's AN385 and DDI 0479")]
fn coarse() -> u32 {
    use crate::boards::Register;

    // SAFETY: control and value of a timer that no other code uses.
    let [control, value] = unsafe { [Register::at(0x4000_0000), Register::at(0x4000_0004)] };
    if control.read() == 0 {
        value.write(u32::MAX);
        control.write(1);
    }
    value.read()
}

/// TIMER0, which counts 32 bits at the speed of the CPU. It loses ticks in QEMU, so that it only serves for the wraps.
#[cfg(board = "microbit")]
#[allow(unsafe_code, reason = "addresses of registers, from the nRF51 reference manual")]
fn coarse() -> u32 {
    use crate::boards::Register;

    // SAFETY: registers of a timer without another owner: no board was taken.
    let [start, capture, bit_mode, prescaler, captured] = unsafe {
        [0x000, 0x040, 0x508, 0x510, 0x540].map(|at| Register::<u32>::at(0x4000_8000 + at))
    };
    if bit_mode.read() != 3 {
        bit_mode.write(3);
        prescaler.write(0);
        start.write(1);
    }
    capture.write(1);
    // Down, as SysTick.
    captured.read().wrapping_neg()
}

/// QEMU's count of instructions is its virtual time.
#[cfg(board = "virt")]
fn counter() -> u64 {
    riscv::register::minstret::read64() / 64
}

/// Nothing wraps.
#[cfg(board = "virt")]
const fn coarse() -> u64 {
    0
}

#[cfg(board = "virt")]
const fn between_many([_, start]: [u64; 2], [_, end]: [u64; 2]) -> u64 {
    between(start, end)
}

#[cfg(board = "virt")]
const fn between(start: u64, end: u64) -> u64 {
    end.wrapping_sub(start)
}
