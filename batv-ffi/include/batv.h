/* libbatv: bounce address tag validation (BATV), the Sender Rewriting Scheme (SRS), and verdicts on bounces.
 *
 * Each call that can fail returns a batv_result; batv_error_message() tells the rest in words.
 *
 * Text of mail goes in as a batv_text, by value: octets and their number. An address may have angle brackets or not, and
 * its domain may be in U-labels. A reverse-path may be in any form that mail servers take for it: an empty text, `<>` and
 * `<MAILER-DAEMON>` are the null reverse-path. Names, values of settings and paths of files are strings up to a NUL.
 *
 * Text comes out in a batv_buffer of yours, with a NUL after it. A text that does not fit is not written, and `length` says
 * how many octets it has, without the NUL. NULL in place of a buffer: the text is not wanted. A buffer must not overlap the
 * input of its call.
 *
 * Structs of yours, apart from these two, begin with their size, which BATV_INIT sets: the library reads and writes no more
 * than that. A later version of the library may append fields to a struct. A program that was compiled before has the
 * smaller one, and goes on to work; the fields that it lacks count as 0. A size that no version has is a
 * BATV_RESULT_BAD_ARGUMENT, and so is a field that the library does not know yet and that is not 0.
 *
 * All answers are empty or 0 after an error, unless the call says otherwise, so that an old answer is not taken for a new
 * one.
 *
 * Handles (batv_keyring, batv_message, batv_settings) are made by batv_..._new..., and freed by you, once. All else is
 * yours.
 *
 * All calls may be made from many threads at the same time on the same handles, except batv_settings_set,
 * batv_settings_add_dkim_key and batv_..._free. None keeps a pointer that it was given, and only those that read a file
 * block.
 *
 * The numbers of the enums never move, and no two codes of any kind have the same one.
 *
 * The library may be built without the feature `messages`: then the calls that say they need it are missing.
 *
 * BATV_ABI_VERSION is that of this file: compare it with batv_abi_version(). Up to the first release it stays 1, whatever
 * changes; after that it changes when programs must be compiled again, which structs that grow, new calls, new codes and
 * new settings don't ask for. */


#ifndef BATV_H
#define BATV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// An enum whose type is uint32_t, also where C has no such enums.
#ifdef __cplusplus
#define BATV_CODES(name) enum name : uint32_t
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L
#define BATV_CODES(name) typedef enum name : uint32_t name; enum name : uint32_t
#else
#define BATV_CODES(name) typedef uint32_t name; enum name
#endif

#define BATV_VERSION_MAJOR 0
#define BATV_VERSION_MINOR 1
#define BATV_VERSION_PATCH 0

/// Name of the header field of a mark.
#define BATV_MARK_FIELD "X-BATV-Mark"

/// Initialiser of a struct that begins with its size, all else 0: `batv_envelope envelope = BATV_INIT(batv_envelope);`
#ifdef __cplusplus
template <typename batv_type> static inline batv_type batv_init(void) {
    batv_type made = batv_type();
    made.size = sizeof made;
    return made;
}
#define BATV_INIT(type) batv_init<type>()
#else
#define BATV_INIT(type) { .size = sizeof(type) }
#endif

/// Initialiser of a batv_buffer that writes into an array: `batv_buffer buffer = BATV_BUFFER(array);`
#define BATV_BUFFER(array) { (array), sizeof(array), 0 }

/// Octets of the caller, which need no NUL after them. NULL, with a length of 0, is an absent text.
typedef struct batv_text {
    const char *data;
    size_t length;
} batv_text;

/// A string up to its NUL as a text; NULL is an absent one.
static inline batv_text batv_text_of(const char *string) {
    batv_text text;
    text.data = string;
    text.length = string == NULL ? 0 : strlen(string);
    return text;
}

/// Octets that are enough for any address that this library writes, and the NUL after it.
#define BATV_ADDRESS_SIZE 1024

/// Octets of the text of a reply, and the NUL after it (RFC 5321 §4.5.3.1.5).
#define BATV_REPLY_SIZE 512

/// Octets of the words of an answer, and the NUL after them.
#define BATV_WORDS_SIZE 256

/// Octets that are enough for a mark of either form, and the NUL after it. An envelope id has at most 100 (RFC 3461 §4.4).
#define BATV_MARK_SIZE 104

/// Number of the binary interface that this header describes. After the first release it changes when programs must be
/// compiled again.
#define BATV_ABI_VERSION 1

/// Result of a call.
BATV_CODES(batv_result) {
    /// Done.
    BATV_RESULT_OK = 0,
    /// A pointer is NULL that must not be.
    BATV_RESULT_NULL_POINTER = 1,
    /// A number, a name, a value or the size of a struct is wrong.
    BATV_RESULT_BAD_ARGUMENT = 2,
    /// The buffer is too small: the length says what is needed, without the NUL.
    BATV_RESULT_TOO_SMALL = 3,
    /// The text is no address, or one that cannot be rewritten.
    BATV_RESULT_MALFORMED = 4,
    /// The local part would have more than 64 octets (RFC 5321 §4.5.3.1.1): send it as it is.
    BATV_RESULT_TOO_LONG = 5,
    /// The keyring has no key that signs for this.
    BATV_RESULT_NO_KEY = 6,
    /// The keyring is wrong.
    BATV_RESULT_KEYRING = 7,
    /// The system refused to do something with a file.
    BATV_RESULT_IO = 8,
    /// Other accounts may read or change the keyring file.
    BATV_RESULT_PERMISSIONS = 9,
    /// The time is not from 1970-01-01 to 9999-12-31.
    BATV_RESULT_CLOCK = 10,
    /// Internal error of the library.
    BATV_RESULT_PANIC = 11,
};

/// Effect of signing or rewriting on an address.
BATV_CODES(batv_change) {
    /// It has a tag of ours now, or is rewritten to a domain of ours.
    BATV_CHANGE_TAGGED = 120,
    /// It stays, for it has a tag already, ours or of somebody else.
    BATV_CHANGE_ALREADY_TAGGED = 121,
    /// It stays, for no key signs for it; or, for SRS, since it is of a domain of ours.
    BATV_CHANGE_NOT_OURS = 122,
    /// It stays, for it is the null path.
    BATV_CHANGE_NULL_PATH = 123,
};

/// Verdict on a tag: one of the first five; on an SRS address: any but `BATV_TAG_VERDICT_UNKNOWN_KEY`.
BATV_CODES(batv_tag_verdict) {
    /// A live key of ours made it, and it has not expired.
    BATV_TAG_VERDICT_VALID = 100,
    /// A live key of ours made it, but it is too old, or from too far ahead.
    BATV_TAG_VERDICT_EXPIRED = 101,
    /// No live key made it, though one has its id.
    BATV_TAG_VERDICT_BAD_MAC = 102,
    /// There is no live key of its id.
    BATV_TAG_VERDICT_UNKNOWN_KEY = 103,
    /// There is no tag.
    BATV_TAG_VERDICT_UNTAGGED = 104,
    /// SRS: rewritten by somebody else.
    BATV_TAG_VERDICT_FOREIGN = 105,
    /// SRS: of a domain of ours, but no address that this scheme makes.
    BATV_TAG_VERDICT_MALFORMED = 106,
};

/// Verdict on a recipient. "Disproved" and "unverified" are two verdicts.
BATV_CODES(batv_verdict) {
    /// A bounce to mail that we sent.
    BATV_VERDICT_GENUINE = 200,
    /// It answers nothing that we sent.
    BATV_VERDICT_DISPROVED = 201,
    /// Nothing proves or disproves it.
    BATV_VERDICT_UNVERIFIED = 202,
    /// The recipient is not judged.
    BATV_VERDICT_NOT_JUDGED = 203,
    /// Deferred: it cannot be decided now.
    BATV_VERDICT_UNDECIDED = 204,
};

