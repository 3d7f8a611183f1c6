/* What a caller can get wrong: each has a result of its own, and leaves no old answer behind. */
#include <limits.h>

#include "expect.h"

static batv_keyring *keyring;
static batv_settings *settings;
static batv_message *message;

static const char ALICE[] = "alice@example.com";
static const char TAGGED[] = "prvs=0269b1e711=alice@example.com";
static const char REWRITTEN[] = "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net";
static const char BOUNCE[] =
    "From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    "--b\n\nYour message could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
    "Final-Recipient: rfc822; bob@example.net\nAction: failed\n"
    "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@example.com>\nFrom: alice@example.com\n--b--\n";
static const char KEYS[] = "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n"
                           "[[key]]\nuse = \"srs\"\nalgorithm = \"hmac-sha1\"\nsecret = \"text:tops3cr3t\"\nstate = \"signing\"\n";

/* The calls that write an address, as one: what they answer, and what for. */
enum operation { SIGN, VERIFY, UNWRAP, FORWARD, REVERSE, CHECK, JUDGE, ORIGIN, MESSAGE, REPORT, ORIGINAL, EVIDENCE, SETTING, OPERATIONS };

struct answer {
    batv_verification verification;
    batv_tag_verdict verdict;
    batv_judgement judgement;
    batv_origin origin;
};

#define FRESH {BATV_INIT(batv_verification), 0, BATV_INIT(batv_judgement), 0}

static batv_result call(enum operation operation, batv_text address, batv_buffer *text, struct answer *answer) {
    batv_envelope envelope = envelope_of(TEXT(""), address);
    switch (operation) {
    case SIGN:
        return batv_sign(keyring, settings, address, NOON, text, NULL);
    case VERIFY:
        return batv_verify(keyring, address, NOON, &answer->verification, text);
    case UNWRAP:
        return batv_unwrap(address, 0, 0, NULL, text);
    case FORWARD:
        return batv_srs_forward(keyring, settings, address, NOON, text, NULL);
    case REVERSE:
        return batv_srs_reverse(keyring, settings, address, NOON, &answer->verdict, text);
    case CHECK:
        return batv_check(keyring, settings, &envelope, NOON, &answer->judgement, text);
    case JUDGE:
        return batv_judge_message(keyring, settings, message, &envelope, NOON, &answer->judgement, text);
    case ORIGIN:
        return batv_message_origin(keyring, settings, message, address, NOON, &answer->origin, text);
    case REPORT:
        return batv_message_report(message, "Final-Recipient", 0, text);
    case ORIGINAL:
        return batv_message_original(message, "Message-ID", text);
    case EVIDENCE:
        return batv_message_evidence(message, text);
    case SETTING:
        return batv_settings_get(settings, "srs_domains", text);
    default:
        return batv_error_message(text);
    }
}

/* Without a text and a length, neither is wanted. */
static batv_result ask(enum operation operation, batv_text address, char *text, size_t capacity, size_t *length,
                       struct answer *answer) {
    batv_buffer buffer;
    batv_result result;
    buffer.data = text;
    buffer.capacity = capacity;
    result = call(operation, address, text == NULL && capacity == 0 && length == NULL ? NULL : &buffer, answer);
    if (length != NULL)
        *length = buffer.length;
    return result;
}

