#![cfg_attr(fuzzing, no_main)]
//! Any SRS address, real, damaged or made up: its ruling is that of its hash and its age, by every way in, and the sender
//! inside it is an address.
//!
//! The text is the sender of a forwarded message, MAIL FROM, and what comes as an SRS address, with line feeds between.

use arbitrary::{Arbitrary, Unstructured};
use batv_config::Keyring;
use batv_config::site::{Config, FileSystem, Site};
use batv_core::envelope::{Disposition, Envelope, Reason, Stage, Verdict};
use batv_core::srs::{Reversal, SrsVerdict};
use batv_core::{Day, KeyState, KeyUse, Mailbox, Path};
use batv_fuzz::c::Library;
use batv_fuzz::site::{Choices, c_settings, filled};
use batv_policy::{Answers, Handling, Rules, Ruling, View};
use batv_server::Server;
use batv_tests::generate::Damage;

const REASONS: [Reason; 5] =
    [Reason::SrsOk, Reason::SrsExpired, Reason::SrsForged, Reason::SrsMail, Reason::SrsNotBounce];
/// Timestamps have ten bits.
const WRAP: i32 = 1024;

#[derive(Arbitrary)]
struct Input<'a> {
    site: Choices,
    day: u16,
    /// Days since the sender was rewritten.
    age: u16,
    always_rewrite: bool,
    trusted_client: bool,
    damage: (u8, u8, u8),
    text: &'a [u8],
}

batv_fuzz::fuzz!(|data| {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let today = Day::new(20_000 + u32::from(input.day)).expect("a day");
    let site = site_of(&input, today);
    let (view, rules) = (site.view(), site.rules());
    let text = filled(input.text, site.keys(), rules, today).0;
    let mut lines = text.splitn(3, |&octet| octet == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (sender, from, came) = (line(), line(), line());
    let from = Path::parse(from).unwrap_or(Path::Null);
    let library = Library::new(&input.site.keyring(today), &c_settings(rules));
    let server = Server::new(site_of(&input, today)).at(today);
    let ask = |recipient: &Mailbox<'_>| {
        let envelope = Envelope::new(from, *recipient).with_trusted_client(input.trusted_client);
        rules_on(view, &envelope, today);
        agree(&server, &library, view, recipient, today);
    };

    if let Ok(came) = Mailbox::parse(came) {
        ask(&came);
    }
    let Ok(sender) = Mailbox::parse(sender) else { return };
    let age = i32::from(input.age % 1200);
    let Some(rewritten) = rewritten(view, &sender, today.plus(-age)) else { return };
    let recipient = Mailbox::parse(&rewritten).expect("what was rewritten");
    assert!(recipient.check_length().is_ok(), "{rewritten}");
    ask(&recipient);
    // Only the host that rewrote a sender first says when that was.
    if !rewritten.trim_start_matches('"').starts_with("SRS1") {
        let age = age % WRAP;
        let is_young = age <= i32::from(rules.srs.max_age) || age == WRAP - 1;
        let Reversal { verdict, mailbox, .. } = view.reverse(&recipient, today).expect("a domain");
        assert_eq!(verdict, if is_young { SrsVerdict::Valid } else { SrsVerdict::Expired }, "{rewritten} after {age}");
        assert!(mailbox.is_none_or(|mailbox| mailbox == sender), "{sender} became {mailbox:?}");
    }
    let damaged = Damage::new(input.damage.0, input.damage.1, input.damage.2).of(&rewritten);
    if let Ok(damaged) = Mailbox::parse(&damaged) {
        ask(&damaged);
    }
});

fn site_of(input: &Input<'_>, today: Day) -> Site {
    let config = daemon_config(input, today);
    let keyring = Keyring::parse(&input.site.keyring(today)).expect("a keyring");
    let site = Site::new(&config, keyring, &FileSystem).expect("a site");
    let rules = site.rules().clone();
    let srs = batv_policy::SrsRules { always_rewrite: input.always_rewrite, ..rules.srs };
    let keyring = Keyring::parse(&input.site.keyring(today)).expect("a keyring");
    Site::with_rules(keyring, Rules { srs, ..rules }).expect("a site")
}

