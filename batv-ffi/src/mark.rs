//! Marks in what we send, by which a bounce that returns it is known.

use core::ffi::c_char;

use batv_core::{Error, Path, mark};

use crate::border::{Failure, call, clear, day, octets, path, put, reference};
use crate::code::{batv_result, batv_tag_verdict};
use crate::keyring::batv_keyring;
use crate::text::fixed;

/// Octets of the longest mark of either form, and the NUL after it. An envelope id has at most 100 (RFC 3461 §4.4).
pub const BATV_MARK_SIZE: usize = 101;

/// A mark in its two forms.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_mark {
    /// The value of the header field `BATV_MARK_FIELD`, and a NUL.
    pub field: [c_char; BATV_MARK_SIZE],
    /// The value of ENVID in MAIL FROM (RFC 3461 §4.4), where the next server offers DSN, and a NUL.
    pub envelope_id: [c_char; BATV_MARK_SIZE],
}

/// Marks a message that leaves. A bounce that returns its header, or names its envelope id, then proves that it was ours,
/// also where the tag got lost.
///
/// - `keyring`: not NULL.
/// - `message_id`, `message_id_length`: the value of Message-ID, in angle brackets or not, in octets; empty when there is
///   none.
/// - `reverse_path`, `reverse_path_length`: the sender before it is tagged, with or without angle brackets, in octets.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `made`: gets the mark; not NULL. It is all zero on any error.
///
/// Errors: `BATV_RESULT_NO_KEY` when no key signs for the sender, or it has a tag already, or is the null path: send
/// without; `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// const char *message_id = "<1@example.com>", *from = "alice@example.com";
/// batv_mark made;
/// if (batv_mark_make(keyring, message_id, strlen(message_id), from, strlen(from), 0, &made) == BATV_RESULT_OK)
///     printf("%s: %s\r\n", BATV_MARK_FIELD, made.field);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_mark_make(
    keyring: *const batv_keyring,
    message_id: *const c_char,
    message_id_length: usize,
    reverse_path: *const c_char,
    reverse_path_length: usize,
    now: i64,
    made: *mut batv_mark,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(made) }.ok_or(Failure::NullPointer("made"))?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        // SAFETY: the caller says that so many octets are there.
        let message_id = unsafe { octets("message_id", message_id, message_id_length) }?;
        let mut storage = String::new();
        // SAFETY: the same.
        let sender = unsafe { path("reverse_path", reverse_path, reverse_path_length, &mut storage) }?;
        let today = day(now)?;
        let keys = keyring.keys();
        let mark = sender.mailbox().and_then(|sender| mark::make(keys.keys(), message_id, sender, today));
        let mark = mark.ok_or(Failure::Refused(Error::NoSigningKey))?;
        let outcome = batv_mark { field: fixed(&mark)?, envelope_id: fixed(&mark.envelope_id())? };
        // SAFETY: as before.
        unsafe { put(made, outcome) };
        Ok(())
    })
}

/// Judges a mark that has come back: whether we made it for this message, and whether it is still good, which it is for
/// 60 days. White space and the case of letters don't matter.
///
/// - `keyring`: not NULL.
/// - `mark`, `mark_length`: the value of the returned field `BATV_MARK_FIELD`, or of Original-Envelope-Id, in octets.
/// - `message_id`, `message_id_length`: the Message-ID that was returned with the field, in octets. NULL, with a length of
///   0, for an envelope id, which has the id of its message in it.
/// - `reverse_path`, `reverse_path_length`: the sender of that message without its tag, with or without angle brackets,
///   in octets.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verdict`: gets the verdict; not NULL. It is 0, which is no verdict, on any error. What is no mark at all is
///   `BATV_TAG_VERDICT_UNTAGGED`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. A bad mark
/// is no error, but a verdict.
/// Threads: any.
///
/// ```c
/// const char *field = "1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr", *id = "<1@example.com>", *author = "alice@example.com";
/// batv_tag_verdict verdict;
/// if (batv_mark_verify(keyring, field, strlen(field), id, strlen(id), author, strlen(author), 1577880000, &verdict) ==
///     BATV_RESULT_OK)
///     printf("the mark is %s\n", batv_text(verdict)); // valid
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_mark_verify(
    keyring: *const batv_keyring,
    mark: *const c_char,
    mark_length: usize,
    message_id: *const c_char,
    message_id_length: usize,
    reverse_path: *const c_char,
    reverse_path_length: usize,
    now: i64,
    verdict: *mut batv_tag_verdict,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(verdict) }.ok_or(Failure::NullPointer("verdict"))?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        // SAFETY: the caller says that so many octets are there.
        let mark = unsafe { octets("mark", mark, mark_length) }?;
        let message_id = if message_id.is_null() && message_id_length == 0 {
            None
        } else {
            // SAFETY: the same.
            Some(unsafe { octets("message_id", message_id, message_id_length) }?)
        };
        let mut storage = String::new();
        // SAFETY: the same.
        let sender = unsafe { path("reverse_path", reverse_path, reverse_path_length, &mut storage) }?;
        let today = day(now)?;
        let keys = keyring.keys();
        let Path::Mailbox(sender) = sender else { return Err(Failure::Malformed("reverse_path", Error::NullPath)) };
        let found = match message_id {
            Some(message_id) => mark::verify(keys.keys(), mark, message_id, &sender, today),
            None => mark::verify_envelope_id(keys.keys(), mark, &sender, today),
        };
        // SAFETY: as before.
        unsafe { put(verdict, batv_tag_verdict::of(found)?) };
        Ok(())
    })
}
