#![cfg_attr(fuzzing, no_main)]
//! Any message: it is read to an end, what is seen in it fits on a line, nothing is refused that isn't disproved, and a
//! message says the same with either line end.

use std::sync::LazyLock;

use batv_bounce::{Limits, Reading, read};
use batv_core::envelope::{Disposition, Envelope, Mode, Verdict};
use batv_core::{Algorithm, Day, Key, KeyId, KeySet, KeyUse, Mailbox, Path, Pattern};
use batv_fuzz::with_crlf;
use batv_policy::{Answers, MessageRules, Rules, View};

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let id = KeyId::new(4).expect("a digit");
    let key = Key::new(KeyUse::Batv(id), Algorithm::HmacSha256, b"the public secret of our test messages");
    vec![key.expect("a key")].into()
});

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    protected: vec![Pattern::parse("example.com".to_owned()).expect("a pattern")],
    mode: Mode::Reject,
    messages: MessageRules { marked_since: Day::new(20_000).ok(), ..MessageRules::default() },
    ..Rules::default()
});

batv_fuzz::fuzz!(|data| {
    let mut limits = Limits::default();
    // So that they are met.
    (limits.octets, limits.header_octets, limits.text_octets) = (8192, 2048, 2048);
    (limits.parts, limits.depth) = (10, 3);
    for limits in [Limits::default(), limits] {
        for reverse_path in [None, Some(Path::Null)] {
            check(&read(data, reverse_path, &limits));
        }
    }
    if !data.contains(&b'\r') {
        let octets = with_crlf(data);
        let [one, other] = [data, &octets].map(|octets| read(octets, Some(Path::Null), &Limits::default()));
        assert_eq!((one.class, one.action), (other.class, other.action), "line ends make a difference");
    }
});

fn check(reading: &Reading<'_>) {
    let site = View::new(&KEYS, &RULES);
    let today = Day::new(20_782).expect("a day");
    let message = site.message(reading, today);
    for (reverse_path, forward_path) in [
        (Path::Null, "alice@example.com"),
        (Path::Null, "prvs=478749c84f=alice@example.com"),
        (Path::parse("bob@example.net").expect("a path"), "alice@example.com"),
    ] {
        let envelope = Envelope::new(reverse_path, Mailbox::parse(forward_path).expect("a mailbox"));
        let case = site.recipient(&envelope, today).with_message(&message);
        for evidence in reading.evidence.iter().chain(case.evidence()) {
            let line = evidence.to_string();
            assert!(!line.contains(char::is_control), "{line:?}");
        }
        let ruling = case.data(&Answers::default());
        let refused = ruling.disposition == Disposition::Reject;
        assert!(!refused || ruling.verdict == Verdict::Disproved && !reading.cut, "{ruling:?}");
        assert_eq!(ruling.deliver_to.is_none(), ruling.reply.code >= 400);
        assert_eq!(ruling.in_reject, ruling.disposition);
    }
}
