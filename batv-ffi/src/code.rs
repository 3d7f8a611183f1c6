//! Codes of the interface: their numbers, which never move, and their texts, in one table.
//!
//! No two codes have the same number, whatever their kind, and only `BATV_RESULT_OK` is 0: a verdict can't be taken for a
//! result, and a field that was not set is no verdict.

use core::ffi::{CStr, c_char};

#[cfg(feature = "messages")]
use batv_bounce::{Action, Class, Extent, Origin, Proof};
use batv_config::Permissions;
use batv_core::Algorithm;
use batv_core::dialect::{Dialect, Strictness};
use batv_core::envelope::{Disposition, Earlier, Mode, Reason, Stage, Verdict};
use batv_core::srs::SrsVerdict;
use batv_core::tag::TagVerdict;
#[cfg(feature = "messages")]
use batv_policy::{BounceReason, MayBounce, NoticeKind};

use crate::failure::Failure;

/// Declares the enums with their texts. After the name of an enum: `(of T)` converts from the enum of Rust whose variants
/// have the same names; `(given T or V)` reads a number of the caller, where 0 is `V`; `message` before them is for the
/// feature `messages`.
///
/// The test of the header reads this table, too: each enum begins with a line `pub enum NAME`, and each code has a line
/// `NAME = NUMBER => TEXT`.
macro_rules! codes {
    ($($(#[$meta:meta])* pub enum $name:ident [$(($($clause:tt)+))*] $body:tt)+) => {
        $(
            code!(@declare $(#[$meta])* $name $body);
            $(code! { @$($clause)+; $name $body })*
        )+

        const fn text(code: u32) -> &'static CStr {
            $(if let Some(text) = $name::text(code) {
                return text;
            })+
            c"unknown code"
        }
    };
}

/// One enum of [`codes`], and one clause of it.
macro_rules! code {
    (@declare $(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal => $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr(u32)]
        pub enum $name {
            $($(#[$doc])* $variant = $number,)+
        }

        impl $name {
            const fn text(number: u32) -> Option<&'static CStr> {
                match number {
                    $($number => Some($text),)+
                    _ => None,
                }
            }
        }
    };
    (@message $($clause:tt)+) => {
        #[cfg(feature = "messages")]
        code!(@$($clause)+);
    };
    (@of $rust:ident; $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal => $text:literal,)+ }) => {
        code!(@of some $rust by of: $($variant)+; $name);
    };
    // The variants that are listed, by a function of this name.
    (@of some $rust:ident by $function:ident: $($variant:ident)+; $name:ident) => {
        impl $name {
            #[inline]
            pub(crate) const fn $function(value: $rust) -> Result<Self, Unnumbered> {
                match value {
                    $($rust::$variant => Ok(Self::$variant),)+
                    _ => Err(Unnumbered),
                }
            }
        }
    };
    (@given $rust:ident $(or $zero:ident)?; $name:ident {
        $($(#[$doc:meta])* $variant:ident = $number:literal => $text:literal,)+
    }) => {
        impl $name {
            /// Reads a number that the caller gives as `argument`.
            #[inline]
            pub(crate) const fn read(number: u32, argument: &'static str) -> Result<$rust, Failure> {
                match number {
                    $(0 => Ok($rust::$zero),)?
                    $($number => Ok($rust::$variant),)+
                    _ => Err(Failure::Code { argument, kind: stringify!($name) }),
                }
            }
        }
    };
}

codes! {
    /// Result of a call.
    pub enum batv_result [] {
        /// Done.
        Ok = 0 => c"done",
        /// A pointer is NULL that must not be.
        NullPointer = 1 => c"a pointer is NULL that must not be",
        /// A number, a name, a value or the size of a struct is wrong.
        BadArgument = 2 => c"an argument is wrong",
        /// The buffer is too small: the length says what is needed, without the NUL.
        TooSmall = 3 => c"the buffer is too small",
        /// The text is no address, or one that cannot be rewritten.
        Malformed = 4 => c"the text is no address",
        /// The local part would have more than 64 octets (RFC 5321 §4.5.3.1.1): send it as it is.
        TooLong = 5 => c"the local part would be too long with a tag",
        /// The keyring has no key that signs for this.
        NoKey = 6 => c"no key signs for this",
        /// The keyring is wrong.
        Keyring = 7 => c"the keyring is wrong",
        /// The system refused to do something with a file.
        Io = 8 => c"the file cannot be read",
        /// Other accounts may read or change the keyring file.
        Permissions = 9 => c"others may read or change the keyring file",
        /// The time is not from 1970-01-01 to 9999-12-31.
        Clock = 10 => c"the time is out of range",
        /// Internal error of the library.
        Panic = 11 => c"internal error of the library",
    }

    /// Verdict on a tag: one of the first five; on an SRS address: any but `BATV_TAG_VERDICT_UNKNOWN_KEY`.
    pub enum batv_tag_verdict [] {
        /// A live key of ours made it, and it has not expired.
        Valid = 100 => c"valid",
        /// A live key of ours made it, but it is too old, or from too far ahead.
        Expired = 101 => c"expired",
        /// No live key made it, though one has its id.
        BadMac = 102 => c"bad-mac",
        /// There is no live key of its id.
        UnknownKey = 103 => c"unknown-key",
        /// There is no tag.
        Untagged = 104 => c"untagged",
        /// SRS: rewritten by somebody else.
        Foreign = 105 => c"foreign",
        /// SRS: of a domain of ours, but no address that this scheme makes.
        Malformed = 106 => c"malformed",
    }

    /// Effect of signing or rewriting on an address.
    pub enum batv_change [] {
        /// It has a tag of ours now, or is rewritten to a domain of ours.
        Tagged = 120 => c"tagged",
        /// It stays, for it has a tag already, ours or of somebody else.
        AlreadyTagged = 121 => c"already-tagged",
        /// It stays, for no key signs for it; or, for SRS, since it is of a domain of ours.
        NotOurs = 122 => c"not-ours",
        /// It stays, for it is the null path.
        NullPath = 123 => c"null-path",
    }

    /// Verdict on a recipient. "Disproved" and "unverified" are two verdicts.
    pub enum batv_verdict [(of Verdict)] {
        /// A bounce to mail that we sent.
        Genuine = 200 => c"genuine",
        /// It answers nothing that we sent.
        Disproved = 201 => c"disproved",
        /// Nothing proves or disproves it.
        Unverified = 202 => c"unverified",
        /// The recipient is not judged.
        NotJudged = 203 => c"not-judged",
        /// Deferred: it cannot be decided now.
        Undecided = 204 => c"undecided",
    }

    /// Reason for a verdict.
    pub enum batv_reason [(of Reason)] {
        /// The client, the recipient or its domain is not judged, or what the recipient sends gets no tag.
        Exempt = 220 => c"exempt",
        /// A further recipient of a null reverse-path, whose outcome may differ from that of an earlier one.
        NullMultiRcpt = 221 => c"null-multi-rcpt",
        /// A bounce with a good tag.
        TagOk = 222 => c"tag-ok",
        /// A bounce whose tag has expired.
        TagExpired = 223 => c"tag-expired",
        /// A bounce whose tag no live key made, though one has its id.
        TagForged = 224 => c"tag-forged",
        /// A bounce whose tag names a key that we do not have, or is of another program.
        TagUnknownKey = 225 => c"tag-unknown-key",
        /// A null reverse-path to an untagged mailbox: a bounce, or a question whether the mailbox exists.
        Callout = 226 => c"callout",
        /// A bounce without a tag to a mailbox that tags all that it sends.
        Untagged = 227 => c"untagged",
        /// A bounce without a tag that may answer what was sent before tags were.
        SigningGrace = 228 => c"signing-grace",
        /// To postmaster or abuse, which must stay reachable.
        Rfc5321Postmaster = 229 => c"rfc5321-4.5.1",
        /// Mail, not a bounce, to a mailbox with a tag that we made.
        TaggedMail = 230 => c"tagged-mail",
        /// Mail, not a bounce, to a mailbox with a tag that we did not make.
        TaggedBad = 231 => c"tagged-bad",
        /// Mail, not a bounce.
        NotJudged = 232 => c"not-judged",
        /// There is no key, or the clock is wrong.
        Internal = 233 => c"internal",
        /// A bounce with a good tag that returns a message which isn't ours: the tag got around.
        TagOkOriginalForeign = 234 => c"tag-ok-original-foreign",
        /// A bounce whose tag has expired, and which returns a message that is proved to be ours.
        LateBounce = 235 => c"late-bounce",
        /// A bounce without a tag that returns a message which is proved to be ours.
        OriginalProved = 236 => c"original-proved",
        /// A bounce without a tag that returns a message which isn't ours.
        BackscatterDisproved = 237 => c"backscatter-disproved",
        /// A bounce without a tag, of which nothing tells whose message it returns.
        BackscatterUnverified = 238 => c"backscatter-unverified",
        /// A disposition notification for a message that is proved to be ours.
        MdnProved = 239 => c"mdn-proved",
        /// A disposition notification without a tag, as RFC 8098 §3 wants it.
        MdnUnverified = 240 => c"mdn-unverified",
        /// A report on DMARC, on TLS or on abuse.
        Report = 241 => c"report",
        /// An automatic reply to a message that is proved to be ours.
        AutoReplyProved = 242 => c"auto-reply-proved",
        /// An automatic reply without a tag.
        AutoReplyUnverified = 243 => c"auto-reply-unverified",
        /// Mail with a null reverse-path that is no bounce.
        NullNotBounce = 244 => c"null-not-bounce",
        /// A bounce with a reverse-path that returns a message which is proved to be ours.
        NonnullBounceProved = 245 => c"nonnull-bounce-proved",
        /// A bounce with a reverse-path that returns a message which isn't ours.
        NonnullBackscatter = 246 => c"nonnull-backscatter",
        /// A challenge to mail that isn't proved to be ours.
        ChallengeForeign = 247 => c"challenge-foreign",
        /// A bounce with a good tag, to which more bounces have come than one should get. This library does not count them.
        TagReplayed = 248 => c"tag-replayed",
        /// Too many wrong tags came from the client's network, or to the mailbox, lately. This library does not count them.
        Throttled = 249 => c"throttled",
        /// A bounce to an SRS address of ours: it answers mail that we forwarded.
        SrsOk = 280 => c"srs-ok",
        /// A bounce to an SRS address of ours that is too old.
        SrsExpired = 281 => c"srs-expired",
        /// An SRS address of one of our domains that none of our keys made.
        SrsForged = 282 => c"srs-forged",
        /// Mail, not a bounce, to an SRS address of ours.
        SrsMail = 283 => c"srs-mail",
        /// Mail, not a bounce, to an SRS address of ours that takes bounces alone.
        SrsNotBounce = 284 => c"srs-not-bounce",
    }

    /// What a server does about a recipient.
    pub enum batv_disposition [(of Disposition)] {
        /// Take it.
        Accept = 250 => c"accept",
        /// Take it, and say in a header what was found.
        Mark = 251 => c"mark",
        /// Take it, and hold it.
        Quarantine = 252 => c"quarantine",
        /// Refuse it for good, with a 5yz reply.
        Reject = 253 => c"reject",
        /// Refuse it for now, with a 4yz reply.
        Tempfail = 254 => c"tempfail",
        /// Take it, and throw it away. Nothing in this library says so.
        Drop = 255 => c"drop",
    }

    /// How far a site goes with bounces that are not proved.
    pub enum batv_mode [(of Mode)] {
        /// Accept, and tell the log.
        Observe = 290 => c"observe",
        /// Accept, and say so in a header.
        Mark = 291 => c"mark",
        /// Hold.
        Quarantine = 292 => c"quarantine",
        /// Refuse.
        Reject = 293 => c"reject",
    }

    /// The recipients of the same message that were accepted before; 0 is the same as `BATV_EARLIER_NONE`.
    pub enum batv_earlier [(of Earlier) (given Earlier or None)] {
        /// There are none.
        None = 260 => c"none",
        /// All are accepted, whatever the message says.
        Settled = 261 => c"settled",
        /// At least one may still be refused by the message, or is held.
        Undecided = 262 => c"undecided",
    }

    /// Stage of the SMTP transaction; 0 is the same as `BATV_STAGE_RCPT_TO`.
    pub enum batv_stage [(given Stage or RcptTo)] {
        /// At RCPT TO.
        RcptTo = 270 => c"rcpt",
        /// After the last octet of the message.
        EndOfData = 271 => c"data",
    }

    /// Scheme of a tag.
    pub enum batv_dialect [(of Dialect)] {
        /// `prvs=KDDDSSSSSS=local`: the draft, and what we sign.
        PrvsDraft = 300 => c"prvs-draft",
        /// `prvs=DDDSSSSSS=local`, without a key id: Cisco's mail gateways.
        PrvsCisco9 = 301 => c"prvs-cisco9",
        /// `prvs=value=local` whose value has no known shape.
        PrvsNonconforming = 302 => c"prvs-nonconforming",
        /// `prvs=local=tag`: the order of some gateways' manuals.
        PrvsUserTag = 303 => c"prvs-user-tag",
        /// `prvs=local/tag`: draft-levine-mass-batv-00, and Exim to 4.62.
        PrvsSlash = 304 => c"prvs-slash",
        /// `local+prvs=KDDDSSSSSS`, with any delimiter: batv-tools, and what we sign on request.
        PrvsSubAddress = 305 => c"prvs-subaddr",
        /// `batv=KDDD…=local`: our strong form.
        BatvStrong = 306 => c"batv-strong",
        /// `btv1==tag==local`: Barracuda.
        Btv1 = 307 => c"btv1",
        /// `msprvs1=tag=local`: SparkPost and Momentum.
        Msprvs1 = 308 => c"msprvs1",
        /// `SRS0=hash=day=domain=local`.
        Srs0 = 309 => c"srs0",
        /// `SRS0+…`.
        Srs0Plus = 310 => c"srs0-plus-sep",
        /// `SRS0-…`.
        Srs0Minus = 311 => c"srs0-minus-sep",
        /// `SRS0=` with Exim's own hash: four hexadecimal digits, and the day in lower case.
        Srs0Exim = 312 => c"srs0-exim-native",
        /// `SRS0=hash=day==local`: the same domain, signed by pysrs.
        Srs0PysrsSign = 313 => c"srs0-pysrs-sign",
        /// `SRS0=hash=day=1=handle`: an alias in the database of postsrsd, opaque to all others.
        Srs0PostsrsdDatabase = 314 => c"srs0-postsrsd-db",
        /// `SRS1=hash=host==…`: a forwarded SRS0.
        Srs1 = 315 => c"srs1",
        /// `SRS1=host=…` without a hash, from before Mail::SRS 0.28.
        Srs1Hashless = 316 => c"srs1-hashless-old",
        /// `SRS0+hash+days+domain+local` of infradead.org.
        InfradeadRpr = 317 => c"infradead-rpr",
        /// `BATV+hash+days+domain+local` of infradead.org.
        InfradeadBatv = 318 => c"infradead-batv",
        /// `user+SRS=hash=day=domain=local`: Microsoft 365.
        M365Srs = 319 => c"m365-srs",
        /// `bounces+SRS=hash=day`: Microsoft 365, opaque.
        M365SrsOpaque = 320 => c"m365-srs-opaque",
        /// `user+caf_=forwarded=to`: Google's mark on forwarded mail.
        GoogleCaf = 321 => c"google-caf",
    }

    /// How far unwrapping goes; 0 is the same as `BATV_UNWRAP_MODE_IDENTITY`.
    pub enum batv_unwrap_mode [(given Strictness or Identity)] {
        /// Everything that looks like a tag comes off: to compare and to look up senders.
        Identity = 400 => c"identity",
        /// Only tags of exactly the known shapes come off.
        Strict = 401 => c"strict",
    }

    /// Accounts that may read a keyring file; 0 is the same as `BATV_PERMISSIONS_PRIVATE`.
    pub enum batv_permissions [(given Permissions or Private)] {
        /// The owner alone.
        Private = 410 => c"private",
        /// Others too. They must not be able to change it.
        AllowReadable = 411 => c"allow-readable",
    }

    /// Use of a key.
    pub enum batv_use [(given batv_use)] {
        /// The tags of our own senders.
        Batv = 420 => c"batv",
        /// The senders of mail that we forward.
        Srs = 421 => c"srs",
    }

    /// Algorithm of a key.
    pub enum batv_algorithm [(given Algorithm)] {
        /// HMAC-SHA1, as other programs have it.
        HmacSha1 = 430 => c"hmac-sha1",
        /// HMAC-SHA256.
        HmacSha256 = 431 => c"hmac-sha256",
    }

    /// Kind of a message.
    pub enum batv_class [(message of Class)] {
        /// A report on TLS (RFC 8460).
        TlsReport = 500 => c"tlsrpt",
        /// A report on DMARC, aggregate (RFC 7489 §7.2).
        DmarcReport = 501 => c"dmarc",
        /// A report on abuse or on a failed authentication (RFC 5965, RFC 6591).
        FeedbackReport = 502 => c"arf",
        /// A message disposition notification (RFC 8098).
        Mdn = 503 => c"mdn",
        /// A delivery status notification (RFC 3464, RFC 6533).
        Dsn = 504 => c"dsn",
        /// A delivery status notification in a form of its own.
        NonstandardDsn = 505 => c"nonstandard-dsn",
        /// A request to prove that one is no robot.
        Challenge = 506 => c"challenge",
        /// A notice that a virus was found.
        VirusNotice = 507 => c"virus-notice",
        /// An automatic reply (RFC 3834).
        AutoReply = 508 => c"auto-reply",
        /// An answer of a list's program.
        ListAutomaton = 509 => c"list-automaton",
        /// Other mail with a null reverse-path.
        NullOther = 510 => c"null-other",
        /// Any other mail.
        Ordinary = 511 => c"ordinary",
    }

    /// Outcome for a recipient that a report names (RFC 3464 §2.3.3), from the best to the worst.
    pub enum batv_action [(message of Action)] {
        /// Delivered to one of several behind the recipient.
        Expanded = 520 => c"expanded",
        /// Handed to a system that sends no reports.
        Relayed = 521 => c"relayed",
        /// Delivered.
        Delivered = 522 => c"delivered",
        /// Not yet delivered.
        Delayed = 523 => c"delayed",
        /// Given up.
        Failed = 524 => c"failed",
    }

    /// How much of the original message a bounce returns.
    pub enum batv_original [(message of Extent)] {
        /// The message, as a part of its own.
        Whole = 530 => c"whole",
        /// Its header, as a part of its own.
        Headers = 531 => c"headers",
        /// Header and perhaps body in a text, as they were.
        Inline = 532 => c"inline",
        /// Lines of its header in a text, some left out or changed.
        Partial = 533 => c"partial",
    }

    /// Origin of a returned message. The first four and `BATV_ORIGIN_SENT_LOG` prove that it was ours.
    pub enum batv_origin [] {
        /// A mark of ours in the returned header.
        Mark = 540 => c"mark",
        /// A mark of ours as the envelope id that the report names.
        EnvelopeId = 541 => c"envelope-id",
        /// A tag of ours in the returned header.
        Tag = 542 => c"tag",
        /// A DKIM signature of ours on the returned header.
        Dkim = 543 => c"dkim",
        /// It looks like ours, as anybody's can: never enough to accept it, enough not to refuse it.
        Hinted = 544 => c"hint",
        /// Nothing tells.
        Unknown = 545 => c"unknown",
        /// Not ours: its header is all there, and has none of the marks that all of ours have.
        Disproved = 546 => c"disproved",
        /// The log of sent mail has it.
        SentLog = 547 => c"sent-log",
    }

    /// Whether a bounce or an automatic reply may be sent.
    pub enum batv_may [(message of MayBounce)] {
        /// Send it, to the reverse-path, with the null reverse-path.
        Yes = 550 => c"yes",
        /// Don't send it; tell the log, or postmaster.
        No = 551 => c"no",
        /// Refuse the message with a 5yz reply: then it is for the client to tell the sender.
        RejectFirst = 552 => c"reject-first",
        /// Hold it for a person, or refuse the message for now with a 4yz reply while that can be done.
        Hold = 553 => c"hold",
    }

    /// Reason why a bounce may be sent, or may not.
    pub enum batv_bounce_reason [(message of BounceReason)] {
        /// The message can still be refused.
        RejectFirst = 560 => c"reject-first",
        /// There is nobody to send it to.
        Null = 561 => c"null",
        /// The sender asked not to be told.
        DsnNever = 562 => c"dsn-never",
        /// An automatic reply would answer a list or a program.
        Rfc3834 = 563 => c"rfc3834",
        /// A list or a program whose sender is proved, which needs its bounces.
        ListNdr = 564 => c"list-ndr",
        /// A sender of ours, proved.
        OwnVerified = 565 => c"own-verified",
        /// A sender of ours, not proved.
        OwnForged = 566 => c"own-forged",
        /// Spam or malware.
        Hostile = 567 => c"hostile",
        /// SPF passes.
        Spf = 568 => c"spf",
        /// DKIM passes.
        Dkim = 569 => c"dkim",
        /// DMARC passes.
        Dmarc = 570 => c"dmarc",
        /// SPF passes for the forwarder that rewrote the sender.
        Rewritten = 571 => c"rewritten",
        /// A trusted sealer saw a proof.
        Arc = 572 => c"arc",
        /// SPF or DMARC fails.
        Forged = 573 => c"forged",
        /// Nothing is proved.
        Unproved = 574 => c"unproved",
        /// No mail can go there.
        Unroutable = 575 => c"unroutable",
    }

    /// Kind of the message that would be sent; 0 is the same as `BATV_BOUNCE_KIND_NON_DELIVERY`.
    pub enum batv_bounce_kind [(message given NoticeKind or NonDelivery)] {
        /// A report that the message was not delivered (RFC 3464).
        NonDelivery = 580 => c"non-delivery",
        /// A vacation notice, a receipt, an answer of a robot (RFC 3834).
        AutomaticReply = 581 => c"automatic-reply",
    }
}

/// A value of the crates below that has no number here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unnumbered;

impl From<Unnumbered> for Failure {
    fn from(_: Unnumbered) -> Self {
        Self::Unnumbered
    }
}

/// Lets the library compile only when each value has a number.
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

code!(@of some TagVerdict by of: Valid Expired BadMac UnknownKey Untagged; batv_tag_verdict);
code!(@of some SrsVerdict by of_srs: Valid Expired BadMac Foreign Untagged Malformed; batv_tag_verdict);

numbered!(batv_dialect of Dialect, batv_verdict of Verdict, batv_mode of Mode, batv_reason of Reason);
#[cfg(feature = "messages")]
numbered!(batv_class of Class);

#[cfg(feature = "messages")]
impl batv_tag_verdict {
    /// Reads a number that the caller gives as `tag`; 0, and the verdicts that only SRS has, are no verdict on a tag.
    pub(crate) fn read(number: u32) -> Result<Option<TagVerdict>, Failure> {
        if number != 0 && Self::text(number).is_none() {
            return Err(Failure::Code { argument: "tag", kind: "batv_tag_verdict" });
        }
        let has_number = |verdict: &TagVerdict| Self::of(*verdict).is_ok_and(|code| code as u32 == number);
        Ok(TagVerdict::ALL.iter().copied().find(has_number))
    }
}

#[cfg(feature = "messages")]
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

/// Text of a code of any kind: its name in the output of `batv` and in the logs; of a result, what it means. The text
/// belongs to the library and stays; it is `unknown code` for a number that is no code.
///
/// Errors: none. Threads: any.
///
/// ```c
/// puts(batv_code_text(BATV_TAG_VERDICT_BAD_MAC)); // bad-mac
/// ```
#[unsafe(no_mangle)]
pub extern "C" fn batv_code_text(code: u32) -> *const c_char {
    text(code).as_ptr()
}
