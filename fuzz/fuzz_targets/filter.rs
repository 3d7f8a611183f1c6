#![cfg_attr(fuzzing, no_main)]
//! Any lines of OpenSMTPD: the last answer is whole.

use batv_fuzz::listeners::speak;
use batv_mta::listen::filter::Filter;

batv_fuzz::fuzz!(|data| {
    let answers = speak(Filter::default, data);
    assert!(answers.is_empty() || answers.ends_with(b"\n"));
});