fn daemon_config(input: &Input<'_>, today: Day) -> Config {
    let toml = input.site.toml(today);
    Config::parse(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// The sender as it leaves, if it is rewritten.
fn rewritten(site: View<'_>, sender: &Mailbox<'_>, day: Option<Day>) -> Option<String> {
    let srs = site.rules().srs.srs().ok();
    let is_own = srs.is_some_and(|srs| srs.owns(&sender.domain()));
    match site.forwarded(*sender).sign(day?) {
        Handling::Rewritten(rewritten) => {
            assert!(!is_own || site.rules().srs.always_rewrite, "{sender}");
            Some(rewritten.to_string())
        }
        Handling::Tagged(tagged) => panic!("{tagged}"),
        _ => None,
    }
}

fn rules_on(site: View<'_>, envelope: &Envelope<'_>, today: Day) {
    let reversal = site.reverse(&envelope.forward_path, today);
    if let Some(Reversal { verdict: SrsVerdict::Valid, mailbox, .. }) = reversal {
        let sender = mailbox.expect("a sender");
        let text = sender.to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
        assert_eq!(Path::parse(&text), Ok(Path::Mailbox(sender)), "{}", envelope.forward_path);
    }
    let recipient = site.recipient(envelope, today);
    let at_end = site.recipient(&envelope.with_stage(Stage::EndOfData), today);
    let [rcpt, data] = [recipient.rcpt(&Answers::default()), at_end.data(&Answers::default())];
    let is_srs = REASONS.contains(&rcpt.reason);
    if is_srs {
        assert_eq!((rcpt.reason, rcpt.disposition), (data.reason, data.disposition), "{rcpt:?} {data:?}");
        // The message may still be held.
        assert_eq!(rcpt.settled, rcpt.reason != Reason::SrsOk || envelope.trusted_client, "{rcpt:?}");
    }
    let Some(Reversal { verdict, mailbox, .. }) = reversal else { return assert!(!is_srs, "there is no domain") };
    let Some(expected) = expected(site, envelope, verdict, mailbox) else {
        return assert!(!is_srs || envelope.trusted_client, "{verdict} {rcpt:?}");
    };
    assert_eq!(rcpt.reason, expected, "{verdict} {rcpt:?}");
    follows(&rcpt, mailbox);
}

/// Reason that the address alone gives.
fn expected(
    site: View<'_>,
    envelope: &Envelope<'_>,
    verdict: SrsVerdict,
    sender: Option<Mailbox<'_>>,
) -> Option<Reason> {
    let is_own = sender.is_some_and(|sender| site.keeps(&sender)) && !site.rules().srs.always_rewrite;
    let is_live = site.keys().iter().any(|key| key.key_use() == KeyUse::Srs && key.state() != KeyState::Retired);
    match (verdict, envelope.reverse_path) {
        (SrsVerdict::Foreign | SrsVerdict::Untagged, _) => None,
        _ if envelope.trusted_client && verdict != SrsVerdict::Valid => None,
        // It is judged as a bounce without a tag.
        (SrsVerdict::Valid, Path::Null) if is_own && !envelope.trusted_client => None,
        (_, Path::Null) if !is_live => Some(Reason::Internal),
        (SrsVerdict::Valid, Path::Null) => Some(Reason::SrsOk),
        (_, Path::Mailbox(_)) if !envelope.trusted_client && !site.rules().srs.takes_mail => Some(Reason::SrsNotBounce),
        (SrsVerdict::Valid, Path::Mailbox(_)) => Some(Reason::SrsMail),
        (SrsVerdict::Expired, _) => Some(Reason::SrsExpired),
        _ => Some(Reason::SrsForged),
    }
}

/// Only a good address leads to the sender inside it.
fn follows(ruling: &Ruling<'_>, sender: Option<Mailbox<'_>>) {
    match ruling.reason {
        Reason::SrsOk => {
            assert_eq!((ruling.verdict, ruling.disposition), (Verdict::Genuine, Disposition::Accept), "{ruling:?}");
            assert_eq!(ruling.deliver_to, sender, "{ruling:?}");
        }
        Reason::SrsMail => assert_eq!((ruling.disposition, ruling.deliver_to), (Disposition::Accept, sender)),
        Reason::SrsNotBounce => assert_eq!(ruling.disposition, Disposition::Reject, "{ruling:?}"),
        Reason::SrsExpired => assert_eq!(ruling.verdict, Verdict::Unverified, "{ruling:?}"),
        Reason::SrsForged => assert_eq!(ruling.verdict, Verdict::Disproved, "{ruling:?}"),
        _ => {}
    }
}

fn agree(server: &Server, library: &Library, site: View<'_>, recipient: &Mailbox<'_>, today: Day) {
    let text = recipient.to_string();
    let reversal = site.reverse(recipient, today);
    let sender = |reversal: &Reversal<'_>| reversal.mailbox.map(|mailbox| mailbox.to_string());
    // Without brackets, a byte order mark before a local part is taken for that of a file.
    let path = format!("<{text}>");
    let heard = server.reverse(&path).expect("an address");
    match &reversal {
        Some(reversal) => {
            assert_eq!((heard.verdict, heard.address), (reversal.verdict, sender(reversal)), "{text}");
            let expected = (reversal.verdict.as_str().to_owned(), sender(reversal).unwrap_or_default());
            assert_eq!(library.reverse(&path, today), expected, "{text}");
        }
        None => assert_eq!((heard.verdict, heard.address), (SrsVerdict::Foreign, Some(text))),
    }
}
