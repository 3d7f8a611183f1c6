//! The table by which [`may_bounce`](super::may_bounce()) decides.

use super::answer::{BounceReason, MayBounce};
use super::facts::Facts;

/// Row of the table.
pub(super) struct Row {
    pub(super) number: u8,
    pub(super) fits: fn(&Facts) -> bool,
    pub(super) may: MayBounce,
    pub(super) reason: BounceReason,
    pub(super) words: &'static str,
}

const fn row(number: u8, fits: fn(&Facts) -> bool, may: MayBounce, reason: BounceReason, words: &'static str) -> Row {
    Row { number, fits, may, reason, words }
}

/// The first row that fits decides. The last one fits all that the others leave.
pub(super) const ROWS: [Row; 18] = {
    use BounceReason::*;
    use MayBounce::{Hold, No, Yes};
    [
        row(1, |it| it.refusable, MayBounce::RejectFirst, RejectFirst, "the message can still be refused instead"),
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
