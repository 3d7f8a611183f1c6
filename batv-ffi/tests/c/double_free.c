/* What the header forbids, for AddressSanitizer to catch. */
#include "batv.h"

int main(void) {
    batv_keyring *keyring;
    if (batv_keyring_new_from_key(batv_text_of("s3kr1t"), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0, &keyring) !=
        BATV_RESULT_OK)
        return 1;
    batv_keyring_free(keyring);
    batv_keyring_free(keyring);
    return 0;
}
