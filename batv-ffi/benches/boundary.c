/* Nanoseconds of each call through the ABI, and of OpenSSL's one-shot HMAC, the least of several rounds. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "batv.h"

/* Written out, so that the library alone will do, without its headers. */
typedef struct evp_md_st EVP_MD;
const EVP_MD *EVP_sha1(void);
unsigned char *HMAC(const EVP_MD *, const void *, int, const unsigned char *, size_t, unsigned char *, unsigned *);

enum { COUNT = 20000, ROUNDS = 20 };

/* Noon of 2026-11-24. */
#define NOON ((int64_t)20781 * 86400 + 43200)

static const char KEYS[] =
    "[[key]]\nuse = \"batv\"\nid = 0\nalgorithm = \"hmac-sha1\"\nsecret = \"text:s3kr1t\"\nstate = \"signing\"\n"
    "[[key]]\nuse = \"srs\"\nalgorithm = \"hmac-sha1\"\nsecret = \"text:tops3cr3t\"\nstate = \"signing\"\n";
static const char ALICE[] = "alice.example@mail.example.com";
static char tagged_text[BATV_ADDRESS_SIZE], rewritten_text[BATV_ADDRESS_SIZE];
static batv_text alice = {ALICE, sizeof ALICE - 1}, tagged = {tagged_text, 0}, rewritten = {rewritten_text, 0};
static batv_keyring *keyring;
static batv_settings *settings;

static int sign(int64_t now) {
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    return batv_sign(keyring, NULL, alice, now, &buffer, NULL) != BATV_RESULT_OK;
}

static int sign_at_noon(void) { return sign(NOON); }

static int sign_now(void) { return sign(0); }

static int verify(void) {
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    batv_verification found = BATV_INIT(batv_verification);
    batv_result result = batv_verify(keyring, tagged, NOON, &found, &buffer);
    return result != BATV_RESULT_OK || found.verdict != BATV_TAG_VERDICT_VALID;
}

static int unwrap(void) {
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    return batv_unwrap(tagged, 0, 0, NULL, &buffer) != BATV_RESULT_OK;
}

static int forward(void) {
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    return batv_srs_forward(keyring, settings, alice, NOON, &buffer, NULL) != BATV_RESULT_OK;
}

static int reverse(void) {
    char text[BATV_ADDRESS_SIZE];
    batv_buffer buffer = BATV_BUFFER(text);
    batv_tag_verdict verdict;
    batv_result result = batv_srs_reverse(keyring, settings, rewritten, NOON, &verdict, &buffer);
    return result != BATV_RESULT_OK || verdict != BATV_TAG_VERDICT_VALID;
}

static int hmac(void) {
    unsigned char mac[64];
    unsigned length;
    return HMAC(EVP_sha1(), "s3kr1t", 6, (const unsigned char *)"0788alice.example@mail.example.com", 34, mac,
                &length) == NULL;
}

static void measure(const char *name, int (*call)(void)) {
    double least = 1e18;
    int round, at, failed = 0;
    for (round = 0; round < ROUNDS; round++) {
        struct timespec start, end;
        double each;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (at = 0; at < COUNT; at++)
            failed += call();
        clock_gettime(CLOCK_MONOTONIC, &end);
        each = ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / COUNT;
        if (each < least)
            least = each;
    }
    printf("%s\t%f\n", failed ? "failed" : name, least);
}

int main(void) {
    batv_buffer tag = BATV_BUFFER(tagged_text), sender = BATV_BUFFER(rewritten_text);
    if (batv_keyring_new_from_text(batv_text_of(KEYS), &keyring) != BATV_RESULT_OK ||
        batv_settings_new(&settings) != BATV_RESULT_OK ||
        batv_settings_set(settings, "srs_domains", "forwarder.example.net") != BATV_RESULT_OK ||
        batv_sign(keyring, NULL, alice, NOON, &tag, NULL) != BATV_RESULT_OK ||
        batv_srs_forward(keyring, settings, alice, NOON, &sender, NULL) != BATV_RESULT_OK)
        return 1;
    tagged.length = tag.length;
    rewritten.length = sender.length;
    measure("sign", sign_at_noon);
    measure("sign, the time from the system", sign_now);
    measure("verify", verify);
    measure("unwrap", unwrap);
    measure("SRS forward", forward);
    measure("SRS reverse", reverse);
    measure("OpenSSL HMAC(), one-shot", hmac);
    batv_settings_free(settings);
    batv_keyring_free(keyring);
    return 0;
}