/// Reason for a verdict.
BATV_CODES(batv_reason) {
    /// The client, the recipient or its domain is not judged, or what the recipient sends gets no tag.
    BATV_REASON_EXEMPT = 220,
    /// A further recipient of a null reverse-path, whose outcome may differ from that of an earlier one.
    BATV_REASON_NULL_MULTI_RCPT = 221,
    /// A bounce with a good tag.
    BATV_REASON_TAG_OK = 222,
    /// A bounce whose tag has expired.
    BATV_REASON_TAG_EXPIRED = 223,
    /// A bounce whose tag no live key made, though one has its id.
    BATV_REASON_TAG_FORGED = 224,
    /// A bounce whose tag names a key that we do not have, or is of another program.
    BATV_REASON_TAG_UNKNOWN_KEY = 225,
    /// A null reverse-path to an untagged mailbox: a bounce, or a question whether the mailbox exists.
    BATV_REASON_CALLOUT = 226,
    /// A bounce without a tag to a mailbox that tags all that it sends.
    BATV_REASON_UNTAGGED = 227,
    /// A bounce without a tag that may answer what was sent before tags were.
    BATV_REASON_SIGNING_GRACE = 228,
    /// To postmaster or abuse, which must stay reachable.
    BATV_REASON_RFC5321_POSTMASTER = 229,
    /// Mail, not a bounce, to a mailbox with a tag that we made.
    BATV_REASON_TAGGED_MAIL = 230,
    /// Mail, not a bounce, to a mailbox with a tag that we did not make.
    BATV_REASON_TAGGED_BAD = 231,
    /// Mail, not a bounce.
    BATV_REASON_NOT_JUDGED = 232,
    /// There is no key, or the clock is wrong.
    BATV_REASON_INTERNAL = 233,
    /// A bounce with a good tag that returns a message which isn't ours: the tag got around.
    BATV_REASON_TAG_OK_ORIGINAL_FOREIGN = 234,
    /// A bounce whose tag has expired, and which returns a message that is proved to be ours.
    BATV_REASON_LATE_BOUNCE = 235,
    /// A bounce without a tag that returns a message which is proved to be ours.
    BATV_REASON_ORIGINAL_PROVED = 236,
    /// A bounce without a tag that returns a message which isn't ours.
    BATV_REASON_BACKSCATTER_DISPROVED = 237,
    /// A bounce without a tag, of which nothing tells whose message it returns.
    BATV_REASON_BACKSCATTER_UNVERIFIED = 238,
    /// A disposition notification for a message that is proved to be ours.
    BATV_REASON_MDN_PROVED = 239,
    /// A disposition notification without a tag, as RFC 8098 §3 wants it.
    BATV_REASON_MDN_UNVERIFIED = 240,
    /// A report on DMARC, on TLS or on abuse.
    BATV_REASON_REPORT = 241,
    /// An automatic reply to a message that is proved to be ours.
    BATV_REASON_AUTO_REPLY_PROVED = 242,
    /// An automatic reply without a tag.
    BATV_REASON_AUTO_REPLY_UNVERIFIED = 243,
    /// Mail with a null reverse-path that is no bounce.
    BATV_REASON_NULL_NOT_BOUNCE = 244,
    /// A bounce with a reverse-path that returns a message which is proved to be ours.
    BATV_REASON_NONNULL_BOUNCE_PROVED = 245,
    /// A bounce with a reverse-path that returns a message which isn't ours.
    BATV_REASON_NONNULL_BACKSCATTER = 246,
    /// A challenge to mail that isn't proved to be ours.
    BATV_REASON_CHALLENGE_FOREIGN = 247,
    /// A bounce with a good tag, to which more bounces have come than one should get. This library does not count them.
    BATV_REASON_TAG_REPLAYED = 248,
    /// Too many wrong tags came from the client's network, or to the mailbox, lately. This library does not count them.
    BATV_REASON_THROTTLED = 249,
    /// A bounce to an SRS address of ours: it answers mail that we forwarded.
    BATV_REASON_SRS_OK = 280,
    /// A bounce to an SRS address of ours that is too old.
    BATV_REASON_SRS_EXPIRED = 281,
    /// An SRS address of one of our domains that none of our keys made.
    BATV_REASON_SRS_FORGED = 282,
    /// Mail, not a bounce, to an SRS address of ours.
    BATV_REASON_SRS_MAIL = 283,
    /// Mail, not a bounce, to an SRS address of ours that takes bounces alone.
    BATV_REASON_SRS_NOT_BOUNCE = 284,
};

/// What a server does about a recipient.
BATV_CODES(batv_disposition) {
    /// Take it.
    BATV_DISPOSITION_ACCEPT = 250,
    /// Take it, and say in a header what was found.
    BATV_DISPOSITION_MARK = 251,
    /// Take it, and hold it.
    BATV_DISPOSITION_QUARANTINE = 252,
    /// Refuse it for good, with a 5yz reply.
    BATV_DISPOSITION_REJECT = 253,
    /// Refuse it for now, with a 4yz reply.
    BATV_DISPOSITION_TEMPFAIL = 254,
    /// Take it, and throw it away. Nothing in this library says so.
    BATV_DISPOSITION_DROP = 255,
};

/// The recipients of the same message that were accepted before; 0 is the same as `BATV_EARLIER_NONE`.
BATV_CODES(batv_earlier) {
    /// There are none.
    BATV_EARLIER_NONE = 260,
    /// All are accepted, whatever the message says.
    BATV_EARLIER_SETTLED = 261,
    /// At least one may still be refused by the message, or is held.
    BATV_EARLIER_UNDECIDED = 262,
};

/// How far a site goes with bounces that are not proved.
BATV_CODES(batv_mode) {
    /// Accept, and tell the log.
    BATV_MODE_OBSERVE = 290,
    /// Accept, and say so in a header.
    BATV_MODE_MARK = 291,
    /// Hold.
    BATV_MODE_QUARANTINE = 292,
    /// Refuse.
    BATV_MODE_REJECT = 293,
};

/// Origin of a returned message. The first four and `BATV_ORIGIN_SENT_LOG` prove that it was ours.
BATV_CODES(batv_origin) {
    /// A mark of ours in the returned header.
    BATV_ORIGIN_MARK = 540,
    /// A mark of ours as the envelope id that the report names.
    BATV_ORIGIN_ENVELOPE_ID = 541,
    /// A tag of ours in the returned header.
    BATV_ORIGIN_TAG = 542,
    /// A DKIM signature of ours on the returned header.
    BATV_ORIGIN_DKIM = 543,
    /// It looks like ours, as anybody's can: never enough to accept it, enough not to refuse it.
    BATV_ORIGIN_HINTED = 544,
    /// Nothing tells.
    BATV_ORIGIN_UNKNOWN = 545,
    /// Not ours: its header is all there, and has none of the marks that all of ours have.
    BATV_ORIGIN_DISPROVED = 546,
    /// The log of sent mail has it.
    BATV_ORIGIN_SENT_LOG = 547,
};

/// Kind of a message.
BATV_CODES(batv_class) {
    /// A report on TLS (RFC 8460).
    BATV_CLASS_TLS_REPORT = 500,
    /// A report on DMARC, aggregate (RFC 7489 §7.2).
    BATV_CLASS_DMARC_REPORT = 501,
    /// A report on abuse or on a failed authentication (RFC 5965, RFC 6591).
    BATV_CLASS_FEEDBACK_REPORT = 502,
    /// A message disposition notification (RFC 8098).
    BATV_CLASS_MDN = 503,
    /// A delivery status notification (RFC 3464, RFC 6533).
    BATV_CLASS_DSN = 504,
    /// A delivery status notification in a form of its own.
    BATV_CLASS_NONSTANDARD_DSN = 505,
    /// A request to prove that one is no robot.
    BATV_CLASS_CHALLENGE = 506,
    /// A notice that a virus was found.
    BATV_CLASS_VIRUS_NOTICE = 507,
    /// An automatic reply (RFC 3834).
    BATV_CLASS_AUTO_REPLY = 508,
    /// An answer of a list's program.
    BATV_CLASS_LIST_AUTOMATON = 509,
    /// Other mail with a null reverse-path.
    BATV_CLASS_NULL_OTHER = 510,
    /// Any other mail.
    BATV_CLASS_ORDINARY = 511,
};

