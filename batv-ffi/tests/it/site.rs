//! What the settings of a site decide, in every call.

use core::mem::MaybeUninit;

use batv::{
    batv_change, batv_check, batv_disposition, batv_error_message, batv_judge_message, batv_judgement, batv_mode,
    batv_reason, batv_result, batv_settings, batv_settings_copy, batv_settings_free, batv_sign, batv_signing,
    batv_srs_forward, batv_verdict,
};

use crate::handles::{Message, Site, answered, envelope, judged, text, written};

/// Noon of 2020-01-01, in UTC.
const NOON: i64 = 1_577_880_000;
const TAGGED: &str = "prvs=0269b1e711=alice@example.com";
const REWRITTEN: &str = "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net";

impl Site {
    fn sign(&self, sender: &str) -> (batv_change, String) {
        let mut signed = String::new();
        let signing = answered(|signing: *mut batv_signing| {
            // SAFETY: handles, address and places are as they are said to be.
            let sign = |tagged| unsafe { batv_sign(self.keyring, self.settings, text(sender), NOON, tagged, signing) };
            signed = written(sign);
            batv_result::Ok
        });
        (signing.change, signed)
    }

    fn forward(&self, sender: &str) -> (batv_change, String) {
        let mut change = MaybeUninit::<batv_change>::uninit();
        let forwarded = written(|rewritten| {
            // SAFETY: handles, address and places are as they are said to be.
            unsafe { batv_srs_forward(self.keyring, self.settings, text(sender), NOON, rewritten, change.as_mut_ptr()) }
        });
        // SAFETY: after `Ok` there is an answer.
        (unsafe { change.assume_init() }, forwarded)
    }

    fn check(&self, from: &str, to: &str) -> (batv_judgement, String) {
        let envelope = envelope(from, to);
        // SAFETY: handles, envelope and places are as they are said to be.
        judged(|judgement, deliver_to| unsafe {
            batv_check(self.keyring, self.settings, &raw const envelope, NOON, judgement, deliver_to)
        })
    }

    fn judge(&self, octets: &str, to: &str) -> (batv_judgement, String) {
        let (message, envelope) = (Message::new(octets.as_bytes(), "<>", 0), envelope("<>", to));
        // SAFETY: handles, envelope and places are as they are said to be.
        judged(|judgement, deliver_to| unsafe {
            batv_judge_message(self.keyring, self.settings, message.0, &raw const envelope, NOON, judgement, deliver_to)
        })
    }
}

/// A tag on a sender whose bounces are not judged would be in vain, and one on somebody else's a lie.
#[test]
fn who_is_not_protected_gets_no_tag() {
    let alice = || (batv_change::Tagged, TAGGED.to_owned());
    let unchanged = |sender: &str| (batv_change::NotOurs, sender.to_owned());
    let site = Site::new(&[("protected", "example.com carol@example.org"), ("exempt", "news@example.com")]);
    assert_eq!(site.sign("alice@example.com"), alice());
    for sender in ["bob@example.net", "alice@example.org", "news@example.com", "alice@mail.example.com"] {
        assert_eq!(site.sign(sender), unchanged(sender));
    }
    assert_eq!(site.sign("carol@example.org").0, batv_change::Tagged);
    assert_eq!(site.sign(TAGGED), (batv_change::AlreadyTagged, TAGGED.to_owned()));
    assert_eq!(site.sign("").0, batv_change::NullPath);
    // Where nothing is named, the key tells.
    let site = Site::new(&[]);
    assert_eq!(site.sign("alice@example.com"), alice());
    assert_eq!(site.sign("bob@example.net").0, batv_change::Tagged);
}

