//! Nothing is allocated to read an address, sign, verify, mark, rewrite, restore, unwrap and judge.

use core::fmt::Write;

use allocation_counter::measure;
use batv_core::dialect::{self, Strictness};
use batv_core::envelope::{self, Envelope, Policy};
use batv_core::srs::Srs;
use batv_core::tag::{self, Delimiter, Form};
use batv_core::{Algorithm, Day, Domain, Key, KeyId, KeyUse, Mailbox, MailboxBuf, Path, Pattern, TagVerdict, mark};
use batv_tests::fixed::Fixed;
use batv_tests::generate::key;

fn allocates_nothing(what: &str, work: impl FnOnce()) {
    let counted = measure(work);
    assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{what}: {counted:?}");
}

const ADDRESSES: [&str; 4] = [
    "alice@example.com",
    "Joe+List@Example.COM",
    r#""a \"b\""@example.com"#,
    "a-local-part-of-just-under-forty-octets@example.com",
];

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(vec![0_u8; 100])).bytes_total, 100);
}

#[test]
fn a_mailbox_becomes_a_string_in_one_allocation() {
    for text in ADDRESSES {
        let counted = measure(|| {
            let mailbox = Mailbox::parse(text).unwrap();
            assert_eq!(String::from(mailbox).len(), MailboxBuf::from(mailbox).as_str().len());
        });
        assert_eq!(counted.count_total, 2, "{text}: {counted:?}");
    }
}

#[test]
fn tags() {
    let today = Day::new(18_262).unwrap();
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        let keys: [Key; 2] = [9, 3].map(|id| key(KeyUse::Batv(KeyId::new(id).unwrap()), algorithm, &[id; 70]));
        for text in ADDRESSES {
            for form in [Form::Prvs, Form::SubAddress(Delimiter::default()), Form::Strong] {
                let mut tagged = Fixed::new();
                allocates_nothing("sign", || {
                    let mailbox = Mailbox::parse(text).unwrap();
                    tag::sign(&keys, &mailbox, form, None, today).unwrap().write_to(&mut tagged).unwrap();
                });
                allocates_nothing("verify", || {
                    let mailbox = Mailbox::parse(tagged.as_str()).unwrap();
                    let verification = tag::verify(&keys, &mailbox, today);
                    assert_eq!(verification.mailbox, Mailbox::parse(text).unwrap());
                });
                allocates_nothing("unwrap", || {
                    let mailbox = Mailbox::parse(tagged.as_str()).unwrap();
                    assert_eq!(dialect::unwrap(&mailbox, Strictness::Identity).count(), 1);
                });
                let ours = [Pattern::parse("example.com").unwrap()];
                allocates_nothing("judge", || {
                    let policy = Policy::protecting(&ours, envelope::Mode::Reject);
                    for text in [tagged.as_str(), text] {
                        let bounce = Envelope::new(Path::Null, Mailbox::parse(text).unwrap());
                        let judgement = envelope::judge(&bounce, &keys, &policy, today);
                        assert_eq!(judgement.reply.code, 250);
                    }
                });
            }
        }
    }
}

#[test]
fn marks() {
    let today = Day::new(18_262).unwrap();
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        let keys = [key(KeyUse::Batv(KeyId::default()), algorithm, b"s3kr1t")];
        for text in ADDRESSES {
            let (mut value, mut envelope_id) = (Fixed::new(), Fixed::new());
            allocates_nothing("mark", || {
                let mailbox = Mailbox::parse(text).unwrap();
                let mark = mark::make(&keys, b"<1@example.com>", &mailbox, today).unwrap();
                write!(value, "{mark}").unwrap();
                write!(envelope_id, "{}", mark.envelope_id()).unwrap();
            });
            let (value, envelope_id) = (value.as_str().as_bytes(), envelope_id.as_str().as_bytes());
            allocates_nothing("verify a mark", || {
                let mailbox = Mailbox::parse(text).unwrap();
                assert_eq!(mark::verify(&keys, value, b"<1@example.com>", &mailbox, today), TagVerdict::Valid);
                assert_eq!(mark::verify_envelope_id(&keys, envelope_id, &mailbox, today), TagVerdict::Valid);
            });
        }
    }
}

#[test]
fn rewriting() {
    let today = Day::new(18_262).unwrap();
    let domains = ["f.example", "g.example"].map(|text| Domain::parse(text).unwrap());
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        let keys = [key(KeyUse::Srs, algorithm, b"tops3cr3t")];
        let srs = Srs::new(&domains).unwrap();
        for text in [ADDRESSES[0], ADDRESSES[1], ADDRESSES[2], "SRS0=Xu1M=2W=e.example=alice@h.example"] {
            let mut rewritten = Fixed::new();
            allocates_nothing("forward", || {
                let mailbox = Mailbox::parse(text).unwrap();
                srs.forward(&keys, &mailbox, today).unwrap().write_to(&mut rewritten).unwrap();
            });
            allocates_nothing("reverse", || {
                let mailbox = Mailbox::parse(rewritten.as_str()).unwrap();
                let reversal = srs.reverse(&keys, &mailbox, today);
                assert_eq!(reversal.mailbox, Mailbox::parse(text).ok());
            });
        }
    }
}

#[test]
fn refusals() {
    allocates_nothing("errors", || {
        let mut text = Fixed::new();
        write!(text, "{}", Mailbox::parse("al ice@example.com").unwrap_err()).unwrap();
    });
}
