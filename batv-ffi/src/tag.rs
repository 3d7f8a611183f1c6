//! Tags: signed, verified, taken off.

use batv_core::dialect;
use batv_core::tag;
use batv_core::{Day, KeyId, Path};
use batv_policy::{Handling, Outgoing, UnchangedReason};

use crate::boundary::{Versioned, call, day, from_c, path, reverse_path, wanted};
use crate::code::{batv_change, batv_dialect, batv_result, batv_tag_verdict, batv_unwrap_mode};
use crate::failure::Failure;
use crate::keyring::batv_keyring;
use crate::settings::{batv_settings, or_default};
use crate::text::{batv_buffer, batv_text};

/// Outcome of signing.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_signing {
    /// `sizeof(batv_signing)`: see `BATV_INIT`.
    pub size: u32,
    /// Effect on the address.
    pub change: batv_change,
    /// Key that made the tag, 0 to 9; -1 when the address stays as it is.
    pub key_id: i32,
    /// Last day on which the tag is valid, in days since 1970-01-01; -1 when the address stays as it is.
    pub expires: i32,
}

impl Versioned for batv_signing {}

/// Verdict on a tag, and its terms.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_verification {
    /// `sizeof(batv_verification)`: see `BATV_INIT`.
    pub size: u32,
    /// Verdict.
    pub verdict: batv_tag_verdict,
    /// Key that the tag names, 0 to 9; -1 without a tag.
    pub key_id: i32,
    /// Days until the tag expires, less than 0 when it has; 0 unless the verdict is valid or expired.
    pub days_left: i32,
    /// Last day on which the tag is valid, in days since 1970-01-01; -1 unless the verdict is valid or expired.
    pub expires: i32,
}

impl Versioned for batv_verification {}

/// Layers that `batv_unwrap` took off.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_unwrapping {
    /// `sizeof(batv_unwrapping)`: see `BATV_INIT`.
    pub size: u32,
    /// Number of layers.
    pub layers: u32,
    /// Scheme of the last of them: a `batv_dialect`, or 0 when there was no layer.
    pub dialect: u32,
    /// 1 when there is another layer that hides the address: `dialect` is its scheme.
    pub hidden: u32,
}

impl Versioned for batv_unwrapping {}

const NONE: i32 = -1;

#[inline]
fn number_of_key(id: KeyId) -> i32 {
    id.number().into()
}

#[inline]
fn number_of_day(day: Option<Day>) -> i32 {
    day.and_then(|day| day.number().try_into().ok()).unwrap_or(NONE)
}

/// Tags the envelope sender of an outgoing message that an authenticated user or one of your hosts sends, as `batvd` does.
/// An address that has a tag, the null reverse-path, an address that no key signs for, and one that `protected` does not
/// name, stay as they are: in each case the text in `tagged` is the sender to use.
///
/// - `keyring`: not NULL.
/// - `settings`: `form`, `delimiter`, `lifetime`, `protected` and `exempt` count; NULL for the defaults.
/// - `sender`: the reverse-path. An empty text is the null reverse-path.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `tagged`: gets the sender without brackets, but `<>` for the null reverse-path; `BATV_ADDRESS_SIZE` octets are enough. It
///   must not overlap `sender`.
/// - `signing`: gets the outcome; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_LONG` when the tag does not fit: send without; `BATV_RESULT_MALFORMED`;
/// `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer tagged = BATV_BUFFER(text);
/// if (batv_sign(keyring, NULL, batv_text_of("alice@example.com"), 0, &tagged, NULL) == BATV_RESULT_OK)
///     printf("MAIL FROM:<%s>\n", tagged.data);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_sign(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    sender: batv_text,
    now: i64,
    tagged: *mut batv_buffer,
    signing: *mut batv_signing,
) -> batv_result {
    call(|| {
        let text = from_c!(buffer tagged, apart from &[sender]);
        let signing = wanted(from_c!(answer signing))?;
        let text = text?;
        let keys = from_c!(handle keyring)?.keys();
        let settings = or_default(from_c!(handle or none settings));
        let mut storage = String::new();
        let sender = reverse_path("sender", from_c!(octets sender)?, &mut storage)?;
        let today = day(now)?;
        let leaving = Outgoing { originates: true, ..Outgoing::new(sender) };
        let outcome = match settings.site(keys.keys()).sender(&leaving).sign(today) {
            Handling::Tagged(tagged) => {
                text.write(|out| tagged.write_to(out))?;
                batv_signing {
                    size: 0,
                    change: batv_change::Tagged,
                    key_id: number_of_key(tagged.key_id()),
                    expires: number_of_day(tagged.expires()),
                }
            }
            Handling::TooLong { error, .. } | Handling::Unchanged(UnchangedReason::Refused(error)) => {
                return Err(Failure::Refused(error));
            }
            handling => {
                text.write(|out| out.write(&sender))?;
                let change = match handling {
                    Handling::Unchanged(UnchangedReason::NullPath) => batv_change::NullPath,
                    Handling::Unchanged(UnchangedReason::AlreadyTagged(_)) => batv_change::AlreadyTagged,
                    _ => batv_change::NotOurs,
                };
                batv_signing { size: 0, change, key_id: NONE, expires: NONE }
            }
        };
        if let Some(signing) = signing {
            signing.put(outcome);
        }
        Ok(())
    })
}

