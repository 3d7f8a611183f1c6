/* Puts every case of the shared vectors to the library. The table is made from tests/vectors by the test. */
#include "expect.h"

struct row {
    const char *name, *operation, *keyring, *settings;
    int64_t now;
    const char *reverse_path;
    uint32_t trusted_client, earlier, stage;
    const char *address;
    size_t address_length;
    const char *message_id;
    size_t message_id_length;
    const char *expected;
};

static const struct row rows[] = {
#include "vectors.inc"
};

static char said[4 * BATV_ADDRESS_SIZE];

/* What cannot be answered, apart from errors that no vector has. */
static void say_error(batv_result result) {
    int refused = result == BATV_RESULT_MALFORMED || result == BATV_RESULT_TOO_LONG || result == BATV_RESULT_NO_KEY;
    snprintf(said, sizeof said, "%s", refused ? "error" : batv_text(result));
}

static void sign(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    char tagged[BATV_ADDRESS_SIZE];
    size_t length;
    batv_signing signing;
    batv_result result = batv_sign(keyring, settings, row->address, row->address_length, row->now, tagged,
                                   sizeof tagged, &length, &signing);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    EXPECT(length == strlen(tagged));
    snprintf(said, sizeof said, "%s %s %d", tagged, signing.change == BATV_CHANGE_TAGGED ? "tagged" : "unchanged",
             (int)signing.expires);
}

static void verify(const struct row *row, const batv_keyring *keyring) {
    char mailbox[BATV_ADDRESS_SIZE];
    size_t length;
    batv_verification found;
    batv_result result = batv_verify(keyring, row->address, row->address_length, row->now, &found, mailbox,
                                     sizeof mailbox, &length);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    EXPECT(length == strlen(mailbox));
    snprintf(said, sizeof said, "%s %s %d %d %d", batv_text(found.verdict), mailbox, (int)found.key_id,
             (int)found.expires, (int)found.days_left);
}

static void unwrap(const struct row *row, batv_unwrap_mode mode) {
    char inner[BATV_ADDRESS_SIZE];
    batv_unwrapping found;
    batv_result result =
        batv_unwrap(row->address, row->address_length, mode, 0, &found, inner, sizeof inner, NULL);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    snprintf(said, sizeof said, "%s %u %s %u", inner, (unsigned)found.layers,
             found.dialect == 0 ? "none" : batv_text(found.dialect), (unsigned)found.hidden);
}

static void srs_forward(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    char rewritten[BATV_ADDRESS_SIZE];
    batv_result result = batv_srs_forward(keyring, settings, row->address, row->address_length, row->now, rewritten,
                                          sizeof rewritten, NULL, NULL);
    if (result != BATV_RESULT_OK)
        say_error(result);
    else
        snprintf(said, sizeof said, "%s", rewritten);
}

static void srs_reverse(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    char restored[BATV_ADDRESS_SIZE];
    batv_tag_verdict verdict;
    batv_result result = batv_srs_reverse(keyring, settings, row->address, row->address_length, row->now, &verdict,
                                          restored, sizeof restored, NULL);
    if (result == BATV_RESULT_MALFORMED)
        snprintf(said, sizeof said, "malformed ");
    else if (result != BATV_RESULT_OK)
        say_error(result);
    else
        snprintf(said, sizeof said, "%s %s", batv_text(verdict), restored);
}

static void check(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    batv_envelope question;
    batv_judgement found;
    char deliver_to[BATV_ADDRESS_SIZE];
    memset(&question, 0, sizeof question);
    question.reverse_path = row->reverse_path;
    question.reverse_path_length = strlen(row->reverse_path);
    question.forward_path = row->address;
    question.forward_path_length = row->address_length;
    question.trusted_client = row->trusted_client;
    question.earlier = row->earlier;
    question.stage = row->stage;
    batv_result result =
        batv_check(keyring, settings, &question, row->now, &found, deliver_to, sizeof deliver_to, NULL);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    EXPECT(found.reply_code == (uint32_t)atoi(found.reply));
    EXPECT(strlen(found.reply) > 10);
    /* Code and enhanced code. */
    snprintf(said, sizeof said, "%s %s %s %.9s %s %u", batv_text(found.verdict), batv_text(found.reason),
             batv_text(found.disposition), found.reply, deliver_to, (unsigned)found.settled);
}

static void mark_make(const struct row *row, const batv_keyring *keyring) {
    batv_mark made;
    batv_result result = batv_mark_make(keyring, row->message_id, row->message_id_length, row->reverse_path,
                                        strlen(row->reverse_path), row->now, &made);
    if (result != BATV_RESULT_OK) {
        EXPECT(made.field[0] == 0 && made.envelope_id[0] == 0);
        say_error(result);
    } else {
        snprintf(said, sizeof said, "%s %s", made.field, made.envelope_id);
    }
}

static void mark_verify(const struct row *row, const batv_keyring *keyring, const char *message_id) {
    batv_tag_verdict verdict;
    batv_result result = batv_mark_verify(keyring, row->address, row->address_length, message_id,
                                          message_id == NULL ? 0 : row->message_id_length, row->reverse_path,
                                          strlen(row->reverse_path), row->now, &verdict);
    if (result != BATV_RESULT_OK)
        say_error(result);
    else
        snprintf(said, sizeof said, "%s", batv_text(verdict));
}

int main(void) {
    size_t count = sizeof rows / sizeof rows[0], at;
    for (at = 0; at < count; at++) {
        const struct row *row = &rows[at];
        batv_keyring *keyring;
        batv_settings *settings;
        EXPECT_RESULT(BATV_RESULT_OK, batv_keyring_new_from_text(row->keyring, strlen(row->keyring), &keyring));
        EXPECT_RESULT(BATV_RESULT_OK, batv_settings_new(&settings));
        set_all(settings, row->settings);
        if (strcmp(row->operation, "sign") == 0)
            sign(row, keyring, settings);
        else if (strcmp(row->operation, "verify") == 0)
            verify(row, keyring);
        else if (strcmp(row->operation, "unwrap") == 0)
            unwrap(row, BATV_UNWRAP_MODE_IDENTITY);
        else if (strcmp(row->operation, "unwrap strict") == 0)
            unwrap(row, BATV_UNWRAP_MODE_STRICT);
        else if (strcmp(row->operation, "srs forward") == 0)
            srs_forward(row, keyring, settings);
        else if (strcmp(row->operation, "srs reverse") == 0)
            srs_reverse(row, keyring, settings);
        else if (strcmp(row->operation, "mark make") == 0)
            mark_make(row, keyring);
        else if (strcmp(row->operation, "mark verify") == 0)
            mark_verify(row, keyring, row->message_id);
        else if (strcmp(row->operation, "mark verify envelope id") == 0)
            mark_verify(row, keyring, NULL);
        else
            check(row, keyring, settings);
        if (strcmp(said, row->expected) != 0) {
            fprintf(stderr, "%s: %s\n  expected %s\n  found    %s\n", row->operation, row->name, row->expected, said);
            failures++;
        }
        batv_settings_free(settings);
        batv_keyring_free(keyring);
    }
    printf("%u cases, %d failures\n", (unsigned)count, failures);
    return failures != 0;
}
