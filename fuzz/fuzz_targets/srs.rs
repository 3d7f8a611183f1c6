#![cfg_attr(fuzzing, no_main)]
//! Any sender, key and day: what is rewritten comes back in its window, what is damaged does not.

use arbitrary::{Arbitrary, Unstructured};
use batv_core::srs::{HASH_MAXIMUM, Separator};
use batv_core::{Domain, KeyUse, Mailbox};
use batv_fuzz::{algorithm, day};
use batv_tests::generate::{Damage, key};
use batv_tests::invariants::{self, Rewriting};

#[derive(Arbitrary)]
struct Input<'a> {
    day: u32,
    key: u8,
    separator: u8,
    hash_length: u8,
    max_age: u8,
    damage: (u8, u8, u8),
    address: &'a [u8],
}

batv_fuzz::fuzz!(|data| {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let Ok(mailbox) = Mailbox::parse(input.address) else { return };
    let today = day(input.day);
    let damage = Damage::new(input.damage.0, input.damage.1, input.damage.2);
    let rewriting = Rewriting {
        separator: [Separator::Equals, Separator::Plus, Separator::Minus][usize::from(input.separator % 3)],
        // Shorter hashes agree by chance too often.
        hash_length: 12 + input.hash_length % (HASH_MAXIMUM - 11),
        max_age: 4 * u16::from(input.max_age % 250) + 1,
    };
    let key = key(KeyUse::Srs, algorithm(input.key), b"tops3cr3t");
    let domains = ["f.example", "second.example"].map(|text| Domain::parse(text).expect("a domain"));
    invariants::reversal(core::slice::from_ref(&key), &domains, &mailbox, today);
    if let Some(rewritten) = invariants::rewriting(rewriting, &key, &domains, &mailbox, today) {
        let damaged = damage.of(&rewritten);
        invariants::damaged_rewriting(rewriting, &key, &domains, &rewritten, &damaged, today);
    }
});
