//! What a message is, read from memory.

use core::ffi::c_char;
use core::fmt::Write;

use batv_bounce::{Evidence, Limits, Reading, RecipientReport, Report, read};

use crate::border::{Failure, call, clear, free, octets, put, reference, reverse_path as sender_path, string};
use crate::check::NOTHING;
use crate::code::{batv_action, batv_class, batv_original, batv_result};
use crate::text::{Filling, Tame, Text};

/// What was read in a message. It never changes, so that many threads may use one at the same time.
pub struct batv_message {
    reading: Reading<'static>,
}

impl core::fmt::Debug for batv_message {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("batv_message").finish_non_exhaustive()
    }
}

impl batv_message {
    pub(crate) const fn reading(&self) -> &Reading<'static> {
        &self.reading
    }
}

/// What a message is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_reading {
    /// What kind of message it is.
    pub message_class: batv_class,
    /// A `batv_action`: of a bounce, the worst that became of a recipient; 0 of anything else.
    pub action: u32,
    /// A `batv_original`: how much of the original it returns; 0 for nothing.
    pub original: u32,
    /// 1 when nothing seems to be missing in the header of the original; else 0.
    pub complete: u32,
    /// Recipients that its report tells of, of which 100 are kept.
    pub recipients: u32,
    /// 1 when it was longer than what is read; else 0.
    pub cut: u32,
}

/// Reads a message: what it is, and what it returns. Any octets are a message of some kind.
///
/// - `message`, `message_length`: header and body, as they came, in octets, whatever ends their lines. The library keeps
///   what it needs; the caller may free them.
/// - `reverse_path`, `reverse_path_length`: the argument of MAIL FROM, with or without angle brackets, in octets. Empty is
///   the null path. NULL, with a length of 0, when it is not known: then the field Return-Path tells it.
/// - `limit`: how many octets are read; 0 for the usual 16 MiB.
/// - `handle`: gets the message, for the caller to free with `batv_message_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender that is no address; `BATV_RESULT_BAD_ARGUMENT`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// const char *text = "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message did not arrive.\n";
/// batv_message *read;
/// if (batv_message_new(text, strlen(text), "<>", 2, 0, &read) == BATV_RESULT_OK)
///     batv_message_free(read);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_new(
    message: *const c_char,
    message_length: usize,
    reverse_path: *const c_char,
    reverse_path_length: usize,
    limit: usize,
    handle: *mut *mut batv_message,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it may be written to.
        unsafe { put(handle, core::ptr::null_mut()) }.ok_or(Failure::NullPointer("handle"))?;
        // SAFETY: the caller says that so many octets are there.
        let message = unsafe { octets("message", message, message_length) }?;
        let mut storage = String::new();
        let reverse_path = if reverse_path.is_null() && reverse_path_length == 0 {
            None
        } else {
            // SAFETY: the same.
            Some(unsafe { sender_path("reverse_path", reverse_path, reverse_path_length, &mut storage) }?)
        };
        let mut limits = Limits::default();
        if limit > 0 {
            limits.octets = limit;
        }
        let reading = read(message, reverse_path, &limits).into_owned();
        let made = Box::into_raw(Box::new(batv_message { reading }));
        // SAFETY: as before.
        unsafe { put(handle, made) };
        Ok(())
    })
}

