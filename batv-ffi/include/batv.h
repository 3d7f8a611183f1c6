/* libbatv: bounce address tag validation (BATV), the Sender Rewriting Scheme (SRS), and verdicts on bounces.
 *
 * Every call that can fail returns a batv_result. Text goes in as a pointer and a number of octets, and comes out in a
 * buffer of yours, with a NUL after it: its capacity goes in, its length without the NUL comes out. A buffer that is too
 * small is left empty, and the length says what is needed, without the NUL. So are all answers on any error, so that
 * nobody takes an old one for a new one.
 *
 * Handles (batv_keyring, batv_message, batv_settings) are made by batv_..._new... and freed by you, once. All else is
 * yours.
 *
 * All calls may be made from many threads at the same time on the same handles, but for batv_settings_set,
 * batv_settings_add_dkim_key and the batv_..._free. None keeps a pointer that it was given, and none blocks, but for
 * those that read a file.
 *
 * The numbers of the enums never move, and no two codes of any kind have the same one.
 *
 * BATV_ABI_VERSION is that of this file: compare it with batv_abi_version(). */


#ifndef BATV_H
#define BATV_H

#include <stddef.h>
#include <stdint.h>

#define BATV_VERSION_MAJOR 0
#define BATV_VERSION_MINOR 1
#define BATV_VERSION_PATCH 0

/** The name of the header field that a mark stands in. */
#define BATV_MARK_FIELD "X-BATV-Mark"

/**
 * Octets of the text of a reply, and the NUL after it (RFC 5321 §4.5.3.1.5).
 */
#define BATV_REPLY_SIZE 512

/**
 * Octets of the longest mark of either form, and the NUL after it. An envelope id has at most 100 (RFC 3461 §4.4).
 */
#define BATV_MARK_SIZE 101

/**
 * Octets of the words of an answer, and the NUL after them.
 */
#define BATV_WORDS_SIZE 256

/**
 * Octets that are enough for any address that this library writes, and the NUL after it.
 */
#define BATV_ADDRESS_SIZE 1024

/**
 * The number of the binary interface that this header describes. It changes when a program must be compiled again.
 */
#define BATV_ABI_VERSION 1

/**
 * What became of a call.
 */
enum batv_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    BATV_RESULT_OK = 0,
    /**
     * A pointer is NULL that may not be.
     */
    BATV_RESULT_NULL_POINTER = 1,
    /**
     * A number, a name or a value that none can be.
     */
    BATV_RESULT_BAD_ARGUMENT = 2,
    /**
     * The buffer is too small: the length says what is needed, without the NUL.
     */
    BATV_RESULT_TOO_SMALL = 3,
    /**
     * The text is no address, or one that cannot be rewritten.
     */
    BATV_RESULT_MALFORMED = 4,
    /**
     * The local part would have more than 64 octets (RFC 5321 §4.5.3.1.1): send it as it is.
     */
    BATV_RESULT_TOO_LONG = 5,
    /**
     * The keyring has no key that signs for this.
     */
    BATV_RESULT_NO_KEY = 6,
    /**
     * The keyring is wrong.
     */
    BATV_RESULT_KEYRING = 7,
    /**
     * The system refused to do something with a file.
     */
    BATV_RESULT_IO = 8,
    /**
     * Others may read or change the keyring file.
     */
    BATV_RESULT_PERMISSIONS = 9,
    /**
     * The time is not from 1970-01-01 to 9999-12-31.
     */
    BATV_RESULT_CLOCK = 10,
    /**
     * An error inside of the library.
     */
    BATV_RESULT_PANIC = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_result batv_result;
#else
typedef uint32_t batv_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is found about a recipient. "Disproved" and "unverified" are never the same.
 */
enum batv_verdict
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A bounce to mail that we sent.
     */
    BATV_VERDICT_GENUINE = 200,
    /**
     * It answers nothing that we sent.
     */
    BATV_VERDICT_DISPROVED = 201,
    /**
     * Nothing proves or disproves it.
     */
    BATV_VERDICT_UNVERIFIED = 202,
    /**
     * It is not for us to judge.
     */
    BATV_VERDICT_NOT_JUDGED = 203,
    /**
     * The question is put off, or can't be answered.
     */
    BATV_VERDICT_UNDECIDED = 204,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_verdict batv_verdict;
#else
typedef uint32_t batv_verdict;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why.
 */
enum batv_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The client, the recipient or its domain is not judged, or what the recipient sends gets no tag.
     */
    BATV_REASON_EXEMPT = 220,
    /**
     * A further recipient of a null reverse-path, whose outcome may differ from that of an earlier one.
     */
    BATV_REASON_NULL_MULTI_RCPT = 221,
    /**
     * A bounce with a good tag.
     */
    BATV_REASON_TAG_OK = 222,
    /**
     * A bounce whose tag has expired.
     */
    BATV_REASON_TAG_EXPIRED = 223,
    /**
     * A bounce whose tag no live key made, though one has its id.
     */
    BATV_REASON_TAG_FORGED = 224,
    /**
     * A bounce whose tag names a key that we do not have, or is of another program.
     */
    BATV_REASON_TAG_UNKNOWN_KEY = 225,
    /**
     * A null reverse-path to an untagged mailbox: a bounce, or a question whether the mailbox exists.
     */
    BATV_REASON_CALLOUT = 226,
    /**
     * A bounce without a tag to a mailbox that tags all that it sends.
     */
    BATV_REASON_UNTAGGED = 227,
    /**
     * A bounce without a tag that may answer what was sent before tags were.
     */
    BATV_REASON_SIGNING_GRACE = 228,
    /**
     * To postmaster or abuse, which must stay reachable.
     */
    BATV_REASON_RFC5321_POSTMASTER = 229,
    /**
     * Mail, not a bounce, to a mailbox with a tag that we made.
     */
    BATV_REASON_TAGGED_MAIL = 230,
    /**
     * Mail, not a bounce, to a mailbox with a tag that we did not make.
     */
    BATV_REASON_TAGGED_BAD = 231,
    /**
     * Mail, not a bounce.
     */
    BATV_REASON_NOT_JUDGED = 232,
    /**
     * There is no key, or the clock is wrong.
     */
    BATV_REASON_INTERNAL = 233,
    /**
     * A bounce with a good tag that returns a message which isn't ours: the tag got around.
     */
    BATV_REASON_TAG_OK_ORIGINAL_FOREIGN = 234,
    /**
     * A bounce whose tag has expired, and which returns a message that is proved to be ours.
     */
    BATV_REASON_LATE_BOUNCE = 235,
    /**
     * A bounce without a tag that returns a message which is proved to be ours.
     */
    BATV_REASON_ORIGINAL_PROVED = 236,
    /**
     * A bounce without a tag that returns a message which isn't ours.
     */
    BATV_REASON_BACKSCATTER_DISPROVED = 237,
    /**
     * A bounce without a tag, of which nothing tells whose message it returns.
     */
    BATV_REASON_BACKSCATTER_UNVERIFIED = 238,
    /**
     * A disposition notification for a message that is proved to be ours.
     */
    BATV_REASON_MDN_PROVED = 239,
    /**
     * A disposition notification without a tag, as RFC 8098 §3 wants it.
     */
    BATV_REASON_MDN_UNVERIFIED = 240,
    /**
     * A report on DMARC, on TLS or on abuse.
     */
    BATV_REASON_REPORT = 241,
    /**
     * An automatic reply to a message that is proved to be ours.
     */
    BATV_REASON_AUTO_REPLY_PROVED = 242,
    /**
     * An automatic reply without a tag.
     */
    BATV_REASON_AUTO_REPLY_UNVERIFIED = 243,
    /**
     * Mail with a null reverse-path that is no bounce.
     */
    BATV_REASON_NULL_NOT_BOUNCE = 244,
    /**
     * A bounce with a reverse-path that returns a message which is proved to be ours.
     */
    BATV_REASON_NONNULL_BOUNCE_PROVED = 245,
    /**
     * A bounce with a reverse-path that returns a message which isn't ours.
     */
    BATV_REASON_NONNULL_BACKSCATTER = 246,
    /**
     * A challenge to mail that isn't proved to be ours.
     */
    BATV_REASON_CHALLENGE_FOREIGN = 247,
    /**
     * A bounce with a good tag, to which more bounces have come than one should get. Only who counts them says so.
     */
    BATV_REASON_TAG_REPLAYED = 248,
    /**
     * Too many wrong tags came from the client's network, or to the mailbox, lately. Only who counts them says so.
     */
    BATV_REASON_THROTTLED = 249,
    /**
     * A bounce to an SRS address of ours: it answers mail that we forwarded.
     */
    BATV_REASON_SRS_OK = 280,
    /**
     * A bounce to an SRS address of ours that is too old.
     */
    BATV_REASON_SRS_EXPIRED = 281,
    /**
     * An SRS address of one of our domains that none of our keys made.
     */
    BATV_REASON_SRS_FORGED = 282,
    /**
     * Mail, not a bounce, to an SRS address of ours.
     */
    BATV_REASON_SRS_MAIL = 283,
    /**
     * Mail, not a bounce, to an SRS address of ours that takes bounces alone.
     */
    BATV_REASON_SRS_NOT_BOUNCE = 284,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_reason batv_reason;
