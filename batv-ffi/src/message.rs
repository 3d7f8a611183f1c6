//! Messages, read from memory.

use core::ffi::{CStr, c_char};
use core::fmt::Write;

use batv_bounce::{Evidence, Limits, Reading, RecipientReport, Report, read};

use crate::boundary::{Versioned, call, from_c, reverse_path};
use crate::code::{batv_action, batv_class, batv_original, batv_result};
use crate::failure::Failure;
use crate::text::{Filling, Tame, batv_buffer, batv_text};

/// Message that was read. It never changes, so that many threads may use it at the same time.
#[derive(Debug)]
pub struct batv_message {
    reading: Reading<'static>,
}

impl batv_message {
    pub(crate) const fn reading(&self) -> &Reading<'static> {
        &self.reading
    }
}

/// Kind of a message, and what it returns.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_reading {
    /// `sizeof(batv_reading)`: see `BATV_INIT`.
    pub size: u32,
    /// Kind of the message.
    pub message_class: batv_class,
    /// A `batv_action`: the worst outcome for a recipient of a bounce; 0 of any other message.
    pub action: u32,
    /// A `batv_original`: how much of the original it returns; 0 for nothing.
    pub original: u32,
    /// 1 when nothing seems to be missing in the header of the original; else 0.
    pub complete: u32,
    /// Number of recipients in its report, of which 100 are kept.
    pub recipients: u32,
    /// 1 when it was longer than the limit; else 0.
    pub cut: u32,
}

impl Versioned for batv_reading {}

/// Reads a message: its kind, and what it returns. Any octets are a message of some kind.
///
/// Needs the feature `messages`.
///
/// - `text`: header and body, as they came, with any line ends. The caller may free it afterwards.
/// - `sender`: the argument of MAIL FROM. An empty text is the null reverse-path. Absent when it is not known: then the
///   field Return-Path tells it.
/// - `limit`: how many octets are read; 0 for the usual 16 MiB.
/// - `message`: gets the message, for the caller to free with `batv_message_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender that is no address; `BATV_RESULT_BAD_ARGUMENT`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// const char *notice = "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message did not arrive.\n";
/// batv_message *read;
/// if (batv_message_new(batv_text_of(notice), batv_text_of("<>"), 0, &read) == BATV_RESULT_OK)
///     batv_message_free(read);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_new(
    text: batv_text,
    sender: batv_text,
    limit: usize,
    message: *mut *mut batv_message,
) -> batv_result {
    call(|| {
        let message = from_c!(plain answer message)?;
        let octets = from_c!(octets text)?;
        let mut storage = String::new();
        let sender = match sender.present() {
            Some(sender) => Some(reverse_path("sender", from_c!(octets sender)?, &mut storage)?),
            None => None,
        };
        let mut limits = Limits::default();
        if limit > 0 {
            limits.octets = limit;
        }
        let reading = read(octets, sender, &limits).into_owned();
        message.put(Box::into_raw(Box::new(batv_message { reading })));
        Ok(())
    })
}

/// Tells the kind of a message.
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `reading`: gets the answer; not NULL.
///
/// Errors: `BATV_RESULT_NULL_POINTER`; `BATV_RESULT_BAD_ARGUMENT`. Threads: any.
///
/// ```c
/// batv_reading reading = BATV_INIT(batv_reading);
/// if (batv_message_read(message, &reading) == BATV_RESULT_OK && reading.message_class == BATV_CLASS_DSN)
///     printf("a bounce: %s\n", batv_code_text(reading.action)); // failed
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_read(message: *const batv_message, reading: *mut batv_reading) -> batv_result {
    call(|| {
        let reading = from_c!(answer reading)?;
        let found = from_c!(handle message)?.reading();
        let original = found.original.as_ref();
        reading.put(batv_reading {
            size: 0,
            message_class: batv_class::of(found.class)?,
            action: found.action.map(batv_action::of).transpose()?.map_or(0, |action| action as u32),
            original: original
                .map(|original| batv_original::of(original.extent))
                .transpose()?
                .map_or(0, |form| form as u32),
            complete: original.is_some_and(|original| original.complete).into(),
            recipients: u32::try_from(found.report.recipients.len()).unwrap_or(u32::MAX),
            cut: found.cut.into(),
        });
        Ok(())
    })
}

