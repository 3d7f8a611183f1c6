/* Shows that a program finds the installed library, and that the two belong together. */
#include <batv.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    char tagged[BATV_ADDRESS_SIZE], mailbox[BATV_ADDRESS_SIZE];
    batv_buffer tag = BATV_BUFFER(tagged), found = BATV_BUFFER(mailbox);
    batv_verification verified = BATV_INIT(batv_verification);
    batv_keyring *keyring;
    if (batv_abi_version() != BATV_ABI_VERSION ||
        batv_keyring_new_from_key(batv_text_of("s3kr1t"), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0, &keyring) !=
            BATV_RESULT_OK ||
        batv_sign(keyring, NULL, batv_text_of("alice@example.com"), 0, &tag, NULL) != BATV_RESULT_OK ||
        batv_verify(keyring, batv_text_of(tagged), 0, &verified, &found) != BATV_RESULT_OK ||
        verified.verdict != BATV_TAG_VERDICT_VALID || strcmp(mailbox, "alice@example.com") != 0)
        return 1;
    batv_keyring_free(keyring);
    printf("%s\n", batv_version());
    return 0;
}