#else
typedef uint32_t batv_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is done about it.
 */
enum batv_disposition
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Take it.
     */
    BATV_DISPOSITION_ACCEPT = 250,
    /**
     * Take it, and say in a header what was found.
     */
    BATV_DISPOSITION_MARK = 251,
    /**
     * Take it, and hold it.
     */
    BATV_DISPOSITION_QUARANTINE = 252,
    /**
     * Refuse it for good, with a 5yz reply.
     */
    BATV_DISPOSITION_REJECT = 253,
    /**
     * Refuse it for now, with a 4yz reply.
     */
    BATV_DISPOSITION_TEMPFAIL = 254,
    /**
     * Take it, and throw it away. Nothing in this library says so.
     */
    BATV_DISPOSITION_DROP = 255,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_disposition batv_disposition;
#else
typedef uint32_t batv_disposition;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The recipients of the same message that were accepted before; 0 is the same as `BATV_EARLIER_NONE`.
 */
enum batv_earlier
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * There are none.
     */
    BATV_EARLIER_NONE = 260,
    /**
     * All are accepted, whatever the message says.
     */
    BATV_EARLIER_SETTLED = 261,
    /**
     * At least one may still be refused by the message, or is held.
     */
    BATV_EARLIER_UNDECIDED = 262,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_earlier batv_earlier;
#else
typedef uint32_t batv_earlier;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How far a site goes with what is not proved.
 */
enum batv_mode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Accept, and tell the log.
     */
    BATV_MODE_OBSERVE = 290,
    /**
     * Accept, and say so in a header.
     */
    BATV_MODE_MARK = 291,
    /**
     * Hold.
     */
    BATV_MODE_QUARANTINE = 292,
    /**
     * Refuse.
     */
    BATV_MODE_REJECT = 293,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_mode batv_mode;
#else
typedef uint32_t batv_mode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whose message is returned. The first four prove that it was ours.
 */
enum batv_origin
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A mark of ours in the returned header.
     */
    BATV_ORIGIN_MARK = 540,
    /**
     * A mark of ours as the envelope id that the report names.
     */
    BATV_ORIGIN_ENVELOPE_ID = 541,
    /**
     * A tag of ours in the returned header.
     */
    BATV_ORIGIN_TAG = 542,
    /**
     * A DKIM signature of ours on the returned header.
     */
    BATV_ORIGIN_DKIM = 543,
    /**
     * It looks like ours, as anybody's can: never enough to accept it, enough not to refuse it.
     */
    BATV_ORIGIN_HINTED = 544,
    /**
     * Nothing tells.
     */
    BATV_ORIGIN_UNKNOWN = 545,
    /**
     * Not ours: its header is all there, and has none of the marks that all of ours have.
     */
    BATV_ORIGIN_DISPROVED = 546,
    /**
     * The log of what was sent has it. It proves that it was ours, as the first four do.
     */
    BATV_ORIGIN_SENT_LOG = 547,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_origin batv_origin;
#else
typedef uint32_t batv_origin;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a tag is worth. Of SRS addresses all but `BATV_TAG_VERDICT_UNKNOWN_KEY` can be, of others the first five.
 */
enum batv_tag_verdict
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A live key of ours made it, and it has not expired.
     */
    BATV_TAG_VERDICT_VALID = 100,
    /**
     * A live key of ours made it, but it is too old, or from too far ahead.
     */
    BATV_TAG_VERDICT_EXPIRED = 101,
    /**
     * No live key made it, though one has its id.
     */
    BATV_TAG_VERDICT_BAD_MAC = 102,
    /**
     * There is no live key of its id.
     */
    BATV_TAG_VERDICT_UNKNOWN_KEY = 103,
    /**
     * There is no tag.
     */
    BATV_TAG_VERDICT_UNTAGGED = 104,
    /**
     * SRS: rewritten by somebody else.
     */
    BATV_TAG_VERDICT_FOREIGN = 105,
    /**
     * SRS: of a domain of ours, but no address that this scheme makes.
     */
    BATV_TAG_VERDICT_MALFORMED = 106,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_tag_verdict batv_tag_verdict;
#else
typedef uint32_t batv_tag_verdict;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether a bounce or an automatic reply may be sent.
 */
enum batv_may
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Send it, to the reverse-path, with the null reverse-path.
     */
    BATV_MAY_YES = 550,
    /**
     * Don't send it; tell the log, or postmaster.
     */
    BATV_MAY_NO = 551,
    /**
     * Refuse the message with a 5yz reply: then it is for the client to tell the sender.
     */
    BATV_MAY_REJECT_FIRST = 552,
    /**
     * Hold it for a person, or refuse the message for now with a 4yz reply while that can be done.
     */
    BATV_MAY_HOLD = 553,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_may batv_may;
#else
typedef uint32_t batv_may;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why it may be sent, or may not.
 */
enum batv_bounce_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The message can still be refused.
     */
    BATV_BOUNCE_REASON_REJECT_FIRST = 560,
    /**
     * There is nobody to send it to.
     */
    BATV_BOUNCE_REASON_NULL = 561,
    /**
     * The sender asked not to be told.
     */
    BATV_BOUNCE_REASON_DSN_NEVER = 562,
    /**
     * An automatic reply would answer a list or a program.
     */
    BATV_BOUNCE_REASON_RFC3834 = 563,
    /**
     * A list or a program whose sender is proved, which needs its bounces.
     */
    BATV_BOUNCE_REASON_LIST_NDR = 564,
    /**
     * A sender of ours, proved.
     */
    BATV_BOUNCE_REASON_OWN_VERIFIED = 565,
    /**
     * A sender of ours, not proved.
     */
    BATV_BOUNCE_REASON_OWN_FORGED = 566,
    /**
     * Spam or malware.
     */
    BATV_BOUNCE_REASON_HOSTILE = 567,
    /**
     * SPF passes.
     */
    BATV_BOUNCE_REASON_SPF = 568,
    /**
     * DKIM passes.
     */
    BATV_BOUNCE_REASON_DKIM = 569,
    /**
     * DMARC passes.
     */
    BATV_BOUNCE_REASON_DMARC = 570,
    /**
     * SPF passes for whoever rewrote the sender.
     */
    BATV_BOUNCE_REASON_REWRITTEN = 571,
    /**
     * A trusted sealer saw a proof.
     */
    BATV_BOUNCE_REASON_ARC = 572,
    /**
     * SPF or DMARC fails.
     */
    BATV_BOUNCE_REASON_FORGED = 573,
    /**
     * Nothing is proved.
     */
    BATV_BOUNCE_REASON_UNPROVED = 574,
    /**
     * No mail can go there.
     */
    BATV_BOUNCE_REASON_UNROUTABLE = 575,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_bounce_reason batv_bounce_reason;
#else
typedef uint32_t batv_bounce_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What kind of message it is.
 */
enum batv_class
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A report on TLS (RFC 8460).
     */
    BATV_CLASS_TLS_REPORT = 500,
    /**
     * A report on DMARC, aggregate (RFC 7489 §7.2).
     */
    BATV_CLASS_DMARC_REPORT = 501,
    /**
     * A report on abuse or on a failed authentication (RFC 5965, RFC 6591).
     */
    BATV_CLASS_FEEDBACK_REPORT = 502,
    /**
     * A message disposition notification (RFC 8098).
     */
    BATV_CLASS_MDN = 503,
    /**
     * A delivery status notification (RFC 3464, RFC 6533).
     */
    BATV_CLASS_DSN = 504,
    /**
     * One in a form of its own.
     */
    BATV_CLASS_NONSTANDARD_DSN = 505,
    /**
     * A request to prove that one is no robot.
     */
    BATV_CLASS_CHALLENGE = 506,
    /**
     * A notice that a virus was found.
     */
    BATV_CLASS_VIRUS_NOTICE = 507,
    /**
     * An automatic reply (RFC 3834).
     */
    BATV_CLASS_AUTO_REPLY = 508,
    /**
     * An answer of a list's program.
     */
    BATV_CLASS_LIST_AUTOMATON = 509,
    /**
     * Other mail with a null reverse-path.
     */
    BATV_CLASS_NULL_OTHER = 510,
    /**
     * Any other mail.
     */
    BATV_CLASS_ORDINARY = 511,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_class batv_class;
