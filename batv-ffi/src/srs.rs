//! Senders of forwarded mail, by the Sender Rewriting Scheme (SRS).

use batv_core::Path;
use batv_policy::{Handling, UnchangedReason};

use crate::boundary::{call, day, exact_path, from_c, reverse_path, wanted};
use crate::code::{batv_change, batv_result, batv_tag_verdict};
use crate::failure::Failure;
use crate::keyring::batv_keyring;
use crate::settings::batv_settings;
use crate::text::{batv_buffer, batv_text};

/// Rewrites the sender of a forwarded message to a domain of ours, by the Sender Rewriting Scheme (SRS). The null
/// reverse-path, and senders of our own domains, stay as they are: in each case the text in `rewritten` is the sender to
/// use.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `srs_domains` is needed.
/// - `sender`: the reverse-path. An empty text is the null reverse-path.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `rewritten`: gets the sender; `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `sender`.
/// - `change`: gets the effect on the sender; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_LONG` when it does not fit; `BATV_RESULT_NO_KEY`; `BATV_RESULT_MALFORMED`, also for an address
/// that cannot be rewritten; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer rewritten = BATV_BUFFER(text);
/// batv_text sender = batv_text_of("alice@example.org");
/// if (batv_srs_forward(keyring, settings, sender, 0, &rewritten, NULL) == BATV_RESULT_OK)
///     printf("MAIL FROM:<%s>\n", rewritten.data);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_srs_forward(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    sender: batv_text,
    now: i64,
    rewritten: *mut batv_buffer,
    change: *mut batv_change,
) -> batv_result {
    call(|| {
        let text = from_c!(buffer rewritten, apart from &[sender]);
        let change = wanted(from_c!(plain answer change))?;
        let text = text?;
        let keys = from_c!(handle keyring)?.keys();
        let settings = from_c!(handle settings)?;
        settings.check_srs()?;
        let mut storage = String::new();
        let sender = reverse_path("sender", from_c!(octets sender)?, settings.rules(), &mut storage)?;
        let today = day(now)?;
        let outcome = match sender {
            Path::Null => {
                text.write(|out| out.write(&sender))?;
                batv_change::NullPath
            }
            Path::Mailbox(mailbox) => match settings.site(keys.keys()).forwarded(mailbox).sign(today) {
                Handling::Rewritten(rewritten) => {
                    text.write(|out| rewritten.write_to(out))?;
                    batv_change::Tagged
                }
                Handling::TooLong { error, .. } | Handling::Unchanged(UnchangedReason::Refused(error)) => {
                    return Err(Failure::Refused(error));
                }
                _ => {
                    text.write(|out| out.write(&sender))?;
                    batv_change::NotOurs
                }
            },
        };
        if let Some(change) = change {
            change.put(outcome);
        }
        Ok(())
    })
}

/// Restores the sender inside an SRS address. Do so for bounces only, that is, under a null reverse-path: the format does
/// not protect the boundary between domain and local part, so that one address gives others to those who find it.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `srs_domains` is needed.
/// - `recipient`: the recipient of a bounce.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verdict`: gets the verdict; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `restored`: gets the sender when the verdict is valid; the address as it came when it is untagged or foreign; else
///   nothing. `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `recipient`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer restored = BATV_BUFFER(text);
/// batv_text returned = batv_text_of("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
/// batv_tag_verdict verdict;
/// if (batv_srs_reverse(keyring, settings, returned, 0, &verdict, &restored) == BATV_RESULT_OK &&
///     verdict == BATV_TAG_VERDICT_VALID)
///     printf("RCPT TO:<%s>\n", restored.data);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_srs_reverse(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    recipient: batv_text,
    now: i64,
    verdict: *mut batv_tag_verdict,
    restored: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let text = from_c!(buffer restored, apart from &[recipient]);
        let verdict = from_c!(plain answer verdict)?;
        let text = text?;
        let keys = from_c!(handle keyring)?.keys();
        let settings = from_c!(handle settings)?;
        settings.check_srs()?;
        let mut storage = String::new();
        let recipient = exact_path("recipient", from_c!(octets recipient)?, &mut storage)?;
        let today = day(now)?;
        let Path::Mailbox(mailbox) = recipient else {
            verdict.put(batv_tag_verdict::Untagged);
            return text.write(|out| out.write(&recipient));
        };
        let reversal = settings.site(keys.keys()).reverse(&mailbox, today).ok_or(Failure::Unnumbered)?;
        verdict.put(batv_tag_verdict::of_srs(reversal.verdict)?);
        text.write(|out| reversal.mailbox.map_or(Ok(()), |sender| sender.write_to(out)))
    })
}