/* Buffers of their own size, so that AddressSanitizer and valgrind see an octet too many. */
static void capacities(void) {
    static const char *const expected[OPERATIONS] = {
        TAGGED, ALICE, ALICE, "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net", ALICE, ALICE, ALICE,
        "part 3: its Message-ID names a domain of ours, as anybody's can",
        "no setting has the name `what`: batv.h lists them", "bob@example.net", "<1@example.com>",
        "part 2: its type is message/delivery-status\ntext: what became of the message: failed",
        "forwarder.example.net other.example"};
    static const char *const addresses[OPERATIONS] = {ALICE, TAGGED, TAGGED, ALICE, REWRITTEN, TAGGED, TAGGED, ALICE,
                                                      ALICE, ALICE, ALICE, ALICE, ALICE};
    int at;
    for (at = 0; at < OPERATIONS; at++) {
        enum operation operation = (enum operation)at;
        const char *address = addresses[at];
        size_t octets = strlen(expected[at]), length, capacity;
        struct answer answer = FRESH;
        /* For batv_error_message, which tells of this whatever fails after it. */
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_set(settings, "what", "ever"));

        length = 99;
        EXPECT_RESULT(BATV_RESULT_OK, ask(operation, batv_text_of(address), NULL, 0, &length, &answer));
        EXPECT(length == octets);
        for (capacity = 0; capacity <= octets + 2; capacity++) {
            char *text = malloc(capacity + (capacity == 0));
            int fits = capacity > octets;
            EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_set(settings, "what", "ever"));
            memset(text, 'x', capacity + (capacity == 0));
            length = 99;
            EXPECT_RESULT(fits ? BATV_RESULT_OK : BATV_RESULT_TOO_SMALL,
                          ask(operation, batv_text_of(address), text, capacity, &length, &answer));
            EXPECT(length == octets);
            EXPECT(fits ? strcmp(text, expected[at]) == 0 : capacity == 0 ? text[0] == 'x' : text[0] == 0);
            free(text);
        }
        /* A buffer is enough. */
        {
            char text[BATV_ADDRESS_SIZE];
            EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_set(settings, "what", "ever"));
            EXPECT_RESULT(BATV_RESULT_OK,
                          ask(operation, batv_text_of(address), text, sizeof text, NULL, &answer));
            if (strcmp(text, expected[at]) != 0) {
                fprintf(stderr, "%d: found %s\n", at, text);
                failures++;
            }
        }
    }
}

/* A verdict is there also when the address did not fit, and is none after any other error. */
static void verdicts(void) {
    struct answer answer = FRESH;
    char small[4];
    EXPECT_RESULT(BATV_RESULT_TOO_SMALL, ask(VERIFY, TEXT(TAGGED), small, sizeof small, NULL, &answer));
    EXPECT(answer.verification.verdict == BATV_TAG_VERDICT_VALID);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(VERIFY, TEXT("alice"), small, sizeof small, NULL, &answer));
    EXPECT((unsigned)answer.verification.verdict == 0);
    EXPECT_RESULT(BATV_RESULT_TOO_SMALL, ask(REVERSE, TEXT(REWRITTEN), small, sizeof small, NULL, &answer));
    EXPECT(answer.verdict == BATV_TAG_VERDICT_VALID);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(REVERSE, TEXT("alice"), small, sizeof small, NULL, &answer));
    EXPECT((unsigned)answer.verdict == 0);
    EXPECT_RESULT(BATV_RESULT_TOO_SMALL, ask(CHECK, TEXT(TAGGED), small, sizeof small, NULL, &answer));
    EXPECT(answer.judgement.verdict == BATV_VERDICT_GENUINE);
    EXPECT_RESULT(BATV_RESULT_TOO_SMALL, ask(JUDGE, TEXT(TAGGED), small, sizeof small, NULL, &answer));
    EXPECT(answer.judgement.verdict == BATV_VERDICT_GENUINE && answer.judgement.row == 3);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(JUDGE, TEXT("alice"), small, sizeof small, NULL, &answer));
    EXPECT((unsigned)answer.judgement.verdict == 0 && answer.judgement.row == 0);
    EXPECT_RESULT(BATV_RESULT_TOO_SMALL, ask(ORIGIN, TEXT(TAGGED), small, sizeof small, NULL, &answer));
    EXPECT(answer.origin == BATV_ORIGIN_HINTED);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(ORIGIN, TEXT("alice"), small, sizeof small, NULL, &answer));
    EXPECT((unsigned)answer.origin == 0);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(CHECK, TEXT("alice"), small, sizeof small, NULL, &answer));
    EXPECT((unsigned)answer.judgement.verdict == 0 && answer.judgement.reply[0] == 0);
}

#define OCTETS(literal) literal, sizeof(literal) - 1

