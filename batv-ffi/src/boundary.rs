//! The boundary between C and Rust: a pointer becomes a reference or an error, and a panic becomes a result.
//!
//! The macros follow pointers from C, each with the name of an argument. What they rely on is the same for all calls, and
//! stands in batv.h: a pointer is NULL, or points to what its type says; nobody frees or changes that during the call,
//! unless the call says otherwise; and a struct begins with its size.

use alloc::borrow::Cow;
use core::cell::RefCell;
use core::ffi::{CStr, c_char};
use core::fmt;
use core::marker::PhantomData;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use batv_core::{Day, Path};
use batv_policy::{Rules, address};

use crate::code::batv_result;
use crate::failure::Failure;
use crate::text::{batv_buffer, batv_text};

impl Failure {
    const fn result(&self) -> batv_result {
        use batv_config::Error as Config;
        use batv_core::Error as Core;

        match self {
            Self::NullPointer(_) => batv_result::NullPointer,
            Self::Argument(_) | Self::Code { .. } | Self::Size { .. } | Self::Flag(_) | Self::Setting(_) => {
                batv_result::BadArgument
            }
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

thread_local! {
    /// The last failure on this thread, which becomes a text only when the caller asks for it.
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

fn remember(failure: Failure) {
    // While a thread ends, nothing asks any more.
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

/// A struct of the caller, which begins with its size. A version of it has one more field or several more than that
/// before it, and no padding at its end, so that each version has a size of its own.
pub(crate) trait Versioned: Copy {
    /// Sizes of all versions, the oldest first.
    const SIZES: &'static [usize] = &[size_of::<Self>()];
}

/// A struct that the caller fills in.
///
/// # Safety
/// All octets are a value of it: it has numbers, and texts that are not followed yet.
pub(crate) unsafe trait Question: Versioned {}

/// Octets that no version of a struct will exceed: a larger size is an accident.
const LARGEST: usize = 4096;
/// Octets of the size itself.
const START: usize = size_of::<u32>();

/// The size that a struct says it has.
///
/// # Safety
/// `pointer` is NULL, or points to a number that may be read.
#[inline]
unsafe fn size_given<T: Versioned>(argument: &'static str, pointer: *const T) -> Result<usize, Failure> {
    if pointer.is_null() {
        return Err(Failure::NullPointer(argument));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    let size = unsafe { pointer.cast::<u32>().read() };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let known = size_of::<T>();
    let is_newer = size > known && size <= LARGEST && size % align_of::<T>() == 0;
    if is_newer || T::SIZES.contains(&size) { Ok(size) } else { Err(Failure::Size { argument, size, known }) }
}

/// A struct that the caller has filled in. What an older one lacks is 0; what a newer one has beyond ours must be.
///
/// # Safety
/// `pointer` is NULL, or points to as many octets as the struct says, which nobody changes meanwhile.
#[inline]
pub(crate) unsafe fn question<T: Question>(argument: &'static str, pointer: *const T) -> Result<T, Failure> {
    // SAFETY: a struct begins with its size.
    let size = unsafe { size_given(argument, pointer) }?;
    let known = size.min(size_of::<T>());
    // SAFETY: the caller vouches for so many octets.
    let beyond = unsafe { core::slice::from_raw_parts(pointer.cast::<u8>().wrapping_add(known), size - known) };
    if beyond.iter().any(|octet| *octet != 0) {
        return Err(Failure::Argument("a field is set that only a later version of the library has"));
    }
    let mut question = core::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: the caller vouches for so many octets, and there is room for them.
    unsafe { core::ptr::copy_nonoverlapping(pointer.cast::<u8>(), question.as_mut_ptr().cast::<u8>(), known) };
    // SAFETY: what was not copied is zero, and all octets are a value.
    Ok(unsafe { question.assume_init() })
}

/// A place for an answer, which is all zero until there is one.
pub(crate) struct Answer<'a, T> {
    place: *mut u8,
    /// The first octet to write, and the one after the last.
    octets: (usize, usize),
    answer: PhantomData<&'a mut T>,
}

impl<T: Versioned> Answer<'_, T> {
    /// A struct, whose size stays.
    ///
    /// # Safety
    /// `place` is NULL, or may be written to for as many octets as the struct says.
    #[inline]
    pub(crate) unsafe fn versioned(argument: &'static str, place: *mut T) -> Result<Self, Failure> {
        // SAFETY: a struct begins with its size.
        let size = unsafe { size_given(argument, place) }?;
        // SAFETY: the caller vouches for so many octets.
        Ok(unsafe { Self::cleared(place, (START, size.min(size_of::<T>()))) })
    }
}

impl<T: Copy> Answer<'_, T> {
    /// A place for a code or a pointer.
    ///
    /// # Safety
    /// `place` is NULL, or may be written to.
    #[inline]
    pub(crate) unsafe fn plain(argument: &'static str, place: *mut T) -> Result<Self, Failure> {
        if place.is_null() {
            return Err(Failure::NullPointer(argument));
        }
        // SAFETY: not NULL, and the caller vouches for the rest.
        Ok(unsafe { Self::cleared(place, (0, size_of::<T>())) })
    }

    /// # Safety
    /// These octets of `place` may be written.
    #[inline]
    unsafe fn cleared(place: *mut T, octets: (usize, usize)) -> Self {
        let place = place.cast::<u8>();
        let (start, end) = octets;
        // SAFETY: the caller vouches.
        unsafe { place.wrapping_add(start).write_bytes(0, end - start) };
        Self { place, octets, answer: PhantomData }
    }

    /// Writes the answer.
    #[inline]
    pub(crate) fn put(self, answer: T) {
        let (start, end) = self.octets;
        let (from, to) = ((&raw const answer).cast::<u8>().wrapping_add(start), self.place.wrapping_add(start));
        // SAFETY: who made this vouched for these octets, which are within a `T`, and none of which is in `answer`.
        unsafe { core::ptr::copy_nonoverlapping(from, to, end - start) };
    }
}

/// The octets of a text.
///
/// # Safety
/// `text.data` is NULL, or points to `text.length` octets that stay as they are for `'a`.
#[inline]
pub(crate) unsafe fn octets<'a>(argument: &'static str, text: batv_text) -> Result<&'a [u8], Failure> {
    if text.data.is_null() {
        return Err(Failure::NullPointer(argument));
    }
    if isize::try_from(text.length).is_err() {
        return Err(Failure::Argument("a length is more than half of the memory: is it negative?"));
    }
    // SAFETY: not NULL and not too long, and the caller vouches for the rest.
    Ok(unsafe { core::slice::from_raw_parts(text.data.cast(), text.length) })
}

/// A text up to its NUL.
///
/// # Safety
/// `text` is NULL, or points to octets of which one is NUL, and that stay as they are for `'a`.
#[inline]
pub(crate) unsafe fn string<'a>(argument: &'static str, text: *const c_char) -> Result<&'a CStr, Failure> {
    if text.is_null() {
        return Err(Failure::NullPointer(argument));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// A handle of the caller.
///
/// # Safety
/// `pointer` is NULL, or points to a valid `T` that nobody changes for `'a`.
#[inline]
pub(crate) unsafe fn reference<'a, T>(argument: &'static str, pointer: *const T) -> Result<&'a T, Failure> {
    // SAFETY: the caller vouches.
    unsafe { pointer.as_ref() }.ok_or(Failure::NullPointer(argument))
}

