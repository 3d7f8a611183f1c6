//! Handles, texts and buffers for calls from Rust.

use alloc::ffi::CString;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::ptr;

use batv::{
    batv_buffer, batv_code_text, batv_envelope, batv_judgement, batv_keyring, batv_keyring_free,
    batv_keyring_new_from_text, batv_message, batv_message_free, batv_message_new, batv_result, batv_settings,
    batv_settings_free, batv_settings_get, batv_settings_new, batv_settings_set, batv_text,
};

/// A key that signs for all senders, and one for forwarded mail.
pub(crate) const KEYS: &str = "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\n\
                               state = \"signing\"\n[[key]]\nuse = \"srs\"\nalgorithm = \"hmac-sha1\"\n\
                               secret = \"text:tops3cr3t\"\nstate = \"signing\"\n";

pub(crate) const ABSENT: batv_text = batv_text { data: ptr::null(), length: 0 };

pub(crate) fn text(octets: &(impl AsRef<[u8]> + ?Sized)) -> batv_text {
    let octets = octets.as_ref();
    batv_text { data: octets.as_ptr().cast(), length: octets.len() }
}

/// Name of a code; nothing for none.
pub(crate) fn name(code: u32) -> &'static str {
    // SAFETY: the library answers with a text of its own.
    if code == 0 { "" } else { unsafe { CStr::from_ptr(batv_code_text(code)) }.to_str().expect("ASCII") }
}

/// Text in a field of an answer.
pub(crate) fn field(octets: &[c_char]) -> String {
    let octets: Vec<u8> = octets.iter().map(|octet| octet.to_ne_bytes()[0]).take_while(|octet| *octet != 0).collect();
    String::from_utf8(octets).expect("UTF-8")
}

/// A struct of the caller that says its size, and is zero apart from that.
pub(crate) fn sized<T>() -> MaybeUninit<T> {
    let mut fresh = MaybeUninit::<T>::zeroed();
    let size = u32::try_from(size_of::<T>()).expect("a small struct");
    // SAFETY: each such struct begins with its size.
    unsafe { fresh.as_mut_ptr().cast::<u32>().write(size) };
    fresh
}

/// The answer of a call that must succeed.
pub(crate) fn answered<T>(call: impl FnOnce(*mut T) -> batv_result) -> T {
    let mut answer = sized();
    assert_eq!(call(answer.as_mut_ptr()), batv_result::Ok);
    // SAFETY: a call that succeeds has written it.
    unsafe { answer.assume_init() }
}

/// The text of a call that must succeed: first its length is asked for, then it gets just the room.
pub(crate) fn written(mut call: impl FnMut(*mut batv_buffer) -> batv_result) -> String {
    let mut buffer = batv_buffer { data: ptr::null_mut(), capacity: 0, length: usize::MAX };
    assert_eq!(call(&raw mut buffer), batv_result::Ok);
    let mut octets = vec![0xA5_u8; buffer.length + 1];
    buffer = batv_buffer { data: octets.as_mut_ptr().cast(), capacity: octets.len(), length: usize::MAX };
    assert_eq!(call(&raw mut buffer), batv_result::Ok);
    assert_eq!((octets.len(), octets.pop()), (buffer.length + 1, Some(0)));
    String::from_utf8(octets).expect("UTF-8")
}

/// Answer and mailbox of a call that must succeed.
pub(crate) fn judged(
    mut call: impl FnMut(*mut batv_judgement, *mut batv_buffer) -> batv_result,
) -> (batv_judgement, String) {
    let mut judgement = sized();
    let deliver_to = written(|buffer| call(judgement.as_mut_ptr(), buffer));
    // SAFETY: a call that succeeds has written it.
    (unsafe { judgement.assume_init() }, deliver_to)
}

pub(crate) fn envelope(from: &str, to: &str) -> batv_envelope {
    // SAFETY: numbers and pointers may be zero.
    let envelope = unsafe { sized::<batv_envelope>().assume_init() };
    batv_envelope { reverse_path: text(from), forward_path: text(to), ..envelope }
}

/// A keyring and settings.
pub(crate) struct Site {
    pub(crate) keyring: *mut batv_keyring,
    pub(crate) settings: *mut batv_settings,
}

impl Site {
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let site = Self::with_keys(KEYS);
        for (name, value) in settings {
            assert_eq!(site.set(name, value), batv_result::Ok, "{name} {value}");
        }
        site
    }

    pub(crate) fn with_keys(keys: &str) -> Self {
        let mut site = Self { keyring: ptr::null_mut(), settings: ptr::null_mut() };
        // SAFETY: the text is there, and the place may be written to.
        let result = unsafe { batv_keyring_new_from_text(text(keys), &raw mut site.keyring) };
        assert_eq!(result, batv_result::Ok);
        // SAFETY: the place may be written to.
        assert_eq!(unsafe { batv_settings_new(&raw mut site.settings) }, batv_result::Ok);
        site
    }

    pub(crate) fn set(&self, name: &str, value: &str) -> batv_result {
        let [name, value] = [name, value].map(|text| CString::new(text).expect("no NUL"));
        // SAFETY: these are settings that nothing else uses, and texts with a NUL.
        unsafe { batv_settings_set(self.settings, name.as_ptr(), value.as_ptr()) }
    }

    pub(crate) fn get(&self, name: &str) -> String {
        let name = CString::new(name).expect("no NUL");
        // SAFETY: these are settings, a text with a NUL, and a buffer.
        written(|value| unsafe { batv_settings_get(self.settings, name.as_ptr(), value) })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // SAFETY: it is made by the library, and freed once.
        unsafe { batv_keyring_free(self.keyring) };
        // SAFETY: it is made by the library, and freed once.
        unsafe { batv_settings_free(self.settings) };
    }
}

/// A message that was read.
pub(crate) struct Message(pub(crate) *mut batv_message);

impl Message {
    pub(crate) fn new(octets: &[u8], from: &str, limit: usize) -> Self {
        let mut message = ptr::null_mut();
        // SAFETY: the texts are there, and the place may be written to.
        let result = unsafe { batv_message_new(text(octets), text(from), limit, &raw mut message) };
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
