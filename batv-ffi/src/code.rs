//! The numbers of the interface, which never move, and their texts.
//!
//! No two codes have the same number, whatever they are about, and none but `BATV_RESULT_OK` is 0: a verdict can't be
//! taken for a result, and what nobody has set is no verdict.

use core::ffi::{CStr, c_char};

use batv_bounce::may_bounce::{self, Kind, May};
use batv_bounce::{Action, Class, Form, Origin, Proof};
use batv_config::Permissions;
use batv_core::Algorithm;
use batv_core::dialect::{self, Dialect};
use batv_core::envelope::{Disposition, Earlier, Mode, Reason, Stage, Verdict};
use batv_core::srs::SrsVerdict;
use batv_core::tag::TagVerdict;

use crate::border::Failure;

/// What became of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_result {
    /// Done.
    Ok = 0,
    /// A pointer is NULL that may not be.
    NullPointer = 1,
    /// A number, a name or a value that none can be.
    BadArgument = 2,
    /// The buffer is too small: the length says what is needed, without the NUL.
    TooSmall = 3,
    /// The text is no address, or one that cannot be rewritten.
    Malformed = 4,
    /// The local part would have more than 64 octets (RFC 5321 §4.5.3.1.1): send it as it is.
    TooLong = 5,
    /// The keyring has no key that signs for this.
    NoKey = 6,
    /// The keyring is wrong.
    Keyring = 7,
    /// The system refused to do something with a file.
    Io = 8,
    /// Others may read or change the keyring file.
    Permissions = 9,
    /// The time is not from 1970-01-01 to 9999-12-31.
    Clock = 10,
    /// An error inside of the library.
    Panic = 11,
}

/// What a tag is worth. Of SRS addresses all but `BATV_TAG_VERDICT_UNKNOWN_KEY` can be, of others the first five.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_tag_verdict {
    /// A live key of ours made it, and it has not expired.
    Valid = 100,
    /// A live key of ours made it, but it is too old, or from too far ahead.
    Expired = 101,
    /// No live key made it, though one has its id.
    BadMac = 102,
    /// There is no live key of its id.
    UnknownKey = 103,
    /// There is no tag.
    Untagged = 104,
    /// SRS: rewritten by somebody else.
    Foreign = 105,
    /// SRS: of a domain of ours, but no address that this scheme makes.
    Malformed = 106,
}

/// What signing or rewriting did to an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_change {
    /// It has a tag of ours now, or is rewritten to a domain of ours.
    Tagged = 120,
    /// It stays, for it has a tag already, ours or of somebody else.
    AlreadyTagged = 121,
    /// It stays, for no key signs for it; or, for SRS, since it is of a domain of ours.
    NotOurs = 122,
    /// It stays, for it is the null path.
    NullPath = 123,
}

/// What is found about a recipient. "Disproved" and "unverified" are never the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_verdict {
    /// A bounce to mail that we sent.
    Genuine = 200,
    /// It answers nothing that we sent.
    Disproved = 201,
    /// Nothing proves or disproves it.
    Unverified = 202,
    /// It is not for us to judge.
    NotJudged = 203,
    /// The question is put off, or can't be answered.
    Undecided = 204,
}

