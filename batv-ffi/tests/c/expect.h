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
                    batv_text(result_), batv_text(expected), #call);                       \
            failures++;                                                                    \
        }                                                                                  \
    } while (0)

/* Noon of 2020-01-01, day 18262. */
#define NOON ((int64_t)18262 * 86400 + 43200)

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