#[test]
fn an_srs_address_is_judged_by_its_hash() {
    let told = |judgement: &batv_judgement| (judgement.verdict, judgement.reason, judgement.disposition);
    let site = Site::new(&[("mode", "reject"), ("protected", "example.org"), ("srs_domains", "forwarder.example.net")]);
    let (genuine, restored) = site.check("<>", REWRITTEN);
    assert_eq!(told(&genuine), (batv_verdict::Genuine, batv_reason::SrsOk, batv_disposition::Accept));
    // The message may still be held.
    assert_eq!((genuine.settled, restored.as_str()), (0, "alice@example.com"));
    let forged = REWRITTEN.replace("Xu1M", "Xu1N");
    let (disproved, restored) = site.check("<>", &forged);
    assert_eq!(told(&disproved), (batv_verdict::Disproved, batv_reason::SrsForged, batv_disposition::Reject));
    assert_eq!((disproved.reply_code, restored.as_str()), (550, ""));
    let (mail, _) = site.check("bob@example.net", REWRITTEN);
    assert_eq!(told(&mail), (batv_verdict::NotJudged, batv_reason::SrsNotBounce, batv_disposition::Reject));
    let bounce = "From: MAILER-DAEMON@example.org\nSubject: failure notice\n\nNot delivered.\n";
    assert_eq!(site.judge(bounce, REWRITTEN).0.reason, batv_reason::SrsOk);
    assert_eq!(site.judge(bounce, &forged).0.reason, batv_reason::SrsForged);

    assert_eq!(site.set("srs_takes_mail", "true"), batv_result::Ok);
    let (mail, restored) = site.check("bob@example.net", REWRITTEN);
    assert_eq!(told(&mail), (batv_verdict::NotJudged, batv_reason::SrsMail, batv_disposition::Accept));
    assert_eq!(restored, "alice@example.com");
    assert_eq!(site.set("srs_domains", ""), batv_result::Ok);
    assert_eq!(site.check("<>", REWRITTEN).0.reason, batv_reason::Exempt);
}

/// RFC 5890 §2.3.2: U-label and A-label are two spellings of one domain.
#[test]
fn both_spellings_of_a_domain_are_one() {
    let [u_label, a_label] = ["b\u{fc}cher.example", "xn--bcher-kva.example"];
    for protected in [u_label, a_label, "B\u{dc}CHER.Example."] {
        let site = Site::new(&[("mode", "reject"), ("protected", protected), ("modes", &format!("{protected}=mark"))]);
        let (change, tagged) = site.sign(&format!("alice@{u_label}"));
        assert_eq!(change, batv_change::Tagged);
        assert_eq!(site.sign(&format!("alice@{a_label}")), (change, tagged.clone()));
        assert!(tagged.ends_with(&format!("=alice@{a_label}")), "{tagged}");
        for bounced in
            [tagged.clone(), tagged.replace(a_label, u_label), tagged.replace(a_label, "B\u{dc}CHER.EXAMPLE")]
        {
            let (judgement, restored) = site.check("<>", &bounced);
            assert_eq!((judgement.reason, judgement.mode), (batv_reason::TagOk, batv_mode::Mark), "{bounced}");
            assert_eq!(restored, format!("alice@{a_label}"));
        }
    }
    let site = Site::new(&[("srs_domains", u_label)]);
    let (_, rewritten) = site.forward("alice@m\u{fc}nchen.example");
    assert!(
        rewritten.is_ascii() && rewritten.contains("=xn--mnchen-3ya.example=alice@xn--bcher-kva.example"),
        "{rewritten}"
    );
}

/// A protected mailbox keeps its sender, and no other of its domain.
#[test]
fn who_is_protected_is_not_rewritten() {
    let site = Site::new(&[("srs_domains", "forwarder.example.net"), ("protected", "old@example.com")]);
    assert_eq!(site.forward("alice@example.com"), (batv_change::Tagged, REWRITTEN.to_owned()));
    assert_eq!(site.forward("old@example.com"), (batv_change::NotOurs, "old@example.com".to_owned()));
}

#[test]
fn wrong_words_are_named_in_quotes_and_cut() {
    let site = Site::new(&[("srs_hash_length", "20"), ("srs_hash_minimum", "20")]);
    let wrong = |name: &str, value: &str| {
        assert_eq!(site.set(name, value), batv_result::BadArgument, "{value}");
        // SAFETY: the buffer is as it is said to be.
        written(|message| unsafe { batv_error_message(message) })
    };
    let length = wrong("srs_hash_length", "10");
    assert!(length.contains("must be at least `srs_hash_minimum`, which is 20"), "{length}");
    let word = wrong("protected", "example.com a\u{1b}@@b");
    assert!(word.contains("but `a\\u{1b}@@b`: ") && !word.contains('\u{1b}'), "{word}");
    let long = wrong("protected", &"@".repeat(5000));
    assert!(long.len() < 500 && long.contains("..."), "{long}");
    let twice = wrong("modes", "example.com=mark Example.COM=reject");
    assert!(twice.contains("`example.com` is there twice"), "{twice}");
}

#[test]
fn an_address_without_a_domain_is_completed() {
    let site = Site::new(&[("mode", "reject"), ("reject_at", "rcpt"), ("local_domain", "example.com")]);
    assert_eq!(site.get("local_domain"), "example.com");
    assert_eq!(site.check("<>", "alice").0.reason, batv_reason::Untagged);
    assert_eq!(site.set("local_domain", "example.com example.net"), batv_result::BadArgument);
    assert_eq!(site.check("<>", "alice%example.com").0.reason, batv_reason::Untagged);
}