static void addresses(void) {
    static const struct {
        const char *text;
        size_t length;
    } wrong[] = {
        {OCTETS("al\0ice@example.com")}, {OCTETS("alice@example.com\0")}, {OCTETS("al\xFFice@example.com")},
        {OCTETS("al\xC3")},              {OCTETS("alice")},               {OCTETS("@")},
        {OCTETS("<alice@example.com")},  {OCTETS("al ice@example.com")},  {OCTETS("alice\r\n@example.com")},
    };
    struct answer answer = FRESH;
    char text[BATV_ADDRESS_SIZE], *large;
    size_t at, length;
    int operation;
    for (operation = 0; operation < MESSAGE; operation++) {
        for (at = 0; at < sizeof wrong / sizeof wrong[0]; at++) {
            strcpy(text, "old");
            length = 99;
            EXPECT_RESULT(BATV_RESULT_MALFORMED, ask((enum operation)operation, octets_of(wrong[at].text, wrong[at].length), text,
                                                     sizeof text, &length, &answer));
            EXPECT(text[0] == 0 && length == 0);
        }
        EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                      ask((enum operation)operation, batv_text_of(NULL), text, sizeof text, NULL, &answer));
        EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                      ask((enum operation)operation, TEXT(ALICE), NULL, 1, NULL, &answer));
        /* A length that was negative. */
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                      ask((enum operation)operation, octets_of(ALICE, (size_t)-1), NULL, 0, NULL, &answer));
        /* In place: the answer would overwrite what is read. */
        strcpy(text, TAGGED);
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                      ask((enum operation)operation, batv_text_of(text + 3), text, sizeof text, NULL, &answer));
        EXPECT(strcmp(text, TAGGED) == 0);
    }
    large = malloc(1 << 20);
    memset(large, 'a', 1 << 20);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(SIGN, octets_of(large, 1 << 20), text, sizeof text, NULL, &answer));
    free(large);
    /* The null path, as MAIL FROM has it and as many programs keep it. */
    EXPECT_RESULT(BATV_RESULT_OK, ask(SIGN, TEXT("<>"), text, sizeof text, NULL, &answer));
    EXPECT(strcmp(text, "<>") == 0);
    EXPECT_RESULT(BATV_RESULT_OK, ask(SIGN, TEXT(""), text, sizeof text, NULL, &answer));
    EXPECT(strcmp(text, "<>") == 0);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(CHECK, TEXT("<>"), text, sizeof text, NULL, &answer));
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(JUDGE, TEXT("<>"), text, sizeof text, NULL, &answer));
    EXPECT_RESULT(BATV_RESULT_MALFORMED, ask(ORIGIN, TEXT("<>"), text, sizeof text, NULL, &answer));
    /* 49 octets and a tag of 16. */
    EXPECT_RESULT(BATV_RESULT_TOO_LONG, ask(SIGN, TEXT("a2345678901234567890123456789012345678901234567x9@example.com"),
                                            text, sizeof text, NULL, &answer));
    EXPECT(text[0] == 0);
}

