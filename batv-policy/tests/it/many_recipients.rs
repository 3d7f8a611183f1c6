//! A message with more recipients than are searched for an origin.

use batv_bounce::{Limits, Origin, read};
use batv_core::envelope::{Disposition, Envelope, Mode, Reason};
use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
use batv_policy::{Answers, Rules, Site};

const BOUNCE: &str = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
    --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
    Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n\n\
    --b\nContent-Type: message/rfc822\n\nFrom: carol@example.org\nMessage-ID: <1@example.org>\n\nhello\n--b--\n";

#[test]
fn beyond_a_hundred_nothing_is_known_and_so_nothing_is_refused() {
    let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t").expect("a key");
    let mut rules = Rules { mode: Mode::Reject, ..Rules::default() };
    rules.messages.reject_unverified = true;
    let (site, today) = (Site::new(vec![key], rules).expect("a site"), Day::new(18_262).expect("a day"));
    let reading = read(BOUNCE.as_bytes(), Some(Path::Null), &Limits::default());
    let message = site.view().message(&reading, today);
    let rule = |number: usize, answers: &Answers<'_>| {
        let to = format!("u{number}@example.com");
        let envelope = Envelope::new(Path::Null, Mailbox::parse(&to).expect("a mailbox"));
        let ruling = site.view().recipient(&envelope, today).with_message(&message).data(answers);
        (ruling.reason, ruling.disposition, ruling.origin)
    };
    // Nothing is looked for while the client brings too many bounces.
    let too_many = Answers { too_many_bounces: true, ..Answers::default() };
    for number in 0..200 {
        let throttled = (Reason::Throttled, Disposition::Tempfail, Some(Origin::Unknown));
        assert_eq!(rule(number, &too_many), throttled);
    }
    for number in (0..200).chain(0..200) {
        let is_known = number < 100;
        let disposition = if is_known { Disposition::Reject } else { Disposition::Quarantine };
        let expected = (Reason::BackscatterUnverified, disposition, Some(Origin::Unknown));
        assert_eq!(rule(number, &Answers::default()), expected, "{number}");
    }
    assert!(message.is_cut());
}