/// Whether a bounce or an automatic reply may be sent.
BATV_CODES(batv_may) {
    /// Send it, to the reverse-path, with the null reverse-path.
    BATV_MAY_YES = 550,
    /// Don't send it; tell the log, or postmaster.
    BATV_MAY_NO = 551,
    /// Refuse the message with a 5yz reply: then it is for the client to tell the sender.
    BATV_MAY_REJECT_FIRST = 552,
    /// Hold it for a person, or refuse the message for now with a 4yz reply while that can be done.
    BATV_MAY_HOLD = 553,
};

/// Reason why a bounce may be sent, or may not.
BATV_CODES(batv_bounce_reason) {
    /// The message can still be refused.
    BATV_BOUNCE_REASON_REJECT_FIRST = 560,
    /// There is nobody to send it to.
    BATV_BOUNCE_REASON_NULL = 561,
    /// The sender asked not to be told.
    BATV_BOUNCE_REASON_DSN_NEVER = 562,
    /// An automatic reply would answer a list or a program.
    BATV_BOUNCE_REASON_RFC3834 = 563,
    /// A list or a program whose sender is proved, which needs its bounces.
    BATV_BOUNCE_REASON_LIST_NDR = 564,
    /// A sender of ours, proved.
    BATV_BOUNCE_REASON_OWN_VERIFIED = 565,
    /// A sender of ours, not proved.
    BATV_BOUNCE_REASON_OWN_FORGED = 566,
    /// Spam or malware.
    BATV_BOUNCE_REASON_HOSTILE = 567,
    /// SPF passes.
    BATV_BOUNCE_REASON_SPF = 568,
    /// DKIM passes.
    BATV_BOUNCE_REASON_DKIM = 569,
    /// DMARC passes.
    BATV_BOUNCE_REASON_DMARC = 570,
    /// SPF passes for the forwarder that rewrote the sender.
    BATV_BOUNCE_REASON_REWRITTEN = 571,
    /// A trusted sealer saw a proof.
    BATV_BOUNCE_REASON_ARC = 572,
    /// SPF or DMARC fails.
    BATV_BOUNCE_REASON_FORGED = 573,
    /// Nothing is proved.
    BATV_BOUNCE_REASON_UNPROVED = 574,
    /// No mail can go there.
    BATV_BOUNCE_REASON_UNROUTABLE = 575,
};

/// Outcome for a recipient that a report names (RFC 3464 §2.3.3), from the best to the worst.
BATV_CODES(batv_action) {
    /// Delivered to one of several behind the recipient.
    BATV_ACTION_EXPANDED = 520,
    /// Handed to a system that sends no reports.
    BATV_ACTION_RELAYED = 521,
    /// Delivered.
    BATV_ACTION_DELIVERED = 522,
    /// Not yet delivered.
    BATV_ACTION_DELAYED = 523,
    /// Given up.
    BATV_ACTION_FAILED = 524,
};

/// Algorithm of a key.
BATV_CODES(batv_algorithm) {
    /// HMAC-SHA1, as other programs have it.
    BATV_ALGORITHM_HMAC_SHA1 = 430,
    /// HMAC-SHA256.
    BATV_ALGORITHM_HMAC_SHA256 = 431,
};

/// Kind of the message that would be sent; 0 is the same as `BATV_BOUNCE_KIND_NON_DELIVERY`.
BATV_CODES(batv_bounce_kind) {
    /// A report that the message was not delivered (RFC 3464).
    BATV_BOUNCE_KIND_NON_DELIVERY = 580,
    /// A vacation notice, a receipt, an answer of a robot (RFC 3834).
    BATV_BOUNCE_KIND_AUTOMATIC_REPLY = 581,
};

/// Scheme of a tag.
BATV_CODES(batv_dialect) {
    /// `prvs=KDDDSSSSSS=local`: the draft, and what we sign.
    BATV_DIALECT_PRVS_DRAFT = 300,
    /// `prvs=DDDSSSSSS=local`, without a key id: Cisco's mail gateways.
    BATV_DIALECT_PRVS_CISCO9 = 301,
    /// `prvs=value=local` whose value has no known shape.
    BATV_DIALECT_PRVS_NONCONFORMING = 302,
    /// `prvs=local=tag`: the order of some gateways' manuals.
    BATV_DIALECT_PRVS_USER_TAG = 303,
    /// `prvs=local/tag`: draft-levine-mass-batv-00, and Exim to 4.62.
    BATV_DIALECT_PRVS_SLASH = 304,
    /// `local+prvs=KDDDSSSSSS`, with any delimiter: batv-tools, and what we sign on request.
    BATV_DIALECT_PRVS_SUB_ADDRESS = 305,
    /// `batv=KDDD…=local`: our strong form.
    BATV_DIALECT_BATV_STRONG = 306,
    /// `btv1==tag==local`: Barracuda.
    BATV_DIALECT_BTV1 = 307,
    /// `msprvs1=tag=local`: SparkPost and Momentum.
    BATV_DIALECT_MSPRVS1 = 308,
    /// `SRS0=hash=day=domain=local`.
    BATV_DIALECT_SRS0 = 309,
    /// `SRS0+…`.
    BATV_DIALECT_SRS0_PLUS = 310,
    /// `SRS0-…`.
    BATV_DIALECT_SRS0_MINUS = 311,
    /// `SRS0=` with Exim's own hash: four hexadecimal digits, and the day in lower case.
    BATV_DIALECT_SRS0_EXIM = 312,
    /// `SRS0=hash=day==local`: the same domain, signed by pysrs.
    BATV_DIALECT_SRS0_PYSRS_SIGN = 313,
    /// `SRS0=hash=day=1=handle`: an alias in the database of postsrsd, opaque to all others.
    BATV_DIALECT_SRS0_POSTSRSD_DATABASE = 314,
    /// `SRS1=hash=host==…`: a forwarded SRS0.
    BATV_DIALECT_SRS1 = 315,
    /// `SRS1=host=…` without a hash, from before Mail::SRS 0.28.
    BATV_DIALECT_SRS1_HASHLESS = 316,
    /// `SRS0+hash+days+domain+local` of infradead.org.
    BATV_DIALECT_INFRADEAD_RPR = 317,
    /// `BATV+hash+days+domain+local` of infradead.org.
    BATV_DIALECT_INFRADEAD_BATV = 318,
    /// `user+SRS=hash=day=domain=local`: Microsoft 365.
    BATV_DIALECT_M365_SRS = 319,
    /// `bounces+SRS=hash=day`: Microsoft 365, opaque.
    BATV_DIALECT_M365_SRS_OPAQUE = 320,
    /// `user+caf_=forwarded=to`: Google's mark on forwarded mail.
    BATV_DIALECT_GOOGLE_CAF = 321,
};

/// Stage of the SMTP transaction; 0 is the same as `BATV_STAGE_RCPT_TO`.
BATV_CODES(batv_stage) {
    /// At RCPT TO.
    BATV_STAGE_RCPT_TO = 270,
    /// After the last octet of the message.
    BATV_STAGE_END_OF_DATA = 271,
};

/// How much of the original message a bounce returns.
BATV_CODES(batv_original) {
    /// The message, as a part of its own.
    BATV_ORIGINAL_WHOLE = 530,
    /// Its header, as a part of its own.
    BATV_ORIGINAL_HEADERS = 531,
    /// Header and perhaps body in a text, as they were.
    BATV_ORIGINAL_INLINE = 532,
    /// Lines of its header in a text, some left out or changed.
    BATV_ORIGINAL_PARTIAL = 533,
};

/// Accounts that may read a keyring file; 0 is the same as `BATV_PERMISSIONS_PRIVATE`.
BATV_CODES(batv_permissions) {
    /// The owner alone.
    BATV_PERMISSIONS_PRIVATE = 410,
    /// Others too. They must not be able to change it.
    BATV_PERMISSIONS_ALLOW_READABLE = 411,
};

