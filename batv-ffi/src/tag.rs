//! Tags: put on, judged, taken off.

use core::ffi::c_char;

use batv_core::dialect;
use batv_core::tag;
use batv_core::{Day, KeyId, Path};
use batv_policy::{Handling, Outgoing, Unchanged};

use crate::border::{Failure, call, clear, day, path, put, reference};
use crate::code::{batv_change, batv_dialect, batv_result, batv_tag_verdict, batv_unwrap_mode};
use crate::keyring::batv_keyring;
use crate::settings::{batv_settings, in_force};
use crate::text::Text;

/// What signing came to.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_signing {
    /// What was done to the address.
    pub change: batv_change,
    /// The key that made the tag, 0 to 9; -1 when the address stays as it is.
    pub key_id: i32,
    /// The last day on which the tag is valid, in days since 1970-01-01; -1 when the address stays as it is.
    pub expires: i32,
}

impl batv_signing {
    const fn unchanged(change: batv_change) -> Self {
        Self { change, key_id: NONE, expires: NONE }
    }
}

/// What a tag is worth.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_verification {
    /// The verdict.
    pub verdict: batv_tag_verdict,
    /// The key that the tag names, 0 to 9; -1 without a tag.
    pub key_id: i32,
    /// Days until the tag expires, less than 0 when it has; 0 unless the verdict is valid or expired.
    pub days_left: i32,
    /// The last day on which the tag is valid, in days since 1970-01-01; -1 unless the verdict is valid or expired.
    pub expires: i32,
}

/// What came off.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_unwrapping {
    /// How many layers came off.
    pub layers: u32,
    /// What the last of them was: a `batv_dialect`, or 0 when none came off.
    pub dialect: u32,
    /// 1 when there is another layer that hides the address: `dialect` is its own.
    pub hidden: u32,
}

const NONE: i32 = -1;

#[inline]
fn number_of_key(id: KeyId) -> i32 {
    id.number().into()
}

#[inline]
fn number_of_day(day: Option<Day>) -> i32 {
    day.and_then(|day| day.number().try_into().ok()).unwrap_or(NONE)
}

/// Tags the envelope sender of a message that leaves, and that an authenticated user or a host of yours sends, as `batvd`
/// tags it. What has a tag, the null path, what no key signs for, and what is not of `protected`, stays as it is:
/// whatever is written is the sender to use.
///
/// - `keyring`: not NULL.
/// - `settings`: `form`, `delimiter`, `lifetime`, `protected` and `exempt` count; NULL for the defaults.
/// - `address`, `address_length`: the sender, with or without angle brackets, in octets. Empty is the null path.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `tagged`, `capacity`: where to write the sender and a NUL; `BATV_ADDRESS_SIZE` octets are enough for any. It must
///   not overlap `address`. NULL, with a capacity of 0, when only the length is wanted.
/// - `tagged_length`: gets the octets of the sender, without the NUL; may be NULL.
/// - `signing`: gets what was done; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_LONG` when the tag does not fit: send untagged; `BATV_RESULT_MALFORMED`;
/// `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. On any of them
/// `tagged` is empty, and `signing` is as it was.
/// Threads: any.
///
/// ```c
/// const char *sender = "alice@example.com";
/// char tagged[BATV_ADDRESS_SIZE];
/// if (batv_sign(keyring, NULL, sender, strlen(sender), 0, tagged, sizeof tagged, NULL, NULL) == BATV_RESULT_OK)
///     printf("MAIL FROM:<%s>\n", tagged);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_sign(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    address: *const c_char,
    address_length: usize,
    now: i64,
    tagged: *mut c_char,
    capacity: usize,
    tagged_length: *mut usize,
    signing: *mut batv_signing,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("tagged", tagged, capacity, tagged_length, &[(address, address_length)]) }?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        // SAFETY: the caller says that nobody changes them.
        let settings = unsafe { in_force(settings) };
        let mut storage = String::new();
        // SAFETY: the caller says that so many octets are there.
        let sender = unsafe { path("address", address, address_length, &mut storage) }?;
        let today = day(now)?;
        let keys = keyring.keys();
        let leaving = Outgoing { originates: true, ..Outgoing::new(sender) };
        let outcome = match settings.site(keys.keys()).sender(&leaving).sign(today) {
            Handling::Tagged(tagged) => {
                text.write(|out| tagged.write_to(out))?;
                batv_signing {
                    change: batv_change::Tagged,
                    key_id: number_of_key(tagged.key_id()),
                    expires: number_of_day(tagged.expires()),
                }
            }
            Handling::TooLong { error, .. } | Handling::Unchanged(Unchanged::Refused(error)) => {
                return Err(Failure::Refused(error));
            }
            handling => {
                text.write(|out| out.write(&sender))?;
                batv_signing::unchanged(match handling {
                    Handling::Unchanged(Unchanged::NullPath) => batv_change::NullPath,
                    Handling::Unchanged(Unchanged::AlreadyTagged(_)) => batv_change::AlreadyTagged,
                    _ => batv_change::NotOurs,
                })
            }
        };
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { put(signing, outcome) };
        Ok(())
    })
}

