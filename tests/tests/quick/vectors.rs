//! Every case of the files under `vectors/`, put to the core.

use batv_core::dialect::{self, Strictness};
use batv_core::tag::{self, Signing};
use batv_core::{Day, Error, Mailbox, Path, Pattern, envelope, mark};
use batv_tests::vectors::dialects::{Kind, Layer, Unwrap};
use batv_tests::vectors::envelope::Answer;
use batv_tests::vectors::{self, check};

#[test]
fn mailbox_accept() {
    check(
        &vectors::mailbox::vectors().accept,
        |case| Ok((case.local.clone(), case.domain.clone(), case.canonical.clone())),
        |case| {
            let path = Path::parse(&case.input)?;
            let local = path.mailbox().map(|mailbox| mailbox.local_part().characters().collect());
            let domain = path.mailbox().map(|mailbox| mailbox.domain().as_str().to_owned());
            Ok::<_, Error>((local, domain.filter(|domain| !domain.is_empty()), path.to_string()))
        },
    );
}

#[test]
fn mailbox_refuse() {
    check(
        &vectors::mailbox::vectors().refuse,
        |case| Some(case.position),
        |case| Path::parse(&case.input()).err().map(|error| error.offset()),
    );
}

#[test]
fn prvs_sign() {
    check(
        &vectors::tag::vectors().sign,
        |case| case.expected(),
        |case| {
            let Path::Mailbox(mailbox) = Path::parse(&case.address).ok()? else {
                return Some((case.address.clone(), None));
            };
            let signing = tag::sign(&[case.key()], &mailbox, case.form(), Some(case.lifetime()), case.today()).ok()?;
            match signing {
                Signing::Tagged(tagged) => Some((tagged.to_string(), tagged.expires().map(Day::number))),
                Signing::Unchanged(same, _) => (same == mailbox).then(|| (case.address.clone(), None)),
            }
        },
    );
}

#[test]
fn prvs_verify() {
    check(
        &vectors::tag::vectors().verify,
        |case| (case.verdict.clone(), case.address.clone(), case.key_id, case.expires, case.days_left),
        |case| {
            let found = |verdict: &str, address| (verdict.to_owned(), address, None, None, None);
            match Path::parse(&case.tagged) {
                Err(_) => found("malformed", None),
                Ok(Path::Null) => found("untagged", Some(case.tagged.clone())),
                Ok(Path::Mailbox(mailbox)) => {
                    let verification = tag::verify(case.keys().as_slice(), &mailbox, case.today());
                    (
                        verification.verdict.to_string(),
                        Some(verification.mailbox.to_string()),
                        verification.key_id.map(batv_core::KeyId::number),
                        verification.expires.map(Day::number),
                        verification.days_left,
                    )
                }
            }
        },
    );
}

#[test]
fn mark_make() {
    check(
        &vectors::mark::vectors().make,
        |case| (case.mark.clone(), case.envelope_id.clone()),
        |case| {
            let message_id = case.message_id.as_bytes();
            let mark = mark::make(case.keys().as_slice(), message_id, &case.reverse_path(), case.today());
            (mark.map(|mark| mark.to_string()), mark.map(|mark| mark.envelope_id().to_string()))
        },
    );
}

#[test]
fn mark_verify() {
    check(
        &vectors::mark::vectors().verify,
        |case| case.verdict.clone(),
        |case| {
            let (mark, message_id) = (case.mark.as_bytes(), case.message_id.as_bytes());
            let keys = case.keys();
            mark::verify(keys.as_slice(), mark, message_id, &case.reverse_path(), case.today()).to_string()
        },
    );
}

#[test]
fn mark_verify_envelope_id() {
    check(
        &vectors::mark::vectors().verify_envelope_id,
        |case| case.verdict.clone(),
        |case| {
            let (keys, envelope_id) = (case.keys(), case.envelope_id.as_bytes());
            mark::verify_envelope_id(keys.as_slice(), envelope_id, &case.reverse_path(), case.today()).to_string()
        },
    );
}

