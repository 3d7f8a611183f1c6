//! Whether a bounce or an automatic reply may go to whom a message claims to be from.
//!
//! An answer to a forged sender hits whoever was forged. What may leave leaves with the null reverse-path, to the
//! reverse-path of the message and never to From or Reply-To (RFC 3464 §2, RFC 3834 §4).

use core::fmt;

use batv_core::{Domain, Mailbox, Path, Pattern, TagVerdict, dialect};

use crate::arc;
use crate::authentication_results::Outcome;
use crate::auto_reply;
use crate::header::without_envelope_line;
use crate::notify::Notify;
use crate::trusted_results::TrustedResults;

/// What is asked: the message, what is known of it, and what would be sent.
///
/// ```
/// use batv_bounce::may_bounce::{Kind, Question};
/// use batv_core::Path;
///
/// let mut question = Question::new(Path::parse("alice@example.org")?);
/// question.kind = Kind::AutomaticReply;
/// assert!(!question.hostile);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Question<'x> {
    /// The argument of MAIL FROM, as the answer would be addressed.
    pub reverse_path: Path<'x>,
    /// What would be sent.
    pub kind: Kind,
    /// The header of the message, or the whole message. What stands in its Authentication-Results counts only where
    /// [`Policy::authserv_ids`] names who wrote it.
    pub header: &'x [u8],
    /// The NOTIFY of the recipient (RFC 3461 §4.1), where one was given.
    pub notify: Option<Notify>,
    /// Whether the client still waits for the reply to its command, so that the message can be refused instead.
    pub answerable_in_smtp: bool,
    /// Whether the client is a user of ours who has authenticated, or a machine of ours.
    pub own_client: bool,
    /// What our own tag on the reverse-path says, where it was checked; or our SRS, for what we forward.
    pub tag: Option<TagVerdict>,
    /// Whether a filter of ours takes the message for spam or malware.
    pub hostile: bool,
    /// Whether the domain of the reverse-path takes no mail: a null MX (RFC 7505), or neither MX nor address.
    pub unroutable: bool,
}

impl<'x> Question<'x> {
    /// A non-delivery report about a message of which nothing else is known.
    ///
    /// ```
    /// # use batv_bounce::may_bounce::Question;
    /// assert!(Question::new(batv_core::Path::Null).header.is_empty());
    /// ```
    pub const fn new(reverse_path: Path<'x>) -> Self {
        Self {
            reverse_path,
            kind: Kind::NonDelivery,
            header: &[],
            notify: None,
            answerable_in_smtp: false,
            own_client: false,
            tag: None,
            hostile: false,
            unroutable: false,
        }
    }
}

/// What would be sent.
///
/// ```
/// use batv_bounce::may_bounce::Kind;
///
/// assert_eq!(Kind::default(), Kind::NonDelivery);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// A report that the message was not delivered (RFC 3464).
    #[default]
    NonDelivery,
    /// A vacation notice, a receipt, an answer of a robot (RFC 3834).
    AutomaticReply,
}

/// What is ours, and whom we believe.
///
/// ```
/// use batv_bounce::may_bounce::Policy;
/// use batv_core::Pattern;
///
/// let ours = [Pattern::parse("example.net")?];
/// let mut policy = Policy::default();
/// policy.ours = &ours;
/// policy.authserv_ids = &["mx.example.net"];
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Policy<'p, T = &'p str> {
    /// Our domains and mailboxes.
    pub ours: &'p [Pattern<T>],
    /// The names under which our border writes Authentication-Results: see [`TrustedResults`].
    pub authserv_ids: &'p [T],
    /// The domains (`d=`) of those whose ARC seals are believed. Our own too, where we seal what comes in.
    pub trusted_sealers: &'p [T],
    /// Domains and mailboxes that get their bounces though nothing proves them.
    pub allowed: &'p [Pattern<T>],
    /// Senders that stand for the null reverse-path where servers have no other way: an answer to them loops.
    pub double_bounce: &'p [Pattern<T>],
    /// What becomes of a bounce whose sender nothing proves or disproves: held, or else not sent.
    pub hold_unproved: bool,
}

impl<T> Default for Policy<'_, T> {
    fn default() -> Self {
        Self {
            ours: &[],
            authserv_ids: &[],
            trusted_sealers: &[],
            allowed: &[],
            double_bounce: &[],
            hold_unproved: false,
        }
    }
}

