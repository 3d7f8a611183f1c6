#![cfg_attr(fuzzing, no_main)]
//! Any address: unwrapping ends, with addresses that are shorter each time.

use batv_core::Mailbox;
use batv_tests::invariants;

batv_fuzz::fuzz!(|data| {
    if let Ok(mailbox) = Mailbox::parse(data) {
        invariants::unwrapping(&mailbox);
    }
});
