/* A panic inside of the library comes back as a result, on each thread and more than once. */
#include "expect.h"

batv_result batv_inject_panic(void);

int main(void) {
    char message[128];
    batv_keyring *keyring;
    EXPECT_RESULT(BATV_RESULT_PANIC, batv_inject_panic());
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(message, sizeof message, NULL));
    EXPECT(strcmp(message, "an error inside of the library: please report it") == 0);
    EXPECT_RESULT(BATV_RESULT_PANIC, batv_inject_panic());
    EXPECT_RESULT(BATV_RESULT_OK, batv_keyring_new_from_key("s3kr1t", 6, BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0,
                                                            &keyring));
    batv_keyring_free(keyring);
    return failures != 0;
}