/// Judges the tag of an address: whether we made it, and whether it is still good.
///
/// - `keyring`: not NULL.
/// - `address`, `address_length`: the recipient of a bounce, with or without angle brackets, in octets.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verification`: gets the verdict; not NULL. It is all zero, which is no verdict, on any error but
///   `BATV_RESULT_TOO_SMALL`.
/// - `mailbox`, `capacity`: where to write the address without its tag, and a NUL, whatever the verdict: deliver to it
///   only when the verdict allows. `BATV_ADDRESS_SIZE` octets are enough for any. It must not overlap `address`. NULL,
///   with a capacity of 0, when it is not wanted.
/// - `mailbox_length`: gets the octets of the mailbox, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`;
/// `BATV_RESULT_NULL_POINTER`. A bad tag is no error, but a verdict. On any error `mailbox` is empty.
/// Threads: any.
///
/// ```c
/// const char *recipient = "prvs=0269b1e711=alice@example.com";
/// char mailbox[BATV_ADDRESS_SIZE];
/// batv_verification verification;
/// if (batv_verify(keyring, recipient, strlen(recipient), 0, &verification, mailbox, sizeof mailbox, NULL) ==
///         BATV_RESULT_OK &&
///     verification.verdict == BATV_TAG_VERDICT_VALID)
///     printf("deliver to %s\n", mailbox);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_verify(
    keyring: *const batv_keyring,
    address: *const c_char,
    address_length: usize,
    now: i64,
    verification: *mut batv_verification,
    mailbox: *mut c_char,
    capacity: usize,
    mailbox_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(verification) }.ok_or(Failure::NullPointer("verification"))?;
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("mailbox", mailbox, capacity, mailbox_length, &[(address, address_length)]) }?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        let mut storage = String::new();
        // SAFETY: the caller says that so many octets are there.
        let recipient = unsafe { path("address", address, address_length, &mut storage) }?;
        let today = day(now)?;
        let keys = keyring.keys();
        let Path::Mailbox(tagged) = recipient else {
            let verdict = batv_tag_verdict::Untagged;
            // SAFETY: as before.
            unsafe { put(verification, batv_verification { verdict, key_id: NONE, days_left: 0, expires: NONE }) };
            return text.write(|out| out.write(&recipient));
        };
        let found = tag::verify(keys.keys(), &tagged, today);
        let outcome = batv_verification {
            verdict: batv_tag_verdict::of(found.verdict)?,
            key_id: found.key_id.map_or(NONE, number_of_key),
            days_left: found.days_left.unwrap_or(0),
            expires: number_of_day(found.expires),
        };
        // SAFETY: as before.
        unsafe { put(verification, outcome) };
        text.write(|out| found.mailbox.write_to(out))
    })
}

/// Takes off tags of any kind, ours and anybody's, without judging them: to show, to compare and to look up. What is
/// written must not be used to deliver to, nor to forward to.
///
/// - `address`, `address_length`: with or without angle brackets, in octets.
/// - `mode`: a `batv_unwrap_mode`, or 0.
/// - `limit`: how many layers may come off; 0 for all, of which there are 8 at most.
/// - `unwrapping`: gets what came off; may be NULL.
/// - `inner`, `capacity`: where to write the address without these layers, and a NUL; `BATV_ADDRESS_SIZE` octets are
///   enough for any. It must not overlap `address`. NULL, with a capacity of 0, when it is not wanted.
/// - `inner_length`: gets the octets of that address, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. On
/// any of them `inner` is empty.
/// Threads: any.
///
/// ```c
/// const char *wrapped = "SRS0=8nW7=2W=example.com=alice@forwarder.example.net";
/// char inner[BATV_ADDRESS_SIZE];
/// if (batv_unwrap(wrapped, strlen(wrapped), BATV_UNWRAP_MODE_STRICT, 0, NULL, inner, sizeof inner, NULL) ==
///     BATV_RESULT_OK)
///     puts(inner); // alice@example.com
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_unwrap(
    address: *const c_char,
    address_length: usize,
    mode: u32,
    limit: u32,
    unwrapping: *mut batv_unwrapping,
    inner: *mut c_char,
    capacity: usize,
    inner_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("inner", inner, capacity, inner_length, &[(address, address_length)]) }?;
        let mode = batv_unwrap_mode::read(mode)?;
        let mut storage = String::new();
        // SAFETY: the caller says that so many octets are there.
        let wrapped = unsafe { path("address", address, address_length, &mut storage) }?;
        let mut outcome = batv_unwrapping { layers: 0, dialect: 0, hidden: 0 };
        let mut innermost = wrapped;
        if let Path::Mailbox(mailbox) = wrapped {
            let limit = if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
            for layer in dialect::unwrap(&mailbox, mode).take(limit) {
                outcome.dialect = batv_dialect::of(layer.dialect)? as u32;
                match layer.mailbox {
                    Some(mailbox) => {
                        innermost = Path::Mailbox(mailbox);
                        outcome.layers += 1;
                    }
                    None => outcome.hidden = 1,
                }
            }
        }
        text.write(|out| out.write(&innermost))?;
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { put(unwrapping, outcome) };
        Ok(())
    })
}