/// The key for everybody says nothing about what is forwarded.
#[test]
fn who_forwards_says_so() {
    let site = Site::new(&[("srs_domains", "forwarder.example.net")]);
    assert_eq!(site.forward("alice@example.com"), (batv_change::Tagged, REWRITTEN.to_owned()));
    let own = "alice@forwarder.example.net";
    assert_eq!(site.forward(own), (batv_change::NotOurs, own.to_owned()));
}

#[test]
fn a_domain_has_a_mode_of_its_own() {
    let site = Site::new(&[("mode", "reject"), ("modes", "Example.COM=mark o=connor@example.com=observe")]);
    for (recipient, mode, disposition) in [
        ("prvs=0269000000=alice@example.com", batv_mode::Mark, batv_disposition::Mark),
        ("prvs=0269000000=o=connor@EXAMPLE.com", batv_mode::Observe, batv_disposition::Accept),
        ("prvs=0269000000=alice@example.org", batv_mode::Reject, batv_disposition::Reject),
    ] {
        let (judgement, _) = site.check("<>", recipient);
        assert_eq!((judgement.mode, judgement.disposition), (mode, disposition), "{recipient}");
        assert_eq!(judgement.in_reject, batv_disposition::Reject, "{recipient}");
    }
    // The modes before stay.
    for wrong in ["example.org", "example.org=refuse", "example.org=mark @=mark"] {
        assert_eq!(site.set("modes", wrong), batv_result::BadArgument, "{wrong}");
    }
    // SAFETY: the buffer is as it is said to be.
    let message = written(|message| unsafe { batv_error_message(message) });
    assert!(message.starts_with("`modes` is `example.org=mark @=mark`, but `@=mark`: "), "{message}");
    assert_eq!(site.check("<>", "prvs=0269000000=alice@example.com").0.mode, batv_mode::Mark);
}

#[test]
fn reports_go_to_who_is_there_for_them() {
    let report = "From: noreply-dmarc@example.net\nSubject: Report Domain: example.com\n\
                  Content-Type: application/gzip; name=\"mx.example.net!example.com!1!2.xml.gz\"\n\nH4sI\n";
    let site = Site::new(&[("mode", "reject"), ("report_recipients", "dmarc@example.com")]);
    assert_eq!(site.judge(report, "dmarc@example.com").0.reason, batv_reason::Report);
    assert_ne!(site.judge(report, "alice@example.com").0.reason, batv_reason::Report);
}

/// A server changes a copy while others go on with the settings that they began with.
#[test]
fn a_copy_has_a_life_of_its_own() {
    let site = Site::new(&[("mode", "mark"), ("protected", "example.com")]);
    let mut copy = Site::new(&[]);
    // SAFETY: it is made by the library, and freed once.
    unsafe { batv_settings_free(copy.settings) };
    // SAFETY: these are settings, and the place may be written to.
    let result = unsafe { batv_settings_copy(site.settings, &raw mut copy.settings) };
    assert_eq!(result, batv_result::Ok);
    assert_eq!((copy.get("mode"), copy.get("protected")), ("mark".to_owned(), "example.com".to_owned()));
    assert_eq!(copy.set("mode", "reject"), batv_result::Ok);
    assert_eq!((copy.get("mode"), site.get("mode")), ("reject".to_owned(), "mark".to_owned()));

    let mut none: *mut batv_settings = copy.settings;
    // SAFETY: the place may be written to.
    let result = unsafe { batv_settings_copy(core::ptr::null(), &raw mut none) };
    assert_eq!((result, none.is_null()), (batv_result::NullPointer, true));
}

/// Each call takes the null reverse-path in all forms that mail servers do.
#[test]
fn the_null_reverse_path_has_many_forms() {
    let site = Site::new(&[("srs_domains", "forwarder.example.net"), ("protected", "example.com")]);
    for null in ["", "<>", " <> ", "<<>>", "<\"\">", "<MAILER-DAEMON>", "mailer-daemon"] {
        assert_eq!(site.sign(null), (batv_change::NullPath, "<>".to_owned()), "{null}");
        assert_eq!(site.forward(null), (batv_change::NullPath, "<>".to_owned()), "{null}");
        assert_eq!(site.check(null, TAGGED).0.reason, batv_reason::TagOk, "{null}");
    }
}
