//! What every call from C passes: pointers become references or a result code, and a panic stops here.

use alloc::borrow::Cow;
use core::cell::RefCell;
use core::ffi::{CStr, c_char};
use core::fmt;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use batv_core::{Day, Path};
use batv_policy::address;

use crate::code::batv_result;
use crate::text::Text;

/// Why a call has failed: its result code, and what there is to say about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A pointer that may not be NULL.
    NullPointer(&'static str),
    /// What no argument can be.
    Argument(&'static str),
    /// The value of a setting, or of what has a form of its own.
    Setting(String),
    /// A buffer of so many octets, where so many are needed.
    TooSmall {
        needed: usize,
        capacity: usize,
    },
    /// No address.
    Malformed(&'static str, batv_core::Error),
    /// An address that can't be tagged or rewritten.
    Refused(batv_core::Error),
    /// A keyring.
    Keyring(batv_config::Error),
    Clock,
    /// Something new of the core that has no number here yet.
    Unnumbered,
    Panic,
}

impl Failure {
    const fn result(&self) -> batv_result {
        use batv_config::Error as Config;
        use batv_core::Error as Core;

        match self {
            Self::NullPointer(_) => batv_result::NullPointer,
            Self::Argument(_) | Self::Setting(_) => batv_result::BadArgument,
            Self::TooSmall { .. } => batv_result::TooSmall,
            Self::Malformed(..) => batv_result::Malformed,
            Self::Refused(Core::NoSigningKey) => batv_result::NoKey,
            Self::Refused(Core::LocalPartTooLong { .. }) => batv_result::TooLong,
            Self::Refused(Core::UnwritableDomain) => batv_result::Malformed,
            Self::Refused(_) => batv_result::BadArgument,
            Self::Keyring(Config::Io { .. }) => batv_result::Io,
            Self::Keyring(Config::Mode { .. }) => batv_result::Permissions,
            Self::Keyring(_) => batv_result::Keyring,
            Self::Clock => batv_result::Clock,
            Self::Unnumbered | Self::Panic => batv_result::Panic,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NullPointer(name) => write!(f, "`{name}` is NULL"),
            Self::Argument(what) => f.write_str(what),
            Self::Setting(what) => f.write_str(what),
            Self::TooSmall { needed, capacity } => {
                write!(f, "a buffer of {capacity} octets, where {needed} are needed")
            }
            Self::Malformed(name, error) => write!(f, "`{name}` is no address: {error}"),
            Self::Refused(error) => error.fmt(f),
            Self::Keyring(error) => error.fmt(f),
            Self::Clock => f.write_str("the time is not from 1970-01-01 to 9999-12-31"),
            Self::Unnumbered | Self::Panic => f.write_str("an error inside of the library: please report it"),
        }
    }
}

impl From<batv_config::Error> for Failure {
    fn from(error: batv_config::Error) -> Self {
        match error {
            batv_config::Error::Clock => Self::Clock,
            error => Self::Keyring(error),
        }
    }
}

thread_local! {
    /// The last failure on this thread, which is only put into words when somebody asks.
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

fn remember(failure: Failure) {
    // While a thread ends, nobody will ask any more.
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = Some(failure);
        }
    });
}

/// Runs the body of a call from C.
#[inline(always)]
pub(crate) fn call(body: impl FnOnce() -> Result<(), Failure>) -> batv_result {
    // Nothing that a body changes is seen half changed: keyrings are swapped whole, and outputs begin empty.
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return batv_result::Ok,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::Panic,
    };
    fail(failure)
}

/// Out of the way of calls that succeed.
#[cold]
#[inline(never)]
fn fail(failure: Failure) -> batv_result {
    let result = failure.result();
    remember(failure);
    result
}

/// Frees what a handle stands for.
pub(crate) fn free<T>(handle: Box<T>) {
    // There is nothing that the caller could do about a panic.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
}

/// The octets at a pointer from C.
///
/// # Safety
/// `octets` is NULL, or points to `length` octets that stay as they are for `'a`.
#[inline]
pub(crate) unsafe fn octets<'a>(name: &'static str, octets: *const c_char, length: usize) -> Result<&'a [u8], Failure> {
    if octets.is_null() {
        return Err(Failure::NullPointer(name));
    }
    if isize::try_from(length).is_err() {
        return Err(Failure::Argument("a length is more than half of the memory: is it negative?"));
    }
    // SAFETY: not NULL and not too long, and the caller vouches for the rest.
    Ok(unsafe { core::slice::from_raw_parts(octets.cast(), length) })
}

/// The path at a pointer from C. Many programs write the null path as an empty text. `storage` keeps a domain of U-labels in
/// its other spelling.
///
/// # Safety
/// As [`octets`].
#[inline]
pub(crate) unsafe fn path<'a>(
    name: &'static str,
    text: *const c_char,
    length: usize,
    storage: &'a mut String,
) -> Result<Path<'a>, Failure> {
    // SAFETY: as the caller vouches.
    let text = unsafe { octets(name, text, length) }?;
    if text.is_ascii() {
        return if text.is_empty() { Ok(Path::Null) } else { Path::parse(text).map_err(malformed(name)) };
    }
    read_spelled(name, address::path(text), storage)
}