/// How far unwrapping goes; 0 is the same as `BATV_UNWRAP_MODE_IDENTITY`.
BATV_CODES(batv_unwrap_mode) {
    /// Everything that looks like a tag comes off: to compare and to look up senders.
    BATV_UNWRAP_MODE_IDENTITY = 400,
    /// Only tags of exactly the known shapes come off.
    BATV_UNWRAP_MODE_STRICT = 401,
};

/// Use of a key.
BATV_CODES(batv_use) {
    /// The tags of our own senders.
    BATV_USE_BATV = 420,
    /// The senders of mail that we forward.
    BATV_USE_SRS = 421,
};

/// Keys. Many threads may use a keyring at the same time, while another reloads it.
typedef struct batv_keyring batv_keyring;

/// Message that was read. It never changes, so that many threads may use it at the same time.
typedef struct batv_message batv_message;

/// Settings. Once all is set, many threads may use them at the same time.
typedef struct batv_settings batv_settings;

/// Buffer of the caller for a text and a NUL.
typedef struct batv_buffer {
    /// Where to write; NULL, with a capacity of 0, when only the length is wanted.
    char *data;
    /// Octets there are.
    size_t capacity;
    /// Gets the octets of the text, without the NUL: also those of a text that does not fit.
    size_t length;
} batv_buffer;

/// Outcome of signing.
typedef struct batv_signing {
    /// `sizeof(batv_signing)`: see `BATV_INIT`.
    uint32_t size;
    /// Effect on the address.
    batv_change change;
    /// Key that made the tag, 0 to 9; -1 when the address stays as it is.
    int32_t key_id;
    /// Last day on which the tag is valid, in days since 1970-01-01; -1 when the address stays as it is.
    int32_t expires;
} batv_signing;

/// Verdict on a tag, and its terms.
typedef struct batv_verification {
    /// `sizeof(batv_verification)`: see `BATV_INIT`.
    uint32_t size;
    /// Verdict.
    batv_tag_verdict verdict;
    /// Key that the tag names, 0 to 9; -1 without a tag.
    int32_t key_id;
    /// Days until the tag expires, less than 0 when it has; 0 unless the verdict is valid or expired.
    int32_t days_left;
    /// Last day on which the tag is valid, in days since 1970-01-01; -1 unless the verdict is valid or expired.
    int32_t expires;
} batv_verification;

/// Layers that `batv_unwrap` took off.
typedef struct batv_unwrapping {
    /// `sizeof(batv_unwrapping)`: see `BATV_INIT`.
    uint32_t size;
    /// Number of layers.
    uint32_t layers;
    /// Scheme of the last of them: a `batv_dialect`, or 0 when there was no layer.
    uint32_t dialect;
    /// 1 when there is another layer that hides the address: `dialect` is its scheme.
    uint32_t hidden;
} batv_unwrapping;

/// Sender and recipient of a message, and what else is known of them.
typedef struct batv_envelope {
    /// `sizeof(batv_envelope)`: see `BATV_INIT`.
    uint32_t size;
    /// 1 when the client is one of ours, or one that is never judged; else 0.
    uint32_t trusted_client;
    /// A `batv_earlier`: outcome for the recipients of this message before this one; 0 for the first.
    uint32_t earlier;
    /// A `batv_stage`: when `batv_check` is called; 0 for RCPT TO.
    uint32_t stage;
    /// 1 when your own server found the author authenticated (RFC 8601), or the recipient is there for reports, and
    /// `authserv_ids` and `report_recipients` don't tell; else 0. For `batv_judge_message`.
    uint32_t report_is_welcome;
    /// 0.
    uint32_t reserved;
    /// Argument of MAIL FROM. An empty text is the null reverse-path.
    batv_text reverse_path;
    /// Argument of RCPT TO.
    batv_text forward_path;
} batv_envelope;

/// Answer for one recipient.
typedef struct batv_judgement {
    /// `sizeof(batv_judgement)`: see `BATV_INIT`.
    uint32_t size;
    /// Verdict.
    batv_verdict verdict;
    /// Reason for the verdict.
    batv_reason reason;
    /// What the server does now.
    batv_disposition disposition;
    /// Code that the reply begins with: three digits.
    uint32_t reply_code;
    /// 1 when the message cannot change this any more; 0 when you should ask again at the end of DATA.
    uint32_t settled;
    /// Value of `earlier` for the next recipient of the same message.
    batv_earlier earlier;
    /// Mode of the recipient's mailbox or domain, from `modes` or else `mode`.
    batv_mode mode;
    /// What the server would do in mode `reject`.
    batv_disposition in_reject;
    /// A `batv_origin`: origin of the returned message; 0 from `batv_check`.
    uint32_t origin;
    /// Number of the row that decided, in the table of `batv-policy`, from 1 to 27; 0 when none did.
    uint32_t row;
    /// Reply, such as `250 2.1.5 Recipient ok`, and a NUL.
    char reply[BATV_REPLY_SIZE];
} batv_judgement;

/// Kind of a message, and what it returns.
typedef struct batv_reading {
    /// `sizeof(batv_reading)`: see `BATV_INIT`.
    uint32_t size;
    /// Kind of the message.
    batv_class message_class;
    /// A `batv_action`: the worst outcome for a recipient of a bounce; 0 of any other message.
    uint32_t action;
    /// A `batv_original`: how much of the original it returns; 0 for nothing.
    uint32_t original;
    /// 1 when nothing seems to be missing in the header of the original; else 0.
    uint32_t complete;
    /// Number of recipients in its report, of which 100 are kept.
    uint32_t recipients;
    /// 1 when it was longer than the limit; else 0.
    uint32_t cut;
} batv_reading;

/// Message that would be answered, and what is known of it.
typedef struct batv_bounce_question {
    /// `sizeof(batv_bounce_question)`: see `BATV_INIT`.
    uint32_t size;
    /// A `batv_bounce_kind`: kind of the message that would be sent; 0 for a report that mail was not delivered.
    uint32_t kind;
    /// A `batv_tag_verdict`: verdict of `batv_verify` or `batv_srs_reverse` on the reverse-path; 0 when neither was asked.
    uint32_t tag;
    /// 1 when the client still waits for the reply to its command, so that the message can be refused instead; else 0.
    uint32_t answerable_in_smtp;
    /// 1 when the client is a user of ours who has authenticated, or a host of ours; else 0.
    uint32_t own_client;
    /// 1 when a filter of ours takes the message for spam or malware; else 0.
    uint32_t hostile;
    /// 1 when the domain of the reverse-path takes no mail: a null MX (RFC 7505), or neither MX nor address; else 0.
    uint32_t unroutable;
    /// 0.
    uint32_t reserved;
    /// Argument of MAIL FROM. An empty text is the null reverse-path.
    batv_text reverse_path;
    /// Header of the message, or the whole message; absent when it is not known.
    batv_text header;
    /// Value of NOTIFY of the recipient (RFC 3461 §4.1); absent or empty when none was given.
    batv_text notify;
} batv_bounce_question;

/// Whether a bounce may be sent, and why.
typedef struct batv_bounce_answer {
    /// `sizeof(batv_bounce_answer)`: see `BATV_INIT`.
    uint32_t size;
    /// Whether it may be sent.
    batv_may may;
    /// Reason, as a code.
    batv_bounce_reason reason;
    /// Number of the row that decided, in the table of `may_bounce`, from 1 to 15.
    uint32_t row;
    /// Reason, in words, and a NUL.
    char words[BATV_WORDS_SIZE];
} batv_bounce_answer;

/// Mark in its two forms.
typedef struct batv_mark {
    /// `sizeof(batv_mark)`: see `BATV_INIT`.
    uint32_t size;
    /// Value of the header field `BATV_MARK_FIELD`, and a NUL.
    char field[BATV_MARK_SIZE];
    /// Value of ENVID in MAIL FROM (RFC 3461 §4.4), where the next server offers DSN, and a NUL.
    char envelope_id[BATV_MARK_SIZE];
} batv_mark;

