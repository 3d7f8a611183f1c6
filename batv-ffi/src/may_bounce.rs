//! Whether we may send a bounce or an automatic reply.

use core::ffi::c_char;

use batv_bounce::may_bounce::{Question, may_bounce};

use crate::border::{Failure, call, clear, flag, octets, path, put, reference};
use crate::code::{batv_bounce_kind, batv_bounce_reason, batv_may, batv_result, batv_tag_verdict};
use crate::settings::{batv_settings, in_force};
use crate::text::fixed;

/// Octets of the words of an answer, and the NUL after them.
pub const BATV_WORDS_SIZE: usize = 256;

/// The message that would be answered, and what is known of it. Set all of it to zero first, then what is known.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_bounce_question {
    /// The argument of MAIL FROM, with or without angle brackets. Empty, with a length of 0, is the null path.
    pub reverse_path: *const c_char,
    /// Octets of the reverse-path.
    pub reverse_path_length: usize,
    /// The header of the message, or the whole message; NULL when it is not there.
    pub header: *const c_char,
    /// Octets of the header.
    pub header_length: usize,
    /// The value of NOTIFY of the recipient (RFC 3461 §4.1); NULL or empty when none was given.
    pub notify: *const c_char,
    /// Octets of that value.
    pub notify_length: usize,
    /// A `batv_bounce_kind`: what would be sent; 0 for a report that the message was not delivered.
    pub kind: u32,
    /// A `batv_tag_verdict`: what `batv_verify` or `batv_srs_reverse` says of the reverse-path; 0 when neither was asked.
    pub tag: u32,
    /// 1 when the client still waits for the reply to its command, so that the message can be refused instead; else 0.
    pub answerable_in_smtp: u32,
    /// 1 when the client is a user of ours who has authenticated, or a machine of ours; else 0.
    pub own_client: u32,
    /// 1 when a filter of ours takes the message for spam or malware; else 0.
    pub hostile: u32,
    /// 1 when the domain of the reverse-path takes no mail: a null MX (RFC 7505), or neither MX nor address; else 0.
    pub unroutable: u32,
}

/// Whether it may be sent, and why.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_bounce_answer {
    /// Whether it may be sent.
    pub may: batv_may,
    /// Why, as a code.
    pub reason: batv_bounce_reason,
    /// The number of the row that has decided, in the table of `batv-bounce`, from 1 to 15.
    pub row: u32,
    /// Why, in words, and a NUL.
    pub words: [c_char; BATV_WORDS_SIZE],
}

/// Whether a bounce or an automatic reply may go to the sender of a message, who may be forged. What is sent goes to the
/// reverse-path, never to From or Reply-To, with the null reverse-path.
///
/// - `settings`: `ours`, `authserv_ids`, `trusted_sealers`, `allowed`, `double_bounce` and `hold_unproved` count; NULL for the
///   defaults. Without `authserv_ids` no Authentication-Results is believed.
/// - `question`: not NULL.
/// - `answer`: gets the answer; not NULL. It is all zero on any error, after which nothing should be sent.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender that is no address; `BATV_RESULT_BAD_ARGUMENT`, also for what is no NOTIFY;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// batv_bounce_question undelivered;
/// batv_bounce_answer answer;
/// memset(&undelivered, 0, sizeof undelivered);
/// undelivered.reverse_path = "bob@example.net";
/// undelivered.reverse_path_length = strlen(undelivered.reverse_path);
/// undelivered.header = "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=example.net\r\n";
/// undelivered.header_length = strlen(undelivered.header);
/// if (batv_settings_set(settings, "authserv_ids", "mx.example.com") == BATV_RESULT_OK &&
///     batv_may_bounce(settings, &undelivered, &answer) == BATV_RESULT_OK && answer.may == BATV_MAY_YES)
///     printf("tell bob: %s\n", answer.words);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_may_bounce(
    settings: *const batv_settings,
    question: *const batv_bounce_question,
    answer: *mut batv_bounce_answer,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
        unsafe { clear(answer) }.ok_or(Failure::NullPointer("answer"))?;
        // SAFETY: the caller says that it is NULL or a question.
        let question = unsafe { reference("question", question) }?;
        // SAFETY: the caller says that nobody changes them now.
        let settings = unsafe { in_force(settings) };
        let mut storage = String::new();
        // SAFETY: the caller says that the texts are there.
        let question = unsafe { question.read(&mut storage) }?;
        let found = may_bounce(&question, &settings.may_bounce());
        let outcome = batv_bounce_answer {
            may: batv_may::of(found.may)?,
            reason: batv_bounce_reason::of(found.reason)?,
            row: found.row.into(),
            words: fixed(&found.words)?,
        };
        // SAFETY: as before.
        unsafe { put(answer, outcome) };
        Ok(())
    })
}

impl batv_bounce_question {
    /// # Safety
    /// The texts are NULL, or have the lengths that are said and stay as they are for `'a`.
    unsafe fn read<'a>(&self, storage: &'a mut String) -> Result<Question<'a>, Failure> {
        // SAFETY: as the caller vouches.
        let mut question =
            Question::new(unsafe { path("reverse_path", self.reverse_path, self.reverse_path_length, storage) }?);
        question.kind = batv_bounce_kind::read(self.kind)?;
        if self.header_length > 0 {
            // SAFETY: the same.
            question.header = unsafe { octets("header", self.header, self.header_length) }?;
        }
        if self.notify_length > 0 {
            // SAFETY: the same.
            let notify = unsafe { octets("notify", self.notify, self.notify_length) }?;
            let notify = str::from_utf8(notify).map_err(|_| Failure::Argument("`notify` is not ASCII"))?;
            question.notify = Some(notify.parse().map_err(|error| Failure::Setting(format!("{error}")))?);
        }
        question.answerable_in_smtp = flag(self.answerable_in_smtp, "`answerable_in_smtp` is neither 0 nor 1")?;
        question.own_client = flag(self.own_client, "`own_client` is neither 0 nor 1")?;
        question.tag = batv_tag_verdict::read(self.tag)?;
        question.hostile = flag(self.hostile, "`hostile` is neither 0 nor 1")?;
        question.unroutable = flag(self.unroutable, "`unroutable` is neither 0 nor 1")?;
        Ok(question)
    }
}