static void pointers_and_numbers(void) {
    batv_keyring *none = keyring;
    batv_verification verification = BATV_INIT(batv_verification);
    batv_judgement judgement = BATV_INIT(batv_judgement);
    batv_tag_verdict verdict;
    batv_envelope envelope = BATV_INIT(batv_envelope);
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);

    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_keyring_new_from_file(NULL, 0, &none));
    EXPECT(none == NULL);
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_keyring_new_from_file("keyring.toml", 0, NULL));
    EXPECT_RESULT(BATV_RESULT_IO, batv_keyring_new_from_file("", 0, &none));
    EXPECT_RESULT(BATV_RESULT_IO, batv_keyring_new_from_file("/nowhere/keyring.toml", 0, &none));
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
    EXPECT(strstr(text, "/nowhere/keyring.toml") != NULL);
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_keyring_new_from_file("keyring.toml", 1, &none));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_keyring_new_from_text(batv_text_of(NULL), &none));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_keyring_new_from_text(TEXT(KEYS), NULL));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_keyring_new_from_text(TEXT("\xFF"), &none));
    none = keyring;
    EXPECT_RESULT(BATV_RESULT_KEYRING, batv_keyring_new_from_text(TEXT("[[key]]\nuse = \"x\"\n"), &none));
    EXPECT(none == NULL);
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
    EXPECT(strncmp(text, "line 2, column 7", 16) == 0);

    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_keyring_new_from_key(octets_of(NULL, 1), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0, &none));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_keyring_new_from_key(TEXT("k"), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0, NULL));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                  batv_keyring_new_from_key(TEXT(""), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0, &none));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                  batv_keyring_new_from_key(TEXT("k"), 0, 0, BATV_ALGORITHM_HMAC_SHA1, 0, &none));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                  batv_keyring_new_from_key(TEXT("k"), BATV_USE_BATV, 10, BATV_ALGORITHM_HMAC_SHA1, 0, &none));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                  batv_keyring_new_from_key(TEXT("k"), BATV_USE_BATV, 256, BATV_ALGORITHM_HMAC_SHA1, 0, &none));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                  batv_keyring_new_from_key(TEXT("k"), BATV_USE_SRS, 1, BATV_ALGORITHM_HMAC_SHA1, 0, &none));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_keyring_new_from_key(TEXT("k"), BATV_USE_BATV, 0, 0, 0, &none));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                  batv_keyring_new_from_key(TEXT("k"), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 181, &none));
    EXPECT(none == NULL);

    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_keyring_reload(NULL, batv_text_of(NULL)));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_keyring_reload(keyring, batv_text_of(NULL)));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_keyring_reload(keyring, octets_of(NULL, 1)));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_new(NULL));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_set(NULL, "mode", "reject"));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_set(settings, NULL, "reject"));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_set(settings, "mode", NULL));

    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_sign(NULL, NULL, TEXT(ALICE), NOON, &buffer, NULL));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_verify(NULL, TEXT(ALICE), NOON, &verification, NULL));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_verify(keyring, TEXT(TAGGED), NOON, NULL, &buffer));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_srs_forward(NULL, settings, TEXT(ALICE), NOON, &buffer, NULL));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_srs_forward(keyring, NULL, TEXT(ALICE), NOON, &buffer, NULL));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_srs_reverse(keyring, settings, TEXT(REWRITTEN), NOON, NULL, &buffer));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_srs_reverse(keyring, NULL, TEXT(REWRITTEN), NOON, &verdict, &buffer));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_unwrap(TEXT(TAGGED), 402, 0, NULL, &buffer));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT,
                  batv_unwrap(TEXT(TAGGED), BATV_TAG_VERDICT_VALID, 0, NULL, &buffer));

    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_check(keyring, settings, NULL, NOON, &judgement, &buffer));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_check(keyring, settings, &envelope, NOON, &judgement, &buffer));
    envelope = envelope_of(TEXT("<>"), TEXT(TAGGED));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_check(keyring, settings, &envelope, NOON, NULL, &buffer));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_check(keyring, NULL, &envelope, NOON, &judgement, NULL));
    EXPECT_RESULT(BATV_RESULT_OK, batv_check(keyring, settings, &envelope, NOON, &judgement, NULL));
    envelope.trusted_client = 2;
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_check(keyring, settings, &envelope, NOON, &judgement, NULL));
    envelope.trusted_client = 0;
    envelope.earlier = 1;
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_check(keyring, settings, &envelope, NOON, &judgement, NULL));
    envelope.earlier = 0;
    envelope.stage = BATV_EARLIER_SETTLED;
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_check(keyring, settings, &envelope, NOON, &judgement, NULL));

    /* Before 1970, after 9999, and now. */
    EXPECT_RESULT(BATV_RESULT_CLOCK, batv_verify(keyring, TEXT(TAGGED), -1, &verification, NULL));
    EXPECT_RESULT(BATV_RESULT_CLOCK, batv_verify(keyring, TEXT(TAGGED), INT64_MIN, &verification, NULL));
    EXPECT_RESULT(BATV_RESULT_CLOCK, batv_verify(keyring, TEXT(TAGGED), INT64_MAX, &verification, NULL));
    EXPECT_RESULT(BATV_RESULT_OK, batv_sign(keyring, NULL, TEXT(ALICE), 0, &buffer, NULL));
    EXPECT_RESULT(BATV_RESULT_OK, batv_verify(keyring, batv_text_of(text), 0, &verification, NULL));
    EXPECT(verification.verdict == BATV_TAG_VERDICT_VALID && verification.days_left >= 6);

    EXPECT(strcmp(batv_code_text(12345), "unknown code") == 0);
    EXPECT(strcmp(batv_code_text(UINT32_MAX), "unknown code") == 0);
    EXPECT(batv_abi_version() == BATV_ABI_VERSION);
    batv_keyring_free(NULL);
    batv_settings_free(NULL);
}

