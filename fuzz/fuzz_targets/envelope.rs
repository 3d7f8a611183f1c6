#![cfg_attr(fuzzing, no_main)]
//! Any envelope and policy: nothing is refused that must not be.
//!
//! The address is the forward-path; what may stand behind a line feed is the reverse-path.

use arbitrary::{Arbitrary, Unstructured};
use batv_core::envelope::{Earlier, Envelope, Mode, OnError, Policy, Stage};
use batv_core::tag::{self, Form};
use batv_core::{Algorithm, KeyState, KeyUse, Mailbox, Path, Pattern};
use batv_fuzz::{day, key_id};
use batv_tests::generate::key;
use batv_tests::invariants;

#[derive(Arbitrary)]
struct Input<'a> {
    day: u32,
    signing_since: Option<u32>,
    created: Option<u32>,
    mode: u8,
    key_state: u8,
    earlier: u8,
    trusted_client: bool,
    end_of_data: bool,
    reject_at_rcpt: bool,
    accept_on_error: bool,
    by_keys: bool,
    exempt: bool,
    sign: bool,
    addresses: &'a [u8],
}

batv_fuzz::fuzz!(|data| {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut lines = input.addresses.split(|&octet| octet == b'\n');
    let Ok(mailbox) = Mailbox::parse(lines.next().unwrap_or_default()) else { return };
    let reverse_path = lines.next().and_then(|line| Path::parse(line).ok()).unwrap_or(Path::Null);
    let today = day(input.day);

    let state = [KeyState::Signing, KeyState::Verifying, KeyState::Retired][usize::from(input.key_state % 3)];
    let mut keys = [
        key(KeyUse::Batv(key_id(0)), Algorithm::HmacSha1, b"s3kr1t"),
        key(KeyUse::Batv(key_id(3)), Algorithm::HmacSha256, b"today").with_state(state),
    ];
    let tagged = tag::sign(&keys, &mailbox, Form::Prvs, None, today).map_or(String::new(), |tag| tag.to_string());
    let forward_path = if input.sign { Mailbox::parse(&tagged).unwrap_or(mailbox) } else { mailbox };
    if let Some(created) = input.created {
        keys = keys.map(|key| key.with_created(day(created)));
    }

    let ours = [Pattern::parse("example.com").expect("a domain")];
    let exempt = [Pattern::parse("alice@example.com").expect("a mailbox")];
    let mode = [Mode::Observe, Mode::Mark, Mode::Quarantine, Mode::Reject][usize::from(input.mode % 4)];
    let policy = Policy::protecting(if input.by_keys { &[] } else { ours.as_slice() }, mode)
        .with_exempt(if input.exempt { &exempt } else { &[] })
        .with_signing_since(input.signing_since.map(day))
        .with_reject_at(if input.reject_at_rcpt { Stage::RcptTo } else { Stage::EndOfData })
        .with_on_error(if input.accept_on_error { OnError::Accept } else { OnError::Tempfail });

    let envelope = Envelope::new(reverse_path, forward_path)
        .with_trusted_client(input.trusted_client)
        .with_stage(if input.end_of_data { Stage::EndOfData } else { Stage::RcptTo })
        .with_earlier([Earlier::None, Earlier::Settled, Earlier::Undecided][usize::from(input.earlier % 3)]);
    invariants::judgement(&envelope, &keys, &policy, today);
});
