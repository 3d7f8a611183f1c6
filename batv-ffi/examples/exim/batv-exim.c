/* Exim signs and checks by libbatv: functions for ${dlfunc{FILE}{FUNCTION}{ARGUMENT}...}.
 *
 *   cc -O2 -shared -fPIC -o batv-exim.so batv-exim.c $(pkg-config --cflags --libs batv)
 *
 * Exim runs each connection and each delivery in a process of its own, with one thread, so what is loaded here is
 * loaded anew by the next one: a new keyring needs no reload. */
#define _POSIX_C_SOURCE 200809L
#include <batv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a function answers (local_scan.h of Exim). */
enum { OK = 0, DEFER = 1, FAIL = 2, ERROR = 3, FAIL_FORCED = 4 };

int batv_exim_sign(unsigned char **yield, int argc, unsigned char *argv[]);
int batv_exim_check(unsigned char **yield, int argc, unsigned char *argv[]);
int batv_exim_recipient(unsigned char **yield, int argc, unsigned char *argv[]);

/* Exim copies what is here before it calls again. */
static char answer[4 * BATV_ADDRESS_SIZE];

static int fail(unsigned char **yield, const char *what) {
    snprintf(answer, sizeof answer, "%s", what);
    *yield = (unsigned char *)answer;
    return ERROR;
}

/* Exim puts the message into its panic log, and the mail waits. */
static int defer(unsigned char **yield) {
    batv_buffer message = BATV_BUFFER(answer);
    if (batv_error_message(&message) != BATV_RESULT_OK)
        return fail(yield, "libbatv: no message");
    *yield = (unsigned char *)answer;
    return DEFER;
}

/* The keyring of this file. */
static const batv_keyring *keyring_of(const char *file) {
    static batv_keyring *keyring;
    static char loaded[4096];
    if (keyring != NULL && strcmp(loaded, file) == 0)
        return keyring;
    batv_keyring_free(keyring);
    keyring = NULL;
    if (batv_keyring_new_from_file(file, BATV_PERMISSIONS_PRIVATE, &keyring) == BATV_RESULT_OK)
        snprintf(loaded, sizeof loaded, "%s", file);
    return keyring;
}

/* Settings from `NAME=VALUE; NAME=VALUE`. */
static const batv_settings *settings_of(const char *text) {
    static batv_settings *settings;
    static char made[4096];
    char words[4096], *setting, *rest;
    if (settings != NULL && strcmp(made, text) == 0)
        return settings;
    batv_settings_free(settings);
    settings = NULL;
    if (strlen(text) >= sizeof words || batv_settings_new(&settings) != BATV_RESULT_OK)
        return NULL;
    strcpy(words, text);
    for (setting = strtok_r(words, ";", &rest); setting != NULL; setting = strtok_r(NULL, ";", &rest)) {
        char *value = strchr(setting, '=');
        setting += strspn(setting, " ");
        if (value != NULL)
            *value++ = '\0';
        if (batv_settings_set(settings, setting, value == NULL ? "" : value) != BATV_RESULT_OK) {
            batv_settings_free(settings);
            settings = NULL;
            return NULL;
        }
    }
    strcpy(made, text);
    return settings;
}

/* {KEYRING}{SENDER}: the sender to use. What has no room for a tag stays as it is. */
int batv_exim_sign(unsigned char **yield, int argc, unsigned char *argv[]) {
    const batv_keyring *keyring;
    batv_buffer sender = BATV_BUFFER(answer);
    batv_signing signing = BATV_INIT(batv_signing);
    batv_result result;
    if (argc != 2)
        return fail(yield, "batv_exim_sign needs a keyring and a sender");
    keyring = keyring_of((const char *)argv[0]);
    if (keyring == NULL)
        return defer(yield);
    *yield = argv[1];
    result = batv_sign(keyring, NULL, batv_text_of((const char *)argv[1]), 0, &sender, &signing);
    if (result == BATV_RESULT_TOO_LONG || result == BATV_RESULT_MALFORMED)
        return OK;
    if (result != BATV_RESULT_OK)
        return defer(yield);
    /* What stays as it is, Exim has in its own spelling, in which the null path is empty. */
    if (signing.change == BATV_CHANGE_TAGGED)
        *yield = (unsigned char *)answer;
    return OK;
}

static uint32_t earlier_of(const char *name) {
    if (strcmp(name, "undecided") == 0)
        return BATV_EARLIER_UNDECIDED;
    return strcmp(name, "settled") == 0 ? BATV_EARLIER_SETTLED : BATV_EARLIER_NONE;
}

/* {KEYRING}{SETTINGS}{SENDER}{RECIPIENT}{rcpt or data}{EARLIER}: fields for ${extract{NAME}{...}}: `disposition`,
 * `verdict`, `reason`, `reply`, `settled` (0 or 1), and `earlier`, to be given for the next recipient. */
int batv_exim_check(unsigned char **yield, int argc, unsigned char *argv[]) {
    const batv_keyring *keyring;
    const batv_settings *settings;
    batv_envelope envelope = BATV_INIT(batv_envelope);
    batv_judgement judgement = BATV_INIT(batv_judgement);
    if (argc != 6)
        return fail(yield, "batv_exim_check needs a keyring, settings, a sender, a recipient, a stage and what was earlier");
    keyring = keyring_of((const char *)argv[0]);
    settings = keyring == NULL ? NULL : settings_of((const char *)argv[1]);
    if (settings == NULL)
        return defer(yield);
    envelope.reverse_path = batv_text_of((const char *)argv[2]);
    envelope.forward_path = batv_text_of((const char *)argv[3]);
    envelope.stage = strcmp((const char *)argv[4], "data") == 0 ? BATV_STAGE_END_OF_DATA : BATV_STAGE_RCPT_TO;
    envelope.earlier = earlier_of((const char *)argv[5]);
    if (batv_check(keyring, settings, &envelope, 0, &judgement, NULL) != BATV_RESULT_OK)
        return defer(yield);
    snprintf(answer, sizeof answer, "disposition=%s verdict=%s reason=%s settled=%u earlier=%s reply=\"%s\"",
             batv_code_text(judgement.disposition), batv_code_text(judgement.verdict), batv_code_text(judgement.reason),
             (unsigned)judgement.settled, batv_code_text(judgement.earlier), judgement.reply);
    *yield = (unsigned char *)answer;
    return OK;
}

/* {KEYRING}{RECIPIENT}: the recipient without a tag of ours, be it expired: somebody may use it as an address. A router
 * declines what has no such tag, so that a forged one does not make a mailbox known. */
int batv_exim_recipient(unsigned char **yield, int argc, unsigned char *argv[]) {
    const batv_keyring *keyring;
    batv_buffer mailbox = BATV_BUFFER(answer);
    batv_verification found = BATV_INIT(batv_verification);
    batv_result result;
    if (argc != 2)
        return fail(yield, "batv_exim_recipient needs a keyring and a recipient");
    keyring = keyring_of((const char *)argv[0]);
    if (keyring == NULL)
        return defer(yield);
    result = batv_verify(keyring, batv_text_of((const char *)argv[1]), 0, &found, &mailbox);
    if (result == BATV_RESULT_MALFORMED)
        return FAIL_FORCED;
    if (result != BATV_RESULT_OK)
        return defer(yield);
    if (found.verdict != BATV_TAG_VERDICT_VALID && found.verdict != BATV_TAG_VERDICT_EXPIRED)
        return FAIL_FORCED;
    *yield = (unsigned char *)answer;
    return OK;
}