#else
typedef uint32_t batv_class;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What signing or rewriting did to an address.
 */
enum batv_change
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It has a tag of ours now, or is rewritten to a domain of ours.
     */
    BATV_CHANGE_TAGGED = 120,
    /**
     * It stays, for it has a tag already, ours or of somebody else.
     */
    BATV_CHANGE_ALREADY_TAGGED = 121,
    /**
     * It stays, for no key signs for it; or, for SRS, since it is of a domain of ours.
     */
    BATV_CHANGE_NOT_OURS = 122,
    /**
     * It stays, for it is the null path.
     */
    BATV_CHANGE_NULL_PATH = 123,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_change batv_change;
#else
typedef uint32_t batv_change;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What became of a recipient (RFC 3464 §2.3.3), from the best to the worst.
 */
enum batv_action
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Delivered to one of several behind the recipient.
     */
    BATV_ACTION_EXPANDED = 520,
    /**
     * Handed to a system that sends no reports.
     */
    BATV_ACTION_RELAYED = 521,
    /**
     * Delivered.
     */
    BATV_ACTION_DELIVERED = 522,
    /**
     * Not yet delivered.
     */
    BATV_ACTION_DELAYED = 523,
    /**
     * Given up.
     */
    BATV_ACTION_FAILED = 524,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_action batv_action;
#else
typedef uint32_t batv_action;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a key makes its MACs.
 */
enum batv_algorithm
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * HMAC-SHA1, as other programs have it.
     */
    BATV_ALGORITHM_HMAC_SHA1 = 430,
    /**
     * HMAC-SHA256.
     */
    BATV_ALGORITHM_HMAC_SHA256 = 431,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_algorithm batv_algorithm;
#else
typedef uint32_t batv_algorithm;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What would be sent; 0 is the same as `BATV_BOUNCE_KIND_NON_DELIVERY`.
 */
enum batv_bounce_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A report that the message was not delivered (RFC 3464).
     */
    BATV_BOUNCE_KIND_NON_DELIVERY = 580,
    /**
     * A vacation notice, a receipt, an answer of a robot (RFC 3834).
     */
    BATV_BOUNCE_KIND_AUTOMATIC_REPLY = 581,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_bounce_kind batv_bounce_kind;
#else
typedef uint32_t batv_bounce_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whose tag it is.
 */
enum batv_dialect
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * `prvs=KDDDSSSSSS=local`: the draft, and what we sign.
     */
    BATV_DIALECT_PRVS_DRAFT = 300,
    /**
     * `prvs=DDDSSSSSS=local`, without a key id: Cisco's mail gateways.
     */
    BATV_DIALECT_PRVS_CISCO9 = 301,
    /**
     * `prvs=value=local` whose value has no known shape.
     */
    BATV_DIALECT_PRVS_NONCONFORMING = 302,
    /**
     * `prvs=local=tag`: the order of some gateways' manuals.
     */
    BATV_DIALECT_PRVS_USER_TAG = 303,
    /**
     * `prvs=local/tag`: draft-levine-mass-batv-00, and Exim to 4.62.
     */
    BATV_DIALECT_PRVS_SLASH = 304,
    /**
     * `local+prvs=KDDDSSSSSS`, with any delimiter: batv-tools, and what we sign on request.
     */
    BATV_DIALECT_PRVS_SUB_ADDRESS = 305,
    /**
     * `batv=KDDD…=local`: our strong form.
     */
    BATV_DIALECT_BATV_STRONG = 306,
    /**
     * `btv1==tag==local`: Barracuda.
     */
    BATV_DIALECT_BTV1 = 307,
    /**
     * `msprvs1=tag=local`: SparkPost and Momentum.
     */
    BATV_DIALECT_MSPRVS1 = 308,
    /**
     * `SRS0=hash=day=domain=local`.
     */
    BATV_DIALECT_SRS0 = 309,
    /**
     * `SRS0+…`.
     */
    BATV_DIALECT_SRS0_PLUS = 310,
    /**
     * `SRS0-…`.
     */
    BATV_DIALECT_SRS0_MINUS = 311,
    /**
     * `SRS0=` with Exim's own hash: four hexadecimal digits, and the day in lower case.
     */
    BATV_DIALECT_SRS0_EXIM = 312,
    /**
     * `SRS0=hash=day==local`: the same domain, signed by pysrs.
     */
    BATV_DIALECT_SRS0_PYSRS_SIGN = 313,
    /**
     * `SRS0=hash=day=1=handle`: an alias in the database of postsrsd, opaque to all others.
     */
    BATV_DIALECT_SRS0_POSTSRSD_DATABASE = 314,
    /**
     * `SRS1=hash=host==…`: a forwarded SRS0.
     */
    BATV_DIALECT_SRS1 = 315,
    /**
     * `SRS1=host=…` without a hash, from before Mail::SRS 0.28.
     */
    BATV_DIALECT_SRS1_HASHLESS = 316,
    /**
     * `SRS0+hash+days+domain+local` of infradead.org.
     */
    BATV_DIALECT_INFRADEAD_RPR = 317,
    /**
     * `BATV+hash+days+domain+local` of infradead.org.
     */
    BATV_DIALECT_INFRADEAD_BATV = 318,
    /**
     * `user+SRS=hash=day=domain=local`: Microsoft 365.
     */
    BATV_DIALECT_M365_SRS = 319,
    /**
     * `bounces+SRS=hash=day`: Microsoft 365, opaque.
     */
    BATV_DIALECT_M365_SRS_OPAQUE = 320,
    /**
     * `user+caf_=forwarded=to`: Google's mark on forwarded mail.
     */
    BATV_DIALECT_GOOGLE_CAF = 321,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_dialect batv_dialect;
#else
typedef uint32_t batv_dialect;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * When the question is asked; 0 is the same as `BATV_STAGE_RCPT_TO`.
 */
enum batv_stage
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * At RCPT TO.
     */
    BATV_STAGE_RCPT_TO = 270,
    /**
     * After the last octet of the message.
     */
    BATV_STAGE_END_OF_DATA = 271,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_stage batv_stage;
#else
typedef uint32_t batv_stage;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much of the original came back.
 */
enum batv_original
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The message, as a part of its own.
     */
    BATV_ORIGINAL_WHOLE = 530,
    /**
     * Its header, as a part of its own.
     */
    BATV_ORIGINAL_HEADERS = 531,
    /**
     * Header and perhaps body in a text, as they were.
     */
    BATV_ORIGINAL_INLINE = 532,
    /**
     * Lines of its header in a text, some left out or changed.
     */
    BATV_ORIGINAL_PARTIAL = 533,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_original batv_original;
#else
typedef uint32_t batv_original;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Who may read a keyring file; 0 is the same as `BATV_PERMISSIONS_PRIVATE`.
 */
enum batv_permissions
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Its owner alone.
     */
    BATV_PERMISSIONS_PRIVATE = 410,
    /**
     * Others too. They may not change it.
     */
    BATV_PERMISSIONS_ALLOW_READABLE = 411,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_permissions batv_permissions;
#else
typedef uint32_t batv_permissions;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How far unwrapping goes; 0 is the same as `BATV_UNWRAP_MODE_IDENTITY`.
 */
enum batv_unwrap_mode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Whatever looks like a tag comes off: to compare and to look up senders.
     */
    BATV_UNWRAP_MODE_IDENTITY = 400,
    /**
     * Only tags of exactly the known shapes come off.
     */
    BATV_UNWRAP_MODE_STRICT = 401,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_unwrap_mode batv_unwrap_mode;
#else
typedef uint32_t batv_unwrap_mode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a key is for.
 */
enum batv_use
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The tags of our own senders.
     */
    BATV_USE_BATV = 420,
    /**
     * The senders of mail that we forward.
     */
    BATV_USE_SRS = 421,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_use batv_use;
#else
typedef uint32_t batv_use;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Keys. Many threads may use one at the same time, while another reloads it.
 */
typedef struct batv_keyring batv_keyring;

/**
 * What was read in a message. It never changes, so that many threads may use one at the same time.
 */
typedef struct batv_message batv_message;

/**
 * Settings. Once all is set, many threads may use them at the same time.
 */
typedef struct batv_settings batv_settings;

/**
 * What is asked about. Set all of it to zero first, then what is known.
 */
