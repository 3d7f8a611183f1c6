//! The answer of a server about a message at the end of DATA.

use batv_core::envelope::Envelope;
use batv_core::{Error, Path};
use batv_policy::Answers;

use crate::boundary::{call, day, flag, from_c, path, wanted};
use crate::check::{batv_envelope, batv_judgement, inputs};
use crate::code::{batv_origin, batv_result};
use crate::failure::Failure;
use crate::keyring::batv_keyring;
use crate::message::{batv_message, write_lines};
use crate::settings::{batv_settings, or_default};
use crate::text::{batv_buffer, batv_text};

/// Decides about a recipient at the end of DATA, by its message. The content counts for the null reverse-path, and for that of
/// a daemon with `daemon_senders`; other mail is decided by its envelope. A bounce that is not proved is held in quarantine at
/// most, unless `reject_unverified` is set; one that is disproved is refused where `mode` is `reject`; a message that was cut
/// is held at most for what it says.
///
/// Needs the feature `messages`.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL. Besides those of `batv_check`, `daemon_senders`, `hosts`, `identities`, `marked_since`,
///   `hold_receipts`, `reject_daemon_senders`, `reject_unverified`, `report_recipients`, `authserv_ids` and the keys of
///   `batv_settings_add_dkim_key` count.
/// - `message`: not NULL; made with the same reverse-path.
/// - `envelope`: sender and recipient, as for `batv_check`; not NULL. Its `stage` does not count.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `judgement`: gets the answer; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `deliver_to`: gets the mailbox to deliver to, without its tag; nothing when the recipient is refused.
///   `BATV_ADDRESS_SIZE` octets are enough.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender or recipient that is no address; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. A server answers an error of its own with
/// 451, never with a rejection.
/// Threads: any.
///
/// ```c
/// batv_envelope envelope = BATV_INIT(batv_envelope);
/// batv_judgement found = BATV_INIT(batv_judgement);
/// envelope.reverse_path = batv_text_of("<>");
/// envelope.forward_path = batv_text_of("alice@example.com");
/// if (batv_judge_message(keyring, settings, message, &envelope, 0, &found, NULL) == BATV_RESULT_OK)
///     printf("%s, for %s: %s\n", batv_code_text(found.verdict), batv_code_text(found.reason), found.reply);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_judge_message(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    message: *const batv_message,
    envelope: *const batv_envelope,
    now: i64,
    judgement: *mut batv_judgement,
    deliver_to: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let judgement = from_c!(answer judgement);
        let envelope = from_c!(question envelope);
        let text = from_c!(buffer deliver_to, apart from &inputs(&envelope));
        let (judgement, question, text) = (judgement?, envelope?, text?);
        let keys = from_c!(handle keyring)?.keys();
        let settings = from_c!(handle settings)?;
        let reading = from_c!(handle message)?.reading();
        let mut storage = Default::default();
        let envelope = question.read(settings.rules(), &mut storage)?;
        let report_is_welcome = flag(question.report_is_welcome, "report_is_welcome")?;
        let today = day(now)?;
        let site = settings.site(keys.keys());
        let message = site.message(reading, today);
        let answers = Answers { report_is_welcome, ..Answers::default() };
        let ruling = site.recipient(&envelope, today).with_message(&message).data(&answers);
        let origin = batv_origin::of(ruling.origin.ok_or(Failure::Unnumbered)?)?;
        judgement.put(batv_judgement { origin: origin as u32, ..batv_judgement::of(&ruling)? });
        text.write(|out| ruling.deliver_to.map_or(Ok(()), |mailbox| mailbox.write_to(out)))
    })
}

/// Finds the origin of the message that a bounce returns, as `batv_judge_message` does, and by what: a line for each thing
/// seen, in the order in which it was looked for, with a line feed between each two.
///
/// Needs the feature `messages`.
///
/// - `keyring`: not NULL.
/// - `settings`: `protected`, `hosts`, `identities`, `marked_since` and the keys of `batv_settings_add_dkim_key` count;
///   NULL for the defaults.
/// - `message`: not NULL.
/// - `recipient`: the recipient of the bounce, with a tag or without.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `found`: gets the origin; may be NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `evidence`: gets the lines. It must not overlap `recipient`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char proof[4096];
/// batv_buffer evidence = BATV_BUFFER(proof);
/// batv_origin origin;
/// batv_text recipient = batv_text_of("alice@example.com");
/// if (batv_message_origin(keyring, settings, message, recipient, 0, &origin, &evidence) == BATV_RESULT_OK)
///     printf("%s\n%s\n", batv_code_text(origin), proof);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_origin(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    message: *const batv_message,
    recipient: batv_text,
    now: i64,
    found: *mut batv_origin,
    evidence: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let found = wanted(from_c!(plain answer found))?;
        let text = from_c!(buffer evidence, apart from &[recipient])?;
        let keys = from_c!(handle keyring)?.keys();
        let settings = or_default(from_c!(handle or none settings));
        let reading = from_c!(handle message)?.reading();
        let mut storage = String::new();
        let Path::Mailbox(recipient) = path("recipient", from_c!(octets recipient)?, settings.rules(), &mut storage)?
        else {
            return Err(Failure::Malformed("recipient", Error::NullPath));
        };
        let today = day(now)?;
        let site = settings.site(keys.keys());
        let message = site.message(reading, today);
        let case = site.recipient(&Envelope::new(Path::Null, recipient), today).with_message(&message);
        if let Some(found) = found {
            found.put(batv_origin::of(case.origin())?);
        }
        text.write(|out| write_lines(out, case.evidence()))
    })
}