static void messages(void) {
    batv_message *none = message;
    batv_reading reading = BATV_INIT(batv_reading);
    batv_judgement judgement = BATV_INIT(batv_judgement);
    batv_origin origin;
    batv_envelope envelope = envelope_of(TEXT("<>"), TEXT(ALICE));
    char text[BATV_ADDRESS_SIZE], name[32] = "Message-ID";
    batv_buffer buffer = BATV_BUFFER(text), itself = BATV_BUFFER(name), nowhere = {NULL, 1, 0};

    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_new(batv_text_of(NULL), batv_text_of(NULL), 0, &none));
    EXPECT(none == NULL);
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_new(TEXT(BOUNCE), batv_text_of(NULL), 0, NULL));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_new(TEXT(BOUNCE), octets_of(NULL, 1), 0, &none));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_message_new(octets_of(BOUNCE, (size_t)-1), batv_text_of(NULL), 0, &none));
    /* A stranger's. */
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_new(TEXT(BOUNCE), TEXT("alice"), 0, &none));
    batv_message_free(none);
    /* The longest that there can be. */
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_new(TEXT(BOUNCE), TEXT(""), (size_t)-1, &none));
    batv_message_free(none);

    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_read(message, NULL));
    reading.message_class = BATV_CLASS_DSN;
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_read(NULL, &reading));
    EXPECT((unsigned)reading.message_class == 0);
    strcpy(text, "old");
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_report(NULL, "Status", 0, &buffer));
    EXPECT(text[0] == 0 && buffer.length == 0);
    strcpy(text, "old");
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_report(message, NULL, 0, &buffer));
    EXPECT(text[0] == 0);
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_report(message, "Status", 0, &nowhere));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_message_report(message, "Status", 1, &buffer));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_message_report(message, "Reporting-MTA", 1, &buffer));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_message_report(message, "Subject", 0, &buffer));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_message_report(message, "", UINT32_MAX, &buffer));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_original(NULL, "Date", &buffer));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_original(message, NULL, &buffer));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_message_original(message, "\xFF", &buffer));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_message_original(message, name, &itself));
    EXPECT(strcmp(name, "Message-ID") == 0);
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_message_evidence(NULL, &buffer));

#define JUDGED(keyring, settings, message, envelope, judgement) \
    batv_judge_message(keyring, settings, message, envelope, NOON, judgement, NULL)
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, JUDGED(NULL, settings, message, &envelope, &judgement));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, JUDGED(keyring, NULL, message, &envelope, &judgement));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, JUDGED(keyring, settings, NULL, &envelope, &judgement));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, JUDGED(keyring, settings, message, NULL, &judgement));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, JUDGED(keyring, settings, message, &envelope, NULL));
    envelope.report_is_welcome = 2;
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, JUDGED(keyring, settings, message, &envelope, &judgement));
    EXPECT((unsigned)judgement.verdict == 0 && judgement.size == sizeof judgement);
    envelope.report_is_welcome = 1;
    EXPECT_RESULT(BATV_RESULT_OK, JUDGED(keyring, settings, message, &envelope, &judgement));
    EXPECT_RESULT(BATV_RESULT_CLOCK, batv_judge_message(keyring, settings, message, &envelope, -1, &judgement, NULL));
    envelope.reserved = 1;
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, JUDGED(keyring, settings, message, &envelope, &judgement));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_message_origin(NULL, NULL, message, TEXT(ALICE), NOON, &origin, NULL));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER,
                  batv_message_origin(keyring, NULL, NULL, TEXT(ALICE), NOON, &origin, NULL));
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_origin(keyring, NULL, message, TEXT(ALICE), NOON, NULL, NULL));
    EXPECT_RESULT(BATV_RESULT_CLOCK,
                  batv_message_origin(keyring, NULL, message, TEXT(ALICE), -1, &origin, NULL));
    batv_message_free(NULL);
}

