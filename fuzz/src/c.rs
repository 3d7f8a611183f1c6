//! Calls of the C library from Rust: the handles that a C program would keep, and the answers as text.

use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::ptr;
use std::ffi::CString;

use batv::{
    batv_buffer, batv_check, batv_code_text, batv_earlier, batv_envelope, batv_judge_message, batv_judgement,
    batv_keyring, batv_keyring_free, batv_keyring_new_from_text, batv_message, batv_message_free, batv_message_new,
    batv_result, batv_settings, batv_settings_add_dkim_key, batv_settings_free, batv_settings_new, batv_settings_set,
    batv_srs_reverse, batv_stage, batv_tag_verdict, batv_text,
};
use batv_core::Day;
use batv_core::envelope::{Earlier, Envelope, Stage};

use crate::in_brackets;

/// Keyring and settings of the library.
#[derive(Debug)]
pub struct Library {
    keyring: *mut batv_keyring,
    settings: *mut batv_settings,
}

/// Answer of the library about one recipient.
#[derive(Debug, Eq, PartialEq)]
pub struct Judged {
    /// Verdict, reason, disposition, mode, earlier and disposition in mode `reject`, then the origin, if there is one.
    pub names: Vec<String>,
    /// Whether the message cannot change it.
    pub settled: bool,
    /// Number of the row that decided; 0 for none.
    pub row: u32,
    /// Reply.
    pub reply: String,
    /// Mailbox to deliver to; empty for none.
    pub deliver_to: String,
}

impl Library {
    /// Makes both.
    ///
    /// # Panics
    /// When the library refuses one of them.
    pub fn new(keyring: &str, settings: &[(&'static str, String)]) -> Self {
        let mut library = Self { keyring: ptr::null_mut(), settings: ptr::null_mut() };
        // SAFETY: the text is there, and the place may be written to.
        let result = unsafe { batv_keyring_new_from_text(text(keyring.as_bytes()), &raw mut library.keyring) };
        assert_eq!(result, batv_result::Ok, "{keyring}");
        // SAFETY: the place may be written to.
        assert_eq!(unsafe { batv_settings_new(&raw mut library.settings) }, batv_result::Ok);
        for (name, value) in settings {
            let [name, value] = [name, value.as_str()].map(|text| CString::new(text).expect("no NUL"));
            // SAFETY: these are settings that nothing else uses, and texts with a NUL.
            let result = unsafe { batv_settings_set(library.settings, name.as_ptr(), value.as_ptr()) };
            assert_eq!(result, batv_result::Ok, "{name:?} {value:?}");
        }
        library
    }

    /// Adds a public key of our DKIM signatures.
    ///
    /// # Panics
    /// When the library refuses it.
    pub fn add_dkim_key(&self, names: [&str; 2], record: &[u8]) {
        let [domain, selector] = names.map(|text| CString::new(text).expect("no NUL"));
        // SAFETY: these are settings that nothing else uses, and texts with a NUL.
        let result =
            unsafe { batv_settings_add_dkim_key(self.settings, domain.as_ptr(), selector.as_ptr(), text(record)) };
        assert_eq!(result, batv_result::Ok);
    }

    /// Asks about a recipient, at the stage of the envelope.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn check(&self, envelope: &Envelope<'_>, today: Day) -> Judged {
        let paths = in_brackets(envelope);
        let question = question(envelope, &paths, false);
        judged(|judgement, deliver_to| {
            // SAFETY: all of it is there, and may be written to.
            unsafe { batv_check(self.keyring, self.settings, &raw const question, noon(today), judgement, deliver_to) }
        })
    }

    /// Asks about a recipient at the end of DATA.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn judge(&self, envelope: &Envelope<'_>, message: &[u8], report_is_welcome: bool, today: Day) -> Judged {
        let paths = in_brackets(envelope);
        let question = question(envelope, &paths, report_is_welcome);
        let message = Message::new(message, &paths[0]);
        judged(|judgement, deliver_to| {
            let (keyring, settings, now) = (self.keyring, self.settings, noon(today));
            // SAFETY: all of it is there, and may be written to.
            unsafe { batv_judge_message(keyring, settings, message.0, &raw const question, now, judgement, deliver_to) }
        })
    }