/// Setting, for programs that show or check all of them. Its texts belong to the library and stay.
typedef struct batv_setting {
    /// Name.
    const char *name;
    /// All values, with spaces between; NULL when there are others.
    const char *choices;
    /// What it is for, on one line.
    const char *help;
} batv_setting;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Tags the envelope sender of an outgoing message that an authenticated user or one of your hosts sends, as `batvd` does.
/// An address that has a tag, the null reverse-path, an address that no key signs for, and one that `protected` does not
/// name, stay as they are: in each case the text in `tagged` is the sender to use.
///
/// - `keyring`: not NULL.
/// - `settings`: `form`, `delimiter`, `lifetime`, `protected` and `exempt` count; NULL for the defaults.
/// - `sender`: the reverse-path. An empty text is the null reverse-path.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `tagged`: gets the sender without brackets, but `<>` for the null reverse-path; `BATV_ADDRESS_SIZE` octets are enough. It
///   must not overlap `sender`.
/// - `signing`: gets the outcome; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_LONG` when the tag does not fit: send without; `BATV_RESULT_MALFORMED`;
/// `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer tagged = BATV_BUFFER(text);
/// if (batv_sign(keyring, NULL, batv_text_of("alice@example.com"), 0, &tagged, NULL) == BATV_RESULT_OK)
///     printf("MAIL FROM:<%s>\n", tagged.data);
/// ```
batv_result batv_sign(const struct batv_keyring *keyring,
                      const struct batv_settings *settings,
                      batv_text sender,
                      int64_t now,
                      struct batv_buffer *tagged,
                      struct batv_signing *signing);

/// Verifies the tag of an address: whether we made it, and whether it is still valid.
///
/// - `keyring`: not NULL.
/// - `recipient`: the recipient of a bounce.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verification`: gets the verdict; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `mailbox`: gets the address without its tag, whatever the verdict: deliver to it only when the verdict allows.
///   `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `recipient`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`;
/// `BATV_RESULT_NULL_POINTER`. A bad tag is no error, but a verdict.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer mailbox = BATV_BUFFER(text);
/// batv_verification verification = BATV_INIT(batv_verification);
/// batv_text recipient = batv_text_of("prvs=0269b1e711=alice@example.com");
/// if (batv_verify(keyring, recipient, 0, &verification, &mailbox) == BATV_RESULT_OK &&
///     verification.verdict == BATV_TAG_VERDICT_VALID)
///     printf("deliver to %s\n", mailbox.data);
/// ```
batv_result batv_verify(const struct batv_keyring *keyring,
                        batv_text recipient,
                        int64_t now,
                        struct batv_verification *verification,
                        struct batv_buffer *mailbox);

/// Takes off tags of any scheme, ours and those of others, without verifying them: to show, to compare and to look up
/// addresses. Never deliver or forward to the address that is left.
///
/// - `address`: any address.
/// - `mode`: a `batv_unwrap_mode`, or 0.
/// - `limit`: how many layers may come off; 0 for all, of which there are 8 at most.
/// - `unwrapping`: gets the number of layers and the scheme; may be NULL.
/// - `inner`: gets the address without these layers; `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `address`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer inner = BATV_BUFFER(text);
/// batv_text wrapped = batv_text_of("SRS0=8nW7=2W=example.com=alice@forwarder.example.net");
/// if (batv_unwrap(wrapped, BATV_UNWRAP_MODE_STRICT, 0, NULL, &inner) == BATV_RESULT_OK)
///     puts(inner.data); // alice@example.com
/// ```
batv_result batv_unwrap(batv_text address,
                        uint32_t mode,
                        uint32_t limit,
                        struct batv_unwrapping *unwrapping,
                        struct batv_buffer *inner);

/// Decides about a recipient at RCPT TO, or at the end of DATA without its message, as `batvd` and `batv check` do. An SRS
/// address of `srs_domains` is judged by its hash, and stands for the sender inside it.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `mode` decides.
/// - `envelope`: sender and recipient; not NULL.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `judgement`: gets the answer; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `deliver_to`: gets the mailbox to deliver to, without its tag; nothing when the recipient is refused.
///   `BATV_ADDRESS_SIZE` octets are enough.
///
/// A sender that cannot be read is that of a stranger, whose mail is no bounce.
///
/// Errors: `BATV_RESULT_MALFORMED` for a recipient that is no address; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. A server answers an error of its own with
/// 451, never with a rejection.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer deliver_to = BATV_BUFFER(text);
/// batv_envelope envelope = BATV_INIT(batv_envelope);
/// batv_judgement judgement = BATV_INIT(batv_judgement);
/// envelope.reverse_path = batv_text_of("<>");
/// envelope.forward_path = batv_text_of("prvs=0269b1e711=alice@example.com");
/// if (batv_check(keyring, settings, &envelope, 0, &judgement, &deliver_to) == BATV_RESULT_OK)
///     puts(judgement.reply);
/// ```
batv_result batv_check(const struct batv_keyring *keyring,
                       const struct batv_settings *settings,
                       const struct batv_envelope *envelope,
                       int64_t now,
                       struct batv_judgement *judgement,
                       struct batv_buffer *deliver_to);

/// Decides about a recipient at the end of DATA, by its message. The content counts for the null reverse-path, and for that of
/// a daemon with `daemon_senders`; other mail is decided by its envelope. A bounce that is not proved is held in quarantine at
/// most, unless `reject_unverified` is set; one that is disproved is refused where `mode` is `reject`; a message that was cut
/// is held at most for what it says.
///
/// Needs the feature `messages`.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL. Besides those of `batv_check`, `daemon_senders`, `hosts`, `identities`, `marked_since`,
///   `hold_receipts`, `reject_daemon_senders`, `reject_unverified`, `report_recipients`, `authserv_ids` and the keys of
///   `batv_settings_add_dkim_key` count.
/// - `message`: not NULL; made with the same reverse-path.
/// - `envelope`: sender and recipient, as for `batv_check`; not NULL. Its `stage` does not count.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `judgement`: gets the answer; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `deliver_to`: gets the mailbox to deliver to, without its tag; nothing when the recipient is refused.
///   `BATV_ADDRESS_SIZE` octets are enough.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender or recipient that is no address; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. A server answers an error of its own with
/// 451, never with a rejection.
/// Threads: any.
///
/// ```c
/// batv_envelope envelope = BATV_INIT(batv_envelope);
/// batv_judgement found = BATV_INIT(batv_judgement);
/// envelope.reverse_path = batv_text_of("<>");
/// envelope.forward_path = batv_text_of("alice@example.com");
/// if (batv_judge_message(keyring, settings, message, &envelope, 0, &found, NULL) == BATV_RESULT_OK)
///     printf("%s, for %s: %s\n", batv_code_text(found.verdict), batv_code_text(found.reason), found.reply);
/// ```
batv_result batv_judge_message(const struct batv_keyring *keyring,
                               const struct batv_settings *settings,
                               const struct batv_message *message,
                               const struct batv_envelope *envelope,
                               int64_t now,
                               struct batv_judgement *judgement,
                               struct batv_buffer *deliver_to);

/// Finds the origin of the message that a bounce returns, as `batv_judge_message` does, and by what: a line for each thing
/// seen, in the order in which it was looked for, with a line feed between each two.
///
/// Needs the feature `messages`.
///
/// - `keyring`: not NULL.
/// - `settings`: `protected`, `hosts`, `identities`, `marked_since` and the keys of `batv_settings_add_dkim_key` count;
///   NULL for the defaults.
/// - `message`: not NULL.
/// - `recipient`: the recipient of the bounce, with a tag or without.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `found`: gets the origin; may be NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `evidence`: gets the lines. It must not overlap `recipient`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char proof[4096];
/// batv_buffer evidence = BATV_BUFFER(proof);
/// batv_origin origin;
/// batv_text recipient = batv_text_of("alice@example.com");
/// if (batv_message_origin(keyring, settings, message, recipient, 0, &origin, &evidence) == BATV_RESULT_OK)
///     printf("%s\n%s\n", batv_code_text(origin), proof);
/// ```
batv_result batv_message_origin(const struct batv_keyring *keyring,
                                const struct batv_settings *settings,
                                const struct batv_message *message,
                                batv_text recipient,
                                int64_t now,
                                batv_origin *found,
                                struct batv_buffer *evidence);

