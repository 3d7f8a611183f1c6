//! Marks in outgoing messages, by which a bounce that returns one is known.

use core::ffi::c_char;

use batv_core::{Error, Path, mark};

use crate::boundary::{Versioned, call, day, from_c, reverse_path};
use crate::code::{batv_result, batv_tag_verdict};
use crate::failure::Failure;
use crate::keyring::batv_keyring;
use crate::text::{batv_text, fixed};

/// Octets that are enough for a mark of either form, and the NUL after it. An envelope id has at most 100 (RFC 3461 §4.4).
pub const BATV_MARK_SIZE: usize = 104;

/// Mark in its two forms.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_mark {
    /// `sizeof(batv_mark)`: see `BATV_INIT`.
    pub size: u32,
    /// Value of the header field `BATV_MARK_FIELD`, and a NUL.
    pub field: [c_char; BATV_MARK_SIZE],
    /// Value of ENVID in MAIL FROM (RFC 3461 §4.4), where the next server offers DSN, and a NUL.
    pub envelope_id: [c_char; BATV_MARK_SIZE],
}

impl Versioned for batv_mark {}

/// Marks an outgoing message. A bounce that returns its header, or names its envelope id, then proves that the message was
/// ours, even when the tag was lost.
///
/// - `keyring`: not NULL.
/// - `message_id`: the value of Message-ID, in angle brackets or not; empty when there is none.
/// - `sender`: the reverse-path before it is tagged.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `made`: gets the mark; not NULL.
///
/// Errors: `BATV_RESULT_NO_KEY` when no key signs for the sender, or when it has a tag already or is the null
/// reverse-path: send without a mark; `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// batv_mark made = BATV_INIT(batv_mark);
/// batv_text id = batv_text_of("<1@example.com>"), sender = batv_text_of("alice@example.com");
/// if (batv_mark_make(keyring, id, sender, 0, &made) == BATV_RESULT_OK)
///     printf("%s: %s\r\n", BATV_MARK_FIELD, made.field);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_mark_make(
    keyring: *const batv_keyring,
    message_id: batv_text,
    sender: batv_text,
    now: i64,
    made: *mut batv_mark,
) -> batv_result {
    call(|| {
        let made = from_c!(answer made)?;
        let keys = from_c!(handle keyring)?.keys();
        let message_id = from_c!(octets message_id)?;
        let mut storage = String::new();
        let sender = reverse_path("sender", from_c!(octets sender)?, &mut storage)?;
        let today = day(now)?;
        let mark = sender.mailbox().and_then(|sender| mark::make(keys.keys(), message_id, sender, today));
        let mark = mark.ok_or(Failure::Refused(Error::NoSigningKey))?;
        made.put(batv_mark { size: 0, field: fixed(&mark)?, envelope_id: fixed(&mark.envelope_id())? });
        Ok(())
    })
}

/// Verifies a returned mark: whether we made it for this message, and whether it is still valid: for 7 days more than the lifetime
/// of its key.
/// White space and the case of letters don't matter.
///
/// - `keyring`: not NULL.
/// - `mark`: the value of the returned field `BATV_MARK_FIELD`, or of Original-Envelope-Id.
/// - `message_id`: the Message-ID that was returned with the field. Absent for an envelope id, which contains the id of its
///   message.
/// - `sender`: the reverse-path of that message without its tag.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verdict`: gets the verdict; not NULL. A text that is no mark is `BATV_TAG_VERDICT_UNTAGGED`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. A bad mark
/// is no error, but a verdict.
/// Threads: any.
///
/// ```c
/// batv_text field = batv_text_of("1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr"), id = batv_text_of("<1@example.com>");
/// batv_tag_verdict verdict;
/// if (batv_mark_verify(keyring, field, id, batv_text_of("alice@example.com"), 1577880000, &verdict) == BATV_RESULT_OK)
///     printf("the mark is %s\n", batv_code_text(verdict)); // valid
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_mark_verify(
    keyring: *const batv_keyring,
    mark: batv_text,
    message_id: batv_text,
    sender: batv_text,
    now: i64,
    verdict: *mut batv_tag_verdict,
) -> batv_result {
    call(|| {
        let verdict = from_c!(plain answer verdict)?;
        let keys = from_c!(handle keyring)?.keys();
        let mark = from_c!(octets mark)?;
        let message_id = message_id.present().map(|message_id| from_c!(octets message_id)).transpose()?;
        let mut storage = String::new();
        let sender = reverse_path("sender", from_c!(octets sender)?, &mut storage)?;
        let today = day(now)?;
        let Path::Mailbox(sender) = sender else { return Err(Failure::Malformed("sender", Error::NullPath)) };
        let found = match message_id {
            Some(message_id) => mark::verify(keys.keys(), mark, message_id, &sender, today),
            None => mark::verify_envelope_id(keys.keys(), mark, &sender, today),
        };
        verdict.put(batv_tag_verdict::of(found)?);
        Ok(())
    })
}