typedef struct batv_envelope {
    /**
     * The argument of MAIL FROM, with or without angle brackets. Empty, with a length of 0, is the null path.
     */
    const char *reverse_path;
    /**
     * Octets of the reverse-path.
     */
    size_t reverse_path_length;
    /**
     * The argument of RCPT TO, with or without angle brackets.
     */
    const char *forward_path;
    /**
     * Octets of the forward-path.
     */
    size_t forward_path_length;
    /**
     * 1 when the client is one of ours, or one that is never judged; else 0.
     */
    uint32_t trusted_client;
    /**
     * A `batv_earlier`: what became of the recipients of this message before this one; 0 for the first.
     */
    uint32_t earlier;
    /**
     * A `batv_stage`: when the question is asked; 0 for RCPT TO.
     */
    uint32_t stage;
} batv_envelope;

/**
 * The answer for one recipient.
 */
typedef struct batv_judgement {
    /**
     * What was found.
     */
    batv_verdict verdict;
    /**
     * Why.
     */
    batv_reason reason;
    /**
     * What is done now.
     */
    batv_disposition disposition;
    /**
     * Three digits: the code that the reply begins with.
     */
    uint32_t reply_code;
    /**
     * 1 when the message can change nothing about this any more; 0 when it is to be asked again at the end of DATA.
     */
    uint32_t settled;
    /**
     * What to give as `earlier` for the next recipient of the same message.
     */
    batv_earlier earlier;
    /**
     * The reply, such as `250 2.1.5 recipient ok`, and a NUL.
     */
    char reply[BATV_REPLY_SIZE];
    /**
     * How far the recipient's mailbox or domain goes, which is of `modes` or else of `mode`.
     */
    batv_mode mode;
    /**
     * What would be done in mode `reject`.
     */
    batv_disposition in_reject;
} batv_judgement;

/**
 * What a message adds to the answer for one recipient.
 */
typedef struct batv_provenance {
    /**
     * Whose message it returns.
     */
    batv_origin origin;
    /**
     * The number of the row that has decided, in the table of `batv-policy`, from 1 to 24; 0 when none has.
     */
    uint32_t row;
} batv_provenance;

/**
 * A mark in its two forms.
 */
typedef struct batv_mark {
    /**
     * The value of the header field `BATV_MARK_FIELD`, and a NUL.
     */
    char field[BATV_MARK_SIZE];
    /**
     * The value of ENVID in MAIL FROM (RFC 3461 §4.4), where the next server offers DSN, and a NUL.
     */
    char envelope_id[BATV_MARK_SIZE];
} batv_mark;

/**
 * The message that would be answered, and what is known of it. Set all of it to zero first, then what is known.
 */
typedef struct batv_bounce_question {
    /**
     * The argument of MAIL FROM, with or without angle brackets. Empty, with a length of 0, is the null path.
     */
    const char *reverse_path;
    /**
     * Octets of the reverse-path.
     */
    size_t reverse_path_length;
    /**
     * The header of the message, or the whole message; NULL when it is not there.
     */
    const char *header;
    /**
     * Octets of the header.
     */
    size_t header_length;
    /**
     * The value of NOTIFY of the recipient (RFC 3461 §4.1); NULL or empty when none was given.
     */
    const char *notify;
    /**
     * Octets of that value.
     */
    size_t notify_length;
    /**
     * A `batv_bounce_kind`: what would be sent; 0 for a report that the message was not delivered.
     */
    uint32_t kind;
    /**
     * A `batv_tag_verdict`: what `batv_verify` or `batv_srs_reverse` says of the reverse-path; 0 when neither was asked.
     */
    uint32_t tag;
    /**
     * 1 when the client still waits for the reply to its command, so that the message can be refused instead; else 0.
     */
    uint32_t answerable_in_smtp;
    /**
     * 1 when the client is a user of ours who has authenticated, or a machine of ours; else 0.
     */
    uint32_t own_client;
    /**
     * 1 when a filter of ours takes the message for spam or malware; else 0.
     */
    uint32_t hostile;
    /**
     * 1 when the domain of the reverse-path takes no mail: a null MX (RFC 7505), or neither MX nor address; else 0.
     */
    uint32_t unroutable;
} batv_bounce_question;

/**
 * Whether it may be sent, and why.
 */
typedef struct batv_bounce_answer {
    /**
     * Whether it may be sent.
     */
    batv_may may;
    /**
     * Why, as a code.
     */
    batv_bounce_reason reason;
    /**
     * The number of the row that has decided, in the table of `batv-bounce`, from 1 to 15.
     */
    uint32_t row;
    /**
     * Why, in words, and a NUL.
     */
    char words[BATV_WORDS_SIZE];
} batv_bounce_answer;

/**
 * What a message is.
 */
typedef struct batv_reading {
    /**
     * What kind of message it is.
     */
    batv_class message_class;
    /**
     * A `batv_action`: of a bounce, the worst that became of a recipient; 0 of anything else.
     */
    uint32_t action;
    /**
     * A `batv_original`: how much of the original it returns; 0 for nothing.
     */
    uint32_t original;
    /**
     * 1 when nothing seems to be missing in the header of the original; else 0.
     */
    uint32_t complete;
    /**
     * Recipients that its report tells of, of which 100 are kept.
     */
    uint32_t recipients;
    /**
     * 1 when it was longer than what is read; else 0.
     */
    uint32_t cut;
} batv_reading;

/**
 * What signing came to.
 */
typedef struct batv_signing {
    /**
     * What was done to the address.
     */
    batv_change change;
    /**
     * The key that made the tag, 0 to 9; -1 when the address stays as it is.
     */
    int32_t key_id;
    /**
     * The last day on which the tag is valid, in days since 1970-01-01; -1 when the address stays as it is.
     */
    int32_t expires;
} batv_signing;

/**
 * What a tag is worth.
 */
typedef struct batv_verification {
    /**
     * The verdict.
     */
    batv_tag_verdict verdict;
    /**
     * The key that the tag names, 0 to 9; -1 without a tag.
     */
    int32_t key_id;
    /**
     * Days until the tag expires, less than 0 when it has; 0 unless the verdict is valid or expired.
     */
    int32_t days_left;
    /**
     * The last day on which the tag is valid, in days since 1970-01-01; -1 unless the verdict is valid or expired.
     */
    int32_t expires;
} batv_verification;

/**
 * What came off.
 */
typedef struct batv_unwrapping {
    /**
     * How many layers came off.
     */
    uint32_t layers;
    /**
     * What the last of them was: a `batv_dialect`, or 0 when none came off.
     */
    uint32_t dialect;
    /**
     * 1 when there is another layer that hides the address: `dialect` is its own.
     */
    uint32_t hidden;
} batv_unwrapping;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Tells in words why the last call on this thread that failed did so: what was wrong, where, and what would be right.
 * Of a keyring file it names the line and the column. It never holds a secret.
 *
 * - `message`: where to write the text and a NUL; NULL, with a capacity of 0, when only the length is wanted.
 * - `capacity`: octets there are at `message`.
 * - `message_length`: gets the octets of the text, without the NUL; may be NULL.
 *
 * A call that succeeds does not change the message. Empty when no call has failed on this thread.
 *
 * Errors: `BATV_RESULT_TOO_SMALL`, `BATV_RESULT_NULL_POINTER`; the message stays for another try.
 * Threads: each has a message of its own.
 *
 * ```c
 * char message[256];
 * if (batv_keyring_reload(keyring, NULL, 0) != BATV_RESULT_OK &&
 *     batv_error_message(message, sizeof message, NULL) == BATV_RESULT_OK)
 *     fprintf(stderr, "the old keys stay: %s\n", message);
 * ```
 */
batv_result batv_error_message(char *message,
                               size_t capacity,
                               size_t *message_length);

/**
 * What to say about a recipient at RCPT TO, or at the end of DATA, as `batvd` and `batv check` say it. An SRS address of
 * `srs_domains` is judged by its hash, and stands for the sender inside of it.
 *
 * - `keyring`: not NULL.
 * - `settings`: not NULL, for `mode` decides.
 * - `question`: the envelope; not NULL.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `judgement`: gets the answer; not NULL. It is all zero on any error but `BATV_RESULT_TOO_SMALL`.
 * - `deliver_to`, `capacity`: where to write the mailbox to deliver to, without its tag, and a NUL; nothing when the
 *   recipient is refused. `BATV_ADDRESS_SIZE` octets are enough for any. NULL, with a capacity of 0, when it is not
 *   wanted.
 * - `deliver_to_length`: gets the octets of that mailbox, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_MALFORMED` for a sender or recipient that is no address; `BATV_RESULT_TOO_SMALL`;
 * `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. On any of them `deliver_to` is empty. A
 * server answers an error of its own with 451, never with a rejection.
 * Threads: any.
 *
 * ```c
 * batv_envelope question;
 * batv_judgement judgement;
 * char deliver_to[BATV_ADDRESS_SIZE];
 * memset(&question, 0, sizeof question);
 * question.reverse_path = "<>";
 * question.reverse_path_length = 2;
 * question.forward_path = "prvs=0269b1e711=alice@example.com";
 * question.forward_path_length = strlen(question.forward_path);
 * if (batv_check(keyring, settings, &question, 0, &judgement, deliver_to, sizeof deliver_to, NULL) == BATV_RESULT_OK)
 *     puts(judgement.reply);
 * ```
 */
