//! The decisions that all ways in have to agree on, put to `batv_check` and `batv_judge_message`.

use alloc::ffi::CString;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::ptr;

use batv::{
    BATV_ADDRESS_SIZE, batv_check, batv_earlier, batv_envelope, batv_judge_message, batv_judgement, batv_keyring,
    batv_keyring_free, batv_keyring_new_from_text, batv_message, batv_message_free, batv_message_new,
    batv_message_read, batv_provenance, batv_reading, batv_result, batv_settings, batv_settings_free,
    batv_settings_new, batv_settings_set, batv_stage, batv_text,
};
use batv_core::Day;
use batv_core::envelope::Stage;
use batv_tests::vectors::decisions::{self, Client, Heard, NOTHING, Question, Row, Said, some_handle};

/// The keys and settings of a row.
struct Site {
    keyring: *mut batv_keyring,
    settings: *mut batv_settings,
    now: i64,
}

impl Site {
    fn new(row: &Row<'_>, today: Day) -> Self {
        let now = i64::from(today.number()) * 86_400 + 43_200;
        let mut site = Self { keyring: ptr::null_mut(), settings: ptr::null_mut(), now };
        let text = row.keyring(today);
        // SAFETY: the text has this length, and the place may be written to.
        let result = unsafe { batv_keyring_new_from_text(text.as_ptr().cast(), text.len(), &raw mut site.keyring) };
        assert_eq!(result, batv_result::Ok);
        // SAFETY: the place may be written to.
        assert_eq!(unsafe { batv_settings_new(&raw mut site.settings) }, batv_result::Ok);
        for (name, value) in row.settings(today) {
            let [name, value] = [name, &value].map(|text| CString::new(text).expect("no NUL"));
            // SAFETY: these are settings and texts with a NUL.
            let result = unsafe { batv_settings_set(site.settings, name.as_ptr(), value.as_ptr()) };
            assert_eq!(result, batv_result::Ok, "{name:?} {value:?}");
        }
        site
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // SAFETY: nothing uses them any more.
        unsafe { batv_settings_free(self.settings) };
        // SAFETY: the same.
        unsafe { batv_keyring_free(self.keyring) };
    }
}

struct Message(*mut batv_message);

impl Message {
    fn new(row: &Row<'_>, text: &str) -> Self {
        let mut message = ptr::null_mut();
        let limit = row.message_octets().unwrap_or_default();
        let (text, from) = (text.as_bytes(), row.from.as_bytes());
        // SAFETY: the texts have these lengths, and the place may be written to.
        let result = unsafe {
            batv_message_new(
                text.as_ptr().cast(),
                text.len(),
                from.as_ptr().cast(),
                from.len(),
                limit,
                &raw mut message,
            )
        };
        assert_eq!(result, batv_result::Ok);
        Self(message)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: nothing uses it any more.
        unsafe { batv_message_free(self.0) };
    }
}

fn envelope(row: &Row<'_>, to: &str) -> batv_envelope {
    let earlier = match row.earlier() {
        "none" => batv_earlier::None,
        "settled" => batv_earlier::Settled,
        "undecided" => batv_earlier::Undecided,
        other => panic!("{other} is nothing earlier"),
    };
    let stage = if row.at() == Stage::RcptTo { batv_stage::RcptTo } else { batv_stage::EndOfData };
    batv_envelope {
        reverse_path: row.from.as_ptr().cast(),
        reverse_path_length: row.from.len(),
        forward_path: to.as_ptr().cast(),
        forward_path_length: to.len(),
        trusted_client: u32::from(row.client() != Client::World),
        earlier: earlier as u32,
        stage: stage as u32,
    }
}

fn named(code: u32) -> String {
    // SAFETY: the text belongs to the library, and has a NUL.
    unsafe { CStr::from_ptr(batv_text(code)) }.to_str().expect("UTF-8").to_owned()
}