/// The reverse-path at a pointer from C, in any spelling that a server takes.
///
/// # Safety
/// As [`octets`].
pub(crate) unsafe fn reverse_path<'a>(
    name: &'static str,
    text: *const c_char,
    length: usize,
    storage: &'a mut String,
) -> Result<Path<'a>, Failure> {
    // SAFETY: as the caller vouches.
    let text = unsafe { octets(name, text, length) }?;
    read_spelled(name, address::reverse_path(text), storage)
}

fn read_spelled<'a>(
    name: &'static str,
    spelled: Result<Cow<'a, str>, batv_core::Error>,
    storage: &'a mut String,
) -> Result<Path<'a>, Failure> {
    let text = match spelled.map_err(malformed(name))? {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => {
            *storage = text;
            storage.as_str()
        }
    };
    Path::parse(text).map_err(malformed(name))
}

fn malformed(name: &'static str) -> impl Fn(batv_core::Error) -> Failure {
    move |error| Failure::Malformed(name, error)
}

/// What is yes or no.
#[inline]
pub(crate) const fn flag(number: u32, wrong: &'static str) -> Result<bool, Failure> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::Argument(wrong)),
    }
}

/// The text at a pointer from C, up to its NUL.
///
/// # Safety
/// `text` is NULL, or points to octets of which one is NUL, and that stay as they are for `'a`.
pub(crate) unsafe fn string<'a>(name: &'static str, text: *const c_char) -> Result<&'a CStr, Failure> {
    if text.is_null() {
        return Err(Failure::NullPointer(name));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// What a pointer to one thing from C points to.
///
/// # Safety
/// `pointer` is NULL, or points to a valid `T` that nobody changes for `'a`.
#[inline]
pub(crate) unsafe fn reference<'a, T>(name: &'static str, pointer: *const T) -> Result<&'a T, Failure> {
    // SAFETY: the caller vouches.
    unsafe { pointer.as_ref() }.ok_or(Failure::NullPointer(name))
}

/// Puts a value where C wants it.
///
/// # Safety
/// `place` is NULL, or may be written to.
#[inline]
pub(crate) unsafe fn put<T>(place: *mut T, value: T) -> Option<()> {
    if place.is_null() {
        return None;
    }
    // SAFETY: not NULL, and the caller vouches for the rest. What is there may be uninitialised, so it is not dropped.
    unsafe { place.write(value) };
    Some(())
}

/// Makes what C reads all zero, which is no verdict.
///
/// # Safety
/// `place` is NULL, or may be written to.
#[inline]
pub(crate) unsafe fn clear<T>(place: *mut T) -> Option<()> {
    if place.is_null() {
        return None;
    }
    // SAFETY: not NULL, and the caller vouches for the rest. It is C that reads it, for which all numbers are codes.
    unsafe { place.write_bytes(0, 1) };
    Some(())
}

/// Today, of the seconds that C gives, of which 0 is now.
#[inline]
pub(crate) fn day(now: i64) -> Result<Day, Failure> {
    if now == 0 { Ok(batv_config::clock::today()?) } else { Day::from_unix_seconds(now).map_err(|_| Failure::Clock) }
}

/// Tells in words why the last call on this thread that failed did so: what was wrong, where, and what would be right.
/// Of a keyring file it names the line and the column. It never holds a secret.
///
/// - `message`: where to write the text and a NUL; NULL, with a capacity of 0, when only the length is wanted.
/// - `capacity`: octets there are at `message`.
/// - `message_length`: gets the octets of the text, without the NUL; may be NULL.
///
/// A call that succeeds does not change the message. Empty when no call has failed on this thread.
///
/// Errors: `BATV_RESULT_TOO_SMALL`, `BATV_RESULT_NULL_POINTER`; the message stays for another try.
/// Threads: each has a message of its own.
///
/// ```c
/// char message[256];
/// if (batv_keyring_reload(keyring, NULL, 0) != BATV_RESULT_OK &&
///     batv_error_message(message, sizeof message, NULL) == BATV_RESULT_OK)
///     fprintf(stderr, "the old keys stay: %s\n", message);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_error_message(
    message: *mut c_char,
    capacity: usize,
    message_length: *mut usize,
) -> batv_result {
    let body = || {
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("message", message, capacity, message_length, &[]) }?;
        text.write(|out| {
            LAST.try_with(|last| match &*last.borrow() {
                Some(failure) => fmt::write(out, format_args!("{failure}")),
                None => Ok(()),
            })
            .unwrap_or(Ok(()))
        })
    };
    // The failure of this call must not replace the one that is asked for.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => batv_result::Ok,
        Ok(Err(failure)) => failure.result(),
        Err(_) => batv_result::Panic,
    }
}

/// Panics inside, so that a test sees what becomes of it.
///
/// # Panics
/// Not across the border: the caller gets [`batv_result::Panic`].
#[cfg(feature = "inject-panic")]
#[unsafe(no_mangle)]
pub extern "C" fn batv_inject_panic() -> batv_result {
    call(|| panic!("injected"))
}
