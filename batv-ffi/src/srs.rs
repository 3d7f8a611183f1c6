//! Senders of mail that we forward.

use core::ffi::c_char;

use batv_core::Path;
use batv_policy::{Handling, Unchanged};

use crate::border::{Failure, call, clear, day, path, put, reference};
use crate::code::{batv_change, batv_result, batv_tag_verdict};
use crate::keyring::batv_keyring;
use crate::settings::batv_settings;
use crate::text::Text;

/// Rewrites the sender of a message that is forwarded to a domain of ours, by the Sender Rewriting Scheme (SRS). The
/// null path, and senders of our own domains, stay as they are: whatever is written is the sender to use.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `srs_domains` is needed.
/// - `address`, `address_length`: the sender, with or without angle brackets, in octets. Empty is the null path.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `rewritten`, `capacity`: where to write the sender and a NUL; `BATV_ADDRESS_SIZE` octets are enough for any. It
///   must not overlap `address`. NULL, with a capacity of 0, when only the length is wanted.
/// - `rewritten_length`: gets the octets of the sender, without the NUL; may be NULL.
/// - `change`: gets what was done, a `batv_change`; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_LONG` when it does not fit; `BATV_RESULT_NO_KEY`; `BATV_RESULT_MALFORMED`, also for what
/// cannot be rewritten; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`. On any of them `rewritten` is empty.
/// Threads: any.
///
/// ```c
/// const char *stranger = "alice@example.org";
/// char rewritten[BATV_ADDRESS_SIZE];
/// if (batv_srs_forward(keyring, settings, stranger, strlen(stranger), 0, rewritten, sizeof rewritten, NULL, NULL) ==
///     BATV_RESULT_OK)
///     printf("MAIL FROM:<%s>\n", rewritten);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_srs_forward(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    address: *const c_char,
    address_length: usize,
    now: i64,
    rewritten: *mut c_char,
    capacity: usize,
    rewritten_length: *mut usize,
    change: *mut batv_change,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says what may be written to.
        let text =
            unsafe { Text::new("rewritten", rewritten, capacity, rewritten_length, &[(address, address_length)]) }?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        // SAFETY: the caller says that these are settings that nobody changes now.
        let settings = unsafe { reference("settings", settings) }?;
        settings.check_srs()?;
        let mut storage = String::new();
        // SAFETY: the caller says that so many octets are there.
        let sender = unsafe { path("address", address, address_length, &mut storage) }?;
        let today = day(now)?;
        let keys = keyring.keys();
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
                Handling::TooLong { error, .. } | Handling::Unchanged(Unchanged::Refused(error)) => {
                    return Err(Failure::Refused(error));
                }
                _ => {
                    text.write(|out| out.write(&sender))?;
                    batv_change::NotOurs
                }
            },
        };
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { put(change, outcome) };
        Ok(())
    })
}

/// Restores the sender that an SRS address stands for. Do so for bounces only, that is, under a null reverse-path: the
/// format does not protect the boundary between domain and local part, so that one address gives its finder others.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `srs_domains` is needed.
/// - `address`, `address_length`: the recipient, with or without angle brackets, in octets.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verdict`: gets the verdict; not NULL. It is 0, which is no verdict, on any error but `BATV_RESULT_TOO_SMALL`.
/// - `restored`, `capacity`: where to write the sender and a NUL. It is written when the verdict is valid; the address
///   as it came when it is untagged or foreign; else nothing. `BATV_ADDRESS_SIZE` octets are enough for any. It must not
///   overlap `address`. NULL, with a capacity of 0, when it is not wanted.
/// - `restored_length`: gets the octets of the sender, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`. On any of them `restored` is empty.
/// Threads: any.
///
/// ```c
/// const char *returned = "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net";
/// char restored[BATV_ADDRESS_SIZE];
/// batv_tag_verdict verdict;
/// if (batv_srs_reverse(keyring, settings, returned, strlen(returned), 0, &verdict, restored, sizeof restored, NULL) ==
///         BATV_RESULT_OK &&
///     verdict == BATV_TAG_VERDICT_VALID)
///     printf("RCPT TO:<%s>\n", restored);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_srs_reverse(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    address: *const c_char,
    address_length: usize,
    now: i64,
    verdict: *mut batv_tag_verdict,
    restored: *mut c_char,
    capacity: usize,
    restored_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(verdict) }.ok_or(Failure::NullPointer("verdict"))?;
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("restored", restored, capacity, restored_length, &[(address, address_length)]) }?;
        // SAFETY: the caller says that it is a keyring that is not freed.
        let keyring = unsafe { reference("keyring", keyring) }?;
        // SAFETY: the caller says that these are settings that nobody changes now.
        let settings = unsafe { reference("settings", settings) }?;
        settings.check_srs()?;
        let mut storage = String::new();
        // SAFETY: the caller says that so many octets are there.
        let recipient = unsafe { path("address", address, address_length, &mut storage) }?;
        let today = day(now)?;
        let keys = keyring.keys();
        let Path::Mailbox(mailbox) = recipient else {
            // SAFETY: as before.
            unsafe { put(verdict, batv_tag_verdict::Untagged) };
            return text.write(|out| out.write(&recipient));
        };
        let reversal = settings.site(keys.keys()).reverse(&mailbox, today).ok_or(Failure::Unnumbered)?;
        let found = batv_tag_verdict::of_srs(reversal.verdict)?;
        // SAFETY: as before.
        unsafe { put(verdict, found) };
        text.write(|out| reversal.mailbox.map_or(Ok(()), |sender| sender.write_to(out)))
    })
}
