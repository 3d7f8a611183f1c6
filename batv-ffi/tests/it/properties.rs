//! Whatever C gives, the library answers as the core does, within the buffer, and never panics.

use core::ptr;

use batv::{
    batv_buffer, batv_error_message, batv_keyring_free, batv_keyring_new_from_text, batv_result, batv_sign,
    batv_unwrap, batv_verification, batv_verify,
};
use batv_config::Keyring;
use batv_core::tag::{self, Form};
use batv_core::{Day, Path};
use batv_policy::address;
use proptest::prelude::*;

use crate::handles::{Site, sized, text};

const KEYS: &str = "[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n";
const NOON: i64 = 18_262 * 86_400 + 43_200;

/// What a call has left in a buffer of this capacity, with octets around it that it must not touch.
fn answered(
    capacity: usize,
    call: impl FnOnce(*mut batv_buffer) -> batv_result,
) -> Result<Vec<u8>, (batv_result, usize)> {
    const GUARD: u8 = 0xA5;
    let mut buffer = vec![GUARD; capacity + 16];
    let mut place = batv_buffer { data: buffer[8..].as_mut_ptr().cast(), capacity, length: usize::MAX };
    let result = call(&raw mut place);
    let length = place.length;
    let (before, rest) = buffer.split_at(8);
    let (inside, after) = rest.split_at(capacity);
    assert!(before.iter().chain(after).all(|octet| *octet == GUARD), "written beyond the buffer");
    if result == batv_result::Ok {
        assert_eq!(inside[length], 0);
        return Ok(inside[..length].to_vec());
    }
    assert!(inside.is_empty() || inside[0] == 0, "an answer is left after {result:?}");
    Err((result, length))
}

/// What the core says, and what becomes of it in a buffer of this capacity.
fn expected(answer: Result<String, batv_result>, capacity: usize) -> Result<Vec<u8>, (batv_result, usize)> {
    match answer {
        Ok(text) if text.len() < capacity => Ok(text.into_bytes()),
        Ok(text) => Err((batv_result::TooSmall, text.len())),
        Err(result) => Err((result, 0)),
    }
}

fn addresses() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "[a-z\"\\\\ .+=@<>-]{0,40}(@[a-z.-]{0,20})?".prop_map(String::into_bytes),
        "(prvs=0269[0-9a-f]{6}=|SRS0=[A-Za-z0-9]{4}=[A-Z2-7]{2}=)?[a-z.]{1,60}(@example\\.com)"
            .prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn sign_and_verify_as_the_core_does(address in addresses(), capacity in 0_usize..100) {
        let site = Site::with_keys(KEYS);
        let keyring = Keyring::parse(KEYS).unwrap();
        let today = Day::from_unix_seconds(NOON).unwrap();
        let sender = address::reverse_path(&address);
        let sender = sender.as_ref().ok().and_then(|text| Path::parse(text.as_bytes()).ok());
        let sender = sender.ok_or(batv_result::Malformed);
        let signed = sender.and_then(|path| match path {
            Path::Null => Ok("<>".to_owned()),
            Path::Mailbox(mailbox) => tag::sign(keyring.keys(), &mailbox, Form::Prvs, None, today)
                .map(|signing| signing.to_string())
                .map_err(|_| batv_result::TooLong),
        });
        let found = answered(capacity, |tagged| {
            // SAFETY: handles, address and buffer are as they are said to be.
            unsafe { batv_sign(site.keyring, site.settings, text(&address), NOON, tagged, ptr::null_mut()) }
        });
        prop_assert_eq!(found, expected(signed, capacity));

        let path = if address.is_empty() { Ok(Path::Null) } else { Path::parse(&address) };
        let verification = path.map(|path| path.mailbox().map(|mailbox| tag::verify(keyring.keys(), mailbox, today)));
        let mailbox = match (path, &verification) {
            (Ok(path), Ok(None)) => Ok(path.to_string()),
            (_, Ok(Some(verification))) => Ok(verification.mailbox.to_string()),
            _ => Err(batv_result::Malformed),
        };
        let mut verdict = sized::<batv_verification>();
        let found = answered(capacity, |mailbox| {
            // SAFETY: handles, address and buffer are as they are said to be.
            unsafe { batv_verify(site.keyring, text(&address), NOON, verdict.as_mut_ptr(), mailbox) }
        });
        prop_assert_eq!(&found, &expected(mailbox, capacity));
        if let (Ok(Some(verification)), Ok(_) | Err((batv_result::TooSmall, _))) = (verification, found) {
            // SAFETY: after these results there is a verdict.
            let verdict = unsafe { verdict.assume_init() };
            prop_assert_eq!(format!("{:?}", verdict.verdict), format!("{:?}", verification.verdict));
        }
    }

    #[test]
    fn unwrap_stays_within_its_buffer(address in addresses(), capacity in 0_usize..100, mode in 0_u32..500, limit in 0_u32..10) {
        let found = answered(capacity, |inner| {
            // SAFETY: address and buffer are as they are said to be.
            unsafe { batv_unwrap(text(&address), mode, limit, ptr::null_mut(), inner) }
        });
        if let Err((result, _)) = found {
            prop_assert!(matches!(result, batv_result::Malformed | batv_result::TooSmall | batv_result::BadArgument));
        }
    }

    #[test]
    fn settings_take_or_refuse_any_text(
        name in prop_oneof![
            Just("mode"), Just("form"), Just("delimiter"), Just("lifetime"), Just("protected"), Just("exempt"),
            Just("reject_at"), Just("on_error"), Just("signing_since"), Just("srs_domains"), Just("srs_separator"),
            Just("srs_hash_length"), Just("srs_hash_minimum"), Just("srs_max_age"), Just("srs_always_rewrite"),
            Just("marked_since"), Just("hold_receipts"), Just("reject_daemon_senders"), Just("reject_unverified"), Just("hosts"), Just("ours"), Just("authserv_ids"),
            Just("trusted_sealers"), Just("allowed"), Just("double_bounce"), Just("hold_unproved"),
            Just("modes"), Just("srs_takes_mail"), Just("report_recipients"),
        ],
        value in prop_oneof!["[^\\x00]{0,20}", "[0-9a-z@.= +-]{0,20}"],
    ) {
        let site = Site::with_keys(KEYS);
        let before = site.get(name);
        let result = site.set(name, &value);
        prop_assert!(matches!(result, batv_result::Ok | batv_result::BadArgument), "{:?}", result);
        if result == batv_result::BadArgument {
            // SAFETY: the buffer is as it is said to be.
            let message = answered(4096, |message| unsafe { batv_error_message(message) });
            prop_assert!(message.is_ok_and(|message| !message.is_empty()));
            prop_assert_eq!(site.get(name), before);
        } else {
            // What comes back is what was set, perhaps in another spelling.
            let after = site.get(name);
            prop_assert_eq!(site.set(name, &after), batv_result::Ok);
            prop_assert_eq!(site.get(name), after);
        }
    }

    #[test]
    fn keyrings_take_or_refuse_any_text(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut keyring = ptr::NonNull::dangling().as_ptr();
        // SAFETY: the text is there, and the place may be written to.
        let result = unsafe { batv_keyring_new_from_text(text(&octets), &raw mut keyring) };
        match result {
            // SAFETY: it is made by the library, and freed once.
            batv_result::Ok => unsafe { batv_keyring_free(keyring) },
            batv_result::Keyring | batv_result::BadArgument => prop_assert!(keyring.is_null()),
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