/// Why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_reason {
    /// The client, the recipient or its domain is not judged, or what the recipient sends gets no tag.
    Exempt = 220,
    /// A further recipient of a null reverse-path, whose outcome may differ from that of an earlier one.
    NullMultiRcpt = 221,
    /// A bounce with a good tag.
    TagOk = 222,
    /// A bounce whose tag has expired.
    TagExpired = 223,
    /// A bounce whose tag no live key made, though one has its id.
    TagForged = 224,
    /// A bounce whose tag names a key that we do not have, or is of another program.
    TagUnknownKey = 225,
    /// A null reverse-path to an untagged mailbox: a bounce, or a question whether the mailbox exists.
    Callout = 226,
    /// A bounce without a tag to a mailbox that tags all that it sends.
    Untagged = 227,
    /// A bounce without a tag that may answer what was sent before tags were.
    SigningGrace = 228,
    /// To postmaster or abuse, which must stay reachable.
    Rfc5321Postmaster = 229,
    /// Mail, not a bounce, to a mailbox with a tag that we made.
    TaggedMail = 230,
    /// Mail, not a bounce, to a mailbox with a tag that we did not make.
    TaggedBad = 231,
    /// Mail, not a bounce.
    NotJudged = 232,
    /// There is no key, or the clock is wrong.
    Internal = 233,
    /// A bounce with a good tag that returns a message which isn't ours: the tag got around.
    TagOkOriginalForeign = 234,
    /// A bounce whose tag has expired, and which returns a message that is proved to be ours.
    LateBounce = 235,
    /// A bounce without a tag that returns a message which is proved to be ours.
    OriginalProved = 236,
    /// A bounce without a tag that returns a message which isn't ours.
    BackscatterDisproved = 237,
    /// A bounce without a tag, of which nothing tells whose message it returns.
    BackscatterUnverified = 238,
    /// A disposition notification for a message that is proved to be ours.
    MdnProved = 239,
    /// A disposition notification without a tag, as RFC 8098 §3 wants it.
    MdnUnverified = 240,
    /// A report on DMARC, on TLS or on abuse.
    Report = 241,
    /// An automatic reply to a message that is proved to be ours.
    AutoReplyProved = 242,
    /// An automatic reply without a tag.
    AutoReplyUnverified = 243,
    /// Mail with a null reverse-path that is no bounce.
    NullNotBounce = 244,
    /// A bounce with a reverse-path that returns a message which is proved to be ours.
    NonnullBounceProved = 245,
    /// A bounce with a reverse-path that returns a message which isn't ours.
    NonnullBackscatter = 246,
    /// A challenge to mail that isn't proved to be ours.
    ChallengeForeign = 247,
    /// A bounce with a good tag, to which more bounces have come than one should get. Only who counts them says so.
    TagReplayed = 248,
    /// Too many wrong tags came from the client's network, or to the mailbox, lately. Only who counts them says so.
    Throttled = 249,
    /// A bounce to an SRS address of ours: it answers mail that we forwarded.
    SrsOk = 280,
    /// A bounce to an SRS address of ours that is too old.
    SrsExpired = 281,
    /// An SRS address of one of our domains that none of our keys made.
    SrsForged = 282,
    /// Mail, not a bounce, to an SRS address of ours.
    SrsMail = 283,
    /// Mail, not a bounce, to an SRS address of ours that takes bounces alone.
    SrsNotBounce = 284,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_disposition {
    /// Take it.
    Accept = 250,
    /// Take it, and say in a header what was found.
    Mark = 251,
    /// Take it, and hold it.
    Quarantine = 252,
    /// Refuse it for good, with a 5yz reply.
    Reject = 253,
    /// Refuse it for now, with a 4yz reply.
    Tempfail = 254,
    /// Take it, and throw it away. Nothing in this library says so.
    Drop = 255,
}

/// How far a site goes with what is not proved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_mode {
    /// Accept, and tell the log.
    Observe = 290,
    /// Accept, and say so in a header.
    Mark = 291,
    /// Hold.
    Quarantine = 292,
    /// Refuse.
    Reject = 293,
}

/// The recipients of the same message that were accepted before; 0 is the same as `BATV_EARLIER_NONE`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_earlier {
    /// There are none.
    None = 260,
    /// All are accepted, whatever the message says.
    Settled = 261,
    /// At least one may still be refused by the message, or is held.
    Undecided = 262,
}

/// When the question is asked; 0 is the same as `BATV_STAGE_RCPT_TO`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_stage {
    /// At RCPT TO.
    RcptTo = 270,
    /// After the last octet of the message.
    EndOfData = 271,
}

