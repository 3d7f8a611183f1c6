/* A panic inside the library comes back as a result, on each thread and more than once. */
#include "expect.h"

batv_result batv_inject_panic(void);

int main(void) {
    char text[128];
    batv_buffer message = BATV_BUFFER(text);
    batv_keyring *keyring;
    EXPECT_RESULT(BATV_RESULT_PANIC, batv_inject_panic());
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&message));
    EXPECT(strcmp(text, "internal error of the library: please report it") == 0);
    EXPECT_RESULT(BATV_RESULT_PANIC, batv_inject_panic());
    EXPECT_RESULT(BATV_RESULT_OK, batv_keyring_new_from_key(batv_text_of("s3kr1t"), BATV_USE_BATV, 0, BATV_ALGORITHM_HMAC_SHA1, 0,
                                                            &keyring));
    batv_keyring_free(keyring);
    return failures != 0;
}