/// Tells what a message is.
///
/// - `message`: not NULL.
/// - `reading`: gets the answer; not NULL. It is all zero on any error.
///
/// Errors: `BATV_RESULT_NULL_POINTER`. Threads: any.
///
/// ```c
/// batv_reading reading;
/// if (batv_message_read(message, &reading) == BATV_RESULT_OK && reading.message_class == BATV_CLASS_DSN)
///     printf("a bounce: %s\n", batv_text(reading.action)); // failed
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_read(message: *const batv_message, reading: *mut batv_reading) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(reading) }.ok_or(Failure::NullPointer("reading"))?;
        // SAFETY: the caller says that it is a message that is not freed.
        let found = unsafe { reference("message", message) }?.reading();
        let original = found.original.as_ref();
        let outcome = batv_reading {
            message_class: batv_class::of(found.class)?,
            action: found.action.map(batv_action::of).transpose()?.map_or(0, |action| action as u32),
            original: original
                .map(|original| batv_original::of(original.form))
                .transpose()?
                .map_or(0, |form| form as u32),
            complete: original.is_some_and(|original| original.complete).into(),
            recipients: u32::try_from(found.report.recipients.len()).unwrap_or(u32::MAX),
            cut: found.cut.into(),
        };
        // SAFETY: as before.
        unsafe { put(reading, outcome) };
        Ok(())
    })
}

/// Tells a field of the report in a bounce or a disposition notification (RFC 3464, RFC 6533, RFC 8098).
///
/// - `message`: not NULL.
/// - `name`: up to a NUL, in any case. Of the message: `Reporting-MTA`, `Original-Envelope-Id`, `Original-Message-ID`. Of a
///   recipient: `Original-Recipient`, `Final-Recipient`, `Action`, `Status`.
/// - `recipient`: which of them, from 0 to `recipients` of `batv_reading` less 1; 0 for a field of the message.
/// - `text`, `capacity`: where to write the value, without the type of an address or name, and a NUL; empty when it is not
///   there. 4096 octets are enough. A control character is written as a space. NULL, with a capacity of 0, when only the
///   length is wanted.
/// - `text_length`: gets the octets of the value, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT` for another name, or a recipient that there isn't; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_NULL_POINTER`. On any of them `text` is empty.
/// Threads: any.
///
/// ```c
/// char status[4096];
/// if (batv_message_report(message, "Status", 0, status, sizeof status, NULL) == BATV_RESULT_OK)
///     printf("status: %s\n", status); // 5.1.1
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_report(
    message: *const batv_message,
    name: *const c_char,
    recipient: u32,
    text: *mut c_char,
    capacity: usize,
    text_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says what is there and what may be written to.
        let (text, message, name) = unsafe { named(message, name, text, capacity, text_length) }?;
        let report = &message.reading.report;
        let value = match of_message(report, name) {
            Some(value) if recipient == 0 => value,
            Some(_) => return Err(Failure::Argument("`recipient` must be 0 for a field of the message")),
            None => {
                let value = of_recipient(name)
                    .ok_or(Failure::Argument("`name` is no field of a report that is kept: batv.h lists them"))?;
                let at = usize::try_from(recipient).unwrap_or(usize::MAX);
                // A message without a report has no recipients, and may be asked all the same.
                match report.recipients.get(at) {
                    Some(recipient) => value(recipient),
                    None if at == 0 => None,
                    None => return Err(Failure::Argument("the report tells of no such `recipient`")),
                }
            }
        };
        text.write(|out| Tame(out).write_str(value.unwrap_or_default()))
    })
}

/// Tells a field in the header of the original that a message returns, such as `Message-ID`: the first of its name, on one
/// line.
///
/// - `message`: not NULL.
/// - `name`: the name of the field up to a NUL, in any case.
/// - `text`, `capacity`: where to write the value and a NUL; empty when it is not there. A control character is written as
///   a space, and what is not UTF-8 as U+FFFD. NULL, with a capacity of 0, when only the length is wanted.
/// - `text_length`: gets the octets of the value, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. On any of them `text` is empty.
/// Threads: any.
///
/// ```c
/// char original_id[1024];
/// if (batv_message_original(message, "Message-ID", original_id, sizeof original_id, NULL) == BATV_RESULT_OK)
///     printf("it returns %s\n", original_id); // <1@example.com>
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_original(
    message: *const batv_message,
    name: *const c_char,
    text: *mut c_char,
    capacity: usize,
    text_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says what is there and what may be written to.
        let (text, message, name) = unsafe { named(message, name, text, capacity, text_length) }?;
        let value = message.reading.original.as_ref().and_then(|original| original.field(name)).unwrap_or_default();
        text.write(|out| Tame(out).write_str(&value))
    })
}

