#![cfg_attr(fuzzing, no_main)]
//! Any packets of a mail server: the answers are whole packets. The first octet chooses between TCP and Unix.

use batv_fuzz::listeners::speak;
use batv_mta::listen::milter::{Session, next_packet};

batv_fuzz::fuzz!(|data| {
    let Some((&over_tcp, data)) = data.split_first() else { return };
    let answers = speak(|| Session::new(over_tcp % 2 == 1), data);
    let mut rest = answers.as_slice();
    while !rest.is_empty() {
        let (_, length) = next_packet(rest).expect("a length").expect("a whole packet");
        rest = &rest[length..];
    }
});
