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

static batv_text address_of(const struct row *row) { return octets_of(row->address, row->address_length); }

static batv_text id_of(const struct row *row) { return octets_of(row->message_id, row->message_id_length); }

/* What cannot be answered, apart from errors that no vector has. */
static void say_error(batv_result result) {
    int refused = result == BATV_RESULT_MALFORMED || result == BATV_RESULT_TOO_LONG || result == BATV_RESULT_NO_KEY;
    snprintf(said, sizeof said, "%s", refused ? "error" : batv_code_text(result));
}

static void sign(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    char tagged[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(tagged);
    batv_signing signing = BATV_INIT(batv_signing);
    batv_result result = batv_sign(keyring, settings, address_of(row), row->now, &buffer, &signing);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    EXPECT(buffer.length == strlen(tagged));
    snprintf(said, sizeof said, "%s %s %d", tagged, signing.change == BATV_CHANGE_TAGGED ? "tagged" : "unchanged",
             (int)signing.expires);
}

static void verify(const struct row *row, const batv_keyring *keyring) {
    char mailbox[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(mailbox);
    batv_verification found = BATV_INIT(batv_verification);
    batv_result result = batv_verify(keyring, address_of(row), row->now, &found, &buffer);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    EXPECT(buffer.length == strlen(mailbox));
    snprintf(said, sizeof said, "%s %s %d %d %d", batv_code_text(found.verdict), mailbox, (int)found.key_id,
             (int)found.expires, (int)found.days_left);
}

static void unwrap(const struct row *row, batv_unwrap_mode mode) {
    char inner[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(inner);
    batv_unwrapping found = BATV_INIT(batv_unwrapping);
    batv_result result = batv_unwrap(address_of(row), mode, 0, &found, &buffer);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    snprintf(said, sizeof said, "%s %u %s %u", inner, (unsigned)found.layers,
             found.dialect == 0 ? "none" : batv_code_text(found.dialect), (unsigned)found.hidden);
}

static void srs_forward(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    char rewritten[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(rewritten);
    batv_result result = batv_srs_forward(keyring, settings, address_of(row), row->now, &buffer, NULL);
    if (result != BATV_RESULT_OK)
        say_error(result);
    else
        snprintf(said, sizeof said, "%s", rewritten);
}

static void srs_reverse(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    char restored[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(restored);
    batv_tag_verdict verdict;
    batv_result result = batv_srs_reverse(keyring, settings, address_of(row), row->now, &verdict, &buffer);
    if (result == BATV_RESULT_MALFORMED)
        snprintf(said, sizeof said, "malformed ");
    else if (result != BATV_RESULT_OK)
        say_error(result);
    else
        snprintf(said, sizeof said, "%s %s", batv_code_text(verdict), restored);
}

static void check(const struct row *row, const batv_keyring *keyring, const batv_settings *settings) {
    batv_envelope envelope = envelope_of(batv_text_of(row->reverse_path), address_of(row));
    batv_judgement found = BATV_INIT(batv_judgement);
    char deliver_to[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(deliver_to);
    batv_result result;
    envelope.trusted_client = row->trusted_client;
    envelope.earlier = row->earlier;
    envelope.stage = row->stage;
    result = batv_check(keyring, settings, &envelope, row->now, &found, &buffer);
    if (result != BATV_RESULT_OK) {
        say_error(result);
        return;
    }
    EXPECT(found.reply_code == (uint32_t)atoi(found.reply));
    EXPECT(strlen(found.reply) > 10);
    /* Code and enhanced code. */
    snprintf(said, sizeof said, "%s %s %s %.9s %s %u", batv_code_text(found.verdict), batv_code_text(found.reason),
             batv_code_text(found.disposition), found.reply, deliver_to, (unsigned)found.settled);
}

static void mark_make(const struct row *row, const batv_keyring *keyring) {
    batv_mark made = BATV_INIT(batv_mark);
    batv_result result =
        batv_mark_make(keyring, id_of(row), batv_text_of(row->reverse_path), row->now, &made);
    if (result != BATV_RESULT_OK) {
        EXPECT(made.field[0] == 0 && made.envelope_id[0] == 0);
        say_error(result);
    } else {
        snprintf(said, sizeof said, "%s %s", made.field, made.envelope_id);
    }
}

static void mark_verify(const struct row *row, const batv_keyring *keyring, batv_text message_id) {
    batv_tag_verdict verdict;
    batv_result result = batv_mark_verify(keyring, address_of(row), message_id, batv_text_of(row->reverse_path),
                                          row->now, &verdict);
    if (result != BATV_RESULT_OK)
        say_error(result);
    else
        snprintf(said, sizeof said, "%s", batv_code_text(verdict));
}

int main(void) {
    size_t count = sizeof rows / sizeof rows[0], at;
    for (at = 0; at < count; at++) {
        const struct row *row = &rows[at];
        batv_keyring *keyring = keyring_of(row->keyring);
        batv_settings *settings;
        EXPECT_RESULT(BATV_RESULT_OK, batv_settings_new(&settings));
        EXPECT_RESULT(BATV_RESULT_OK, batv_settings_set(settings, "fold_case", "false"));
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
            mark_verify(row, keyring, id_of(row));
        else if (strcmp(row->operation, "mark verify envelope id") == 0)
            mark_verify(row, keyring, batv_text_of(NULL));
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
