#![cfg_attr(fuzzing, no_main)]
//! Any request over HTTP: it is answered once, or closed. What is counted and measured meanwhile is not compared.

use batv_fuzz::listeners::speak;
use batv_mta::listen::http::Http;

batv_fuzz::fuzz!(|data| {
    // The same metrics twice, but not in one order.
    if !data.windows(8).any(|part| part == b"/metrics") {
        let answers = speak(|| Http::new(true), data);
        assert!(answers.is_empty() || answers.starts_with(b"HTTP/1.1 "));
    }
});