/// Reads a message: its kind, and what it returns. Any octets are a message of some kind.
///
/// Needs the feature `messages`.
///
/// - `text`: header and body, as they came, with any line ends. The caller may free it afterwards.
/// - `sender`: the argument of MAIL FROM. An empty text is the null reverse-path; one that is no address is a stranger's.
///   Absent when it is not known: then the field Return-Path tells it.
/// - `limit`: how many octets are read; 0 for the usual 16 MiB.
/// - `message`: gets the message, for the caller to free with `batv_message_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// const char *notice = "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message did not arrive.\n";
/// batv_message *read;
/// if (batv_message_new(batv_text_of(notice), batv_text_of("<>"), 0, &read) == BATV_RESULT_OK)
///     batv_message_free(read);
/// ```
batv_result batv_message_new(batv_text text,
                             batv_text sender,
                             size_t limit,
                             struct batv_message **message);

/// Tells the kind of a message.
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `reading`: gets the answer; not NULL.
///
/// Errors: `BATV_RESULT_NULL_POINTER`; `BATV_RESULT_BAD_ARGUMENT`. Threads: any.
///
/// ```c
/// batv_reading reading = BATV_INIT(batv_reading);
/// if (batv_message_read(message, &reading) == BATV_RESULT_OK && reading.message_class == BATV_CLASS_DSN)
///     printf("a bounce: %s\n", batv_code_text(reading.action)); // failed
/// ```
batv_result batv_message_read(const struct batv_message *message, struct batv_reading *reading);

/// Tells a field of the report in a bounce or a disposition notification (RFC 3464, RFC 6533, RFC 8098).
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `name`: up to a NUL, in any case. Of the message: `Reporting-MTA`, `Original-Envelope-Id`, `Original-Message-ID`. Of a
///   recipient: `Original-Recipient`, `Final-Recipient`, `Action`, `Status`.
/// - `recipient`: number of the recipient, from 0 to `recipients` of `batv_reading` less 1; 0 for a field of the message.
/// - `value`: gets the value, without the type of an address or name; empty when there is no such field. 4096 octets are
///   enough. A control character is written as a space.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT` for another name, or another recipient; `BATV_RESULT_TOO_SMALL`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char status[4096];
/// batv_buffer value = BATV_BUFFER(status);
/// if (batv_message_report(message, "Status", 0, &value) == BATV_RESULT_OK)
///     printf("status: %s\n", status); // 5.1.1
/// ```
batv_result batv_message_report(const struct batv_message *message,
                                const char *name,
                                uint32_t recipient,
                                struct batv_buffer *value);

/// Tells a field in the header of the original that a message returns, such as `Message-ID`: the first of its name, on one
/// line.
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `name`: the name of the field up to a NUL, in any case.
/// - `value`: gets the value; empty when there is no such field. A control character is written as a space, and octets that
///   are not UTF-8 as U+FFFD.
///
/// Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char original_id[1024];
/// batv_buffer value = BATV_BUFFER(original_id);
/// if (batv_message_original(message, "Message-ID", &value) == BATV_RESULT_OK)
///     printf("it returns %s\n", original_id); // <1@example.com>
/// ```
batv_result batv_message_original(const struct batv_message *message,
                                  const char *name,
                                  struct batv_buffer *value);

/// Tells the evidence for the kind of a message: a line for each thing seen, in the order in which it was looked for, with
/// a line feed between each two.
///
/// Needs the feature `messages`.
///
/// - `message`: not NULL.
/// - `evidence`: gets the lines. A control character in them is written as a space.
///
/// Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char lines[4096];
/// batv_buffer evidence = BATV_BUFFER(lines);
/// if (batv_message_evidence(message, &evidence) == BATV_RESULT_OK)
///     puts(lines); // part 2: its type is message/delivery-status
/// ```
batv_result batv_message_evidence(const struct batv_message *message,
                                  struct batv_buffer *evidence);

/// Frees a message. NULL is allowed.
///
/// Needs the feature `messages`.
///
/// Forbidden: to free a message twice, to use it afterwards, or to free it while another thread uses it.
///
/// Errors: none. Threads: any, once no other uses the message.
///
/// ```c
/// batv_message_free(NULL);
/// ```
void batv_message_free(struct batv_message *message);

/// Decides whether a bounce or an automatic reply may go to the sender of a message, who may be forged. A bounce goes to
/// the reverse-path, never to From or Reply-To, with the null reverse-path.
///
/// Needs the feature `messages`.
///
/// - `settings`: `ours`, `authserv_ids`, `trusted_sealers`, `allowed`, `double_bounce` and `hold_unproved` count; NULL for
///   the defaults. Without `authserv_ids` no Authentication-Results is believed.
/// - `question`: not NULL.
/// - `answer`: gets the answer; not NULL. Send nothing after an error.
///
/// Errors: `BATV_RESULT_MALFORMED` for a sender that is no address; `BATV_RESULT_BAD_ARGUMENT`, also for a wrong NOTIFY;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// batv_bounce_question undelivered = BATV_INIT(batv_bounce_question);
/// batv_bounce_answer answer = BATV_INIT(batv_bounce_answer);
/// undelivered.reverse_path = batv_text_of("bob@example.net");
/// undelivered.header = batv_text_of("Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=example.net\r\n");
/// if (batv_settings_set(settings, "authserv_ids", "mx.example.com") == BATV_RESULT_OK &&
///     batv_may_bounce(settings, &undelivered, &answer) == BATV_RESULT_OK && answer.may == BATV_MAY_YES)
///     printf("tell bob: %s\n", answer.words);
/// ```
batv_result batv_may_bounce(const struct batv_settings *settings,
                            const struct batv_bounce_question *question,
                            struct batv_bounce_answer *answer);

/// Rewrites the sender of a forwarded message to a domain of ours, by the Sender Rewriting Scheme (SRS). The null
/// reverse-path, and senders of our own domains, stay as they are: in each case the text in `rewritten` is the sender to
/// use.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `srs_domains` is needed.
/// - `sender`: the reverse-path. An empty text is the null reverse-path.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `rewritten`: gets the sender; `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `sender`.
/// - `change`: gets the effect on the sender; may be NULL.
///
/// Errors: `BATV_RESULT_TOO_LONG` when it does not fit; `BATV_RESULT_NO_KEY`; `BATV_RESULT_MALFORMED`, also for an address
/// that cannot be rewritten; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer rewritten = BATV_BUFFER(text);
/// batv_text sender = batv_text_of("alice@example.org");
/// if (batv_srs_forward(keyring, settings, sender, 0, &rewritten, NULL) == BATV_RESULT_OK)
///     printf("MAIL FROM:<%s>\n", rewritten.data);
/// ```
batv_result batv_srs_forward(const struct batv_keyring *keyring,
                             const struct batv_settings *settings,
                             batv_text sender,
                             int64_t now,
                             struct batv_buffer *rewritten,
                             batv_change *change);

/// Restores the sender inside an SRS address. Do so for bounces only, that is, under a null reverse-path: the format does
/// not protect the boundary between domain and local part, so that one address gives others to those who find it.
///
/// - `keyring`: not NULL.
/// - `settings`: not NULL, for `srs_domains` is needed.
/// - `recipient`: the recipient of a bounce.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verdict`: gets the verdict; not NULL. It is there also after `BATV_RESULT_TOO_SMALL`.
/// - `restored`: gets the sender when the verdict is valid; the address as it came when it is untagged or foreign; else
///   nothing. `BATV_ADDRESS_SIZE` octets are enough. It must not overlap `recipient`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char text[BATV_ADDRESS_SIZE];
/// batv_buffer restored = BATV_BUFFER(text);
/// batv_text returned = batv_text_of("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
/// batv_tag_verdict verdict;
/// if (batv_srs_reverse(keyring, settings, returned, 0, &verdict, &restored) == BATV_RESULT_OK &&
///     verdict == BATV_TAG_VERDICT_VALID)
///     printf("RCPT TO:<%s>\n", restored.data);
/// ```
batv_result batv_srs_reverse(const struct batv_keyring *keyring,
                             const struct batv_settings *settings,
                             batv_text recipient,
                             int64_t now,
                             batv_tag_verdict *verdict,
                             struct batv_buffer *restored);

