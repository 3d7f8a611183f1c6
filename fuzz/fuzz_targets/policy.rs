#![cfg_attr(fuzzing, no_main)]
//! Any requests for a policy: the last answer is whole.

use batv_fuzz::listeners::speak;
use batv_mta::listen::policy::PolicyService;

batv_fuzz::fuzz!(|data| {
    let answers = speak(|| PolicyService, data);
    assert!(answers.is_empty() || answers.ends_with(b"\n\n"));
});
