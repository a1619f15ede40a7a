//! Depth of the stack, and numbers of instructions as counted by QEMU.

const PAINT: u32 = 0xCCCC_CCCC;
/// Bytes below the stack pointer that are painted.
const DEPTH: usize = 3_072;
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
    /// 25 MHz and 16 MHz.
    const PERIOD: u64 = if cfg!(board = "mps2") { 400 } else { 625 };
    (u64::from(start.wrapping_sub(end) & 0xFF_FFFF) * PERIOD + 320) / 640
}

/// QEMU's count of instructions is its virtual time.
#[cfg(board = "virt")]
fn counter() -> u64 {
    riscv::register::minstret::read64() / 64
}

#[cfg(board = "virt")]
const fn between(start: u64, end: u64) -> u64 {
    end.wrapping_sub(start)
}
