//! What a server should say about one recipient.

use core::ffi::c_char;

use batv_core::envelope::Envelope;
use batv_core::{Error, Path};
use batv_policy::Ruling;

use crate::border::{Failure, call, clear, day, flag, path, put, reference, reverse_path};
use crate::code::{batv_disposition, batv_earlier, batv_mode, batv_reason, batv_result, batv_stage, batv_verdict};
use crate::keyring::batv_keyring;
use crate::settings::batv_settings;
use crate::text::{Text, fixed};

/// Octets of the text of a reply, and the NUL after it (RFC 5321 §4.5.3.1.5).
pub const BATV_REPLY_SIZE: usize = 512;

/// What is asked about. Set all of it to zero first, then what is known.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_envelope {
    /// The argument of MAIL FROM, with or without angle brackets. Empty, with a length of 0, is the null path.
    pub reverse_path: *const c_char,
    /// Octets of the reverse-path.
    pub reverse_path_length: usize,
    /// The argument of RCPT TO, with or without angle brackets.
    pub forward_path: *const c_char,
    /// Octets of the forward-path.
    pub forward_path_length: usize,
    /// 1 when the client is one of ours, or one that is never judged; else 0.
    pub trusted_client: u32,
    /// A `batv_earlier`: what became of the recipients of this message before this one; 0 for the first.
    pub earlier: u32,
    /// A `batv_stage`: when the question is asked; 0 for RCPT TO.
    pub stage: u32,
}

/// The answer for one recipient.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct batv_judgement {
    /// What was found.
    pub verdict: batv_verdict,
    /// Why.
    pub reason: batv_reason,
    /// What is done now.
    pub disposition: batv_disposition,
    /// Three digits: the code that the reply begins with.
    pub reply_code: u32,
    /// 1 when the message can change nothing about this any more; 0 when it is to be asked again at the end of DATA.
    pub settled: u32,
    /// What to give as `earlier` for the next recipient of the same message.
    pub earlier: batv_earlier,
    /// The reply, such as `250 2.1.5 recipient ok`, and a NUL.
    pub reply: [c_char; BATV_REPLY_SIZE],
    /// How far the recipient's mailbox or domain goes, which is of `modes` or else of `mode`.
    pub mode: batv_mode,
    /// What would be done in mode `reject`.
    pub in_reject: batv_disposition,
}

/// What to say about a recipient at RCPT TO, or at the end of DATA, as `batvd` and `batv check` say it. An SRS address of
/// `srs_domains` is judged by its hash, and stands for the sender inside of it.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `mode` decides.
/// - `question`: the envelope; not NULL.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `judgement`: gets the answer; not NULL. It is all zero on any error but `BATV_RESULT_TOO_SMALL`.
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
/// batv_envelope question;
/// batv_judgement judgement;
/// char deliver_to[BATV_ADDRESS_SIZE];
/// memset(&question, 0, sizeof question);
/// question.reverse_path = "<>";
/// question.reverse_path_length = 2;
/// question.forward_path = "prvs=0269b1e711=alice@example.com";
/// question.forward_path_length = strlen(question.forward_path);
/// if (batv_check(keyring, settings, &question, 0, &judgement, deliver_to, sizeof deliver_to, NULL) == BATV_RESULT_OK)
///     puts(judgement.reply);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_check(
    keyring: *const batv_keyring,
    settings: *const batv_settings,
    question: *const batv_envelope,
    now: i64,
    judgement: *mut batv_judgement,
    deliver_to: *mut c_char,
    capacity: usize,
    deliver_to_length: *mut usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it is NULL or may be written to.
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
        let mut storage = Default::default();
        // SAFETY: the caller says that the paths are there.
        let envelope = unsafe { question.read(&mut storage) }?;
        let today = day(now)?;
        let keys = keyring.keys();
        let ruling = settings.site(keys.keys()).rcpt(&envelope, today);

        let outcome = batv_judgement::of(&ruling)?;
        // SAFETY: as before.
        unsafe { put(judgement, outcome) };
        text.write(|out| ruling.deliver_to.map_or(Ok(()), |mailbox| mailbox.write_to(out)))
    })
}

/// No octets.
pub(crate) const NOTHING: (*const c_char, usize) = (core::ptr::null(), 0);

impl batv_envelope {
    /// What may not be overwritten.
    #[inline]
    pub(crate) const fn inputs(&self) -> [(*const c_char, usize); 2] {
        [(self.reverse_path, self.reverse_path_length), (self.forward_path, self.forward_path_length)]
    }

    /// # Safety
    /// The paths are NULL, or have the lengths that are said and stay as they are for `'a`.
    #[inline]
    pub(crate) unsafe fn read<'a>(&self, storage: &'a mut [String; 2]) -> Result<Envelope<'a>, Failure> {
        let [sender, recipient] = storage;
        // SAFETY: as the caller vouches.
        let sender = unsafe { reverse_path("reverse_path", self.reverse_path, self.reverse_path_length, sender) }?;
        // SAFETY: the same.
        let recipient = unsafe { path("forward_path", self.forward_path, self.forward_path_length, recipient) }?;
        let Path::Mailbox(recipient) = recipient else {
            return Err(Failure::Malformed("forward_path", Error::NullPath));
        };
        let mut envelope = Envelope::new(sender, recipient);
        envelope.trusted_client = flag(self.trusted_client, "`trusted_client` is neither 0 nor 1")?;
        envelope.earlier = batv_earlier::read(self.earlier)?;
        envelope.stage = batv_stage::read(self.stage)?;
        Ok(envelope)
    }
}

impl batv_judgement {
    #[inline]
    pub(crate) fn of(ruling: &Ruling<'_>) -> Result<Self, Failure> {
        Ok(Self {
            verdict: batv_verdict::of(ruling.verdict)?,
            reason: batv_reason::of(ruling.reason)?,
            disposition: batv_disposition::of(ruling.disposition)?,
            reply_code: ruling.reply.code.into(),
            settled: ruling.settled.into(),
            earlier: batv_earlier::of(ruling.earlier)?,
            reply: fixed(&ruling.reply)?,
            mode: batv_mode::of(ruling.mode)?,
            in_reject: batv_disposition::of(ruling.in_reject)?,
        })
    }
}
