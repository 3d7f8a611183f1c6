/* Eight threads sign, verify and judge with one keyring and one message while a ninth changes the keys. */
#include <pthread.h>

#include "expect.h"

enum { SIGNERS = 8, ROUNDS = 500 };

static const char OLD[] = "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\n"
                          "state = \"signing\"\n";
static const char NEW[] = "[[key]]\nuse = \"batv\"\nid = 1\nalgorithm = \"hmac-sha256\"\nsecret = \"text:other\"\n"
                          "state = \"signing\"\n"
                          "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\n"
                          "state = \"verifying\"\n";
static const char WRONG[] = "[[key]]\nuse = \"nothing\"\n";
static const char BY_OLD[] = "prvs=0269b1e711=alice@example.com";

/* With a mark by the old key. */
static const char BOUNCE[] = "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message:\n\n"
                             "Message-ID: <1@example.com>\nX-BATV-Mark: 1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr\n"
                             "From: alice@example.com\nTo: bob@example.net\n";

static batv_keyring *keyring;
static batv_settings *settings;
static batv_message *message;

static void *sign(void *failed) {
    int round;
    for (round = 0; round < ROUNDS; round++) {
        char tagged[BATV_ADDRESS_SIZE], mailbox[BATV_ADDRESS_SIZE];
        batv_buffer tag = BATV_BUFFER(tagged), text = BATV_BUFFER(mailbox);
        batv_signing signing = BATV_INIT(batv_signing);
        batv_verification found = BATV_INIT(batv_verification);
        batv_judgement judgement = BATV_INIT(batv_judgement);
        batv_envelope bounce = envelope_of(TEXT("<>"), TEXT("alice@example.com"));
        batv_result result = batv_sign(keyring, NULL, TEXT("alice@example.com"), NOON, &tag, &signing);
        int right = result == BATV_RESULT_OK &&
                    (signing.key_id == 0 ? strcmp(tagged, BY_OLD) == 0 : strncmp(tagged, "prvs=1269", 9) == 0);
        /* Both keyrings verify what the old key has signed. */
        result = batv_verify(keyring, TEXT(BY_OLD), NOON, &found, &text);
        right = right && result == BATV_RESULT_OK && found.verdict == BATV_TAG_VERDICT_VALID &&
                strcmp(mailbox, "alice@example.com") == 0;
        if (round % 10 == 0) {
            result = batv_judge_message(keyring, settings, message, &bounce, NOON, &judgement, NULL);
            right = right && result == BATV_RESULT_OK && judgement.reason == BATV_REASON_ORIGINAL_PROVED;
        }
        /* The message of an error is the thread's own. */
        result = batv_verify(keyring, TEXT("@"), NOON, &found, NULL);
        right = right && result == BATV_RESULT_MALFORMED &&
                batv_error_message(&text) == BATV_RESULT_OK &&
                strstr(mailbox, "empty local part") != NULL;
        if (!right)
            *(int *)failed += 1;
    }
    return NULL;
}

static void *reload(void *failed) {
    int round;
    for (round = 0; round < ROUNDS; round++) {
        if (batv_keyring_reload(keyring, TEXT(NEW)) != BATV_RESULT_OK ||
            batv_keyring_reload(keyring, TEXT(WRONG)) != BATV_RESULT_KEYRING ||
            batv_keyring_reload(keyring, TEXT(OLD)) != BATV_RESULT_OK)
            *(int *)failed += 1;
    }
    return NULL;
}

int main(void) {
    pthread_t threads[SIGNERS + 1];
    int failed[SIGNERS + 1] = {0}, at;
    keyring = keyring_of(OLD);
    EXPECT_RESULT(BATV_RESULT_OK, batv_settings_new(&settings));
    EXPECT_RESULT(BATV_RESULT_OK, batv_message_new(TEXT(BOUNCE), TEXT("<>"), 0, &message));
    for (at = 0; at <= SIGNERS; at++)
        EXPECT(pthread_create(&threads[at], NULL, at < SIGNERS ? sign : reload, &failed[at]) == 0);
    for (at = 0; at <= SIGNERS; at++) {
        EXPECT(pthread_join(threads[at], NULL) == 0);
        EXPECT(failed[at] == 0);
    }
    batv_message_free(message);
    batv_settings_free(settings);
    batv_keyring_free(keyring);
    return failures != 0;
}
