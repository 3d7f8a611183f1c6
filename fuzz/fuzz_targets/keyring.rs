#![cfg_attr(fuzzing, no_main)]
//! Any text as a keyring file: what is read is written again to the octet, and rotation orphans no tag of today.

use batv_config::{Entry, Keyring, NewKey, Use};
use batv_core::tag::{self, Form, Signing};
use batv_core::{Mailbox, TagVerdict};
use batv_fuzz::day;

batv_fuzz::fuzz!(|data| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let mut keyring = match Keyring::parse(text) {
        Ok(keyring) => keyring,
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains('\n') && !message.ends_with('.'), "{message}");
            return;
        }
    };
    assert_eq!(keyring.as_toml(), text);
    assert_eq!(keyring.entries().len(), keyring.keys().len());

    let today = day(20_780);
    let alice = Mailbox::parse("alice@example.com").expect("a mailbox");
    let tagged = match tag::sign(keyring.keys(), &alice, Form::Strong, None, today) {
        Ok(Signing::Tagged(tagged)) => tagged.to_string(),
        _ => String::new(),
    };
    match keyring.rotate(&NewKey::new(Use::Batv), b"a secret of its own", today) {
        Err(_) => assert_eq!(keyring.as_toml(), text),
        Ok(rotation) => {
            let written = keyring.as_toml();
            let again = Keyring::parse(written).expect("what it wrote itself");
            assert_eq!(format!("{:?}", again.entries()), format!("{:?}", keyring.entries()));
            assert_eq!(keyring.entry(rotation.signing).map(Entry::expose_secret), Some(&b"a secret of its own"[..]));
            if let Ok(tagged) = Mailbox::parse(&tagged)
                && !tagged.domain().as_str().is_empty()
            {
                let verification = tag::verify(again.keys(), &tagged, today);
                assert_eq!(verification.verdict, TagVerdict::Valid, "{tagged} is orphaned by\n{written}");
            }
        }
    }
});