/// Whether it may be sent.
///
/// ```
/// use batv_bounce::may_bounce::May;
///
/// assert_eq!(May::RejectFirst.as_str(), "reject-first");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum May {
    /// Send it, to the reverse-path.
    Yes,
    /// Don't send it; tell the log, or postmaster.
    No,
    /// Refuse the message with a 5yz reply: then it is for the client to tell the sender.
    RejectFirst,
    /// Hold it for a person, or refuse the message for now with a 4yz reply while that can be done.
    Hold,
}

impl May {
    /// The name in outputs.
    ///
    /// ```
    /// # use batv_bounce::may_bounce::May;
    /// assert_eq!(May::Yes.as_str(), "yes");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::RejectFirst => "reject-first",
            Self::Hold => "hold",
        }
    }
}

impl fmt::Display for May {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why: one code for each way to an answer.
///
/// ```
/// use batv_bounce::may_bounce::Reason;
///
/// assert_eq!(Reason::OwnForged.as_str(), "own-forged");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The message can still be refused.
    RejectFirst,
    /// There is nobody to send it to.
    Null,
    /// The sender asked not to be told.
    DsnNever,
    /// An automatic reply would answer a list or a program.
    Rfc3834,
    /// A list or a program whose sender is proved, which needs its bounces.
    ListNdr,
    /// A sender of ours, proved.
    OwnVerified,
    /// A sender of ours, not proved.
    OwnForged,
    /// Spam or malware.
    Hostile,
    /// SPF passes.
    Spf,
    /// DKIM passes.
    Dkim,
    /// DMARC passes.
    Dmarc,
    /// SPF passes for whoever rewrote the sender.
    Rewritten,
    /// A trusted sealer saw a proof.
    Arc,
    /// SPF or DMARC fails.
    Forged,
    /// Nothing is proved.
    Unproved,
    /// No mail can go there.
    Unroutable,
}

impl Reason {
    /// The code in outputs and logs.
    ///
    /// ```
    /// # use batv_bounce::may_bounce::Reason;
    /// assert_eq!(Reason::DsnNever.as_str(), "dsn-never");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RejectFirst => "reject-first",
            Self::Null => "null",
            Self::DsnNever => "dsn-never",
            Self::Rfc3834 => "rfc3834",
            Self::ListNdr => "list-ndr",
            Self::OwnVerified => "own-verified",
            Self::OwnForged => "own-forged",
            Self::Hostile => "hostile",
            Self::Spf => "spf",
            Self::Dkim => "dkim",
            Self::Dmarc => "dmarc",
            Self::Rewritten => "rewritten",
            Self::Arc => "arc",
            Self::Forged => "forged",
            Self::Unproved => "unproved",
            Self::Unroutable => "unroutable",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer, and why.
///
/// ```
/// use batv_bounce::may_bounce::{Policy, Question, may_bounce};
/// use batv_core::Path;
///
/// let answer = may_bounce(&Question::new(Path::Null), &Policy::<&str>::default());
/// assert_eq!(answer.row, 2);
/// assert_eq!(answer.to_string(), "no (null): there is no sender to answer; tell the log or postmaster");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// Whether it may be sent.
    pub may: May,
    /// Why, as a code.
    pub reason: Reason,
    /// The number of the row that decided, from 1 to 15.
    pub row: u8,
    /// Why, in words.
    pub words: &'static str,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { may, reason, words, .. } = self;
        write!(f, "{may} ({reason}): {words}")
    }
}