/// Arguments of a call from C, as the module says.
macro_rules! from_c {
    (handle $name:ident) => {
        // SAFETY: NULL, or a handle that nobody frees or changes during the call.
        unsafe { $crate::boundary::reference(stringify!($name), $name) }
    };
    (handle or none $name:ident) => {
        // SAFETY: NULL, or a handle that nobody frees or changes during the call.
        unsafe { $name.as_ref() }
    };
    (mut handle $name:ident) => {
        // SAFETY: NULL, or a handle that only this call uses.
        unsafe { $name.as_mut() }.ok_or($crate::failure::Failure::NullPointer(stringify!($name)))
    };
    (question $name:ident) => {
        // SAFETY: NULL, or a struct of numbers and texts as large as it says, which nobody changes during the call.
        unsafe { $crate::boundary::question(stringify!($name), $name) }
    };
    (octets $($name:ident).+) => {
        // SAFETY: absent, or as many octets as it says, which nobody changes during the call.
        unsafe { $crate::boundary::octets($crate::boundary::last!($($name).+), $($name).+) }
    };
    (string $name:ident) => {
        // SAFETY: NULL, or a text with a NUL, which nobody changes during the call.
        unsafe { $crate::boundary::string(stringify!($name), $name) }
    };
    (answer $name:ident) => {
        // SAFETY: NULL, or a struct as large as it says, which only this call uses.
        unsafe { $crate::boundary::Answer::versioned(stringify!($name), $name) }
    };
    (plain answer $name:ident) => {
        // SAFETY: NULL, or a place that only this call uses.
        unsafe { $crate::boundary::Answer::plain(stringify!($name), $name) }
    };
    (buffer $name:ident, apart from $inputs:expr) => {
        // SAFETY: NULL, or a buffer that only this call uses; NULL in it, or as many octets as its capacity says.
        unsafe { $crate::text::Text::new(stringify!($name), $name, $inputs) }
    };
    (free $name:ident) => {
        if !$name.is_null() {
            // SAFETY: `Box::into_raw` has made it for the caller, who frees it once.
            $crate::boundary::free(unsafe { Box::from_raw($name) });
        }
    };
}
pub(crate) use from_c;

/// The name of a field, without the struct that it is in.
macro_rules! last {
    ($name:ident) => { stringify!($name) };
    ($struct:ident . $($name:ident).+) => { $crate::boundary::last!($($name).+) };
}
pub(crate) use last;

/// An answer that the caller may not want.
#[inline]
pub(crate) fn wanted<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure::NullPointer(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The address in these octets as it stands, but for domains in U-labels. `storage` keeps their A-labels.
#[inline]
pub(crate) fn exact_path<'a>(
    argument: &'static str,
    octets: &'a [u8],
    storage: &'a mut String,
) -> Result<Path<'a>, Failure> {
    path_or_null(argument, octets, address::path, storage)
}