batv_result batv_check(const struct batv_keyring *keyring,
                       const struct batv_settings *settings,
                       const struct batv_envelope *question,
                       int64_t now,
                       struct batv_judgement *judgement,
                       char *deliver_to,
                       size_t capacity,
                       size_t *deliver_to_length);

/**
 * The name of a code of any kind, as `batv` and the logs have it, or what a result means. The text belongs to the
 * library and stays; it is `unknown code` for a number that is no code.
 *
 * Errors: none. Threads: any.
 *
 * ```c
 * puts(batv_text(BATV_TAG_VERDICT_BAD_MAC)); // bad-mac
 * ```
 */
const char *batv_text(uint32_t code);

/**
 * What to say about a recipient at the end of DATA, when the message is there. What is not proved never comes to worse
 * than quarantine; what is disproved is refused where `mode` is `reject`; a message that was cut is held at
 * most for what it says.
 *
 * - `keyring`: not NULL.
 * - `settings`: not NULL. Besides those of `batv_check`, `hosts`, `marked_since`, `hold_receipts`,
 *   `reject_daemon_senders`, `reject_unverified`, `report_recipients`, `authserv_ids` and the keys of
 *   `batv_settings_add_dkim_key` count.
 * - `message`: not NULL; made with the same reverse-path.
 * - `question`: the envelope, as for `batv_check`; not NULL. Its `stage` does not count.
 * - `report_is_welcome`: 1 when your own server found the author authenticated (RFC 8601), or the recipient is there for
 *   reports, and `authserv_ids` and `report_recipients` don't tell; else 0.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `judgement`: gets the answer; not NULL. It is all zero on any error but `BATV_RESULT_TOO_SMALL`.
 * - `provenance`: gets what the message adds; may be NULL. It is all zero whenever `judgement` is.
 * - `deliver_to`, `capacity`: where to write the mailbox to deliver to, without its tag, and a NUL; nothing when the
 *   recipient is refused. `BATV_ADDRESS_SIZE` octets are enough for any. NULL, with a capacity of 0, when it is not
 *   wanted.
 * - `deliver_to_length`: gets the octets of that mailbox, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_MALFORMED` for a sender or recipient that is no address; `BATV_RESULT_TOO_SMALL`;
 * `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. On any of them `deliver_to` is empty. A
 * server answers an error of its own with 451, never with a rejection.
 * Threads: any.
 *
 * ```c
 * batv_envelope bounce;
 * batv_judgement found;
 * batv_provenance provenance;
 * memset(&bounce, 0, sizeof bounce);
 * bounce.reverse_path = "<>";
 * bounce.reverse_path_length = 2;
 * bounce.forward_path = "alice@example.com";
 * bounce.forward_path_length = strlen(bounce.forward_path);
 * if (batv_judge_message(keyring, settings, message, &bounce, 0, 0, &found, &provenance, NULL, 0, NULL) ==
 *     BATV_RESULT_OK)
 *     printf("%s, for %s: %s\n", batv_text(found.verdict), batv_text(found.reason), found.reply);
 * ```
 */
batv_result batv_judge_message(const struct batv_keyring *keyring,
                               const struct batv_settings *settings,
                               const struct batv_message *message,
                               const struct batv_envelope *question,
                               uint32_t report_is_welcome,
                               int64_t now,
                               struct batv_judgement *judgement,
                               struct batv_provenance *provenance,
                               char *deliver_to,
                               size_t capacity,
                               size_t *deliver_to_length);

/**
 * Tells whose message a bounce returns, as `batv_judge_message` finds it, and by what: a line for each thing seen, in the
 * order in which it was looked for, with a line feed between each two.
 *
 * - `keyring`: not NULL.
 * - `settings`: `protected`, `hosts`, `marked_since` and the keys of `batv_settings_add_dkim_key` count; NULL for the
 *   defaults.
 * - `message`: not NULL.
 * - `recipient`, `recipient_length`: the one of the bounce, with a tag or without, with or without angle brackets, in
 *   octets.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `found`: gets whose message it was, a `batv_origin`; may be NULL. It is 0 on any error but `BATV_RESULT_TOO_SMALL`.
 * - `evidence`, `capacity`: where to write the lines and a NUL. It must not overlap `recipient`. NULL, with a capacity of
 *   0, when only the length is wanted.
 * - `evidence_length`: gets the octets of the lines, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
 * `BATV_RESULT_NULL_POINTER`. On any of them `evidence` is empty.
 * Threads: any.
 *
 * ```c
 * const char *bounced_to = "alice@example.com";
 * char proof[4096];
 * batv_origin whose;
 * if (batv_message_origin(keyring, settings, message, bounced_to, strlen(bounced_to), 0, &whose, proof, sizeof proof,
 *                         NULL) == BATV_RESULT_OK)
 *     printf("%s\n%s\n", batv_text(whose), proof);
 * ```
 */
batv_result batv_message_origin(const struct batv_keyring *keyring,
                                const struct batv_settings *settings,
                                const struct batv_message *message,
                                const char *recipient,
                                size_t recipient_length,
                                int64_t now,
                                batv_origin *found,
                                char *evidence,
                                size_t capacity,
                                size_t *evidence_length);

/**
 * Reads a keyring file (TOML, see the README; `batv key new` makes one).
 *
 * - `path`: the file, up to a NUL.
 * - `permissions`: a `batv_permissions`, or 0 for a file that only its owner may read.
 * - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
 *
 * Errors: `BATV_RESULT_IO`; `BATV_RESULT_PERMISSIONS`; `BATV_RESULT_KEYRING` for a file that is wrong, where
 * `batv_error_message` tells line and column; `BATV_RESULT_NULL_POINTER`; `BATV_RESULT_BAD_ARGUMENT`.
 * Threads: any.
 *
 * ```c
 * batv_keyring *from_file;
 * if (batv_keyring_new_from_file("/etc/batv/keyring.toml", 0, &from_file) == BATV_RESULT_OK) {
 *     // sign and verify
 *     batv_keyring_free(from_file);
 * }
 * ```
 */
batv_result batv_keyring_new_from_file(const char *path, uint32_t permissions, struct batv_keyring **keyring);

/**
 * Reads a keyring from memory.
 *
 * - `text`, `text_length`: TOML as in a keyring file, in octets. The caller may wipe it afterwards.
 * - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
 *
 * Errors: `BATV_RESULT_KEYRING`, where `batv_error_message` tells line and column; `BATV_RESULT_NULL_POINTER`;
 * `BATV_RESULT_BAD_ARGUMENT`.
 * Threads: any.
 *
 * ```c
 * const char *toml = "[[key]]\nuse = \"srs\"\nstate = \"signing\"\nsecret = \"text:tops3cr3t\"\n";
 * batv_keyring *from_text;
 * if (batv_keyring_new_from_text(toml, strlen(toml), &from_text) == BATV_RESULT_OK)
 *     batv_keyring_free(from_text);
 * ```
 */
batv_result batv_keyring_new_from_text(const char *text,
                                       size_t text_length,
                                       struct batv_keyring **keyring);

/**
 * A keyring of one key that signs and verifies for everybody.
 *
 * - `secret`, `secret_length`: any octets, at least one. The library keeps what it needs; the caller may wipe them.
 * - `key_use`: a `batv_use`.
 * - `key_id`: 0 to 9, the first digit of the tags; 0 for SRS.
 * - `algorithm`: a `batv_algorithm`. Exim, batv-tools and the SRS programs have HMAC-SHA1.
 * - `lifetime`: how long tags live, 1 to 180 days, or 0 for the usual 7.
 * - `keyring`: gets the keyring, for the caller to free with `batv_keyring_free`; NULL on any error.
 *
 * Errors: `BATV_RESULT_BAD_ARGUMENT`, `BATV_RESULT_NULL_POINTER`.
 * Threads: any.
 *
 * ```c
 * batv_keyring *from_key;
 * if (batv_keyring_new_from_key("s3kr1t", 6, BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 7, &from_key) ==
 *     BATV_RESULT_OK)
 *     batv_keyring_free(from_key);
 * ```
 */
batv_result batv_keyring_new_from_key(const char *secret,
                                      size_t secret_length,
                                      uint32_t key_use,
                                      uint32_t key_id,
                                      uint32_t algorithm,
                                      uint32_t lifetime,
                                      struct batv_keyring **keyring);