/// Whether a bounce or an automatic reply may be sent. The first row that fits decides:
///
/// | row | when | answer | reason |
/// |---|---|---|---|
/// | 1 | a non-delivery report, while the message can be refused | reject-first | `reject-first` |
/// | 2 | the reverse-path is null, or a double-bounce address | no | `null` |
/// | 3 | NOTIFY is NEVER, or does not name the failure that would be reported | no | `dsn-never` |
/// | 4 | an automatic reply, to what [`auto_reply::sign`] knows | no | `rfc3834` |
/// | 5 | a non-delivery report, to the same, its sender proved as in rows 6 and 9 to 12 | yes | `list-ndr` |
/// | 6 | the sender is ours, and so is the client, or our tag is valid, or our DKIM signature passes | yes | `own-verified` |
/// | 7 | the sender is ours otherwise | no | `own-forged` |
/// | 8 | the message is spam or malware | no | `hostile` |
/// | 9 | SPF passes, for a sender that nobody rewrote | yes | `spf` |
/// | 10 | DKIM passes for a domain that speaks for the sender's, or DMARC does | yes | `dkim`, `dmarc` |
/// | 11 | SPF passes, for a sender rewritten by SRS, BATV or VERP | yes | `rewritten` |
/// | 12 | ARC passes, and a trusted sealer saw row 9 or 10 | yes | `arc` |
/// | 13 | SPF fails, or softly, or DMARC does | no | `forged` |
/// | 14 | nothing of this | no, or yes for the allow-listed, or hold | `unproved` |
/// | 15 | the same, and no mail can go there | no | `unroutable` |
///
/// ```
/// use batv_bounce::may_bounce::{May, Policy, Question, Reason, may_bounce};
/// use batv_core::Path;
///
/// let mut policy = Policy::default();
/// policy.authserv_ids = &["mx.example.net"];
/// let mut question = Question::new(Path::parse("alice@example.org")?);
/// assert_eq!(may_bounce(&question, &policy).reason, Reason::Unproved);
/// question.header = b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n";
/// assert_eq!(may_bounce(&question, &policy).may, May::Yes);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn may_bounce<T: AsRef<str>>(question: &Question<'_>, policy: &Policy<'_, T>) -> Answer {
    let facts = Facts::of(question, policy);
    let [.., last] = &TABLE;
    let row = TABLE.iter().find(|row| (row.fits)(&facts)).unwrap_or(last);
    Answer { may: row.may, reason: row.reason, row: row.number, words: row.words }
}

struct Row {
    number: u8,
    fits: fn(&Facts) -> bool,
    may: May,
    reason: Reason,
    words: &'static str,
}

const fn row(number: u8, fits: fn(&Facts) -> bool, may: May, reason: Reason, words: &'static str) -> Row {
    Row { number, fits, may, reason, words }
}

const TABLE: [Row; 18] = {
    use May::{Hold, No, Yes};
    use Reason::*;
    [
        row(1, |it| it.refusable, May::RejectFirst, RejectFirst, "the message can still be refused instead"),
        row(2, |it| it.nobody, No, Null, "there is no sender to answer; tell the log or postmaster"),
        row(3, |it| it.unwanted, No, DsnNever, "the sender asked not to be told (NOTIFY)"),
        row(4, |it| it.reply && it.automatic, No, Rfc3834, "no automatic reply may answer a list or a program"),
        row(5, |it| it.automatic && it.proved(), Yes, ListNdr, "a list or a program, proved, needs its bounces"),
        row(6, |it| it.ours && it.own_proof, Yes, OwnVerified, "the sender is ours, and is proved"),
        row(7, |it| it.ours, No, OwnForged, "the sender claims to be ours, and nothing proves it"),
        row(8, |it| it.hostile, No, Hostile, "the message is spam or malware"),
        row(9, |it| it.spf && !it.rewritten, Yes, Spf, "SPF passes for the domain of the sender"),
        row(10, |it| it.dkim, Yes, Dkim, "a DKIM signature passes that speaks for the domain of the sender"),
        row(10, |it| it.dmarc, Yes, Dmarc, "DMARC passes for a domain that speaks for that of the sender"),
        row(11, |it| it.spf, Yes, Rewritten, "SPF passes for whoever rewrote the sender"),
        row(12, |it| it.arc, Yes, Arc, "ARC passes, and a trusted sealer saw the sender proved"),
        row(13, |it| it.forged, No, Forged, "SPF or DMARC fails: the sender is forged"),
        row(14, |it| it.allowed && !it.unroutable, Yes, Unproved, "nothing proves the sender; it is allow-listed"),
        row(14, |it| it.hold && !it.unroutable, Hold, Unproved, "nothing proves the sender: hold it, or answer 4yz"),
        row(14, |it| !it.unroutable, No, Unproved, "nothing proves the sender"),
        row(15, |it| it.unroutable, No, Unroutable, "nothing proves the sender, and its domain takes no mail"),
    ]
};