#[test]
fn srs_forward() {
    check(
        &vectors::srs::vectors().forward,
        |case| case.expected(),
        |case| {
            let Path::Mailbox(mailbox) = Path::parse(&case.address).ok()? else {
                return Some(case.address.clone());
            };
            let domains = case.domains();
            let srs = case.srs(&domains);
            let forwarding = srs.forward(&case.keys(), &mailbox, case.today()).ok()?;
            Some(forwarding.to_string())
        },
    );
}

#[test]
fn srs_reverse() {
    check(
        &vectors::srs::vectors().reverse,
        |case| (case.verdict.clone(), case.address.clone()),
        |case| match Path::parse(&case.rewritten) {
            Err(_) => ("malformed".to_owned(), None),
            Ok(Path::Null) => ("untagged".to_owned(), Some(case.rewritten.clone())),
            Ok(Path::Mailbox(mailbox)) => {
                let domains = case.domains();
                let reversal = case.srs(&domains).reverse(case.keys().as_slice(), &mailbox, case.today());
                (reversal.verdict.to_string(), reversal.mailbox.map(|mailbox| mailbox.to_string()))
            }
        },
    );
}

#[test]
fn dialects_unwrap() {
    check(
        &vectors::dialects::vectors().cases,
        |case| [(case.layers.clone(), case.identity.clone()), (case.strict_layers.clone(), case.strict.clone())],
        |case| [Strictness::Identity, Strictness::Strict].map(|mode| unwrap(&case.address, mode)),
    );
}

/// The outermost tag decides whether a domain that signs judges a bounce, whichever program made the tag.
#[test]
fn dialects_judge() {
    let vectors = vectors::dialects::vectors();
    let keys = [vectors::tag::vectors().sign[0].key()];
    let today = Day::new(18_262).expect("a day");
    let kind = |case: &Unwrap| {
        let dialect = &case.strict_layers.first()?.dialect;
        Some(*vectors.kinds.get(dialect).unwrap_or_else(|| panic!("no kind for dialect {dialect}")))
    };
    check(
        &vectors.cases,
        |case| kind(case) == Some(Kind::BounceTag),
        |case| {
            if kind(case).is_none() {
                return false;
            }
            let mailbox = Mailbox::parse(&case.address).expect("a mailbox");
            let protected = [Pattern::parse(mailbox.domain().as_str()).expect("a pattern")];
            let policy = envelope::Policy::protecting(&protected, envelope::Mode::Reject);
            let bounce = envelope::Envelope::new(Path::Null, mailbox).with_stage(envelope::Stage::EndOfData);
            envelope::judge(&bounce, &keys, &policy, today).verdict != envelope::Verdict::NotJudged
        },
    );
}

/// All layers, and the last address that could be recovered.
fn unwrap(address: &str, mode: Strictness) -> (Vec<Layer>, Option<String>) {
    let Ok(mailbox) = Mailbox::parse(address) else {
        return (Vec::new(), Some(address.to_owned()));
    };
    let layers: Vec<Layer> = dialect::unwrap(&mailbox, mode)
        .map(|layer| Layer {
            dialect: layer.dialect.to_string(),
            address: layer.mailbox.map(|mailbox| mailbox.to_string()),
        })
        .collect();
    let last = match layers.as_slice() {
        [] => Some(address.to_owned()),
        [Layer { address: None, .. }] => None,
        [.., Layer { address: Some(inner), .. }] | [.., Layer { address: Some(inner), .. }, _] => Some(inner.clone()),
        _ => None,
    };
    (layers, last)
}

#[test]
fn envelope_judge() {
    let vectors = vectors::envelope::vectors();
    check(
        &vectors.questions(),
        |question| question.answer.clone(),
        |question| {
            let patterns = question.patterns();
            let policy = question.policy(&patterns);
            let judgement = envelope::judge(&question.envelope(), question.keys.as_slice(), &policy, question.today);
            Answer::of(&judgement)
        },
    );
}

#[test]
fn envelope_shows_every_row() {
    let vectors = vectors::envelope::vectors();
    let questions = vectors.questions();
    for (row, rule) in &vectors.rows {
        assert!(questions.iter().any(|question| question.row == row), "no case for row {row}: {rule}");
    }
}