/**
 * Takes new keys, and keeps the old ones on any error. Calls in flight on other threads end with the keys that they
 * began with; all later ones have the new keys.
 *
 * - `keyring`: not NULL.
 * - `text`, `text_length`: TOML as in a keyring file; or NULL and 0 to read the keyring's file again.
 *
 * Errors: those of `batv_keyring_new_from_file` and `batv_keyring_new_from_text`; `BATV_RESULT_BAD_ARGUMENT` without
 * a text when the keyring came from no file.
 * Threads: any, at the same time as calls with the same keyring.
 *
 * ```c
 * // on SIGHUP, in whatever thread handles it
 * if (batv_keyring_reload(keyring, NULL, 0) != BATV_RESULT_OK) {
 *     // the old keys stay in use
 * }
 * ```
 */
batv_result batv_keyring_reload(const struct batv_keyring *keyring,
                                const char *text,
                                size_t text_length);

/**
 * Frees a keyring and wipes its keys. NULL is allowed.
 *
 * Forbidden: to free a keyring twice, to use it afterwards, or to free it while another thread uses it.
 *
 * Errors: none. Threads: any, once no other uses the keyring.
 *
 * ```c
 * batv_keyring_free(NULL);
 * ```
 */
void batv_keyring_free(struct batv_keyring *keyring);

/**
 * Marks a message that leaves. A bounce that returns its header, or names its envelope id, then proves that it was ours,
 * also where the tag got lost.
 *
 * - `keyring`: not NULL.
 * - `message_id`, `message_id_length`: the value of Message-ID, in angle brackets or not, in octets; empty when there is
 *   none.
 * - `reverse_path`, `reverse_path_length`: the sender before it is tagged, with or without angle brackets, in octets.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `made`: gets the mark; not NULL. It is all zero on any error.
 *
 * Errors: `BATV_RESULT_NO_KEY` when no key signs for the sender, or it has a tag already, or is the null path: send
 * without; `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`.
 * Threads: any.
 *
 * ```c
 * const char *message_id = "<1@example.com>", *from = "alice@example.com";
 * batv_mark made;
 * if (batv_mark_make(keyring, message_id, strlen(message_id), from, strlen(from), 0, &made) == BATV_RESULT_OK)
 *     printf("%s: %s\r\n", BATV_MARK_FIELD, made.field);
 * ```
 */
batv_result batv_mark_make(const struct batv_keyring *keyring,
                           const char *message_id,
                           size_t message_id_length,
                           const char *reverse_path,
                           size_t reverse_path_length,
                           int64_t now,
                           struct batv_mark *made);

/**
 * Judges a mark that has come back: whether we made it for this message, and whether it is still good, which it is for
 * 60 days. White space and the case of letters don't matter.
 *
 * - `keyring`: not NULL.
 * - `mark`, `mark_length`: the value of the returned field `BATV_MARK_FIELD`, or of Original-Envelope-Id, in octets.
 * - `message_id`, `message_id_length`: the Message-ID that was returned with the field, in octets. NULL, with a length of
 *   0, for an envelope id, which has the id of its message in it.
 * - `reverse_path`, `reverse_path_length`: the sender of that message without its tag, with or without angle brackets,
 *   in octets.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `verdict`: gets the verdict; not NULL. It is 0, which is no verdict, on any error. What is no mark at all is
 *   `BATV_TAG_VERDICT_UNTAGGED`.
 *
 * Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. A bad mark
 * is no error, but a verdict.
 * Threads: any.
 *
 * ```c
 * const char *field = "1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr", *id = "<1@example.com>", *author = "alice@example.com";
 * batv_tag_verdict verdict;
 * if (batv_mark_verify(keyring, field, strlen(field), id, strlen(id), author, strlen(author), 1577880000, &verdict) ==
 *     BATV_RESULT_OK)
 *     printf("the mark is %s\n", batv_text(verdict)); // valid
 * ```
 */
batv_result batv_mark_verify(const struct batv_keyring *keyring,
                             const char *mark,
                             size_t mark_length,
                             const char *message_id,
                             size_t message_id_length,
                             const char *reverse_path,
                             size_t reverse_path_length,
                             int64_t now,
                             batv_tag_verdict *verdict);

/**
 * Whether a bounce or an automatic reply may go to the sender of a message, who may be forged. What is sent goes to the
 * reverse-path, never to From or Reply-To, with the null reverse-path.
 *
 * - `settings`: `ours`, `authserv_ids`, `trusted_sealers`, `allowed`, `double_bounce` and `hold_unproved` count; NULL for the
 *   defaults. Without `authserv_ids` no Authentication-Results is believed.
 * - `question`: not NULL.
 * - `answer`: gets the answer; not NULL. It is all zero on any error, after which nothing should be sent.
 *
 * Errors: `BATV_RESULT_MALFORMED` for a sender that is no address; `BATV_RESULT_BAD_ARGUMENT`, also for what is no NOTIFY;
 * `BATV_RESULT_NULL_POINTER`.
 * Threads: any.
 *
 * ```c
 * batv_bounce_question undelivered;
 * batv_bounce_answer answer;
 * memset(&undelivered, 0, sizeof undelivered);
 * undelivered.reverse_path = "bob@example.net";
 * undelivered.reverse_path_length = strlen(undelivered.reverse_path);
 * undelivered.header = "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=example.net\r\n";
 * undelivered.header_length = strlen(undelivered.header);
 * if (batv_settings_set(settings, "authserv_ids", "mx.example.com") == BATV_RESULT_OK &&
 *     batv_may_bounce(settings, &undelivered, &answer) == BATV_RESULT_OK && answer.may == BATV_MAY_YES)
 *     printf("tell bob: %s\n", answer.words);
 * ```
 */
batv_result batv_may_bounce(const struct batv_settings *settings,
                            const struct batv_bounce_question *question,
                            struct batv_bounce_answer *answer);

/**
 * Reads a message: what it is, and what it returns. Any octets are a message of some kind.
 *
 * - `message`, `message_length`: header and body, as they came, in octets, whatever ends their lines. The library keeps
 *   what it needs; the caller may free them.
 * - `reverse_path`, `reverse_path_length`: the argument of MAIL FROM, with or without angle brackets, in octets. Empty is
 *   the null path. NULL, with a length of 0, when it is not known: then the field Return-Path tells it.
 * - `limit`: how many octets are read; 0 for the usual 16 MiB.
 * - `handle`: gets the message, for the caller to free with `batv_message_free`; NULL on any error.
 *
 * Errors: `BATV_RESULT_MALFORMED` for a sender that is no address; `BATV_RESULT_BAD_ARGUMENT`;
 * `BATV_RESULT_NULL_POINTER`.
 * Threads: any.
 *
 * ```c
 * const char *text = "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message did not arrive.\n";
 * batv_message *read;
 * if (batv_message_new(text, strlen(text), "<>", 2, 0, &read) == BATV_RESULT_OK)
 *     batv_message_free(read);
 * ```
 */
batv_result batv_message_new(const char *message,
                             size_t message_length,
                             const char *reverse_path,
                             size_t reverse_path_length,
                             size_t limit,
                             struct batv_message **handle);

/**
 * Tells what a message is.
 *
 * - `message`: not NULL.
 * - `reading`: gets the answer; not NULL. It is all zero on any error.
 *
 * Errors: `BATV_RESULT_NULL_POINTER`. Threads: any.
 *
 * ```c
 * batv_reading reading;
 * if (batv_message_read(message, &reading) == BATV_RESULT_OK && reading.message_class == BATV_CLASS_DSN)
 *     printf("a bounce: %s\n", batv_text(reading.action)); // failed
 * ```
 */
batv_result batv_message_read(const struct batv_message *message, struct batv_reading *reading);

/**
 * Tells a field of the report in a bounce or a disposition notification (RFC 3464, RFC 6533, RFC 8098).
 *
 * - `message`: not NULL.
 * - `name`: up to a NUL, in any case. Of the message: `Reporting-MTA`, `Original-Envelope-Id`, `Original-Message-ID`. Of a
 *   recipient: `Original-Recipient`, `Final-Recipient`, `Action`, `Status`.
 * - `recipient`: which of them, from 0 to `recipients` of `batv_reading` less 1; 0 for a field of the message.
 * - `text`, `capacity`: where to write the value, without the type of an address or name, and a NUL; empty when it is not
 *   there. 4096 octets are enough. A control character is written as a space. NULL, with a capacity of 0, when only the
 *   length is wanted.
 * - `text_length`: gets the octets of the value, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_BAD_ARGUMENT` for another name, or a recipient that there isn't; `BATV_RESULT_TOO_SMALL`;
 * `BATV_RESULT_NULL_POINTER`. On any of them `text` is empty.
 * Threads: any.
 *
 * ```c
 * char status[4096];
 * if (batv_message_report(message, "Status", 0, status, sizeof status, NULL) == BATV_RESULT_OK)
 *     printf("status: %s\n", status); // 5.1.1
 * ```
 */