/// Whose tag it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_dialect {
    /// `prvs=KDDDSSSSSS=local`: the draft, and what we sign.
    PrvsDraft = 300,
    /// `prvs=DDDSSSSSS=local`, without a key id: Cisco's mail gateways.
    PrvsCisco9 = 301,
    /// `prvs=value=local` whose value has no known shape.
    PrvsNonconforming = 302,
    /// `prvs=local=tag`: the order of some gateways' manuals.
    PrvsUserTag = 303,
    /// `prvs=local/tag`: draft-levine-mass-batv-00, and Exim to 4.62.
    PrvsSlash = 304,
    /// `local+prvs=KDDDSSSSSS`, with any delimiter: batv-tools, and what we sign on request.
    PrvsSubAddress = 305,
    /// `batv=KDDD…=local`: our strong form.
    BatvStrong = 306,
    /// `btv1==tag==local`: Barracuda.
    Btv1 = 307,
    /// `msprvs1=tag=local`: SparkPost and Momentum.
    Msprvs1 = 308,
    /// `SRS0=hash=day=domain=local`.
    Srs0 = 309,
    /// `SRS0+…`.
    Srs0Plus = 310,
    /// `SRS0-…`.
    Srs0Minus = 311,
    /// `SRS0=` with Exim's own hash: four hexadecimal digits, and the day in lower case.
    Srs0Exim = 312,
    /// `SRS0=hash=day==local`: the same domain, signed by pysrs.
    Srs0PysrsSign = 313,
    /// `SRS0=hash=day=1=handle`: an alias in the database of postsrsd, opaque to all others.
    Srs0PostsrsdDatabase = 314,
    /// `SRS1=hash=host==…`: a forwarded SRS0.
    Srs1 = 315,
    /// `SRS1=host=…` without a hash, from before Mail::SRS 0.28.
    Srs1Hashless = 316,
    /// `SRS0+hash+days+domain+local` of infradead.org.
    InfradeadRpr = 317,
    /// `BATV+hash+days+domain+local` of infradead.org.
    InfradeadBatv = 318,
    /// `user+SRS=hash=day=domain=local`: Microsoft 365.
    M365Srs = 319,
    /// `bounces+SRS=hash=day`: Microsoft 365, opaque.
    M365SrsOpaque = 320,
    /// `user+caf_=forwarded=to`: Google's mark on forwarded mail.
    GoogleCaf = 321,
}

/// How far unwrapping goes; 0 is the same as `BATV_UNWRAP_MODE_IDENTITY`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_unwrap_mode {
    /// Whatever looks like a tag comes off: to compare and to look up senders.
    Identity = 400,
    /// Only tags of exactly the known shapes come off.
    Strict = 401,
}

/// Who may read a keyring file; 0 is the same as `BATV_PERMISSIONS_PRIVATE`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_permissions {
    /// Its owner alone.
    Private = 410,
    /// Others too. They may not change it.
    AllowReadable = 411,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_use {
    /// The tags of our own senders.
    Batv = 420,
    /// The senders of mail that we forward.
    Srs = 421,
}

/// How a key makes its MACs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_algorithm {
    /// HMAC-SHA1, as other programs have it.
    HmacSha1 = 430,
    /// HMAC-SHA256.
    HmacSha256 = 431,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_class {
    /// A report on TLS (RFC 8460).
    TlsReport = 500,
    /// A report on DMARC, aggregate (RFC 7489 §7.2).
    DmarcReport = 501,
    /// A report on abuse or on a failed authentication (RFC 5965, RFC 6591).
    FeedbackReport = 502,
    /// A message disposition notification (RFC 8098).
    Mdn = 503,
    /// A delivery status notification (RFC 3464, RFC 6533).
    Dsn = 504,
    /// One in a form of its own.
    NonstandardDsn = 505,
    /// A request to prove that one is no robot.
    Challenge = 506,
    /// A notice that a virus was found.
    VirusNotice = 507,
    /// An automatic reply (RFC 3834).
    AutoReply = 508,
    /// An answer of a list's program.
    ListAutomaton = 509,
    /// Other mail with a null reverse-path.
    NullOther = 510,
    /// Any other mail.
    Ordinary = 511,
}

/// What became of a recipient (RFC 3464 §2.3.3), from the best to the worst.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_action {
    /// Delivered to one of several behind the recipient.
    Expanded = 520,
    /// Handed to a system that sends no reports.
    Relayed = 521,
    /// Delivered.
    Delivered = 522,
    /// Not yet delivered.
    Delayed = 523,
    /// Given up.
    Failed = 524,
}

/// How much of the original came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_original {
    /// The message, as a part of its own.
    Whole = 530,
    /// Its header, as a part of its own.
    Headers = 531,
    /// Header and perhaps body in a text, as they were.
    Inline = 532,
    /// Lines of its header in a text, some left out or changed.
    Partial = 533,
}

