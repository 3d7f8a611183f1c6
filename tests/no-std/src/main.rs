//! Runs the checks of `check.rs` on a bare Cortex-M4: no `std`, no `alloc`, no operating system.
//!
//! Linking is half of the proof: with an allocation anywhere, it would fail for want of an allocator.

#![no_std]
#![no_main]

mod check;

use core::fmt::Write as _;
use core::panic::PanicInfo;

use cortex_m_semihosting::{debug, hio};

#[cortex_m_rt::entry]
fn main() -> ! {
    match hio::hstdout() {
        Ok(mut console) => leave(check::run(&mut console)),
        Err(()) => leave(Err(core::fmt::Error)),
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if let Ok(mut console) = hio::hstdout() {
        let _ = writeln!(console, "{info}");
    }
    leave(Err(core::fmt::Error))
}

/// Ends QEMU, whose exit status becomes 0 or 1.
fn leave(result: core::fmt::Result) -> ! {
    loop {
        debug::exit(result.map_err(|_| ()));
    }
}
