//! Facts about a message, which the rows ask for.

use batv_bounce::auto_reply;
use batv_bounce::header::without_envelope_line;
use batv_bounce::trusted_results::{Outcome, TrustedResults};
use batv_core::{Domain, Mailbox, Path, Pattern, TagVerdict, dialect};

use super::notify::Notify;
use super::question::{BouncePolicy, BounceQuestion, NoticeKind};

/// Facts about a message.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) refusable: bool,
    pub(super) nobody: bool,
    pub(super) unwanted: bool,
    pub(super) reply: bool,
    pub(super) automatic: bool,
    pub(super) ours: bool,
    pub(super) own_proof: bool,
    pub(super) hostile: bool,
    pub(super) rewritten: bool,
    pub(super) spf: bool,
    pub(super) dkim: bool,
    pub(super) dmarc: bool,
    pub(super) arc: bool,
    pub(super) forged: bool,
    pub(super) allowed: bool,
    pub(super) hold: bool,
    pub(super) unroutable: bool,
}

impl Facts {
    pub(super) fn of<T: AsRef<str>>(question: &BounceQuestion<'_>, policy: &BouncePolicy<'_, T>) -> Self {
        let reply = question.kind == NoticeKind::AutomaticReply;
        let facts = Self {
            // A program that replies automatically has accepted the message.
            refusable: question.answerable_in_smtp && !reply,
            nobody: true,
            ..Self::default()
        };
        let Path::Mailbox(sender) = question.reverse_path else { return facts };
        let header = without_envelope_line(question.header);
        let results = TrustedResults::of(header, policy.authserv_ids);
        let pass = Some(Outcome::Pass);
        let domain = sender.domain().as_str();
        let (spf, dkim, dmarc) = (results.spf(domain), results.dkim(domain) == pass, results.dmarc(domain));
        let sealed = || TrustedResults::sealed(header, policy.trusted_sealers);
        let saw_proof = |results: TrustedResults<'_>| {
            [results.spf(domain), results.dkim(domain), results.dmarc(domain)].contains(&pass)
        };
        Self {
            nobody: holds(policy.double_bounce, &sender),
            unwanted: match question.notify {
                None => false,
                Some(Notify::Never) => true,
                Some(Notify::On { failure, .. }) => !failure && !reply,
            },
            reply,
            automatic: auto_reply::sign(&question.reverse_path, header).is_some(),
            ours: holds(policy.ours, &sender),
            own_proof: question.own_client || question.tag == Some(TagVerdict::Valid) || dkim,
            hostile: question.hostile,
            rewritten: is_rewritten(&sender),
            spf: spf == pass,
            dkim,
            dmarc: dmarc == pass,
            arc: results.arc() == pass && sealed().into_iter().any(saw_proof),
            forged: matches!(spf, Some(Outcome::Fail | Outcome::SoftFail)) || dmarc == Some(Outcome::Fail),
            allowed: holds(policy.allowed, &sender),
            hold: policy.hold_unproved && !reply,
            unroutable: question.unroutable,
            ..facts
        }
    }

    /// Whether the sender is proved: by row 6, or by one of rows 9 to 12.
    pub(super) const fn proved(&self) -> bool {
        if self.ours { self.own_proof } else { self.spf || self.dkim || self.dmarc || self.arc }
    }
}

/// Whether a list has this mailbox, with its tags or without.
fn holds<T: AsRef<str>>(patterns: &[Pattern<T>], mailbox: &Mailbox<'_>) -> bool {
    let bare = dialect::unwrap(mailbox, dialect::Strictness::Identity)
        .map_while(|layer| layer.mailbox)
        .take_while(|inner| inner.domain() == mailbox.domain());
    core::iter::once(*mailbox).chain(bare).any(|mailbox| patterns.iter().any(|pattern| pattern.matches(&mailbox)))
}

/// Whether this address was made from another one: by SRS, BATV and the like, or by VERP, as in
/// `list-bounces+alice=example.org`.
fn is_rewritten(mailbox: &Mailbox<'_>) -> bool {
    if dialect::outermost(mailbox, dialect::Strictness::Identity).is_some() {
        return true;
    }
    let local_part = mailbox.local_part().to_string();
    let Some((front, domain)) = local_part.rsplit_once('=') else { return false };
    front.contains(['+', '-']) && domain.contains('.') && Domain::parse(domain).is_ok()
}