batv_result batv_message_report(const struct batv_message *message,
                                const char *name,
                                uint32_t recipient,
                                char *text,
                                size_t capacity,
                                size_t *text_length);

/**
 * Tells a field in the header of the original that a message returns, such as `Message-ID`: the first of its name, on one
 * line.
 *
 * - `message`: not NULL.
 * - `name`: the name of the field up to a NUL, in any case.
 * - `text`, `capacity`: where to write the value and a NUL; empty when it is not there. A control character is written as
 *   a space, and what is not UTF-8 as U+FFFD. NULL, with a capacity of 0, when only the length is wanted.
 * - `text_length`: gets the octets of the value, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. On any of them `text` is empty.
 * Threads: any.
 *
 * ```c
 * char original_id[1024];
 * if (batv_message_original(message, "Message-ID", original_id, sizeof original_id, NULL) == BATV_RESULT_OK)
 *     printf("it returns %s\n", original_id); // <1@example.com>
 * ```
 */
batv_result batv_message_original(const struct batv_message *message,
                                  const char *name,
                                  char *text,
                                  size_t capacity,
                                  size_t *text_length);

/**
 * Tells what was seen in a message that makes it what it is: a line for each thing, in the order in which it was looked
 * for, with a line feed between each two.
 *
 * - `message`: not NULL.
 * - `evidence`, `capacity`: where to write the lines and a NUL. A control character in them is written as a space. NULL,
 *   with a capacity of 0, when only the length is wanted.
 * - `evidence_length`: gets the octets of the lines, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_NULL_POINTER`. On any of them `evidence` is empty.
 * Threads: any.
 *
 * ```c
 * char evidence[4096];
 * if (batv_message_evidence(message, evidence, sizeof evidence, NULL) == BATV_RESULT_OK)
 *     puts(evidence); // part 2: its type is message/delivery-status
 * ```
 */
batv_result batv_message_evidence(const struct batv_message *message,
                                  char *evidence,
                                  size_t capacity,
                                  size_t *evidence_length);

/**
 * Frees a message. NULL is allowed.
 *
 * Forbidden: to free a message twice, to use it afterwards, or to free it while another thread uses it.
 *
 * Errors: none. Threads: any, once no other uses the message.
 *
 * ```c
 * batv_message_free(NULL);
 * ```
 */
void batv_message_free(struct batv_message *message);

/**
 * Settings that have their defaults: those of an administrator who has set nothing.
 *
 * - `settings`: gets the settings, for the caller to free with `batv_settings_free`; NULL on any error.
 *
 * Errors: `BATV_RESULT_NULL_POINTER`. Threads: any.
 *
 * ```c
 * batv_settings *fresh;
 * if (batv_settings_new(&fresh) == BATV_RESULT_OK)
 *     batv_settings_free(fresh);
 * ```
 */
batv_result batv_settings_new(struct batv_settings **settings);

/**
 * Sets one setting, and leaves all as they are on any error. A list replaces the one before.
 *
 * | name | value | default |
 * |---|---|---|
 * | `form` | how senders are tagged: `prvs`, `sub-address` or `strong` | `prvs` |
 * | `delimiter` | the character before the tag of a sub-address | `+` |
 * | `lifetime` | days that a tag lives, up to those of the key; 0 for those of the key | `0` |
 * | `protected` | domains and mailboxes, with spaces between, that tag all that they send | those that have a key |
 * | `exempt` | domains and mailboxes, with spaces between, that are not judged | none |
 * | `mode` | what is done about bounces not proved: `observe`, `mark`, `quarantine`, `reject` | `observe` |
 * | `modes` | the same for single domains and mailboxes, with spaces between, as in `example.com=mark` | none |
 * | `reject_at` | when what has no tag is refused: `rcpt`, or `data`, which is safe for callouts | `data` |
 * | `signing_since` | the date (RFC 3339) since which all that is sent is tagged; empty for always | always |
 * | `on_error` | without a key, or with a wrong clock: `tempfail` or `accept` | `tempfail` |
 * | `srs_domains` | domains of ours, with spaces between: the first is rewritten to, all are reversed | none |
 * | `srs_separator` | the character after `SRS0`: `=`, `+` or `-` | `=` |
 * | `srs_hash_length` | characters of the hash, 4 to 27 | `4` |
 * | `srs_hash_minimum` | how many of them a hash must have that comes back | `4` |
 * | `srs_max_age` | days that a rewritten address can be reversed, 1 to 1000 | `21` |
 * | `srs_always_rewrite` | whether senders of our own domains are rewritten too: `true` or `false` | `false` |
 * | `srs_takes_mail` | whether an SRS address takes mail that is no bounce, too: `true` or `false` | `false` |
 * | `marked_since` | the date (RFC 3339) since which all that is sent has a mark; empty for never | never |
 * | `hold_receipts` | whether disposition notifications not proved are held as bounces are: `true` or `false` | `false` |
 * | `reject_daemon_senders` | whether bounces with a reverse-path may be refused: `true` or `false` | `false` |
 * | `reject_unverified` | whether a bounce without a tag may be refused where nothing tells whose message it returns: `true` or `false` | `false` |
 * | `report_recipients` | domains and mailboxes, with spaces between, that are there for reports on DMARC, TLS and abuse | none |
 * | `hosts` | domains, besides those of `protected`, in which the hosts are that our mail leaves by, with spaces between | none |
 * | `ours` | domains and mailboxes of ours, with spaces between, which get bounces only when proved | those of `protected` |
 * | `authserv_ids` | the names that our own border writes in Authentication-Results, with spaces between | none |
 * | `trusted_sealers` | domains whose ARC seals are believed, with spaces between | none |
 * | `allowed` | domains and mailboxes that get bounces though nothing proves them | none |
 * | `double_bounce` | mailboxes that stand for the null reverse-path on some servers: they get none | none |
 * | `hold_unproved` | whether a bounce to a sender not proved is held, or else not sent: `true` or `false` | `false` |
 *
 * - `settings`: not NULL.
 * - `name`, `value`: text up to a NUL.
 *
 * Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`.
 * Threads: none may use the settings at the same time.
 *
 * ```c
 * if (batv_settings_set(settings, "protected", "example.com bob@example.org") != BATV_RESULT_OK ||
 *     batv_settings_set(settings, "mode", "reject") != BATV_RESULT_OK) {
 *     // batv_error_message() tells why
 * }
 * ```
 */
batv_result batv_settings_set(struct batv_settings *settings,
                              const char *name,
                              const char *value);

/**
 * Adds a public key of our DKIM signatures (RFC 6376, RFC 8463). One on a returned header proves that the message was
 * ours. Nothing is looked up in DNS. To take a key away, make new settings.
 *
 * - `settings`: not NULL.
 * - `domain`, `selector`: `d=` and `s=` of the signatures, up to a NUL.
 * - `text`, `text_length`: a DKIM record, bare or as a zone file has it, or PEM, in octets.
 *
 * Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`. On any
 * of them the settings stay as they are.
 * Threads: none may use the settings at the same time.
 *
 * ```c
 * const char *record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
 * if (batv_settings_add_dkim_key(settings, "example.com", "sel", record, strlen(record)) != BATV_RESULT_OK) {
 *     // batv_error_message() tells why
 * }
 * ```
 */
batv_result batv_settings_add_dkim_key(struct batv_settings *settings,
                                       const char *domain,
                                       const char *selector,
                                       const char *text,
                                       size_t text_length);

/**
 * Frees settings. NULL is allowed.
 *
 * Forbidden: to free settings twice, to use them afterwards, or to free them while another thread uses them.
 *
 * Errors: none. Threads: any, once no other uses the settings.
 *
 * ```c
 * batv_settings_free(NULL);
 * ```
 */
void batv_settings_free(struct batv_settings *settings);

/**
 * Rewrites the sender of a message that is forwarded to a domain of ours, by the Sender Rewriting Scheme (SRS). The
 * null path, and senders of our own domains, stay as they are: whatever is written is the sender to use.
 *
 * - `keyring`: not NULL.
 * - `settings`: not NULL, for `srs_domains` is needed.
 * - `address`, `address_length`: the sender, with or without angle brackets, in octets. Empty is the null path.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `rewritten`, `capacity`: where to write the sender and a NUL; `BATV_ADDRESS_SIZE` octets are enough for any. It
 *   must not overlap `address`. NULL, with a capacity of 0, when only the length is wanted.
 * - `rewritten_length`: gets the octets of the sender, without the NUL; may be NULL.
 * - `change`: gets what was done, a `batv_change`; may be NULL.
 *
 * Errors: `BATV_RESULT_TOO_LONG` when it does not fit; `BATV_RESULT_NO_KEY`; `BATV_RESULT_MALFORMED`, also for what
 * cannot be rewritten; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
 * `BATV_RESULT_NULL_POINTER`. On any of them `rewritten` is empty.
 * Threads: any.
 *
 * ```c
 * const char *stranger = "alice@example.org";
 * char rewritten[BATV_ADDRESS_SIZE];
 * if (batv_srs_forward(keyring, settings, stranger, strlen(stranger), 0, rewritten, sizeof rewritten, NULL, NULL) ==
 *     BATV_RESULT_OK)
 *     printf("MAIL FROM:<%s>\n", rewritten);
 * ```
 */