/// Calls with a place for the judgement, and one for the mailbox.
fn hear(call: impl FnOnce(*mut batv_judgement, *mut c_char, usize) -> batv_result) -> Said {
    let mut judgement = MaybeUninit::<batv_judgement>::uninit();
    let mut deliver_to = [0; BATV_ADDRESS_SIZE];
    let result = call(judgement.as_mut_ptr(), deliver_to.as_mut_ptr(), deliver_to.len());
    assert_eq!(result, batv_result::Ok);
    // SAFETY: a call that succeeds has written to it.
    let judgement = unsafe { judgement.assume_init() };
    // SAFETY: it has written a NUL.
    let deliver_to = unsafe { CStr::from_ptr(deliver_to.as_ptr()) }.to_str().expect("UTF-8");
    // SAFETY: it has a NUL.
    let reply = unsafe { CStr::from_ptr(judgement.reply.as_ptr()) }.to_str().expect("ASCII");
    assert!(reply.starts_with(&judgement.reply_code.to_string()), "{reply}");
    Said::from([
        ("verdict", named(judgement.verdict as u32)),
        ("reason", named(judgement.reason as u32)),
        ("disposition", named(judgement.disposition as u32)),
        ("mode", named(judgement.mode as u32)),
        ("in_reject", named(judgement.in_reject as u32)),
        ("reply", reply.chars().take("250 2.1.5".len()).collect()),
        ("deliver_to", if deliver_to.is_empty() { NOTHING } else { deliver_to }.to_owned()),
        ("settled", judgement.settled.to_string()),
        ("earlier", named(judgement.earlier as u32)),
    ])
}

fn check(row: &Row<'_>, today: Day) -> Heard {
    let Question { to, expected, .. } = row.question(today, &some_handle);
    let (site, envelope) = (Site::new(row, today), envelope(row, &to));
    let said = hear(|judgement, deliver_to, capacity| {
        // SAFETY: all of it is there, and may be written to.
        unsafe {
            batv_check(
                site.keyring,
                site.settings,
                &raw const envelope,
                site.now,
                judgement,
                deliver_to,
                capacity,
                ptr::null_mut(),
            )
        }
    });
    Heard { expected, said }
}

fn judge_message(row: &Row<'_>, today: Day) -> Heard {
    let Question { to, message, expected, .. } = row.question(today, &some_handle);
    let (site, envelope) = (Site::new(row, today), envelope(row, &to));
    let message = Message::new(row, &message.expect("a message"));
    let mut provenance = MaybeUninit::<batv_provenance>::uninit();
    let mut said = hear(|judgement, deliver_to, capacity| {
        // SAFETY: all of it is there, and may be written to.
        unsafe {
            batv_judge_message(
                site.keyring,
                site.settings,
                message.0,
                &raw const envelope,
                row.answers().report_is_welcome.into(),
                site.now,
                judgement,
                provenance.as_mut_ptr(),
                deliver_to,
                capacity,
                ptr::null_mut(),
            )
        }
    });
    let mut reading = MaybeUninit::<batv_reading>::uninit();
    // SAFETY: the message is there, and the place may be written to.
    assert_eq!(unsafe { batv_message_read(message.0, reading.as_mut_ptr()) }, batv_result::Ok);
    // SAFETY: a call that succeeds has written to it.
    let provenance = unsafe { provenance.assume_init() };
    // SAFETY: the same.
    let reading = unsafe { reading.assume_init() };
    said.insert("class", named(reading.message_class as u32));
    said.insert("origin", named(provenance.origin as u32));
    Heard { expected, said }
}

#[test]
fn check_agrees() {
    decisions::agree("batv_check", |row, today| match () {
        () if row.has_message() => Err("message"),
        () if row.answers().matter() && !row.is_unasked() => Err("answers"),
        () => Ok(check(row, today)),
    });
}

#[test]
fn judge_message_agrees() {
    decisions::agree("batv_judge_message", |row, today| match () {
        () if !row.has_message() => Err("no message"),
        () if row.answers().matter() && !row.is_unasked() => Err("answers"),
        // What a trusted client brings isn't judged, read or not.
        () if row.is_unread() && row.client() == Client::World && !row.is_null() => Err("mail that is not read"),
        () => Ok(judge_message(row, today)),
    });
}
