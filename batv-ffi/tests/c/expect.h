/* What the tests in C share. */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batv.h"

static int failures;

/* Goes on after a failure, so that one run shows all of them. */
#define EXPECT(condition)                                                                  \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);        \
            failures++;                                                                    \
        }                                                                                  \
    } while (0)

#define EXPECT_RESULT(expected, call)                                                      \
    do {                                                                                   \
        batv_result result_ = (call);                                                      \
        if (result_ != (expected)) {                                                       \
            fprintf(stderr, "%s:%d: %s, not %s: %s\n", __FILE__, __LINE__,                 \
                    batv_code_text(result_), batv_code_text(expected), #call);                       \
            failures++;                                                                    \
        }                                                                                  \
    } while (0)

/* Noon of 2020-01-01, day 18262. */
#define NOON ((int64_t)18262 * 86400 + 43200)

/* Octets as a text: those of a literal without its NUL, or any. */
#define TEXT(literal) octets_of(literal, sizeof(literal) - 1)

static inline batv_text octets_of(const char *data, size_t length) {
    batv_text text;
    text.data = data;
    text.length = length;
    return text;
}

static inline batv_envelope envelope_of(batv_text from, batv_text to) {
    batv_envelope envelope = BATV_INIT(batv_envelope);
    envelope.reverse_path = from;
    envelope.forward_path = to;
    return envelope;
}

static inline batv_keyring *keyring_of(const char *text) {
    batv_keyring *keyring;
    EXPECT_RESULT(BATV_RESULT_OK, batv_keyring_new_from_text(batv_text_of(text), &keyring));
    return keyring;
}

/* Settings are lines of a name, a space and a value. */
static inline void set_all(batv_settings *settings, const char *lines) {
    char name[64], value[1024];
    int read;
    while (sscanf(lines, "%63s %1023[^\n]%n", name, value, &read) == 2) {
        EXPECT_RESULT(BATV_RESULT_OK, batv_settings_set(settings, name, value));
        lines += read;
    }
}

#endif