/// What the rows ask about.
#[derive(Default)]
struct Facts {
    refusable: bool,
    nobody: bool,
    unwanted: bool,
    reply: bool,
    automatic: bool,
    ours: bool,
    own_proof: bool,
    hostile: bool,
    rewritten: bool,
    spf: bool,
    dkim: bool,
    dmarc: bool,
    arc: bool,
    forged: bool,
    allowed: bool,
    hold: bool,
    unroutable: bool,
}

impl Facts {
    fn of<T: AsRef<str>>(question: &Question<'_>, policy: &Policy<'_, T>) -> Self {
        let reply = question.kind == Kind::AutomaticReply;
        let facts = Self {
            // Who replies automatically has taken the message.
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
        let saw_proof = |results: &TrustedResults<'_>| {
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
            arc: results.arc() == pass && arc::trusted_set_says(header, policy.trusted_sealers, saw_proof),
            forged: matches!(spf, Some(Outcome::Fail | Outcome::SoftFail)) || dmarc == Some(Outcome::Fail),
            allowed: holds(policy.allowed, &sender),
            hold: policy.hold_unproved && !reply,
            unroutable: question.unroutable,
            ..facts
        }
    }

    /// Rows 6 and 9 to 12.
    const fn proved(&self) -> bool {
        if self.ours { self.own_proof } else { self.spf || self.dkim || self.dmarc || self.arc }
    }
}

/// Whether a list has this mailbox, with its tags or without them.
fn holds<T: AsRef<str>>(patterns: &[Pattern<T>], mailbox: &Mailbox<'_>) -> bool {
    let bare = dialect::unwrap(mailbox, dialect::Strictness::Identity)
        .map_while(|layer| layer.mailbox)
        .take_while(|inner| inner.domain() == mailbox.domain());
    core::iter::once(*mailbox).chain(bare).any(|mailbox| patterns.iter().any(|pattern| pattern.matches(&mailbox)))
}