/// Whose message is returned. The first four prove that it was ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_origin {
    /// A mark of ours in the returned header.
    Mark = 540,
    /// A mark of ours as the envelope id that the report names.
    EnvelopeId = 541,
    /// A tag of ours in the returned header.
    Tag = 542,
    /// A DKIM signature of ours on the returned header.
    Dkim = 543,
    /// It looks like ours, as anybody's can: never enough to accept it, enough not to refuse it.
    Hinted = 544,
    /// Nothing tells.
    Unknown = 545,
    /// Not ours: its header is all there, and has none of the marks that all of ours have.
    Disproved = 546,
    /// The log of what was sent has it. It proves that it was ours, as the first four do.
    SentLog = 547,
}

/// Whether a bounce or an automatic reply may be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_may {
    /// Send it, to the reverse-path, with the null reverse-path.
    Yes = 550,
    /// Don't send it; tell the log, or postmaster.
    No = 551,
    /// Refuse the message with a 5yz reply: then it is for the client to tell the sender.
    RejectFirst = 552,
    /// Hold it for a person, or refuse the message for now with a 4yz reply while that can be done.
    Hold = 553,
}

/// Why it may be sent, or may not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_bounce_reason {
    /// The message can still be refused.
    RejectFirst = 560,
    /// There is nobody to send it to.
    Null = 561,
    /// The sender asked not to be told.
    DsnNever = 562,
    /// An automatic reply would answer a list or a program.
    Rfc3834 = 563,
    /// A list or a program whose sender is proved, which needs its bounces.
    ListNdr = 564,
    /// A sender of ours, proved.
    OwnVerified = 565,
    /// A sender of ours, not proved.
    OwnForged = 566,
    /// Spam or malware.
    Hostile = 567,
    /// SPF passes.
    Spf = 568,
    /// DKIM passes.
    Dkim = 569,
    /// DMARC passes.
    Dmarc = 570,
    /// SPF passes for whoever rewrote the sender.
    Rewritten = 571,
    /// A trusted sealer saw a proof.
    Arc = 572,
    /// SPF or DMARC fails.
    Forged = 573,
    /// Nothing is proved.
    Unproved = 574,
    /// No mail can go there.
    Unroutable = 575,
}

/// What would be sent; 0 is the same as `BATV_BOUNCE_KIND_NON_DELIVERY`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum batv_bounce_kind {
    /// A report that the message was not delivered (RFC 3464).
    NonDelivery = 580,
    /// A vacation notice, a receipt, an answer of a robot (RFC 3834).
    AutomaticReply = 581,
}

/// Something of the crates below that has no number here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unnumbered;

impl From<Unnumbered> for Failure {
    fn from(_: Unnumbered) -> Self {
        Self::Unnumbered
    }
}

/// Whoever adds a code below is told here, and no program that judges mail.
macro_rules! numbered {
    ($($number:ident of $value:ident),+) => {$(
        const _: () = {
            let mut at = 0;
            while at < $value::ALL.len() {
                assert!(
                    $number::of($value::ALL[at]).is_ok(),
                    concat!("no number for a ", stringify!($value), ": see CONTRIBUTING.md")
                );
                at += 1;
            }
        };
    )+};
}

numbered!(batv_class of Class, batv_dialect of Dialect, batv_verdict of Verdict, batv_mode of Mode, batv_reason of Reason);

impl batv_tag_verdict {
    /// 0, and what only SRS has, is none.
    pub(crate) const fn read(number: u32) -> Result<Option<TagVerdict>, Failure> {
        Ok(Some(match number {
            0 | 105 | 106 => return Ok(None),
            100 => TagVerdict::Valid,
            101 => TagVerdict::Expired,
            102 => TagVerdict::BadMac,
            103 => TagVerdict::UnknownKey,
            104 => TagVerdict::Untagged,
            _ => return Err(Failure::Argument("`tag` is no batv_tag_verdict")),
        }))
    }
}

