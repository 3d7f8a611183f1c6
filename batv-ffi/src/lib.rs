#![doc = include_str!("../README.md")]
#![allow(non_camel_case_types, reason = "the names are those of batv.h")]

extern crate alloc;

mod boundary;
mod check;
mod code;
mod failure;
#[cfg(feature = "messages")]
mod judge;
mod keyring;
mod mark;
#[cfg(feature = "messages")]
mod may_bounce;
#[cfg(feature = "messages")]
mod message;
mod settings;
mod srs;
mod tag;
mod text;
mod version;

pub use boundary::batv_error_message;
#[cfg(feature = "inject")]
pub use boundary::{batv_grown, batv_inject_grown, batv_inject_panic};
pub use check::BATV_REPLY_SIZE;
pub use check::{batv_check, batv_envelope, batv_judgement};
pub use code::{
    batv_action, batv_algorithm, batv_bounce_kind, batv_bounce_reason, batv_change, batv_class, batv_code_text,
    batv_dialect, batv_disposition, batv_earlier, batv_may, batv_mode, batv_origin, batv_original, batv_permissions,
    batv_reason, batv_result, batv_stage, batv_tag_verdict, batv_unwrap_mode, batv_use, batv_verdict,
};
#[cfg(feature = "messages")]
pub use judge::{batv_judge_message, batv_message_origin};
pub use keyring::{
    batv_keyring, batv_keyring_free, batv_keyring_new_from_file, batv_keyring_new_from_key, batv_keyring_new_from_text,
    batv_keyring_reload,
};
pub use mark::{BATV_MARK_SIZE, batv_mark, batv_mark_make, batv_mark_verify};
#[cfg(feature = "messages")]
pub use may_bounce::{BATV_WORDS_SIZE, batv_bounce_answer, batv_bounce_question, batv_may_bounce};
#[cfg(feature = "messages")]
pub use message::{
    batv_message, batv_message_evidence, batv_message_free, batv_message_new, batv_message_original, batv_message_read,
    batv_message_report, batv_reading,
};
#[cfg(feature = "messages")]
pub use settings::batv_settings_add_dkim_key;
pub use settings::{
    batv_setting, batv_settings, batv_settings_copy, batv_settings_describe, batv_settings_free, batv_settings_get,
    batv_settings_new, batv_settings_set,
};
pub use srs::{batv_srs_forward, batv_srs_reverse};
pub use tag::{batv_sign, batv_signing, batv_unwrap, batv_unwrapping, batv_verification, batv_verify};
pub use text::{BATV_ADDRESS_SIZE, batv_buffer, batv_text};
pub use version::{BATV_ABI_VERSION, batv_abi_version, batv_version};