    /// Verdict on an SRS address, and the sender inside it; nothing where there is none.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn reverse(&self, recipient: &str, today: Day) -> (String, String) {
        let mut verdict = MaybeUninit::<batv_tag_verdict>::zeroed();
        let restored = written(|restored| {
            // SAFETY: all of it is there, and may be written to.
            unsafe {
                batv_srs_reverse(
                    self.keyring,
                    self.settings,
                    text(recipient.as_bytes()),
                    noon(today),
                    verdict.as_mut_ptr(),
                    restored,
                )
            }
        });
        // SAFETY: a call that succeeds has written it.
        (name(unsafe { verdict.assume_init() } as u32), restored)
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: it is made by the library, and freed once.
        unsafe { batv_keyring_free(self.keyring) };
        // SAFETY: it is made by the library, and freed once.
        unsafe { batv_settings_free(self.settings) };
    }
}

struct Message(*mut batv_message);

impl Message {
    fn new(octets: &[u8], from: &str) -> Self {
        let mut message = ptr::null_mut();
        // SAFETY: the texts are there, and the place may be written to.
        let result = unsafe { batv_message_new(text(octets), text(from.as_bytes()), 0, &raw mut message) };
        assert_eq!(result, batv_result::Ok);
        Self(message)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: it is made by the library, and freed once.
        unsafe { batv_message_free(self.0) };
    }
}

fn text(octets: &[u8]) -> batv_text {
    batv_text { data: octets.as_ptr().cast(), length: octets.len() }
}

fn noon(today: Day) -> i64 {
    i64::from(today.number()) * 86_400 + 43_200
}

fn question(envelope: &Envelope<'_>, [from, to]: &[String; 2], report_is_welcome: bool) -> batv_envelope {
    let earlier = match envelope.earlier {
        Earlier::None => batv_earlier::None,
        Earlier::Settled => batv_earlier::Settled,
        _ => batv_earlier::Undecided,
    };
    let stage = if envelope.stage == Stage::RcptTo { batv_stage::RcptTo } else { batv_stage::EndOfData };
    batv_envelope {
        size: size_of::<batv_envelope>() as u32,
        trusted_client: envelope.trusted_client.into(),
        earlier: earlier as u32,
        stage: stage as u32,
        report_is_welcome: report_is_welcome.into(),
        reserved: 0,
        reverse_path: text(from.as_bytes()),
        forward_path: text(to.as_bytes()),
    }
}

/// The text of a call that must succeed, in a buffer that is just long enough.
fn written(mut call: impl FnMut(*mut batv_buffer) -> batv_result) -> String {
    let mut buffer = batv_buffer { data: ptr::null_mut(), capacity: 0, length: usize::MAX };
    assert_eq!(call(&raw mut buffer), batv_result::Ok);
    let mut octets = vec![0xA5_u8; buffer.length + 1];
    buffer = batv_buffer { data: octets.as_mut_ptr().cast(), capacity: octets.len(), length: usize::MAX };
    assert_eq!(call(&raw mut buffer), batv_result::Ok);
    assert_eq!((octets.len(), octets.pop()), (buffer.length + 1, Some(0)));
    String::from_utf8(octets).expect("UTF-8")
}

fn judged(mut call: impl FnMut(*mut batv_judgement, *mut batv_buffer) -> batv_result) -> Judged {
    let mut judgement = MaybeUninit::<batv_judgement>::zeroed();
    // SAFETY: the struct begins with its size.
    unsafe { judgement.as_mut_ptr().cast::<u32>().write(size_of::<batv_judgement>() as u32) };
    let deliver_to = written(|buffer| call(judgement.as_mut_ptr(), buffer));
    // SAFETY: a call that succeeds has written it.
    let judgement = unsafe { judgement.assume_init() };
    let batv_judgement { verdict, reason, disposition, mode, earlier, in_reject, origin, .. } = judgement;
    let codes = [verdict as u32, reason as u32, disposition as u32, mode as u32, earlier as u32, in_reject as u32];
    let names = codes.into_iter().chain((origin != 0).then_some(origin)).map(name).collect();
    let reply: Vec<u8> =
        judgement.reply.iter().map(|octet: &c_char| octet.to_ne_bytes()[0]).take_while(|octet| *octet != 0).collect();
    let reply = String::from_utf8(reply).expect("UTF-8");
    assert!(reply.starts_with(&judgement.reply_code.to_string()), "{reply}");
    Judged { names, settled: judgement.settled == 1, row: judgement.row, reply, deliver_to }
}

fn name(code: u32) -> String {
    // SAFETY: the library answers with a text of its own.
    unsafe { CStr::from_ptr(batv_code_text(code)) }.to_str().expect("ASCII").to_owned()
}