/// Marks an outgoing message. A bounce that returns its header, or names its envelope id, then proves that the message was
/// ours, even when the tag was lost.
///
/// - `keyring`: not NULL.
/// - `message_id`: the value of Message-ID, in angle brackets or not; empty when there is none.
/// - `sender`: the reverse-path before it is tagged.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `made`: gets the mark; not NULL.
///
/// Errors: `BATV_RESULT_NO_KEY` when no key signs for the sender, or when it has a tag already or is the null
/// reverse-path: send without a mark; `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`;
/// `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// batv_mark made = BATV_INIT(batv_mark);
/// batv_text id = batv_text_of("<1@example.com>"), sender = batv_text_of("alice@example.com");
/// if (batv_mark_make(keyring, id, sender, 0, &made) == BATV_RESULT_OK)
///     printf("%s: %s\r\n", BATV_MARK_FIELD, made.field);
/// ```
batv_result batv_mark_make(const struct batv_keyring *keyring,
                           batv_text message_id,
                           batv_text sender,
                           int64_t now,
                           struct batv_mark *made);

/// Verifies a returned mark: whether we made it for this message, and whether it is still valid: for 7 days more than the lifetime
/// of its key.
/// White space and the case of letters don't matter.
///
/// - `keyring`: not NULL.
/// - `mark`: the value of the returned field `BATV_MARK_FIELD`, or of Original-Envelope-Id.
/// - `message_id`: the Message-ID that was returned with the field. Absent for an envelope id, which contains the id of its
///   message.
/// - `sender`: the reverse-path of that message without its tag.
/// - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
/// - `verdict`: gets the verdict; not NULL. A text that is no mark is `BATV_TAG_VERDICT_UNTAGGED`.
///
/// Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. A bad mark
/// is no error, but a verdict.
/// Threads: any.
///
/// ```c
/// batv_text field = batv_text_of("1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr"), id = batv_text_of("<1@example.com>");
/// batv_tag_verdict verdict;
/// if (batv_mark_verify(keyring, field, id, batv_text_of("alice@example.com"), 1577880000, &verdict) == BATV_RESULT_OK)
///     printf("the mark is %s\n", batv_code_text(verdict)); // valid
/// ```
batv_result batv_mark_verify(const struct batv_keyring *keyring,
                             batv_text mark,
                             batv_text message_id,
                             batv_text sender,
                             int64_t now,
                             batv_tag_verdict *verdict);

/// Makes settings with their defaults: those of an administrator who has set nothing.
///
/// - `settings`: gets the settings, for the caller to free with `batv_settings_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_NULL_POINTER`. Threads: any.
///
/// ```c
/// batv_settings *fresh;
/// if (batv_settings_new(&fresh) == BATV_RESULT_OK)
///     batv_settings_free(fresh);
/// ```
batv_result batv_settings_new(struct batv_settings **settings);

/// Copies settings: a server that reloads its configuration changes a copy, and frees the old settings when no thread uses
/// them any more.
///
/// - `settings`: not NULL.
/// - `copy`: gets the settings, for the caller to free with `batv_settings_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_NULL_POINTER`. Threads: any.
///
/// ```c
/// batv_settings *copy;
/// if (batv_settings_copy(settings, &copy) == BATV_RESULT_OK)
///     batv_settings_free(copy);
/// ```
batv_result batv_settings_copy(const struct batv_settings *settings,
                               struct batv_settings **copy);

/// Sets one setting, and leaves all as they are on any error. The items of a list have spaces between them; a list replaces
/// the one before.
///
/// | name | value | default |
/// |---|---|---|
/// | `form` | form of the tags: `prvs`, `sub-address`, `strong` | `prvs` |
/// | `delimiter` | character before the tag of a sub-address | `+` |
/// | `lifetime` | days that a tag lives, up to those of the key; 0 for those of the key | `0` |
/// | `fold_case` | whether a sender is tagged in lower case where its case matters to the tag; false for tags that another program checks: `true`, `false` | `true` |
/// | `protected` | domains and mailboxes that tag all that they send; empty for those that a key serves |  |
/// | `exempt` | domains and mailboxes that are not judged |  |
/// | `mode` | how far to go with bounces that are not proved: `observe`, `mark`, `quarantine`, `reject` | `observe` |
/// | `modes` | the same for single domains and mailboxes, as in `example.com=mark` |  |
/// | `reject_at` | when a bounce without a tag is refused; `data` is safe for callouts: `rcpt`, `data` | `data` |
/// | `signing_since` | date since which all outgoing mail is tagged; empty for always |  |
/// | `on_error` | what to do without a key, or with a wrong clock: `tempfail`, `accept` | `tempfail` |
/// | `local_domain` | domain that completes an address without one; empty to complete none |  |
/// | `replies` | texts of SMTP replies, a line each, as in `not-our-bounce=We sent no such message`, and `url=` for refusals |  |
/// | `srs_domains` | domains of ours: senders are rewritten to the first, and addresses of all are reversed |  |
/// | `srs_separator` | character after `SRS0`: `=`, `+`, `-` | `=` |
/// | `srs_hash_length` | characters of the hash, 4 to 27 | `4` |
/// | `srs_hash_minimum` | fewest characters of a hash that comes back, 4 to `srs_hash_length` | `4` |
/// | `srs_max_age` | days that a rewritten address can be reversed, 1 to 1000 | `21` |
/// | `srs_always_rewrite` | whether senders of our own domains are rewritten too: `true`, `false` | `false` |
/// | `srs_takes_mail` | whether an SRS address accepts mail other than bounces: `true`, `false` | `false` |
/// | `marked_since` | date since which all outgoing mail has a mark; empty for never |  |
/// | `daemon_senders` | whether messages from a daemon such as `MAILER-DAEMON@...` are judged by their content, besides those from `<>`: `true`, `false` | `false` |
/// | `hold_receipts` | whether disposition notifications that are not proved are held as bounces are: `true`, `false` | `false` |
/// | `reject_daemon_senders` | whether disproved bounces with a reverse-path may be refused: `true`, `false` | `false` |
/// | `reject_unverified` | whether a bounce without a tag may be refused where nothing tells the origin of the returned message: `true`, `false` | `false` |
/// | `report_recipients` | domains and mailboxes that receive reports on DMARC, TLS and abuse |  |
/// | `hosts` | domains of our outbound mail hosts, besides those of `protected` |  |
/// | `identities` | authors whose bounces go to another mailbox, as in `bounces@example.com=news@example.com` |  |
/// | `authserv_ids` | names under which our own servers write Authentication-Results |  |
/// | `ours` | domains and mailboxes of ours, which get bounces only when proved; empty for those of `protected` |  |
/// | `trusted_sealers` | domains whose ARC seals are believed |  |
/// | `allowed` | domains and mailboxes that get bounces without a proof |  |
/// | `double_bounce` | mailboxes that stand for the null reverse-path on some servers: they get no bounces |  |
/// | `hold_unproved` | whether a bounce to a sender that is not proved is held; else it is not sent: `true`, `false` | `false` |
///
/// - `settings`: not NULL.
/// - `name`, `value`: up to a NUL.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`.
/// Threads: no other may use the settings at the same time.
///
/// ```c
/// if (batv_settings_set(settings, "protected", "example.com bob@example.org") != BATV_RESULT_OK ||
///     batv_settings_set(settings, "mode", "reject") != BATV_RESULT_OK) {
///     // batv_error_message() tells why
/// }
/// ```
batv_result batv_settings_set(struct batv_settings *settings,
                              const char *name,
                              const char *value);

