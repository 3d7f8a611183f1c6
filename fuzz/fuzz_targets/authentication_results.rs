#![cfg_attr(fuzzing, no_main)]
//! Any octets, as a value and as a header: what is read prints as what reads the same, and proves nothing when nobody is
//! trusted.

use batv_bounce::authentication_results::AuthenticationResults;
use batv_bounce::may_bounce::{May, Policy, Question, may_bounce};
use batv_core::Path;

batv_fuzz::fuzz!(|data| {
    match AuthenticationResults::parse(data) {
        Ok(field) => {
            let printed = field.to_string();
            assert_eq!(AuthenticationResults::parse(printed.as_bytes()).as_ref(), Ok(&field), "{printed}");
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains('\n') && !message.ends_with('.'), "{message}");
        }
    }

    let mut policy = Policy::default();
    policy.trusted_sealers = &["list.example"];
    let mut question = Question::new(Path::parse("alice@example.org").expect("a path"));
    question.header = data;
    assert_eq!(may_bounce(&question, &policy).may, May::No);
    policy.authserv_ids = &["mx.example.net"];
    let proved = may_bounce(&question, &policy).may == May::Yes;
    let claims = data.windows(14).any(|part| part.eq_ignore_ascii_case(b"mx.example.net"));
    assert!(claims || !proved, "nobody who is trusted is named");
});
