//! Whether a bounce or an automatic reply may go to the claimed sender of a message.
//!
//! An answer to a forged sender hits the owner of that address. An answer that may leave has the null reverse-path, and
//! goes to the reverse-path of the message, never to From or Reply-To (RFC 3464 §2, RFC 3834 §4).

mod answer;
mod facts;
mod notify;
mod question;
mod rows;

pub use self::answer::{BounceAnswer, BounceReason, MayBounce};
use self::facts::Facts;
pub use self::notify::{Notify, NotifyError};
pub use self::question::{BouncePolicy, BounceQuestion, NoticeKind};
use self::rows::ROWS;

/// Whether a bounce or an automatic reply may be sent. The first row that fits decides:
///
/// | row | when | answer | reason |
/// |---|---|---|---|
/// | 1 | a non-delivery report, while the message can be refused | reject-first | `reject-first` |
/// | 2 | the reverse-path is null, or a double-bounce address | no | `null` |
/// | 3 | NOTIFY is NEVER, or does not name the failure that would be reported | no | `dsn-never` |
/// | 4 | an automatic reply to a message with an [`auto_reply::sign`](batv_bounce::auto_reply::sign) | no | `rfc3834` |
/// | 5 | a non-delivery report to such a message, its sender proved as in rows 6 and 9 to 12 | yes | `list-ndr` |
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
/// use batv_core::Path;
/// use batv_policy::{BouncePolicy, BounceQuestion, BounceReason, MayBounce, may_bounce};
///
/// let policy = BouncePolicy { authserv_ids: &["mx.example.net"], ..BouncePolicy::default() };
/// let question = BounceQuestion::new(Path::parse("alice@example.org")?);
/// assert_eq!(may_bounce(&question, &policy).reason, BounceReason::Unproved);
/// let header = b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n";
/// assert_eq!(may_bounce(&BounceQuestion { header, ..question }, &policy).may, MayBounce::Yes);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn may_bounce<T: AsRef<str>>(question: &BounceQuestion<'_>, policy: &BouncePolicy<'_, T>) -> BounceAnswer {
    let facts = Facts::of(question, policy);
    let [.., last] = &ROWS;
    let row = ROWS.iter().find(|row| (row.fits)(&facts)).unwrap_or(last);
    BounceAnswer { may: row.may, reason: row.reason, row: row.number, words: row.words }
}
