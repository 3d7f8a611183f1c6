#![cfg_attr(fuzzing, no_main)]
//! Any address, key, form and day: what is signed verifies in its window and nowhere else, what is damaged does not.

use arbitrary::{Arbitrary, Unstructured};
use batv_core::tag::{Delimiter, Form};
use batv_core::{KeyUse, Lifetime, Mailbox};
use batv_fuzz::{algorithm, day, key_id};
use batv_tests::generate::{DELIMITERS, Damage, key};
use batv_tests::invariants;

#[derive(Arbitrary)]
struct Input<'a> {
    day: u32,
    key: u8,
    lifetime: u8,
    form: u8,
    damage: (u8, u8, u8),
    address: &'a [u8],
}

impl Input<'_> {
    fn form(&self) -> Form {
        match usize::from(self.form) {
            0 => Form::Strong,
            index => DELIMITERS
                .get(index - 1)
                .map_or(Form::Prvs, |&character| Form::SubAddress(Delimiter::new(character).expect("a delimiter"))),
        }
    }
}

batv_fuzz::fuzz!(|data| {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let Ok(mailbox) = Mailbox::parse(input.address) else { return };
    let lifetime = Lifetime::new(u32::from(input.lifetime) % 180 + 1).expect("a lifetime");
    let today = day(input.day);
    let damage = Damage::new(input.damage.0, input.damage.1, input.damage.2);
    let key = key(KeyUse::Batv(key_id(input.key)), algorithm(input.key), b"s3kr1t").with_lifetime(lifetime);
    invariants::verdict(core::slice::from_ref(&key), &mailbox, today);
    if let Some(tagged) = invariants::tag(&key, &mailbox, input.form(), today) {
        invariants::damaged(&key, &tagged, &damage.of(&tagged), today);
    }
});
