#![cfg_attr(fuzzing, no_main)]
//! Any address, Message-ID, key and day: what is marked verifies in its window and nowhere else, what is damaged does
//! not; and any octets can be read as a mark.

use arbitrary::{Arbitrary, Unstructured};
use batv_core::{KeyUse, Mailbox};
use batv_fuzz::{algorithm, day, key_id};
use batv_tests::generate::{Damage, key};
use batv_tests::invariants;

#[derive(Arbitrary)]
struct Input<'a> {
    day: u32,
    key: u8,
    damage: (u8, u8, u8),
    /// The address, a line feed, and the Message-ID or what comes as a mark.
    text: &'a [u8],
}

batv_fuzz::fuzz!(|data| {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut parts = input.text.splitn(2, |&octet| octet == b'\n');
    let (address, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(mailbox) = Mailbox::parse(address) else { return };
    let today = day(input.day);
    let damage = Damage::new(input.damage.0, input.damage.1, input.damage.2);
    let key = key(KeyUse::Batv(key_id(input.key)), algorithm(input.key), b"s3kr1t");
    invariants::any_mark(core::slice::from_ref(&key), text, &mailbox, today);
    if let Some(mark) = invariants::mark(&key, text, &mailbox, today) {
        invariants::damaged_mark(&key, text, &mailbox, &mark, |text| damage.of(text), today);
    }
});
