//! What holds for all that can be asked.

use alloc::collections::{BTreeMap, BTreeSet};

use batv_bounce::{Class, Origin};
use batv_core::envelope::{Disposition, Judgement, Mode, OnError, Reason, Verdict};

use super::{NOT_OURS, OURS, Question, TAGS, TODAY, Tag, forward_path, told};
use crate::rows::{Condition, Ownership, ROWS, Row, SenderKind};

/// All that can be asked, with the verdict of the envelope alone and that of the message.
fn all_questions(mut check: impl FnMut(&Question, &Judgement<'_>, &Judgement<'_>)) {
    let origins = [OURS, Origin::Hinted, Origin::Unknown, NOT_OURS];
    let since = [None, Some(TODAY - 100), Some(TODAY - 5), Some(TODAY + 1)];
    for (to, tag) in ["alice@example.com", "postmaster@example.com"].iter().flat_map(|to| TAGS.map(|tag| (*to, tag))) {
        let forward_path = forward_path(to, tag);
        for (from, class) in
            ["<>", "bob@example.net"].iter().flat_map(|from| Class::ALL.iter().copied().map(|class| (*from, class)))
        {
            for (origin, mode) in origins.iter().flat_map(|origin| {
                [Mode::Observe, Mode::Mark, Mode::Quarantine, Mode::Reject].map(|mode| (*origin, mode))
            }) {
                for (signing_since, bits) in since.iter().flat_map(|since| (0..8_u8).map(|bits| (*since, bits))) {
                    let bit = |number: u8| bits & (1 << number) != 0;
                    let options = bit(0);
                    let question = Question {
                        from,
                        to,
                        tag,
                        class,
                        origin,
                        mode,
                        protected: options || bit(1),
                        trusted_client: false,
                        signing_since,
                        cut: bit(2),
                        report_is_welcome: options,
                        replayed: bit(1),
                        hold_receipts: options,
                        reject_daemon_senders: options,
                        reject_unverified: false,
                        key: options || !bit(1),
                        on_error: if bit(1) { OnError::Accept } else { OnError::Tempfail },
                    };
                    question.ask_about(&forward_path, |alone, judgement| check(&question, alone, judgement));
                }
            }
        }
    }
}

/// The row that applies, by what it says of itself.
fn row_of(question: &Question, envelope: Reason) -> Option<&'static Row> {
    ROWS.iter().find(|row| {
        let sender = match row.reverse_path {
            SenderKind::Null => question.from == "<>",
            SenderKind::Mailbox => question.from != "<>",
            SenderKind::Any => true,
        };
        let origin = match row.origin {
            Ownership::Ours => matches!(question.origin, Origin::Proved(_)),
            Ownership::Foreign => question.origin == Origin::Disproved,
            Ownership::Open => matches!(question.origin, Origin::Hinted | Origin::Unknown),
            Ownership::NotOurs => !matches!(question.origin, Origin::Proved(_)),
            _ => true,
        };
        let class = row.classes.is_empty() || row.classes.contains(&question.class);
        let also = match row.condition {
            Condition::Welcome => question.report_is_welcome,
            Condition::Replayed => question.replayed && question.tag != Tag::Late,
            Condition::InTime => question.tag != Tag::Late,
            _ => true,
        };
        sender && origin && class && also && row.envelope.contains(&envelope)
    })
}

#[test]
fn what_holds_for_all() {
    let mut rows = BTreeSet::new();
    let mut verdicts: BTreeMap<&str, Verdict> = BTreeMap::new();
    let mut refused_for = BTreeSet::new();
    all_questions(|question, alone, judgement| {
        let Judgement { verdict, reason, disposition, reply, deliver_to, .. } = *judgement;
        let row = row_of(question, alone.reason).unwrap_or_else(|| panic!("no row for {question:?}"));
        rows.insert(row.to_string());
        match row.effect {
            None => assert_eq!(told(judgement), told(alone), "{question:?}"),
            Some(then) => assert_eq!((verdict, reason), (then.verdict, then.reason)),
        }

        let wanted = question.reject_daemon_senders && reason == Reason::NonnullBackscatter;
        if disposition == Disposition::Reject && !wanted {
            refused_for.insert(reason.as_str());
        }

        let by_envelope = alone.disposition == Disposition::Reject;
        if disposition == Disposition::Reject {
            assert!(by_envelope || verdict == Verdict::Disproved && !question.cut, "{question:?}");
            // Only what expired long ago is refused without being disproved.
            assert!(verdict == Verdict::Disproved || reason == Reason::TagExpired, "{question:?}");
            let forged = matches!(reason, Reason::TagForged | Reason::TaggedBad);
            assert!(question.origin != OURS || forged, "{question:?}");
        }
        if question.origin == Origin::Hinted {
            let unknown = Question { origin: Origin::Unknown, ..*question };
            unknown.ask(|_, unknown| assert_eq!(told(judgement), told(unknown), "a hint is no proof: {question:?}"));
        }
        if verdict == Verdict::Genuine {
            assert!(matches!(disposition, Disposition::Accept | Disposition::Mark), "{question:?}");
        }
        if question.mode == Mode::Observe {
            assert_eq!(disposition, Disposition::Accept, "{question:?}");
        }
        assert_ne!(disposition, Disposition::Drop);
        assert!(disposition != Disposition::Tempfail || reason == Reason::Internal, "{question:?}");
        let refused = matches!(disposition, Disposition::Reject | Disposition::Tempfail);
        assert_eq!((refused, refused), (deliver_to.is_none(), reply.code >= 400), "{question:?}");
        assert_eq!(u16::from(reply.enhanced.class()), reply.code / 100);
        // What was found follows from the reason: so "disproved" and "unverified" never mix.
        assert_eq!(*verdicts.entry(reason.as_str()).or_insert(verdict), verdict, "{question:?}");
    });
    let missing: Vec<u8> = ROWS.iter().filter(|row| !rows.contains(&row.to_string())).map(|row| row.number).collect();
    // Those are of RCPT TO, and of SRS, which `decisions.json` has.
    assert_eq!(missing, [2, 16, 25, 26, 27]);
    // What is untagged is refused where no message is read.
    refused_for.insert(Reason::Untagged.as_str());
    // What is wrong with an SRS address, the envelope says: no row is about it.
    let of_srs = [Reason::SrsExpired, Reason::SrsForged, Reason::SrsNotBounce];
    let (told_of_srs, told): (Vec<_>, Vec<_>) =
        Reason::ALL.iter().copied().filter(|reason| reason.is_refused()).partition(|reason| of_srs.contains(reason));
    assert_eq!(told_of_srs, of_srs);
    let told: BTreeSet<_> = told.into_iter().map(Reason::as_str).collect();
    assert_eq!(refused_for, told);
}
