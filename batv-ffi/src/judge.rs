//! What a server should say about a message at the end of DATA.

use core::ffi::c_char;

use batv_core::envelope::Envelope;
use batv_core::{Error, Path};
use batv_policy::Answers;

use crate::border::{Failure, call, clear, day, flag, path, put, reference};
use crate::check::{NOTHING, batv_envelope, batv_judgement};
use crate::code::{batv_origin, batv_result};
use crate::keyring::batv_keyring;
use crate::message::{batv_message, write_lines};
use crate::settings::{batv_settings, in_force};
use crate::text::Text;

/// What a message adds to the answer for one recipient.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_provenance {
    /// Whose message it returns.
    pub origin: batv_origin,
    /// The number of the row that has decided, in the table of `batv-policy`, from 1 to 24; 0 when none has.
    pub row: u32,
}

/// What to say about a recipient at the end of DATA, when the message is there. What is not proved never comes to worse
/// than quarantine; what is disproved is refused where `mode` is `reject`; a message that was cut is held at
/// most for what it says.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL. Besides those of `batv_check`, `hosts`, `marked_since`, `hold_receipts`,
///   `reject_daemon_senders`, `reject_unverified`, `report_recipients`, `authserv_ids` and the keys of
///   `batv_settings_add_dkim_key` count.
/// - `message`: not NULL; made with the same reverse-path.
/// - `question`: the envelope, as for `batv_check`; not NULL. Its `stage` does not count.
/// - `report_is_welcome`: 1 when your own server found the author authenticated (RFC 8601), or the recipient is there for
///   reports, and `authserv_ids` and `report_recipients` don't tell; else 0.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `judgement`: gets the answer; not NULL. It is all zero on any error but `BATV_RESULT_TOO_SMALL`.
/// - `provenance`: gets what the message adds; may be NULL. It is all zero whenever `judgement` is.
/// - `deliver_to`, `capacity`: where to write the mailbox to deliver to, without its tag, and a NUL; nothing when the
///   recipient is refused. `BATV_ADDRESS_SIZE` octets are enough for any. NULL, with a capacity of 0, when it is not
///   wanted.
/// - `deliver_to_length`: gets the octets of that mailbox, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender or recipient that is no address; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. On any of them `deliver_to` is empty. A
/// server answers an error of its own with 451, never with a rejection.
/// Threads: any.
///
/// ```c
/// batv_envelope bounce;
/// batv_judgement found;
/// batv_provenance provenance;
/// memset(&bounce, 0, sizeof bounce);
/// bounce.reverse_path = "<>";
/// bounce.reverse_path_length = 2;
/// bounce.forward_path = "alice@example.com";
/// bounce.forward_path_length = strlen(bounce.forward_path);
/// if (batv_judge_message(keyring, settings, message, &bounce, 0, 0, &found, &provenance, NULL, 0, NULL) ==
///     BATV_RESULT_OK)
///     printf("%s, for %s: %s\n", batv_text(found.verdict), batv_text(found.reason), found.reply);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_judge_message(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    message: *const batv_message,
    question: *const batv_envelope,
    report_is_welcome: u32,
    now: i64,
    judgement: *mut batv_judgement,
    provenance: *mut batv_provenance,
    deliver_to: *mut c_char,
    capacity: usize,
    deliver_to_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(provenance) };
        // SAFETY: the same.
        unsafe { clear(judgement) }.ok_or(Failure::NullPointer("judgement"))?;
        // SAFETY: the caller says that it is NULL or an envelope.
        let question = unsafe { reference("question", question) };
        let inputs = question.as_ref().map_or([NOTHING; 2], |question| question.inputs());
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("deliver_to", deliver_to, capacity, deliver_to_length, &inputs) }?;
        let question = question?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        // SAFETY: the caller says that these are settings that nobody changes now.
        let settings = unsafe { reference("settings", settings) }?;
        // SAFETY: the caller says that it is a message that is not freed.
        let reading = unsafe { reference("message", message) }?.reading();
        let mut storage = Default::default();
        // SAFETY: the caller says that the paths are there.
        let envelope = unsafe { question.read(&mut storage) }?;
        let report_is_welcome = flag(report_is_welcome, "`report_is_welcome` is neither 0 nor 1")?;
        let today = day(now)?;
        let keys = keyring.keys();
        let site = settings.site(keys.keys());
        let message = site.message(reading, today);
        let answers = Answers { report_is_welcome, ..Answers::default() };
        let ruling = site.recipient(&envelope, today).with_message(&message).data(&answers);

        let outcome = batv_judgement::of(&ruling)?;
        let origin = ruling.origin.ok_or(Failure::Unnumbered)?;
        let traced = batv_provenance { origin: batv_origin::of(origin)?, row: ruling.row.unwrap_or_default().into() };
        // SAFETY: as before.
        unsafe { put(judgement, outcome) };
        // SAFETY: the same.
        unsafe { put(provenance, traced) };
        text.write(|out| ruling.deliver_to.map_or(Ok(()), |mailbox| mailbox.write_to(out)))
    })
}

/// Tells whose message a bounce returns, as `batv_judge_message` finds it, and by what: a line for each thing seen, in the
/// order in which it was looked for, with a line feed between each two.
///
/// - `keyring`: not NULL.
/// - `settings`: `protected`, `hosts`, `marked_since` and the keys of `batv_settings_add_dkim_key` count; NULL for the
///   defaults.
/// - `message`: not NULL.
/// - `recipient`, `recipient_length`: the one of the bounce, with a tag or without, with or without angle brackets, in
///   octets.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `found`: gets whose message it was, a `batv_origin`; may be NULL. It is 0 on any error but `BATV_RESULT_TOO_SMALL`.
/// - `evidence`, `capacity`: where to write the lines and a NUL. It must not overlap `recipient`. NULL, with a capacity of
///   0, when only the length is wanted.
/// - `evidence_length`: gets the octets of the lines, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`. On any of them `evidence` is empty.
/// Threads: any.
///
/// ```c
/// const char *bounced_to = "alice@example.com";
/// char proof[4096];
/// batv_origin whose;
/// if (batv_message_origin(keyring, settings, message, bounced_to, strlen(bounced_to), 0, &whose, proof, sizeof proof,
///                         NULL) == BATV_RESULT_OK)
///     printf("%s\n%s\n", batv_text(whose), proof);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_origin(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    message: *const batv_message,
    recipient: *const c_char,
    recipient_length: usize,
    now: i64,
    found: *mut batv_origin,
    evidence: *mut c_char,
    capacity: usize,
    evidence_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(found) };
        let inputs = [(recipient, recipient_length)];
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("evidence", evidence, capacity, evidence_length, &inputs) }?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        // SAFETY: the caller says that nobody changes them now.
        let settings = unsafe { in_force(settings) };
        // SAFETY: the caller says that it is a message that is not freed.
        let reading = unsafe { reference("message", message) }?.reading();
        let mut storage = String::new();
        // SAFETY: the caller says that so many octets are there.
        let Path::Mailbox(recipient) = unsafe { path("recipient", recipient, recipient_length, &mut storage) }? else {
            return Err(Failure::Malformed("recipient", Error::NullPath));
        };
        let today = day(now)?;
        let keys = keyring.keys();
        let site = settings.site(keys.keys());
        let message = site.message(reading, today);
        let case = site.recipient(&Envelope::new(Path::Null, recipient), today).with_message(&message);
        // SAFETY: as before.
        unsafe { put(found, batv_origin::of(case.origin())?) };
        text.write(|out| write_lines(out, case.evidence()))
    })
}
