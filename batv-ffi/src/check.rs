//! The answer of a server about one recipient.

use core::ffi::c_char;

use batv_core::envelope::Envelope;
use batv_core::{Error, Path};
use batv_policy::{Rules, Ruling};

use crate::boundary::{Question, Versioned, call, day, flag, from_c, judged_sender, path};
use crate::code::{batv_disposition, batv_earlier, batv_mode, batv_reason, batv_result, batv_stage, batv_verdict};
use crate::failure::Failure;
use crate::keyring::batv_keyring;
use crate::settings::batv_settings;
use crate::text::{batv_buffer, batv_text, fixed};

/// Octets of the text of a reply, and the NUL after it (RFC 5321 §4.5.3.1.5).
pub const BATV_REPLY_SIZE: usize = 512;

/// Sender and recipient of a message, and what else is known of them.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_envelope {
    /// `sizeof(batv_envelope)`: see `BATV_INIT`.
    pub size: u32,
    /// 1 when the client is one of ours, or one that is never judged; else 0.
    pub trusted_client: u32,
    /// A `batv_earlier`: outcome for the recipients of this message before this one; 0 for the first.
    pub earlier: u32,
    /// A `batv_stage`: when `batv_check` is called; 0 for RCPT TO.
    pub stage: u32,
    /// 1 when your own server found the author authenticated (RFC 8601), or the recipient is there for reports, and
    /// `authserv_ids` and `report_recipients` don't tell; else 0. For `batv_judge_message`.
    pub report_is_welcome: u32,
    /// 0.
    pub reserved: u32,
    /// Argument of MAIL FROM. An empty text is the null reverse-path.
    pub reverse_path: batv_text,
    /// Argument of RCPT TO.
    pub forward_path: batv_text,
}

impl Versioned for batv_envelope {}

// SAFETY: it has numbers and texts.
unsafe impl Question for batv_envelope {}

/// Answer for one recipient.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_judgement {
    /// `sizeof(batv_judgement)`: see `BATV_INIT`.
    pub size: u32,
    /// Verdict.
    pub verdict: batv_verdict,
    /// Reason for the verdict.
    pub reason: batv_reason,
    /// What the server does now.
    pub disposition: batv_disposition,
    /// Code that the reply begins with: three digits.
    pub reply_code: u32,
    /// 1 when the message cannot change this any more; 0 when you should ask again at the end of DATA.
    pub settled: u32,
    /// Value of `earlier` for the next recipient of the same message.
    pub earlier: batv_earlier,
    /// Mode of the recipient's mailbox or domain, from `modes` or else `mode`.
    pub mode: batv_mode,
    /// What the server would do in mode `reject`.
    pub in_reject: batv_disposition,
    /// A `batv_origin`: origin of the returned message; 0 from `batv_check`.
    pub origin: u32,
    /// Number of the row that decided, in the table of `batv-policy`, from 1 to 27; 0 when none did.
    pub row: u32,
    /// Reply, such as `250 2.1.5 Recipient ok`, and a NUL.
    pub reply: [c_char; BATV_REPLY_SIZE],
}

impl Versioned for batv_judgement {}

/// Decides about a recipient at RCPT TO, or at the end of DATA without its message, as `batvd` and `batv check` do. An SRS
/// address of `srs_domains` is judged by its hash, and stands for the sender inside it.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `mode` decides.
/// - `envelope`: sender and recipient; not NULL.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `judgement`: gets the answer; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `deliver_to`: gets the mailbox to deliver to, without its tag; nothing when the recipient is refused.
///   `BATV_ADDRESS_SIZE` octets are enough.
///
/// A sender that cannot be read is that of a stranger, whose mail is no bounce.
///
/// Errors: `BATV_RESULT_MALFORMED` for a recipient that is no address; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. A server answers an error of its own with
/// 451, never with a rejection.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer deliver_to = BATV_BUFFER(text);
/// batv_envelope envelope = BATV_INIT(batv_envelope);
/// batv_judgement judgement = BATV_INIT(batv_judgement);
/// envelope.reverse_path = batv_text_of("<>");
/// envelope.forward_path = batv_text_of("prvs=0269b1e711=alice@example.com");
/// if (batv_check(keyring, settings, &envelope, 0, &judgement, &deliver_to) == BATV_RESULT_OK)
///     puts(judgement.reply);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_check(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    envelope: *const batv_envelope,
    now: i64,
    judgement: *mut batv_judgement,
    deliver_to: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let judgement = from_c!(answer judgement);
        let envelope = from_c!(question envelope);
        let text = from_c!(buffer deliver_to, apart from &inputs(&envelope));
        let (judgement, envelope, text) = (judgement?, envelope?, text?);
        let keys = from_c!(handle keyring)?.keys();
        let settings = from_c!(handle settings)?;
        let mut storage = Default::default();
        let envelope = envelope.read(settings.rules(), &mut storage)?;
        let today = day(now)?;
        let ruling = settings.site(keys.keys()).rcpt(&envelope, today);
        judgement.put(batv_judgement::of(&ruling)?);
        text.write(|out| ruling.deliver_to.map_or(Ok(()), |mailbox| mailbox.write_to(out)))
    })
}

/// The texts that an answer must not overwrite.
#[inline]
pub(crate) fn inputs(envelope: &Result<batv_envelope, Failure>) -> [batv_text; 2] {
    const ABSENT: batv_text = batv_text { data: core::ptr::null(), length: 0 };
    envelope.as_ref().map_or([ABSENT; 2], |envelope| [envelope.reverse_path, envelope.forward_path])
}

impl batv_envelope {
    #[inline]
    pub(crate) fn read<'a>(self, rules: &Rules, storage: &'a mut [String; 2]) -> Result<Envelope<'a>, Failure> {
        let [sender, recipient] = storage;
        let sender = judged_sender(from_c!(octets self.reverse_path)?, rules, sender);
        let recipient = path("forward_path", from_c!(octets self.forward_path)?, rules, recipient)?;
        let Path::Mailbox(recipient) = recipient else {
            return Err(Failure::Malformed("forward_path", Error::NullPath));
        };
        if self.reserved != 0 {
            return Err(Failure::Argument("`reserved` is not 0"));
        }
        Ok(Envelope::new(sender, recipient)
            .with_trusted_client(flag(self.trusted_client, "trusted_client")?)
            .with_earlier(batv_earlier::read(self.earlier, "earlier")?)
            .with_stage(batv_stage::read(self.stage, "stage")?))
    }
}

impl batv_judgement {
    /// The answer by the envelope alone.
    #[inline]
    pub(crate) fn of(ruling: &Ruling<'_>) -> Result<Self, Failure> {
        Ok(Self {
            size: 0,
            verdict: batv_verdict::of(ruling.verdict)?,
            reason: batv_reason::of(ruling.reason)?,
            disposition: batv_disposition::of(ruling.disposition)?,
            reply_code: ruling.reply.code.into(),
            settled: ruling.settled.into(),
            earlier: batv_earlier::of(ruling.earlier)?,
            mode: batv_mode::of(ruling.mode)?,
            in_reject: batv_disposition::of(ruling.in_reject)?,
            origin: 0,
            row: ruling.row.unwrap_or_default().into(),
            reply: fixed(&ruling.reply)?,
        })
    }
}
