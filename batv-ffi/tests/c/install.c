/* Shows that a program finds the installed library, and that the two belong together. */
#include <batv.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    char tagged[BATV_ADDRESS_SIZE], mailbox[BATV_ADDRESS_SIZE];
    batv_keyring *keyring;
    batv_verification found;
    size_t length;
    if (batv_abi_version() != BATV_ABI_VERSION ||
        batv_keyring_new_from_key("s3kr1t", 6, BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0, &keyring) !=
            BATV_RESULT_OK ||
        batv_sign(keyring, NULL, "alice@example.com", 17, 0, tagged, sizeof tagged, &length, NULL) != BATV_RESULT_OK ||
        batv_verify(keyring, tagged, length, 0, &found, mailbox, sizeof mailbox, NULL) != BATV_RESULT_OK ||
        found.verdict != BATV_TAG_VERDICT_VALID || strcmp(mailbox, "alice@example.com") != 0)
        return 1;
    batv_keyring_free(keyring);
    printf("%s\n", batv_version());
    return 0;
}
