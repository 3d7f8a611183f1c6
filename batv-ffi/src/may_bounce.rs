//! Whether a bounce or an automatic reply may be sent.

use core::ffi::c_char;

use batv_policy::{BounceQuestion, Rules, may_bounce};

use crate::boundary::{self, Versioned, call, flag, from_c, reverse_path};
use crate::code::{batv_bounce_kind, batv_bounce_reason, batv_may, batv_result, batv_tag_verdict};
use crate::failure::Failure;
use crate::settings::{batv_settings, or_default};
use crate::text::{batv_text, fixed};

/// Octets of the words of an answer, and the NUL after them.
pub const BATV_WORDS_SIZE: usize = 256;

/// Message that would be answered, and what is known of it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_bounce_question {
    /// `sizeof(batv_bounce_question)`: see `BATV_INIT`.
    pub size: u32,
    /// A `batv_bounce_kind`: kind of the message that would be sent; 0 for a report that mail was not delivered.
    pub kind: u32,
    /// A `batv_tag_verdict`: verdict of `batv_verify` or `batv_srs_reverse` on the reverse-path; 0 when neither was asked.
    pub tag: u32,
    /// 1 when the client still waits for the reply to its command, so that the message can be refused instead; else 0.
    pub answerable_in_smtp: u32,
    /// 1 when the client is a user of ours who has authenticated, or a host of ours; else 0.
    pub own_client: u32,
    /// 1 when a filter of ours takes the message for spam or malware; else 0.
    pub hostile: u32,
    /// 1 when the domain of the reverse-path takes no mail: a null MX (RFC 7505), or neither MX nor address; else 0.
    pub unroutable: u32,
    /// 0.
    pub reserved: u32,
    /// Argument of MAIL FROM. An empty text is the null reverse-path.
    pub reverse_path: batv_text,
    /// Header of the message, or the whole message; absent when it is not known.
    pub header: batv_text,
    /// Value of NOTIFY of the recipient (RFC 3461 §4.1); absent or empty when none was given.
    pub notify: batv_text,
}

impl Versioned for batv_bounce_question {}

// SAFETY: it has numbers and texts.
unsafe impl boundary::Question for batv_bounce_question {}

/// Whether a bounce may be sent, and why.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_bounce_answer {
    /// `sizeof(batv_bounce_answer)`: see `BATV_INIT`.
    pub size: u32,
    /// Whether it may be sent.
    pub may: batv_may,
    /// Reason, as a code.
    pub reason: batv_bounce_reason,
    /// Number of the row that decided, in the table of `may_bounce`, from 1 to 15.
    pub row: u32,
    /// Reason, in words, and a NUL.
    pub words: [c_char; BATV_WORDS_SIZE],
}

impl Versioned for batv_bounce_answer {}

/// Decides whether a bounce or an automatic reply may go to the sender of a message, who may be forged. A bounce goes to
/// the reverse-path, never to From or Reply-To, with the null reverse-path.
///
/// Needs the feature `messages`.
///
/// - `settings`: `ours`, `authserv_ids`, `trusted_sealers`, `allowed`, `double_bounce` and `hold_unproved` count; NULL for
///   the defaults. Without `authserv_ids` no Authentication-Results is believed.
/// - `question`: not NULL.
/// - `answer`: gets the answer; not NULL. Send nothing after an error.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender that is no address; `BATV_RESULT_BAD_ARGUMENT`, also for a wrong NOTIFY;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// batv_bounce_question undelivered = BATV_INIT(batv_bounce_question);
/// batv_bounce_answer answer = BATV_INIT(batv_bounce_answer);
/// undelivered.reverse_path = batv_text_of("bob@example.net");
/// undelivered.header = batv_text_of("Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=example.net\r\n");
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
        let answer = from_c!(answer answer)?;
        let question = from_c!(question question)?;
        let settings = or_default(from_c!(handle or none settings));
        let mut storage = String::new();
        let found = may_bounce(&question.read(settings.rules(), &mut storage)?, &settings.may_bounce());
        answer.put(batv_bounce_answer {
            size: 0,
            may: batv_may::of(found.may)?,
            reason: batv_bounce_reason::of(found.reason)?,
            row: found.row.into(),
            words: fixed(&found.words)?,
        });
        Ok(())
    })
}

impl batv_bounce_question {
    fn read<'a>(self, rules: &Rules, storage: &'a mut String) -> Result<BounceQuestion<'a>, Failure> {
        let sender = from_c!(octets self.reverse_path)?;
        let mut question = BounceQuestion::new(reverse_path("reverse_path", sender, rules, storage)?);
        question.kind = batv_bounce_kind::read(self.kind, "kind")?;
        if self.header.length > 0 {
            question.header = from_c!(octets self.header)?;
        }
        if self.notify.length > 0 {
            let notify = str::from_utf8(from_c!(octets self.notify)?);
            let notify = notify.map_err(|_| Failure::Argument("`notify` is not ASCII"))?;
            question.notify = Some(notify.parse().map_err(|error| Failure::Setting(format!("{error}")))?);
        }
        if self.reserved != 0 {
            return Err(Failure::Argument("`reserved` is not 0"));
        }
        question.answerable_in_smtp = flag(self.answerable_in_smtp, "answerable_in_smtp")?;
        question.own_client = flag(self.own_client, "own_client")?;
        question.tag = batv_tag_verdict::read(self.tag)?;
        question.hostile = flag(self.hostile, "hostile")?;
        question.unroutable = flag(self.unroutable, "unroutable")?;
        Ok(question)
    }
}
