//! Version of the library.

use core::ffi::{CStr, c_char};

/// Number of the binary interface that this header describes. After the first release it changes when programs must be
/// compiled again.
pub const BATV_ABI_VERSION: u32 = 1;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// Number of the binary interface of the library that is loaded: not `BATV_ABI_VERSION` when header and library
/// don't belong together.
///
/// Errors: none. Threads: any.
///
/// ```c
/// if (batv_abi_version() != BATV_ABI_VERSION)
///     fprintf(stderr, "libbatv %s is not the one of batv.h\n", batv_version());
/// ```
#[unsafe(no_mangle)]
pub extern "C" fn batv_abi_version() -> u32 {
    BATV_ABI_VERSION
}

/// Version of the library that is loaded, such as `0.1.0`. The text belongs to the library and stays.
///
/// Errors: none. Threads: any.
///
/// ```c
/// printf("libbatv %s\n", batv_version());
/// ```
#[unsafe(no_mangle)]
pub extern "C" fn batv_version() -> *const c_char {
    VERSION.as_ptr()
}
