/* Structs of other versions of the header: a smaller one, a larger one, and some that never were. Each has memory of its own
 * size, so that AddressSanitizer and valgrind see an octet too many. */
#include "expect.h"

/* The struct that has grown, for the tests alone: the first version ended before `added`. */
struct grown {
    uint32_t size, first;
    uint64_t added;
};

batv_result batv_inject_grown(const struct grown *asked, struct grown *answer);

static void *of_size(size_t size, uint32_t said) {
    uint32_t *made = calloc(1, size);
    EXPECT(made != NULL);
    *made = said;
    return made;
}

static void older_and_newer(void) {
    static const size_t sizes[] = {8, 16, 24, 64};
    size_t asked_at, answer_at;
    for (asked_at = 0; asked_at < 4; asked_at++) {
        for (answer_at = 0; answer_at < 4; answer_at++) {
            size_t in = sizes[asked_at], out = sizes[answer_at];
            struct grown *asked = of_size(in, (uint32_t)in), *answer = of_size(out, (uint32_t)out);
            asked->first = 7;
            if (in >= 16)
                asked->added = 9;
            answer->first = 1;
            EXPECT_RESULT(BATV_RESULT_OK, batv_inject_grown(asked, answer));
            EXPECT(answer->size == out && answer->first == 7);
            EXPECT(out < 16 || answer->added == (in >= 16 ? 9U : 0U));
            /* What a later version would answer stays as it was. */
            EXPECT(out <= 16 || ((char *)answer)[16] == 0);
            free(asked);
            free(answer);
        }
    }
}

static void unknown_field(void) {
    struct grown *asked = of_size(24, 24), *answer = of_size(16, 16);
    char text[256];
    batv_buffer message = BATV_BUFFER(text);
    answer->first = 1;
    ((char *)asked)[23] = 1;
    EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_inject_grown(asked, answer));
    EXPECT(answer->first == 0);
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&message));
    EXPECT(strcmp(text, "a field is set that only a later version of the library has") == 0);
    free(asked);
    free(answer);
}

static void sizes_that_never_were(void) {
    static const uint32_t wrong[] = {0, 1, 4, 12, 15, 17, 20, 4104, UINT32_MAX};
    char text[256];
    batv_buffer message = BATV_BUFFER(text);
    size_t at;
    for (at = 0; at < sizeof wrong / sizeof wrong[0]; at++) {
        struct grown asked = {wrong[at], 7, 9}, answer = {wrong[at], 1, 2};
        struct grown right = BATV_INIT(struct grown);
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_inject_grown(&asked, &right));
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_inject_grown(&right, &answer));
        EXPECT(answer.first == 1 && answer.added == 2);
    }
    {
        struct grown asked = {0, 7, 9}, answer = BATV_INIT(struct grown);
        EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, batv_inject_grown(&asked, &answer));
        EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&message));
        EXPECT(strcmp(text, "`asked` has size 0, but must have 16: set `size`, as BATV_INIT does") == 0);
    }
}

/* Each struct of the header is refused without its size, and none has room at its end for a field that goes unseen. */
static void all_structs(void) {
    batv_keyring *keyring;
    batv_settings *settings;
    batv_message *message;
    batv_text alice = TEXT("alice@example.com");
    batv_envelope envelope = envelope_of(TEXT("<>"), alice), no_envelope = envelope;
    batv_judgement judgement = BATV_INIT(batv_judgement), no_judgement = judgement;
    batv_signing signing = BATV_INIT(batv_signing);
    batv_verification verification = BATV_INIT(batv_verification);
    batv_unwrapping unwrapping = BATV_INIT(batv_unwrapping);
    batv_mark mark = BATV_INIT(batv_mark);
    batv_reading reading = BATV_INIT(batv_reading);
    batv_bounce_question question = BATV_INIT(batv_bounce_question), no_question;
    batv_bounce_answer answer = BATV_INIT(batv_bounce_answer);
    keyring = keyring_of("[[key]]\nuse = \"batv\"\nid = 0\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n");
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_new(&settings));
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_new(TEXT("Subject: hello\n\n"), TEXT("<>"), 0, &message));
    question.reverse_path = alice;
    no_question = question;
    no_envelope.size = no_judgement.size = no_question.size = 0;

#define REFUSED(call) EXPECT_RESULT(BATV_RESULT_BAD_ARGUMENT, call)
#define TAKEN(call) EXPECT_RESULT(BATV_RESULT_OK, call)
    TAKEN(batv_check(keyring, settings, &envelope, NOON, &judgement, NULL));
    REFUSED(batv_check(keyring, settings, &no_envelope, NOON, &judgement, NULL));
    REFUSED(batv_check(keyring, settings, &envelope, NOON, &no_judgement, NULL));
    TAKEN(batv_judge_message(keyring, settings, message, &envelope, NOON, &judgement, NULL));
    REFUSED(batv_judge_message(keyring, settings, message, &no_envelope, NOON, &judgement, NULL));
    REFUSED(batv_judge_message(keyring, settings, message, &envelope, NOON, &no_judgement, NULL));
    TAKEN(batv_sign(keyring, NULL, alice, NOON, NULL, &signing));
    signing.size = 0;
    REFUSED(batv_sign(keyring, NULL, alice, NOON, NULL, &signing));
    TAKEN(batv_verify(keyring, alice, NOON, &verification, NULL));
    verification.size = 0;
    REFUSED(batv_verify(keyring, alice, NOON, &verification, NULL));
    TAKEN(batv_unwrap(alice, 0, 0, &unwrapping, NULL));
    unwrapping.size = 0;
    REFUSED(batv_unwrap(alice, 0, 0, &unwrapping, NULL));
    TAKEN(batv_mark_make(keyring, TEXT("<1@example.com>"), alice, NOON, &mark));
    mark.size = 0;
    REFUSED(batv_mark_make(keyring, TEXT("<1@example.com>"), alice, NOON, &mark));
    TAKEN(batv_message_read(message, &reading));
    reading.size = 0;
    REFUSED(batv_message_read(message, &reading));
    TAKEN(batv_may_bounce(settings, &question, &answer));
    REFUSED(batv_may_bounce(settings, &no_question, &answer));
    answer.size = 0;
    REFUSED(batv_may_bounce(settings, &question, &answer));

#define ENDS_WITH(type, field) EXPECT(offsetof(type, field) + sizeof(((type *)NULL)->field) == sizeof(type))
    ENDS_WITH(batv_envelope, forward_path);
    ENDS_WITH(batv_judgement, reply);
    ENDS_WITH(batv_signing, expires);
    ENDS_WITH(batv_verification, expires);
    ENDS_WITH(batv_unwrapping, hidden);
    ENDS_WITH(batv_mark, envelope_id);
    ENDS_WITH(batv_reading, cut);
    ENDS_WITH(batv_bounce_question, notify);
    ENDS_WITH(batv_bounce_answer, words);
    batv_message_free(message);
    batv_settings_free(settings);
    batv_keyring_free(keyring);
}

int main(void) {
    older_and_newer();
    unknown_field();
    sizes_that_never_were();
    all_structs();
    return failures != 0;
}