batv_result batv_srs_forward(const struct batv_keyring *keyring,
                             const struct batv_settings *settings,
                             const char *address,
                             size_t address_length,
                             int64_t now,
                             char *rewritten,
                             size_t capacity,
                             size_t *rewritten_length,
                             batv_change *change);

/**
 * Restores the sender that an SRS address stands for. Do so for bounces only, that is, under a null reverse-path: the
 * format does not protect the boundary between domain and local part, so that one address gives its finder others.
 *
 * - `keyring`: not NULL.
 * - `settings`: not NULL, for `srs_domains` is needed.
 * - `address`, `address_length`: the recipient, with or without angle brackets, in octets.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `verdict`: gets the verdict; not NULL. It is 0, which is no verdict, on any error but `BATV_RESULT_TOO_SMALL`.
 * - `restored`, `capacity`: where to write the sender and a NUL. It is written when the verdict is valid; the address
 *   as it came when it is untagged or foreign; else nothing. `BATV_ADDRESS_SIZE` octets are enough for any. It must not
 *   overlap `address`. NULL, with a capacity of 0, when it is not wanted.
 * - `restored_length`: gets the octets of the sender, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`;
 * `BATV_RESULT_NULL_POINTER`. On any of them `restored` is empty.
 * Threads: any.
 *
 * ```c
 * const char *returned = "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net";
 * char restored[BATV_ADDRESS_SIZE];
 * batv_tag_verdict verdict;
 * if (batv_srs_reverse(keyring, settings, returned, strlen(returned), 0, &verdict, restored, sizeof restored, NULL) ==
 *         BATV_RESULT_OK &&
 *     verdict == BATV_TAG_VERDICT_VALID)
 *     printf("RCPT TO:<%s>\n", restored);
 * ```
 */
batv_result batv_srs_reverse(const struct batv_keyring *keyring,
                             const struct batv_settings *settings,
                             const char *address,
                             size_t address_length,
                             int64_t now,
                             batv_tag_verdict *verdict,
                             char *restored,
                             size_t capacity,
                             size_t *restored_length);

/**
 * Tags the envelope sender of a message that leaves, and that an authenticated user or a host of yours sends, as `batvd`
 * tags it. What has a tag, the null path, what no key signs for, and what is not of `protected`, stays as it is:
 * whatever is written is the sender to use.
 *
 * - `keyring`: not NULL.
 * - `settings`: `form`, `delimiter`, `lifetime`, `protected` and `exempt` count; NULL for the defaults.
 * - `address`, `address_length`: the sender, with or without angle brackets, in octets. Empty is the null path.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `tagged`, `capacity`: where to write the sender and a NUL; `BATV_ADDRESS_SIZE` octets are enough for any. It must
 *   not overlap `address`. NULL, with a capacity of 0, when only the length is wanted.
 * - `tagged_length`: gets the octets of the sender, without the NUL; may be NULL.
 * - `signing`: gets what was done; may be NULL.
 *
 * Errors: `BATV_RESULT_TOO_LONG` when the tag does not fit: send untagged; `BATV_RESULT_MALFORMED`;
 * `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_CLOCK`; `BATV_RESULT_NULL_POINTER`. On any of them
 * `tagged` is empty, and `signing` is as it was.
 * Threads: any.
 *
 * ```c
 * const char *sender = "alice@example.com";
 * char tagged[BATV_ADDRESS_SIZE];
 * if (batv_sign(keyring, NULL, sender, strlen(sender), 0, tagged, sizeof tagged, NULL, NULL) == BATV_RESULT_OK)
 *     printf("MAIL FROM:<%s>\n", tagged);
 * ```
 */
batv_result batv_sign(const struct batv_keyring *keyring,
                      const struct batv_settings *settings,
                      const char *address,
                      size_t address_length,
                      int64_t now,
                      char *tagged,
                      size_t capacity,
                      size_t *tagged_length,
                      struct batv_signing *signing);

/**
 * Judges the tag of an address: whether we made it, and whether it is still good.
 *
 * - `keyring`: not NULL.
 * - `address`, `address_length`: the recipient of a bounce, with or without angle brackets, in octets.
 * - `now`: seconds since 1970-01-01T00:00:00Z; 0 for the clock of the system.
 * - `verification`: gets the verdict; not NULL. It is all zero, which is no verdict, on any error but
 *   `BATV_RESULT_TOO_SMALL`.
 * - `mailbox`, `capacity`: where to write the address without its tag, and a NUL, whatever the verdict: deliver to it
 *   only when the verdict allows. `BATV_ADDRESS_SIZE` octets are enough for any. It must not overlap `address`. NULL,
 *   with a capacity of 0, when it is not wanted.
 * - `mailbox_length`: gets the octets of the mailbox, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_CLOCK`; `BATV_RESULT_BAD_ARGUMENT`;
 * `BATV_RESULT_NULL_POINTER`. A bad tag is no error, but a verdict. On any error `mailbox` is empty.
 * Threads: any.
 *
 * ```c
 * const char *recipient = "prvs=0269b1e711=alice@example.com";
 * char mailbox[BATV_ADDRESS_SIZE];
 * batv_verification verification;
 * if (batv_verify(keyring, recipient, strlen(recipient), 0, &verification, mailbox, sizeof mailbox, NULL) ==
 *         BATV_RESULT_OK &&
 *     verification.verdict == BATV_TAG_VERDICT_VALID)
 *     printf("deliver to %s\n", mailbox);
 * ```
 */
batv_result batv_verify(const struct batv_keyring *keyring,
                        const char *address,
                        size_t address_length,
                        int64_t now,
                        struct batv_verification *verification,
                        char *mailbox,
                        size_t capacity,
                        size_t *mailbox_length);

/**
 * Takes off tags of any kind, ours and anybody's, without judging them: to show, to compare and to look up. What is
 * written must not be used to deliver to, nor to forward to.
 *
 * - `address`, `address_length`: with or without angle brackets, in octets.
 * - `mode`: a `batv_unwrap_mode`, or 0.
 * - `limit`: how many layers may come off; 0 for all, of which there are 8 at most.
 * - `unwrapping`: gets what came off; may be NULL.
 * - `inner`, `capacity`: where to write the address without these layers, and a NUL; `BATV_ADDRESS_SIZE` octets are
 *   enough for any. It must not overlap `address`. NULL, with a capacity of 0, when it is not wanted.
 * - `inner_length`: gets the octets of that address, without the NUL; may be NULL.
 *
 * Errors: `BATV_RESULT_MALFORMED`; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_BAD_ARGUMENT`; `BATV_RESULT_NULL_POINTER`. On
 * any of them `inner` is empty.
 * Threads: any.
 *
 * ```c
 * const char *wrapped = "SRS0=8nW7=2W=example.com=alice@forwarder.example.net";
 * char inner[BATV_ADDRESS_SIZE];
 * if (batv_unwrap(wrapped, strlen(wrapped), BATV_UNWRAP_MODE_STRICT, 0, NULL, inner, sizeof inner, NULL) ==
 *     BATV_RESULT_OK)
 *     puts(inner); // alice@example.com
 * ```
 */
batv_result batv_unwrap(const char *address,
                        size_t address_length,
                        uint32_t mode,
                        uint32_t limit,
                        struct batv_unwrapping *unwrapping,
                        char *inner,
                        size_t capacity,
                        size_t *inner_length);

/**
 * The number of the binary interface of the library that is loaded: not `BATV_ABI_VERSION` when header and library
 * don't belong together.
 *
 * Errors: none. Threads: any.
 *
 * ```c
 * if (batv_abi_version() != BATV_ABI_VERSION)
 *     fprintf(stderr, "libbatv %s is not the one of batv.h\n", batv_version());
 * ```
 */
uint32_t batv_abi_version(void);

/**
 * The version of the library that is loaded, such as `0.1.0`. The text belongs to the library and stays.
 *
 * Errors: none. Threads: any.
 *
 * ```c
 * printf("libbatv %s\n", batv_version());
 * ```
 */
const char *batv_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BATV_H */