/// Tells a field of the report in a bounce or a disposition notification (RFC 3464, RFC 6533, RFC 8098).
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `name`: up to a NUL, in any case. Of the message: `Reporting-MTA`, `Original-Envelope-Id`, `Original-Message-ID`. Of a
///   recipient: `Original-Recipient`, `Final-Recipient`, `Action`, `Status`.
/// - `recipient`: number of the recipient, from 0 to `recipients` of `batv_reading` less 1; 0 for a field of the message.
/// - `value`: gets the value, without the type of an address or name; empty when there is no such field. 4096 octets are
///   enough. A control character is written as a space.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT` for another name, or another recipient; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char status[4096];
/// batv_buffer value = BATV_BUFFER(status);
/// if (batv_message_report(message, "Status", 0, &value) == BATV_RESULT_OK)
///     printf("status: %s\n", status); // 5.1.1
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_report(
    message: *const batv_message,
    name: *const c_char,
    recipient: u32,
    value: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let name = from_c!(string name);
        let text = from_c!(buffer value, apart from &input(&name))?;
        let report = &from_c!(handle message)?.reading.report;
        let name = named(name)?;
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
                    None => return Err(Failure::Argument("the report has no such `recipient`")),
                }
            }
        };
        text.write(|out| Tame(out).write_str(value.unwrap_or_default()))
    })
}

/// Tells a field in the header of the original that a message returns, such as `Message-ID`: the first of its name, on one
/// line.
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `name`: the name of the field up to a NUL, in any case.
/// - `value`: gets the value; empty when there is no such field. A control character is written as a space, and octets that
///   are not UTF-8 as U+FFFD.
///
/// Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char original_id[1024];
/// batv_buffer value = BATV_BUFFER(original_id);
/// if (batv_message_original(message, "Message-ID", &value) == BATV_RESULT_OK)
///     printf("it returns %s\n", original_id); // <1@example.com>
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_original(
    message: *const batv_message,
    name: *const c_char,
    value: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let name = from_c!(string name);
        let text = from_c!(buffer value, apart from &input(&name))?;
        let original = from_c!(handle message)?.reading.original.as_ref();
        let name = named(name)?;
        let value = original.and_then(|original| original.field(name)).unwrap_or_default();
        text.write(|out| Tame(out).write_str(&value))
    })
}

/// Tells the evidence for the kind of a message: a line for each thing seen, in the order in which it was looked for, with
/// a line feed between each two.
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `evidence`: gets the lines. A control character in them is written as a space.
///
/// Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char lines[4096];
/// batv_buffer evidence = BATV_BUFFER(lines);
/// if (batv_message_evidence(message, &evidence) == BATV_RESULT_OK)
///     puts(lines); // part 2: its type is message/delivery-status
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_message_evidence(
    message: *const batv_message,
    evidence: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let text = from_c!(buffer evidence, apart from &[])?;
        let message = from_c!(handle message)?;
        text.write(|out| write_lines(out, &message.reading.evidence))
    })
}

/// Frees a message. NULL is allowed.
///
/// Needs the feature `messages`.
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
    from_c!(free message);
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

/// A name as a text that an answer must not overwrite.
fn input(name: &Result<&CStr, Failure>) -> [batv_text; 1] {
    let (data, length) = name.as_ref().map_or((core::ptr::null(), 0), |name| (name.as_ptr(), name.count_bytes() + 1));
    [batv_text { data, length }]
}

fn named(name: Result<&CStr, Failure>) -> Result<&str, Failure> {
    name?.to_str().map_err(|_| Failure::Argument("`name` must be UTF-8"))
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