/// Verifies the tag of an address: whether we made it, and whether it is still valid.
///
/// - `keyring`: not NULL.
/// - `recipient`: the recipient of a bounce.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verification`: gets the verdict; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `mailbox`: gets the address without its tag, whatever the verdict: deliver to it only when the verdict allows.
///   `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `recipient`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`;
/// `BATV_RESULT_NULL_POINTER`. A bad tag is no error, but a verdict.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer mailbox = BATV_BUFFER(text);
/// batv_verification verification = BATV_INIT(batv_verification);
/// batv_text recipient = batv_text_of("prvs=0269b1e711=alice@example.com");
/// if (batv_verify(keyring, recipient, 0, &verification, &mailbox) == BATV_RESULT_OK &&
///     verification.verdict == BATV_TAG_VERDICT_VALID)
///     printf("deliver to %s\n", mailbox.data);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_verify(
    keyring: *const batv_keyring,
    recipient: batv_text,
    now: i64,
    verification: *mut batv_verification,
    mailbox: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let text = from_c!(buffer mailbox, apart from &[recipient]);
        let verification = from_c!(answer verification)?;
        let text = text?;
        let keys = from_c!(handle keyring)?.keys();
        let mut storage = String::new();
        let recipient = path("recipient", from_c!(octets recipient)?, &mut storage)?;
        let today = day(now)?;
        let Path::Mailbox(tagged) = recipient else {
            let verdict = batv_tag_verdict::Untagged;
            verification.put(batv_verification { size: 0, verdict, key_id: NONE, days_left: 0, expires: NONE });
            return text.write(|out| out.write(&recipient));
        };
        let found = tag::verify(keys.keys(), &tagged, today);
        verification.put(batv_verification {
            size: 0,
            verdict: batv_tag_verdict::of(found.verdict)?,
            key_id: found.key_id.map_or(NONE, number_of_key),
            days_left: found.days_left.unwrap_or(0),
            expires: number_of_day(found.expires),
        });
        text.write(|out| found.mailbox.write_to(out))
    })
}

/// Takes off tags of any scheme, ours and those of others, without verifying them: to show, to compare and to look up
/// addresses. Never deliver or forward to the address that is left.
///
/// - `address`: any address.
/// - `mode`: a `batv_unwrap_mode`, or 0.
/// - `limit`: how many layers may come off; 0 for all, of which there are 8 at most.
/// - `unwrapping`: gets the number of layers and the scheme; may be NULL.
/// - `inner`: gets the address without these layers; `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `address`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer inner = BATV_BUFFER(text);
/// batv_text wrapped = batv_text_of("SRS0=8nW7=2W=example.com=alice@forwarder.example.net");
/// if (batv_unwrap(wrapped, BATV_UNWRAP_MODE_STRICT, 0, NULL, &inner) == BATV_RESULT_OK)
///     puts(inner.data); // alice@example.com
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_unwrap(
    address: batv_text,
    mode: u32,
    limit: u32,
    unwrapping: *mut batv_unwrapping,
    inner: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let text = from_c!(buffer inner, apart from &[address]);
        let unwrapping = wanted(from_c!(answer unwrapping))?;
        let text = text?;
        let mode = batv_unwrap_mode::read(mode, "mode")?;
        let mut storage = String::new();
        let wrapped = path("address", from_c!(octets address)?, &mut storage)?;
        let mut outcome = batv_unwrapping { size: 0, layers: 0, dialect: 0, hidden: 0 };
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
        if let Some(unwrapping) = unwrapping {
            unwrapping.put(outcome);
        }
        Ok(())
    })
}