static void marks(void) {
    static const char ID[] = "<1@example.com>", MARK[] = "1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr";
    batv_mark made = BATV_INIT(batv_mark);
    batv_tag_verdict verdict;
    EXPECT_RESULT(BATV_RESULT_OK, batv_mark_make(keyring, TEXT(ID), TEXT(ALICE), NOON, &made));
    EXPECT(strcmp(made.field, MARK) == 0);
    EXPECT_RESULT(BATV_RESULT_NO_KEY, batv_mark_make(keyring, TEXT(ID), TEXT(TAGGED), NOON, &made));
    EXPECT(made.field[0] == 0 && made.envelope_id[0] == 0);
    EXPECT_RESULT(BATV_RESULT_NO_KEY, batv_mark_make(keyring, TEXT(ID), TEXT("<>"), NOON, &made));
    EXPECT_RESULT(BATV_RESULT_MALFORMED, batv_mark_make(keyring, TEXT(ID), TEXT("alice"), NOON, &made));
    EXPECT_RESULT(BATV_RESULT_CLOCK, batv_mark_make(keyring, TEXT(ID), TEXT(ALICE), -1, &made));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_mark_make(keyring, octets_of(ID, (size_t)-1), TEXT(ALICE), NOON, &made));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_make(NULL, TEXT(ID), TEXT(ALICE), NOON, &made));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_make(keyring, batv_text_of(NULL), TEXT(ALICE), NOON, &made));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_make(keyring, TEXT(ID), batv_text_of(NULL), NOON, &made));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_make(keyring, TEXT(ID), TEXT(ALICE), NOON, NULL));

    EXPECT_RESULT(BATV_RESULT_OK, batv_mark_verify(keyring, TEXT(MARK), TEXT(ID), TEXT(ALICE), NOON, &verdict));
    EXPECT(verdict == BATV_TAG_VERDICT_VALID);
    /* Each form proves nothing in the place of the other. */
    EXPECT_RESULT(BATV_RESULT_OK, batv_mark_verify(keyring, TEXT(MARK), batv_text_of(NULL), TEXT(ALICE), NOON, &verdict));
    EXPECT(verdict == BATV_TAG_VERDICT_UNTAGGED);
    EXPECT_RESULT(BATV_RESULT_MALFORMED, batv_mark_verify(keyring, TEXT(MARK), TEXT(ID), TEXT("<>"), NOON, &verdict));
    EXPECT((unsigned)verdict == 0);
    EXPECT_RESULT(BATV_RESULT_CLOCK, batv_mark_verify(keyring, TEXT(MARK), TEXT(ID), TEXT(ALICE), -1, &verdict));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_verify(NULL, TEXT(MARK), TEXT(ID), TEXT(ALICE), NOON, &verdict));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_verify(keyring, batv_text_of(NULL), TEXT(ID), TEXT(ALICE), NOON, &verdict));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_verify(keyring, TEXT(MARK), octets_of(NULL, 1), TEXT(ALICE), NOON, &verdict));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_verify(keyring, TEXT(MARK), TEXT(ID), batv_text_of(NULL), NOON, &verdict));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_mark_verify(keyring, TEXT(MARK), TEXT(ID), TEXT(ALICE), NOON, NULL));
}

static void may_bounce(void) {
    batv_bounce_question question = BATV_INIT(batv_bounce_question);
    batv_bounce_answer answer = BATV_INIT(batv_bounce_answer);
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    uint32_t *const numbers[] = {&question.kind, &question.tag, &question.answerable_in_smtp, &question.own_client,
                                 &question.hostile, &question.unroutable, &question.reserved};
    size_t at;
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_may_bounce(settings, NULL, &answer));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_may_bounce(settings, &question, &answer));
    question.reverse_path = TEXT(ALICE);
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_may_bounce(settings, &question, NULL));
    EXPECT_RESULT(BATV_RESULT_OK, batv_may_bounce(NULL, &question, &answer));
    EXPECT(answer.may == BATV_MAY_NO && answer.reason == BATV_BOUNCE_REASON_UNPROVED && answer.row == 14);
    EXPECT(strcmp(answer.words, "nothing proves the sender") == 0);
    for (at = 0; at < sizeof numbers / sizeof numbers[0]; at++) {
        *numbers[at] = BATV_RESULT_BAD_ARGUMENT;
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_may_bounce(settings, &question, &answer));
        EXPECT((unsigned)answer.may == 0 && answer.words[0] == 0);
        *numbers[at] = 0;
    }
    question.header.length = 1;
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_may_bounce(settings, &question, &answer));
    question.header.length = 0;
    question.notify.length = 1;
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_may_bounce(settings, &question, &answer));
    question.notify = TEXT("NEVER,FAILURE");
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_may_bounce(settings, &question, &answer));
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
    EXPECT(strstr(text, "NOTIFY=NEVER stands alone") != NULL);
    question.reverse_path.length = 5;
    EXPECT_RESULT(BATV_RESULT_MALFORMED, batv_may_bounce(settings, &question, &answer));
}