/// Whether somebody made this address out of another one: SRS, BATV and the like, or VERP, `list-bounces+alice=example.org`.
fn is_rewritten(mailbox: &Mailbox<'_>) -> bool {
    if dialect::outermost(mailbox, dialect::Strictness::Identity).is_some() {
        return true;
    }
    let local_part = mailbox.local_part().to_string();
    let Some((front, domain)) = local_part.rsplit_once('=') else { return false };
    front.contains(['+', '-']) && domain.contains('.') && Domain::parse(domain).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const SENDER: &str = "alice@example.org";

    /// The answer to a report to this sender, by a policy with something in each list.
    fn ask(sender: &str, results: &str, change: impl Fn(&mut Question<'_>)) -> (u8, &'static str, May) {
        ask_with(sender, &format!("Authentication-Results: mx.example.net; {results}\r\n"), change, false)
    }

    fn ask_with(
        sender: &str,
        header: &str,
        change: impl Fn(&mut Question<'_>),
        hold_unproved: bool,
    ) -> (u8, &'static str, May) {
        let patterns =
            |texts: &[&'static str]| texts.iter().map(|text| Pattern::parse(*text).unwrap()).collect::<Vec<_>>();
        let (ours, allowed, double_bounce) = (
            patterns(&["example.net", "bob@example.com"]),
            patterns(&["partner.example"]),
            patterns(&["double-bounce@example.net"]),
        );
        let policy = Policy {
            ours: &ours,
            authserv_ids: &["mx.example.net"],
            trusted_sealers: &["list.example"],
            allowed: &allowed,
            double_bounce: &double_bounce,
            hold_unproved,
        };
        let mut question = Question::new(Path::parse(sender).unwrap());
        question.header = header.as_bytes();
        change(&mut question);
        let answer = may_bounce(&question, &policy);
        (answer.row, answer.reason.as_str(), answer.may)
    }

    fn nothing(_: &mut Question<'_>) {}

    fn reply(question: &mut Question<'_>) {
        question.kind = Kind::AutomaticReply;
    }

    const SPF: &str = "spf=pass smtp.mailfrom=example.org";

    #[test]
    fn reject_first() {
        let row = (1, "reject-first", May::RejectFirst);
        for sender in ["<>", SENDER, "alice@example.net"] {
            assert_eq!(ask(sender, SPF, |question| question.answerable_in_smtp = true), row);
        }
        let late = |question: &mut Question<'_>| {
            question.answerable_in_smtp = true;
            reply(question);
        };
        assert_eq!(ask(SENDER, SPF, late), (9, "spf", May::Yes));
    }

    #[test]
    fn null() {
        let row = (2, "null", May::No);
        assert_eq!(ask("<>", "spf=pass smtp.helo=example.org", nothing), row);
        assert_eq!(ask("<>", "none", reply), row);
        assert_eq!(ask("double-bounce@example.net", "none", |question| question.own_client = true), row);
    }

    #[test]
    fn dsn_never() {
        let row = (3, "dsn-never", May::No);
        let notify = |text: &str| {
            let notify = text.parse().unwrap();
            move |question: &mut Question<'_>| question.notify = Some(notify)
        };
        assert_eq!(ask(SENDER, SPF, notify("NEVER")), row);
        assert_eq!(ask(SENDER, SPF, notify("SUCCESS,DELAY")), row);
        assert_eq!(ask(SENDER, SPF, notify("failure")), (9, "spf", May::Yes));
        let both = |text: &str| {
            let notify = notify(text);
            move |question: &mut Question<'_>| {
                notify(question);
                reply(question);
            }
        };
        assert_eq!(ask(SENDER, SPF, both("NEVER")), row);
        assert_eq!(ask(SENDER, SPF, both("SUCCESS")), (9, "spf", May::Yes));
    }

    #[test]
    fn rfc3834() {
        let row = (4, "rfc3834", May::No);
        let list = format!("List-Id: <list.example.org>\r\nAuthentication-Results: mx.example.net; {SPF}\r\n");
        assert_eq!(ask_with(SENDER, &list, reply, false), row);
        assert_eq!(ask("list-owner@example.org", SPF, reply), row);
        assert_eq!(ask(SENDER, SPF, reply), (9, "spf", May::Yes));
    }

    #[test]
    fn list_ndr() {
        let row = (5, "list-ndr", May::Yes);
        assert_eq!(ask("list-bounces@example.org", SPF, nothing), row);
        assert_eq!(ask("list-bounces@example.org", "dkim=pass header.d=example.org", nothing), row);
        assert_eq!(ask("list-bounces@example.org", "dmarc=pass header.from=example.org", nothing), row);
        let sealed = format!(
            "ARC-Seal: i=1; d=list.example; cv=none\r\nARC-Authentication-Results: i=1; mx.list.example; {SPF}\r\n\
             Authentication-Results: mx.example.net; arc=pass\r\n"
        );
        assert_eq!(ask_with("list-bounces@example.org", &sealed, nothing, false), row);
        assert_eq!(
            ask("list-bounces@example.org", "spf=fail smtp.mailfrom=example.org", nothing),
            (13, "forged", May::No)
        );
        assert_eq!(ask("list-bounces@example.org", "none", nothing), (14, "unproved", May::No));
        assert_eq!(ask("list-bounces@example.net", "none", |question| question.own_client = true), row);
        assert_eq!(
            ask("list-bounces@example.net", "spf=pass smtp.mailfrom=example.net", nothing),
            (7, "own-forged", May::No)
        );
    }

    #[test]
    fn own_verified() {
        let row = (6, "own-verified", May::Yes);
        let client = |question: &mut Question<'_>| {
            question.own_client = true;
            question.hostile = true;
        };
        assert_eq!(ask("alice@example.net", "none", client), row);
        assert_eq!(ask("Bob@example.com", "none", client), row);
        let tagged = |question: &mut Question<'_>| question.tag = Some(TagVerdict::Valid);
        assert_eq!(ask("prvs=0778a1b2c3=bob@example.com", "none", tagged), row);
        assert_eq!(ask("alice@example.net", "dkim=pass header.d=example.net", nothing), row);
    }

    #[test]
    fn own_forged() {
        let row = (7, "own-forged", May::No);
        assert_eq!(ask("alice@example.net", "none", nothing), row);
        assert_eq!(ask("alice@EXAMPLE.net", "spf=pass smtp.mailfrom=example.net", nothing), row);
        assert_eq!(ask("alice@example.net", "dkim=pass header.d=example.org", nothing), row);
        for verdict in [TagVerdict::Expired, TagVerdict::BadMac, TagVerdict::UnknownKey, TagVerdict::Untagged] {
            assert_eq!(ask("prvs=0778a1b2c3=bob@example.com", "none", |question| question.tag = Some(verdict)), row);
        }
        // Rewritten by somebody else: the address inside is not the sender.
        assert_eq!(ask("SRS0=8nW7=2W=example.net=alice@example.org", "none", nothing), (14, "unproved", May::No));
    }

    #[test]
    fn hostile() {
        assert_eq!(ask(SENDER, SPF, |question| question.hostile = true), (8, "hostile", May::No));
    }

    #[test]
    fn spf() {
        let row = (9, "spf", May::Yes);
        assert_eq!(ask(SENDER, SPF, nothing), row);
        assert_eq!(ask(SENDER, "spf=pass smtp.mailfrom=example.org; dmarc=fail header.from=example.com", nothing), row);
        assert_eq!(ask(SENDER, "spf=pass smtp.mailfrom=mail.example.org", nothing), (14, "unproved", May::No));
        assert_eq!(ask("postmaster", "spf=pass smtp.mailfrom=postmaster@", nothing), (14, "unproved", May::No));
    }

    #[test]
    fn dkim() {
        let row = (10, "dkim", May::Yes);
        assert_eq!(ask(SENDER, "spf=fail smtp.mailfrom=example.org; dkim=pass header.d=example.org", nothing), row);
        assert_eq!(ask("alice@bounces.example.org", "dkim=pass header.d=example.org", nothing), row);
        assert_eq!(ask(SENDER, "dkim=pass header.d=mail.example.org", nothing), (14, "unproved", May::No));
    }

    #[test]
    fn dmarc() {
        let row = (10, "dmarc", May::Yes);
        assert_eq!(ask("alice@bounces.example.org", "dmarc=pass header.from=example.org", nothing), row);
        assert_eq!(ask(SENDER, "dmarc=pass header.from=example.com", nothing), (14, "unproved", May::No));
    }

    #[test]
    fn what_stands_above_the_header_is_passed_over() {
        let header = "\r\n>From bob@example.org Wed Nov 25 10:00:00 2026\r\nAuthentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n";
        assert_eq!(ask_with(SENDER, header, nothing, false), (9, "spf", May::Yes));
        let list = format!("{header}List-Id: <list.example.org>\r\n");
        assert_eq!(ask_with(SENDER, &list, |question| question.kind = Kind::AutomaticReply, false).0, 4);
    }

    #[test]
    fn rewritten() {
        let senders = [
            "SRS0=8nW7=2W=example.com=bob@example.org",
            "prvs=0778a1b2c3=alice@example.org",
            "news+bob=example.com@example.org",
            "news-17-bob=mail.example.com@example.org",
        ];
        for sender in senders {
            assert_eq!(ask(sender, SPF, nothing), (11, "rewritten", May::Yes), "{sender}");
            assert_eq!(ask(sender, "none", nothing), (14, "unproved", May::No), "{sender}");
        }
        for sender in
            ["a=b@example.org", "news+a=b@example.org", "news+a=b..c@example.org", "a=example.com@example.org"]
        {
            assert_eq!(ask(sender, SPF, nothing), (9, "spf", May::Yes), "{sender}");
        }
    }

    #[test]
    fn arc() {
        let header = |sealer: &str, saw: &str, own: &str| {
            format!(
                "ARC-Seal: i=1; d={sealer}; cv=none\r\nARC-Authentication-Results: i=1; mx.{sealer}; {saw}\r\n\
                 Authentication-Results: mx.example.net; {own}; spf=fail smtp.mailfrom=example.org\r\n"
            )
        };
        let (row, forged) = ((12, "arc", May::Yes), (13, "forged", May::No));
        for saw in [SPF, "dkim=pass header.d=example.org", "dmarc=pass header.from=example.org"] {
            assert_eq!(ask_with(SENDER, &header("list.example", saw, "arc=pass"), nothing, false), row);
            assert_eq!(ask_with(SENDER, &header("list.example", saw, "arc=fail"), nothing, false), forged);
            assert_eq!(ask_with(SENDER, &header("list.example", saw, "dkim=none"), nothing, false), forged);
            assert_eq!(ask_with(SENDER, &header("evil.example", saw, "arc=pass"), nothing, false), forged);
            assert_eq!(ask_with("alice@example.com", &header("list.example", saw, "arc=pass"), nothing, false).0, 14);
        }
    }

    #[test]
    fn forged() {
        let row = (13, "forged", May::No);
        for results in [
            "spf=fail smtp.mailfrom=partner.example",
            "spf=softfail smtp.mailfrom=alice@partner.example",
            "spf=hardfail",
            "dmarc=fail header.from=example.com",
            "spf=none smtp.mailfrom=partner.example; dmarc=fail",
        ] {
            assert_eq!(ask("alice@partner.example", results, nothing), row, "{results}");
        }
    }

    #[test]
    fn unproved() {
        for result in ["none", "neutral", "temperror", "permerror", "policy", "bestguesspass"] {
            let header = format!("Authentication-Results: mx.example.net; spf={result} smtp.mailfrom=example.org\r\n");
            assert_eq!(ask_with(SENDER, &header, nothing, false), (14, "unproved", May::No));
            assert_eq!(ask_with(SENDER, &header, nothing, true), (14, "unproved", May::Hold));
            assert_eq!(ask_with(SENDER, &header, reply, true), (14, "unproved", May::No));
            assert_eq!(ask_with("alice@partner.example", &header, nothing, true), (14, "unproved", May::Yes));
        }
        for forged in [
            "Authentication-Results: mx.evil.example; spf=pass smtp.mailfrom=example.org\r\n",
            "Authentication-Results: mx.evil.example (\r\n mx.example.net; spf=pass smtp.mailfrom=example.org)\r\n",
            "Authentication-Results: mx.example.net.; spf=pass smtp.mailfrom=example.org\r\n",
            "Authentication-Results: spf=pass smtp.mailfrom=example.org\r\n",
            "Received-SPF: pass\r\n\r\nAuthentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n",
        ] {
            assert_eq!(ask_with(SENDER, forged, nothing, false), (14, "unproved", May::No), "{forged}");
        }
    }

    #[test]
    fn unroutable() {
        let unroutable = |question: &mut Question<'_>| question.unroutable = true;
        let row = (15, "unroutable", May::No);
        assert_eq!(ask(SENDER, "spf=none smtp.mailfrom=example.org", unroutable), row);
        assert_eq!(ask_with("alice@partner.example", "", unroutable, true), row);
    }

    #[test]
    fn answers_in_words() {
        let mut policy = Policy { authserv_ids: &["mx.example.net"], ..Policy::default() };
        let mut question = Question::new(Path::parse(SENDER).unwrap());
        assert_eq!(may_bounce(&question, &policy).to_string(), "no (unproved): nothing proves the sender");
        policy.hold_unproved = true;
        assert_eq!(
            may_bounce(&question, &policy).to_string(),
            "hold (unproved): nothing proves the sender: hold it, or answer 4yz"
        );
        question.header = b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n";
        assert_eq!(may_bounce(&question, &policy).to_string(), "yes (spf): SPF passes for the domain of the sender");
        question.answerable_in_smtp = true;
        assert_eq!(
            may_bounce(&question, &policy).to_string(),
            "reject-first (reject-first): the message can still be refused instead"
        );
    }

    proptest! {
        #[test]
        fn without_a_trusted_server_nothing_proves_a_stranger(pieces in vec(select(vec![
            "Authentication-Results: ", "mx.example.net", "; spf=pass smtp.mailfrom=example.org", "; arc=pass",
            "; dkim=pass header.d=example.org", "; dmarc=pass header.from=example.org", "; none", "\r\n", "(", ")", "\"",
            "ARC-Seal: i=1; d=list.example", "ARC-Authentication-Results: i=1; ", "evil.example", " ", ",", "\0", "é",
        ]), 0..30), octets in vec(any::<u8>(), 0..40)) {
            let header = [pieces.concat().as_bytes(), &octets].concat();
            let mut policy = Policy { trusted_sealers: &["list.example"], ..Policy::default() };
            let mut question = Question::new(Path::parse(SENDER).unwrap());
            question.header = &header;
            prop_assert_eq!(may_bounce(&question, &policy).may, May::No);
            policy.authserv_ids = &["mx.example.net"];
            let answer = may_bounce(&question, &policy);
            prop_assert!(answer.may == May::No || header.windows(14).any(|part| part == b"mx.example.net"));
        }
    }
}