/// Tells the value of a setting, as `batv_settings_set` takes it.
///
/// - `settings`: NULL for the defaults.
/// - `name`: up to a NUL.
/// - `value`: gets the value.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT` for another name; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char mode[64];
/// batv_buffer value = BATV_BUFFER(mode);
/// if (batv_settings_get(settings, "mode", &value) == BATV_RESULT_OK)
///     printf("mode: %s\n", mode);
/// ```
batv_result batv_settings_get(const struct batv_settings *settings,
                              const char *name,
                              struct batv_buffer *value);

/// Describes a setting: its name, its choices and a line of help.
///
/// - `index`: from 0; NULL comes back after the last setting.
///
/// Errors: none. Threads: any.
///
/// ```c
/// const batv_setting *setting;
/// uint32_t index;
/// for (index = 0; (setting = batv_settings_describe(index)) != NULL; index++)
///     printf("%s: %s\n", setting->name, setting->help);
/// ```
const struct batv_setting *batv_settings_describe(uint32_t index);

/// Adds a public key of our DKIM signatures (RFC 6376, RFC 8463). A signature on a returned header proves that the message
/// was ours. Nothing is looked up in DNS. To take a key away, make new settings.
///
/// Needs the feature `messages`.
///
/// - `settings`: not NULL.
/// - `domain`, `selector`: `d=` and `s=` of the signatures, up to a NUL.
/// - `key`: a DKIM record, bare or as in a zone file, or PEM.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`. On any
/// of them the settings stay as they are.
/// Threads: no other may use the settings at the same time.
///
/// ```c
/// const char *record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// if (batv_settings_add_dkim_key(settings, "example.com", "sel", batv_text_of(record)) != BATV_RESULT_OK) {
///     // batv_error_message() tells why
/// }
/// ```
batv_result batv_settings_add_dkim_key(struct batv_settings *settings,
                                       const char *domain,
                                       const char *selector,
                                       batv_text key);

/// Frees settings. NULL is allowed.
///
/// Forbidden: to free settings twice, to use them afterwards, or to free them while another thread uses them.
///
/// Errors: none. Threads: any, once no other uses the settings.
///
/// ```c
/// batv_settings_free(NULL);
/// ```
void batv_settings_free(struct batv_settings *settings);

/// Reads a keyring file (TOML, see the README; `batv key new` makes one).
///
/// - `path`: the file, up to a NUL.
/// - `permissions`: a `batv_permissions`, or 0 for a file that only its owner can read.
/// - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_IO`; `BATV_RESULT_PERMISSIONS`; `BATV_RESULT_KEYRING` for a file that is wrong, where
/// `batv_error_message` tells line and column; `BATV_RESULT_NULL_POINTER`; `BATV_RESULT_BAD_ARGUMENT`.
/// Threads: any.
///
/// ```c
/// batv_keyring *from_file;
/// if (batv_keyring_new_from_file("/etc/batv/keyring.toml", 0, &from_file) == BATV_RESULT_OK) {
///     // sign and verify
///     batv_keyring_free(from_file);
/// }
/// ```
batv_result batv_keyring_new_from_file(const char *path, uint32_t permissions, struct batv_keyring **keyring);

/// Reads a keyring from memory.
///
/// - `text`: TOML as in a keyring file. The caller may wipe it afterwards.
/// - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_KEYRING`, where `batv_error_message` tells line and column; `BATV_RESULT_NULL_POINTER`;
/// `BATV_RESULT_BAD_ARGUMENT`.
/// Threads: any.
///
/// ```c
/// const char *toml = "[[key]]\nuse = \"srs\"\nstate = \"signing\"\nsecret = \"text:tops3cr3t\"\n";
/// batv_keyring *from_text;
/// if (batv_keyring_new_from_text(batv_text_of(toml), &from_text) == BATV_RESULT_OK)
///     batv_keyring_free(from_text);
/// ```
batv_result batv_keyring_new_from_text(batv_text text,
                                       struct batv_keyring **keyring);

/// Makes a keyring of one key that signs and verifies for all senders.
///
/// - `secret`: any octets, at least one. The caller may wipe them afterwards.
/// - `key_use`: a `batv_use`.
/// - `key_id`: 0 to 9, the first digit of the tags; 0 for SRS.
/// - `algorithm`: a `batv_algorithm`. Exim, batv-tools and the SRS programs have HMAC-SHA1.
/// - `lifetime`: days that tags live, 1 to 180, or 0 for the usual 7.
/// - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// batv_keyring *from_key;
/// if (batv_keyring_new_from_key(batv_text_of("s3kr1t"), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 7, &from_key) ==
///     BATV_RESULT_OK)
///     batv_keyring_free(from_key);
/// ```
batv_result batv_keyring_new_from_key(batv_text secret,
                                      uint32_t key_use,
                                      uint32_t key_id,
                                      uint32_t algorithm,
                                      uint32_t lifetime,
                                      struct batv_keyring **keyring);

/// Replaces the keys, and keeps the old ones on any error. Calls in flight on other threads end with the keys that they
/// began with; all later ones have the new keys.
///
/// - `keyring`: not NULL.
/// - `text`: TOML as in a keyring file; absent to read the keyring's file again.
///
/// Errors: those of `batv_keyring_new_from_file` and `batv_keyring_new_from_text`; `BATV_RESULT_BAD_ARGUMENT` without
/// a text when the keyring came from no file.
/// Threads: any, at the same time as calls with the same keyring.
///
/// ```c
/// // on SIGHUP, in whatever thread handles it
/// if (batv_keyring_reload(keyring, batv_text_of(NULL)) != BATV_RESULT_OK) {
///     // the old keys stay in use
/// }
/// ```
batv_result batv_keyring_reload(const struct batv_keyring *keyring,
                                batv_text text);

/// Frees a keyring and wipes its keys. NULL is allowed.
///
/// Forbidden: to free a keyring twice, to use it afterwards, or to free it while another thread uses it.
///
/// Errors: none. Threads: any, once no other uses the keyring.
///
/// ```c
/// batv_keyring_free(NULL);
/// ```
void batv_keyring_free(struct batv_keyring *keyring);

/// Tells in words why the last call on this thread that failed did so: what was wrong, where, and what would be right.
/// Of a keyring file it names the line and the column. It never holds a secret.
///
/// - `message`: gets the text; not NULL.
///
/// A call that succeeds does not change the message. Empty when no call has failed on this thread.
///
/// Errors: `BATV_RESULT_TOO_SMALL`, `BATV_RESULT_NULL_POINTER`; the message stays for another try.
/// Threads: each has a message of its own.
///
/// ```c
/// char text[256];
/// batv_buffer message = BATV_BUFFER(text);
/// if (batv_keyring_reload(keyring, batv_text_of(NULL)) != BATV_RESULT_OK &&
///     batv_error_message(&message) == BATV_RESULT_OK)
///     fprintf(stderr, "the old keys stay: %s\n", message.data);
/// ```
batv_result batv_error_message(struct batv_buffer *message);

/// Text of a code of any kind: its name in the output of `batv` and in the logs; of a result, what it means. The text
/// belongs to the library and stays; it is `unknown code` for a number that is no code.
///
/// Errors: none. Threads: any.
///
/// ```c
/// puts(batv_code_text(BATV_TAG_VERDICT_BAD_MAC)); // bad-mac
/// ```
const char *batv_code_text(uint32_t code);

/// Number of the binary interface of the library that is loaded: not `BATV_ABI_VERSION` when header and library
/// don't belong together.
///
/// Errors: none. Threads: any.
///
/// ```c
/// if (batv_abi_version() != BATV_ABI_VERSION)
///     fprintf(stderr, "libbatv %s is not the one of batv.h\n", batv_version());
/// ```
uint32_t batv_abi_version(void);

/// Version of the library that is loaded, such as `0.1.0`. The text belongs to the library and stays.
///
/// Errors: none. Threads: any.
///
/// ```c
/// printf("libbatv %s\n", batv_version());
/// ```
const char *batv_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BATV_H */