static void wrong_dkim_keys(void) {
    static const char RECORD[] = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_add_dkim_key(NULL, "example.com", "sel", TEXT(RECORD)));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_add_dkim_key(settings, NULL, "sel", TEXT(RECORD)));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_add_dkim_key(settings, "example.com", NULL, TEXT(RECORD)));
    EXPECT_RESULT(BATV_RESULT_NULL_POINTER, batv_settings_add_dkim_key(settings, "example.com", "sel", batv_text_of(NULL)));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_add_dkim_key(settings, "exa mple", "sel", TEXT(RECORD)));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_add_dkim_key(settings, "example.com", "\xFF", TEXT(RECORD)));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_add_dkim_key(settings, "example.com", "sel", TEXT("v=DKIM1; p=")));
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
    EXPECT(strstr(text, "the key is revoked") != NULL);
}

/* A setting that is refused changes nothing, and the message says what would be right. */
static void wrong_settings(void) {
    static const char *const wrong[][2] = {
        {"what", "ever"},         {"", ""},                {"mode", "rejct"},       {"mode", ""},
        {"form", "exim"},         {"delimiter", "ab"},     {"delimiter", ""},       {"delimiter", "@"},
        {"lifetime", "181"},      {"lifetime", "-1"},      {"lifetime", "week"},    {"protected", "exa mple..com"},
        {"exempt", "@"},          {"reject_at", "mail"},   {"on_error", "reject"},  {"signing_since", "tomorrow"},
        {"srs_domains", "a@b.c"}, {"srs_separator", "/"},  {"srs_hash_length", "3"}, {"srs_hash_length", "28"},
        {"srs_hash_length", "300"}, {"srs_hash_minimum", "5"}, {"srs_max_age", "0"}, {"srs_max_age", "1001"},
        {"srs_always_rewrite", "yes"}, {"mode", "\xFF"}, {"marked_since", "soon"}, {"hold_receipts", ""},
        {"reject_daemon_senders", "1"}, {"ours", "@"}, {"trusted_sealers", "a@b.c"}, {"allowed", "exa mple..com"},
        {"double_bounce", "@"}, {"hold_unproved", "no"}, {"reject_unverified", "maybe"}, {"hosts", "a@b.c"},
    };
    struct answer answer = FRESH;
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    size_t at;
    for (at = 0; at < sizeof wrong / sizeof wrong[0]; at++) {
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_set(settings, wrong[at][0], wrong[at][1]));
        EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
        EXPECT(strlen(text) > 20);
    }
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_settings_set(settings, "mode", "rejct"));
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
    EXPECT(strcmp(text, "`mode` is `rejct`, but must be observe, mark, quarantine or reject") == 0);
    EXPECT_RESULT(BATV_RESULT_OK, ask(FORWARD, TEXT(ALICE), text, sizeof text, NULL, &answer));
    EXPECT(strcmp(text, REWRITTEN) == 0);
}

int main(void) {
    char text[BATV_ADDRESS_SIZE] = "old";
    batv_buffer buffer = BATV_BUFFER(text);
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
    EXPECT(text[0] == 0);
    keyring = keyring_of(KEYS);
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_new(&settings));
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_srs_forward(keyring, settings, TEXT(ALICE), NOON, NULL, NULL));
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_set(settings, "srs_domains", " forwarder.example.net  other.example "));
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_set(settings, "mode", "reject"));
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_new(TEXT(BOUNCE), TEXT("<>"), 0, &message));
    capacities();
    verdicts();
    addresses();
    pointers_and_numbers();
    messages();
    marks();
    may_bounce();
    wrong_dkim_keys();
    wrong_settings();
    batv_message_free(message);
    batv_settings_free(settings);
    batv_keyring_free(keyring);
    return failures != 0;
}