impl batv_tag_verdict {
    #[inline]
    pub(crate) const fn of(value: TagVerdict) -> Result<Self, Unnumbered> {
        Ok(match value {
            TagVerdict::Valid => Self::Valid,
            TagVerdict::Expired => Self::Expired,
            TagVerdict::BadMac => Self::BadMac,
            TagVerdict::UnknownKey => Self::UnknownKey,
            TagVerdict::Untagged => Self::Untagged,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_tag_verdict {
    #[inline]
    pub(crate) const fn of_srs(value: SrsVerdict) -> Result<Self, Unnumbered> {
        Ok(match value {
            SrsVerdict::Valid => Self::Valid,
            SrsVerdict::Expired => Self::Expired,
            SrsVerdict::BadMac => Self::BadMac,
            SrsVerdict::Foreign => Self::Foreign,
            SrsVerdict::Untagged => Self::Untagged,
            SrsVerdict::Malformed => Self::Malformed,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_verdict {
    #[inline]
    pub(crate) const fn of(value: Verdict) -> Result<Self, Unnumbered> {
        Ok(match value {
            Verdict::Genuine => Self::Genuine,
            Verdict::Disproved => Self::Disproved,
            Verdict::Unverified => Self::Unverified,
            Verdict::NotJudged => Self::NotJudged,
            Verdict::Undecided => Self::Undecided,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_reason {
    #[inline]
    pub(crate) const fn of(value: Reason) -> Result<Self, Unnumbered> {
        Ok(match value {
            Reason::Exempt => Self::Exempt,
            Reason::NullMultiRcpt => Self::NullMultiRcpt,
            Reason::TagOk => Self::TagOk,
            Reason::TagExpired => Self::TagExpired,
            Reason::TagForged => Self::TagForged,
            Reason::TagUnknownKey => Self::TagUnknownKey,
            Reason::Callout => Self::Callout,
            Reason::Untagged => Self::Untagged,
            Reason::SigningGrace => Self::SigningGrace,
            Reason::Rfc5321Postmaster => Self::Rfc5321Postmaster,
            Reason::TaggedMail => Self::TaggedMail,
            Reason::TaggedBad => Self::TaggedBad,
            Reason::NotJudged => Self::NotJudged,
            Reason::Internal => Self::Internal,
            Reason::TagOkOriginalForeign => Self::TagOkOriginalForeign,
            Reason::TagReplayed => Self::TagReplayed,
            Reason::Throttled => Self::Throttled,
            Reason::LateBounce => Self::LateBounce,
            Reason::OriginalProved => Self::OriginalProved,
            Reason::BackscatterDisproved => Self::BackscatterDisproved,
            Reason::BackscatterUnverified => Self::BackscatterUnverified,
            Reason::MdnProved => Self::MdnProved,
            Reason::MdnUnverified => Self::MdnUnverified,
            Reason::Report => Self::Report,
            Reason::AutoReplyProved => Self::AutoReplyProved,
            Reason::AutoReplyUnverified => Self::AutoReplyUnverified,
            Reason::NullNotBounce => Self::NullNotBounce,
            Reason::NonnullBounceProved => Self::NonnullBounceProved,
            Reason::NonnullBackscatter => Self::NonnullBackscatter,
            Reason::ChallengeForeign => Self::ChallengeForeign,
            Reason::SrsOk => Self::SrsOk,
            Reason::SrsExpired => Self::SrsExpired,
            Reason::SrsForged => Self::SrsForged,
            Reason::SrsMail => Self::SrsMail,
            Reason::SrsNotBounce => Self::SrsNotBounce,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_disposition {
    #[inline]
    pub(crate) const fn of(value: Disposition) -> Result<Self, Unnumbered> {
        Ok(match value {
            Disposition::Accept => Self::Accept,
            Disposition::Mark => Self::Mark,
            Disposition::Quarantine => Self::Quarantine,
            Disposition::Reject => Self::Reject,
            Disposition::Tempfail => Self::Tempfail,
            Disposition::Drop => Self::Drop,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_mode {
    #[inline]
    pub(crate) const fn of(value: Mode) -> Result<Self, Unnumbered> {
        Ok(match value {
            Mode::Observe => Self::Observe,
            Mode::Mark => Self::Mark,
            Mode::Quarantine => Self::Quarantine,
            Mode::Reject => Self::Reject,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_earlier {
    #[inline]
    pub(crate) const fn of(value: Earlier) -> Result<Self, Unnumbered> {
        Ok(match value {
            Earlier::None => Self::None,
            Earlier::Settled => Self::Settled,
            Earlier::Undecided => Self::Undecided,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_dialect {
    #[inline]
    pub(crate) const fn of(value: Dialect) -> Result<Self, Unnumbered> {
        Ok(match value {
            Dialect::PrvsDraft => Self::PrvsDraft,
            Dialect::PrvsCisco9 => Self::PrvsCisco9,
            Dialect::PrvsNonconforming => Self::PrvsNonconforming,
            Dialect::PrvsUserTag => Self::PrvsUserTag,
            Dialect::PrvsSlash => Self::PrvsSlash,
            Dialect::PrvsSubAddress => Self::PrvsSubAddress,
            Dialect::BatvStrong => Self::BatvStrong,
            Dialect::Btv1 => Self::Btv1,
            Dialect::Msprvs1 => Self::Msprvs1,
            Dialect::Srs0 => Self::Srs0,
            Dialect::Srs0Plus => Self::Srs0Plus,
            Dialect::Srs0Minus => Self::Srs0Minus,
            Dialect::Srs0Exim => Self::Srs0Exim,
            Dialect::Srs0PysrsSign => Self::Srs0PysrsSign,
            Dialect::Srs0PostsrsdDatabase => Self::Srs0PostsrsdDatabase,
            Dialect::Srs1 => Self::Srs1,
            Dialect::Srs1Hashless => Self::Srs1Hashless,
            Dialect::InfradeadRpr => Self::InfradeadRpr,
            Dialect::InfradeadBatv => Self::InfradeadBatv,
            Dialect::M365Srs => Self::M365Srs,
            Dialect::M365SrsOpaque => Self::M365SrsOpaque,
            Dialect::GoogleCaf => Self::GoogleCaf,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_class {
    pub(crate) const fn of(value: Class) -> Result<Self, Unnumbered> {
        Ok(match value {
            Class::TlsReport => Self::TlsReport,
            Class::DmarcReport => Self::DmarcReport,
            Class::FeedbackReport => Self::FeedbackReport,
            Class::Mdn => Self::Mdn,
            Class::Dsn => Self::Dsn,
            Class::NonstandardDsn => Self::NonstandardDsn,
            Class::Challenge => Self::Challenge,
            Class::VirusNotice => Self::VirusNotice,
            Class::AutoReply => Self::AutoReply,
            Class::ListAutomaton => Self::ListAutomaton,
            Class::NullOther => Self::NullOther,
            Class::Ordinary => Self::Ordinary,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_action {
    pub(crate) const fn of(value: Action) -> Result<Self, Unnumbered> {
        Ok(match value {
            Action::Expanded => Self::Expanded,
            Action::Relayed => Self::Relayed,
            Action::Delivered => Self::Delivered,
            Action::Delayed => Self::Delayed,
            Action::Failed => Self::Failed,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_original {
    pub(crate) const fn of(value: Form) -> Result<Self, Unnumbered> {
        Ok(match value {
            Form::Whole => Self::Whole,
            Form::Headers => Self::Headers,
            Form::Inline => Self::Inline,
            Form::Partial => Self::Partial,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_origin {
    pub(crate) const fn of(value: Origin) -> Result<Self, Unnumbered> {
        Ok(match value {
            Origin::Proved(Proof::Mark) => Self::Mark,
            Origin::Proved(Proof::EnvelopeId) => Self::EnvelopeId,
            Origin::Proved(Proof::Tag) => Self::Tag,
            Origin::Proved(Proof::Dkim) => Self::Dkim,
            Origin::Proved(Proof::SentLog) => Self::SentLog,
            Origin::Hinted => Self::Hinted,
            Origin::Unknown => Self::Unknown,
            Origin::Disproved => Self::Disproved,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_may {
    pub(crate) const fn of(value: May) -> Result<Self, Unnumbered> {
        Ok(match value {
            May::Yes => Self::Yes,
            May::No => Self::No,
            May::RejectFirst => Self::RejectFirst,
            May::Hold => Self::Hold,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_bounce_reason {
    pub(crate) const fn of(value: may_bounce::Reason) -> Result<Self, Unnumbered> {
        Ok(match value {
            may_bounce::Reason::RejectFirst => Self::RejectFirst,
            may_bounce::Reason::Null => Self::Null,
            may_bounce::Reason::DsnNever => Self::DsnNever,
            may_bounce::Reason::Rfc3834 => Self::Rfc3834,
            may_bounce::Reason::ListNdr => Self::ListNdr,
            may_bounce::Reason::OwnVerified => Self::OwnVerified,
            may_bounce::Reason::OwnForged => Self::OwnForged,
            may_bounce::Reason::Hostile => Self::Hostile,
            may_bounce::Reason::Spf => Self::Spf,
            may_bounce::Reason::Dkim => Self::Dkim,
            may_bounce::Reason::Dmarc => Self::Dmarc,
            may_bounce::Reason::Rewritten => Self::Rewritten,
            may_bounce::Reason::Arc => Self::Arc,
            may_bounce::Reason::Forged => Self::Forged,
            may_bounce::Reason::Unproved => Self::Unproved,
            may_bounce::Reason::Unroutable => Self::Unroutable,
            _ => return Err(Unnumbered),
        })
    }
}

impl batv_bounce_kind {
    pub(crate) const fn read(number: u32) -> Result<Kind, Failure> {
        match number {
            0 | 580 => Ok(Kind::NonDelivery),
            581 => Ok(Kind::AutomaticReply),
            _ => Err(Failure::Argument("`kind` is no batv_bounce_kind")),
        }
    }
}

impl batv_earlier {
    #[inline]
    pub(crate) const fn read(number: u32) -> Result<Earlier, Failure> {
        match number {
            0 | 260 => Ok(Earlier::None),
            261 => Ok(Earlier::Settled),
            262 => Ok(Earlier::Undecided),
            _ => Err(Failure::Argument("`earlier` is no batv_earlier")),
        }
    }
}

impl batv_stage {
    #[inline]
    pub(crate) const fn read(number: u32) -> Result<Stage, Failure> {
        match number {
            0 | 270 => Ok(Stage::RcptTo),
            271 => Ok(Stage::EndOfData),
            _ => Err(Failure::Argument("`stage` is no batv_stage")),
        }
    }
}

impl batv_unwrap_mode {
    #[inline]
    pub(crate) const fn read(number: u32) -> Result<dialect::Strictness, Failure> {
        match number {
            0 | 400 => Ok(dialect::Strictness::Identity),
            401 => Ok(dialect::Strictness::Strict),
            _ => Err(Failure::Argument("`mode` is no batv_unwrap_mode")),
        }
    }
}

impl batv_permissions {
    #[inline]
    pub(crate) const fn read(number: u32) -> Result<Permissions, Failure> {
        match number {
            0 | 410 => Ok(Permissions::Private),
            411 => Ok(Permissions::AllowReadable),
            _ => Err(Failure::Argument("`permissions` is no batv_permissions")),
        }
    }
}

impl batv_use {
    #[inline]
    pub(crate) const fn read(number: u32) -> Result<Self, Failure> {
        match number {
            420 => Ok(Self::Batv),
            421 => Ok(Self::Srs),
            _ => Err(Failure::Argument("`key_use` is no batv_use")),
        }
    }
}

impl batv_algorithm {
    #[inline]
    pub(crate) const fn read(number: u32) -> Result<Algorithm, Failure> {
        match number {
            430 => Ok(Algorithm::HmacSha1),
            431 => Ok(Algorithm::HmacSha256),
            _ => Err(Failure::Argument("`algorithm` is no batv_algorithm")),
        }
    }
}

/// The name of a code of any kind, as `batv` and the logs have it, or what a result means. The text belongs to the
/// library and stays; it is `unknown code` for a number that is no code.
///
/// Errors: none. Threads: any.
///
/// ```c
/// puts(batv_text(BATV_TAG_VERDICT_BAD_MAC)); // bad-mac
/// ```
#[unsafe(no_mangle)]
pub extern "C" fn batv_text(code: u32) -> *const c_char {
    text(code).as_ptr()
}

const fn text(code: u32) -> &'static CStr {
    match code {
        0 => c"done",
        1 => c"a pointer is NULL that may not be",
        2 => c"an argument is none that there can be",
        3 => c"the buffer is too small",
        4 => c"the text is no address",
        5 => c"the local part would be too long with a tag",
        6 => c"no key signs for this",
        7 => c"the keyring is wrong",
        8 => c"the file cannot be read",
        9 => c"others may read or change the keyring file",
        10 => c"the time is out of range",
        11 => c"an error inside of the library",
        100 => c"valid",
        101 => c"expired",
        102 => c"bad-mac",
        103 => c"unknown-key",
        104 => c"untagged",
        105 => c"foreign",
        106 => c"malformed",
        120 => c"tagged",
        121 => c"already-tagged",
        122 => c"not-ours",
        123 => c"null-path",
        200 => c"genuine",
        201 => c"disproved",
        202 => c"unverified",
        203 => c"not-judged",
        204 => c"undecided",
        220 => c"exempt",
        221 => c"null-multi-rcpt",
        222 => c"tag-ok",
        223 => c"tag-expired",
        224 => c"tag-forged",
        225 => c"tag-unknown-key",
        226 => c"callout",
        227 => c"untagged",
        228 => c"signing-grace",
        229 => c"rfc5321-4.5.1",
        230 => c"tagged-mail",
        231 => c"tagged-bad",
        232 => c"not-judged",
        233 => c"internal",
        234 => c"tag-ok-original-foreign",
        235 => c"late-bounce",
        236 => c"original-proved",
        237 => c"backscatter-disproved",
        238 => c"backscatter-unverified",
        239 => c"mdn-proved",
        240 => c"mdn-unverified",
        241 => c"report",
        242 => c"auto-reply-proved",
        243 => c"auto-reply-unverified",
        244 => c"null-not-bounce",
        245 => c"nonnull-bounce-proved",
        246 => c"nonnull-backscatter",
        247 => c"challenge-foreign",
        248 => c"tag-replayed",
        249 => c"throttled",
        250 => c"accept",
        251 => c"mark",
        252 => c"quarantine",
        253 => c"reject",
        254 => c"tempfail",
        255 => c"drop",
        260 => c"none",
        261 => c"settled",
        262 => c"undecided",
        270 => c"rcpt",
        271 => c"data",
        280 => c"srs-ok",
        281 => c"srs-expired",
        282 => c"srs-forged",
        283 => c"srs-mail",
        284 => c"srs-not-bounce",
        290 => c"observe",
        291 => c"mark",
        292 => c"quarantine",
        293 => c"reject",
        300 => c"prvs-draft",
        301 => c"prvs-cisco9",
        302 => c"prvs-nonconforming",
        303 => c"prvs-user-tag",
        304 => c"prvs-slash",
        305 => c"prvs-subaddr",
        306 => c"batv-strong",
        307 => c"btv1",
        308 => c"msprvs1",
        309 => c"srs0",
        310 => c"srs0-plus-sep",
        311 => c"srs0-minus-sep",
        312 => c"srs0-exim-native",
        313 => c"srs0-pysrs-sign",
        314 => c"srs0-postsrsd-db",
        315 => c"srs1",
        316 => c"srs1-hashless-old",
        317 => c"infradead-rpr",
        318 => c"infradead-batv",
        319 => c"m365-srs",
        320 => c"m365-srs-opaque",
        321 => c"google-caf",
        400 => c"identity",
        401 => c"strict",
        410 => c"private",
        411 => c"allow-readable",
        420 => c"batv",
        421 => c"srs",
        430 => c"hmac-sha1",
        431 => c"hmac-sha256",
        500 => c"tlsrpt",
        501 => c"dmarc",
        502 => c"arf",
        503 => c"mdn",
        504 => c"dsn",
        505 => c"nonstandard-dsn",
        506 => c"challenge",
        507 => c"virus-notice",
        508 => c"auto-reply",
        509 => c"list-automaton",
        510 => c"null-other",
        511 => c"ordinary",
        520 => c"expanded",
        521 => c"relayed",
        522 => c"delivered",
        523 => c"delayed",
        524 => c"failed",
        530 => c"whole",
        531 => c"headers",
        532 => c"inline",
        533 => c"partial",
        540 => c"mark",
        541 => c"envelope-id",
        542 => c"tag",
        543 => c"dkim",
        544 => c"hint",
        545 => c"unknown",
        546 => c"disproved",
        547 => c"sent-log",
        550 => c"yes",
        551 => c"no",
        552 => c"reject-first",
        553 => c"hold",
        560 => c"reject-first",
        561 => c"null",
        562 => c"dsn-never",
        563 => c"rfc3834",
        564 => c"list-ndr",
        565 => c"own-verified",
        566 => c"own-forged",
        567 => c"hostile",
        568 => c"spf",
        569 => c"dkim",
        570 => c"dmarc",
        571 => c"rewritten",
        572 => c"arc",
        573 => c"forged",
        574 => c"unproved",
        575 => c"unroutable",
        580 => c"non-delivery",
        581 => c"automatic-reply",
        _ => c"unknown code",
    }
}
