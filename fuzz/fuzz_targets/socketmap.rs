#![cfg_attr(fuzzing, no_main)]
//! Any netstrings of a mail server: the last answer is whole.

use batv_fuzz::listeners::speak;
use batv_mta::listen::socketmap::Socketmap;

batv_fuzz::fuzz!(|data| {
    let answers = speak(|| Socketmap, data);
    assert!(answers.is_empty() || answers.ends_with(b","));
});