/// Tells what was seen in a message that makes it what it is: a line for each thing, in the order in which it was looked
/// for, with a line feed between each two.
///
/// - `message`: not NULL.
/// - `evidence`, `capacity`: where to write the lines and a NUL. A control character in them is written as a space. NULL,
///   with a capacity of 0, when only the length is wanted.
/// - `evidence_length`: gets the octets of the lines, without the NUL; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_NULL_POINTER`. On any of them `evidence` is empty.
/// Threads: any.
///
/// ```c
/// char evidence[4096];
/// if (batv_message_evidence(message, evidence, sizeof evidence, NULL) == BATV_RESULT_OK)
///     puts(evidence); // part 2: its type is message/delivery-status
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_evidence(
    message: *const batv_message,
    evidence: *mut c_char,
    capacity: usize,
    evidence_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says what may be written to.
        let text = unsafe { Text::new("evidence", evidence, capacity, evidence_length, &[]) }?;
        // SAFETY: the caller says that it is a message that is not freed.
        let message = unsafe { reference("message", message) }?;
        text.write(|out| write_lines(out, &message.reading.evidence))
    })
}

/// Frees a message. NULL is allowed.
///
/// Forbidden: to free a message twice, to use it afterwards, or to free it while another thread uses it.
///
/// Errors: none. Threads: any, once no other uses the message.
///
/// ```c
/// batv_message_free(NULL);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_free(message: *mut batv_message) {
    if !message.is_null() {
        // SAFETY: `batv_message_new` has made it by `Box::into_raw`, and the caller frees it once.
        free(unsafe { Box::from_raw(message) });
    }
}

pub(crate) fn write_lines(out: &mut Filling, evidence: &[Evidence]) -> core::fmt::Result {
    for (at, line) in evidence.iter().enumerate() {
        if at > 0 {
            out.write_str("\n")?;
        }
        write!(Tame(out), "{line}")?;
    }
    Ok(())
}

/// What a call that asks for a named value has.
///
/// # Safety
/// `message` is NULL, or a message that nobody frees for `'a`; `name` is NULL, or ends with a NUL; and that of
/// [`Text::new`].
unsafe fn named<'a>(
    message: *const batv_message,
    name: *const c_char,
    text: *mut c_char,
    capacity: usize,
    text_length: *mut usize,
) -> Result<(Text, &'a batv_message, &'a str), Failure> {
    // SAFETY: as the caller vouches.
    let name = unsafe { string("name", name) };
    let input = name.as_ref().map_or(NOTHING, |name| (name.as_ptr(), name.count_bytes() + 1));
    // SAFETY: the same.
    let text = unsafe { Text::new("text", text, capacity, text_length, &[input]) }?;
    // SAFETY: the same.
    let message = unsafe { reference("message", message) }?;
    let name = name?.to_str().map_err(|_| Failure::Argument("`name` must be UTF-8"))?;
    Ok((text, message, name))
}

/// A field of the message, or `None` when it has no such one.
fn of_message<'r>(report: &'r Report, name: &str) -> Option<Option<&'r str>> {
    let value = match name.to_ascii_lowercase().as_str() {
        "reporting-mta" => &report.reporting_mta,
        "original-envelope-id" => &report.original_envelope_id,
        "original-message-id" => &report.original_message_id,
        _ => return None,
    };
    Some(value.as_deref())
}

/// How to get a field of a recipient.
fn of_recipient(name: &str) -> Option<fn(&RecipientReport) -> Option<&str>> {
    Some(match name.to_ascii_lowercase().as_str() {
        "original-recipient" => |recipient| recipient.original_recipient.as_deref(),
        "final-recipient" => |recipient| recipient.final_recipient.as_deref(),
        "action" => |recipient| recipient.action.map(batv_bounce::Action::as_str),
        "status" => |recipient| recipient.status.as_deref(),
        _ => return None,
    })
}