/// The recipient in these octets, in any spelling that mail servers take. `storage` keeps the one that counts.
#[inline]
pub(crate) fn path<'a>(
    argument: &'static str,
    octets: &'a [u8],
    rules: &Rules,
    storage: &'a mut String,
) -> Result<Path<'a>, Failure> {
    path_or_null(argument, octets, |octets| rules.forward_path(octets), storage)
}

/// A path in these octets; none of them are the null one.
#[inline]
fn path_or_null<'a>(
    argument: &'static str,
    octets: &'a [u8],
    spelled: impl FnOnce(&'a [u8]) -> Result<Cow<'a, str>, batv_core::Error>,
    storage: &'a mut String,
) -> Result<Path<'a>, Failure> {
    if octets.is_empty() {
        return Ok(Path::Null);
    }
    read_path(octets, spelled, storage).map_err(|error| Failure::Malformed(argument, error))
}

/// The reverse-path in these octets, in all forms that mail servers take for it.
#[inline]
pub(crate) fn reverse_path<'a>(
    argument: &'static str,
    octets: &'a [u8],
    rules: &Rules,
    storage: &'a mut String,
) -> Result<Path<'a>, Failure> {
    read_path(octets, |octets| rules.reverse_path(octets), storage).map_err(|error| Failure::Malformed(argument, error))
}

/// The same for a ruling, which takes a sender that cannot be read for a stranger.
#[inline]
pub(crate) fn judged_sender<'a>(octets: &'a [u8], rules: &Rules, storage: &'a mut String) -> Path<'a> {
    read_path(octets, |octets| rules.reverse_path(octets), storage).unwrap_or(Path::UNREADABLE)
}

#[inline]
fn read_path<'a>(
    octets: &'a [u8],
    spelled: impl FnOnce(&'a [u8]) -> Result<Cow<'a, str>, batv_core::Error>,
    storage: &'a mut String,
) -> Result<Path<'a>, batv_core::Error> {
    // Most addresses are in the spelling that counts, and need no second look.
    if let Ok(path) = Path::parse(octets)
        && !octets.starts_with(address::BYTE_ORDER_MARK)
    {
        return Ok(path);
    }
    *storage = spelled(octets)?.into_owned();
    Path::parse(storage.as_str())
}

/// A number that is yes or no.
#[inline]
pub(crate) const fn flag(number: u32, argument: &'static str) -> Result<bool, Failure> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::Flag(argument)),
    }
}

/// Today, by the seconds that C gives, of which 0 is now.
#[inline]
pub(crate) fn day(now: i64) -> Result<Day, Failure> {
    let day = if now == 0 { batv_config::date::today().ok() } else { Day::from_unix_seconds(now).ok() };
    day.ok_or(Failure::Clock)
}

/// Tells in words why the last call on this thread that failed did so: what was wrong, where, and what would be right.
/// Of a keyring file it names the line and the column. It never holds a secret.
///
/// - `message`: gets the text; not NULL.
///
/// A call that succeeds does not change the message. Empty when no call has failed on this thread.
///
/// Errors: `BATV_RESULT_TOO_SMALL`, `BATV_RESULT_NULL_POINTER`; the message stays for another try.
/// Threads: each has a message of its own.
///
/// ```c
/// char text[256];
/// batv_buffer message = BATV_BUFFER(text);
/// if (batv_keyring_reload(keyring, batv_text_of(NULL)) != BATV_RESULT_OK &&
///     batv_error_message(&message) == BATV_RESULT_OK)
///     fprintf(stderr, "the old keys stay: %s\n", message.data);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_error_message(message: *mut batv_buffer) -> batv_result {
    let body = || {
        if message.is_null() {
            return Err(Failure::NullPointer("message"));
        }
        from_c!(buffer message, apart from &[])?.write(|out| {
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
/// Not across the boundary: the caller gets [`batv_result::Panic`].
#[cfg(feature = "inject")]
#[unsafe(no_mangle)]
pub extern "C" fn batv_inject_panic() -> batv_result {
    call(|| panic!("injected"))
}

/// A struct that has grown by a field, for the tests: the first version ended before `added`.
#[cfg(feature = "inject")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_grown {
    /// Octets of this struct.
    pub size: u32,
    /// What all versions have.
    pub first: u32,
    /// What the second version has.
    pub added: u64,
}

#[cfg(feature = "inject")]
impl Versioned for batv_grown {
    const SIZES: &'static [usize] = &[core::mem::offset_of!(Self, added), size_of::<Self>()];
}

#[cfg(feature = "inject")]
// SAFETY: it has numbers alone.
unsafe impl Question for batv_grown {}

/// Answers with what it was asked, for the tests of structs that grow.
#[cfg(feature = "inject")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_inject_grown(asked: *const batv_grown, answer: *mut batv_grown) -> batv_result {
    call(|| {
        let answer = from_c!(answer answer)?;
        answer.put(from_c!(question asked)?);
        Ok(())
    })
}
