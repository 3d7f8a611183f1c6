//! What is proved: tags made, judged and taken off without an allocator, on known vectors.

use core::fmt::{self, Display, Write};

use batv_core::dialect::{self, Strictness};
use batv_core::envelope::{self, Disposition, Envelope, Policy, Reason};
use batv_core::srs::{Srs, SrsVerdict};
use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, Domain, Error, Key, KeyId, KeyUse, Mailbox, Path, TagVerdict, mark};

type Check = fn(Day) -> Result<(), Error>;

const CHECKS: [(&str, Check); 6] = [
    ("sign and verify", sign_and_verify),
    ("sign and verify, strong form", sign_and_verify_strong),
    ("mark and verify", mark_and_verify),
    ("rewrite and restore", rewrite_and_restore),
    ("unwrap", unwrap),
    ("judge", judge),
];

/// Runs every check and reports each on `console`; panics at the first that fails.
pub fn run(console: &mut impl Write) -> fmt::Result {
    for (name, check) in CHECKS {
        // 2020-01-01
        if let Err(error) = Day::new(18_262).and_then(check) {
            panic!("{name}: {error}");
        }
        writeln!(console, "{name}: ok")?;
    }
    writeln!(console, "no_std: passed")
}

fn sign_and_verify(today: Day) -> Result<(), Error> {
    let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
    let alice = Mailbox::parse("alice@example.com")?;
    let tagged = Text::of(tag::sign(&keys, &alice, Form::Prvs, None, today)?);
    assert_eq!(tagged.as_str(), "prvs=0269b1e711=alice@example.com");
    let verification = tag::verify(&keys, &Mailbox::parse(tagged.as_str())?, today);
    assert_eq!((verification.verdict, verification.mailbox), (TagVerdict::Valid, alice));
    Ok(())
}

fn sign_and_verify_strong(today: Day) -> Result<(), Error> {
    let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"s3kr1t")?];
    let alice = Mailbox::parse("alice@example.com")?;
    let tagged = Text::of(tag::sign(&keys, &alice, Form::Strong, None, today)?);
    assert_eq!(tagged.as_str(), "batv=0269jurgttwo3kjr=alice@example.com");
    let verification = tag::verify(&keys, &Mailbox::parse(tagged.as_str())?, today);
    assert_eq!((verification.verdict, verification.mailbox), (TagVerdict::Valid, alice));
    Ok(())
}

fn mark_and_verify(today: Day) -> Result<(), Error> {
    let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
    let alice = Mailbox::parse("alice@example.com")?;
    let mark = mark::make(&keys, b"<1@example.com>", &alice, today).map(Text::of);
    let mark = mark.as_ref().map_or("", Text::as_str);
    assert_eq!(mark, "1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr");
    assert_eq!(mark::verify(&keys, mark.as_bytes(), b"<1@example.com>", &alice, today), TagVerdict::Valid);
    Ok(())
}

fn rewrite_and_restore(today: Day) -> Result<(), Error> {
    let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    let ours = [Domain::parse("forwarder.example.net")?];
    let srs = Srs::new(&ours)?;
    let alice = Mailbox::parse("alice@example.com")?;
    let rewritten = Text::of(srs.forward(&keys, &alice, today)?);
    assert_eq!(rewritten.as_str(), "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
    let reversal = srs.reverse(&keys, &Mailbox::parse(rewritten.as_str())?, today);
    assert_eq!((reversal.verdict, reversal.mailbox), (SrsVerdict::Valid, Some(alice)));
    Ok(())
}

fn unwrap(_: Day) -> Result<(), Error> {
    let nested = Mailbox::parse("SRS0=8nW7=2W=example.com=prvs=0778a1b2c3=alice@forwarder.example.net")?;
    let innermost = dialect::unwrap(&nested, Strictness::Strict).last().and_then(|layer| layer.mailbox);
    assert_eq!(innermost, Some(Mailbox::parse("alice@example.com")?));
    Ok(())
}

fn judge(today: Day) -> Result<(), Error> {
    let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
    let policy = Policy::new(envelope::Mode::Reject);
    for (forward_path, reason, disposition) in [
        ("prvs=0269b1e711=alice@example.com", Reason::TagOk, Disposition::Accept),
        ("prvs=0269b1e712=alice@example.com", Reason::TagForged, Disposition::Reject),
        ("alice@example.com", Reason::Callout, Disposition::Accept),
    ] {
        let bounce = Envelope::new(Path::Null, Mailbox::parse(forward_path)?);
        let judgement = envelope::judge(&bounce, &keys, &policy, today);
        assert_eq!((judgement.reason, judgement.disposition), (reason, disposition));
    }
    Ok(())
}

/// Text of at most 128 octets, written by `Display`: what a caller without an allocator keeps.
struct Text {
    octets: [u8; 128],
    length: usize,
}

impl Text {
    fn of(value: impl Display) -> Self {
        let mut text = Self { octets: [0; 128], length: 0 };
        write!(text, "{value}").expect("short enough");
        text
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.octets[..self.length]).expect("only whole strings are written")
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.octets.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
