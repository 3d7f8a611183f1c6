#![cfg_attr(fuzzing, no_main)]
//! Any lines: each has one answer.

use batv_fuzz::listeners::speak;
use batv_mta::listen::line::Line;

batv_fuzz::fuzz!(|data| {
    let answers = speak(Line::default, data);
    assert!(answers.is_empty() || answers.ends_with(b"\n"));
});
