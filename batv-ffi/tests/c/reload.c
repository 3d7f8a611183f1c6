/* A keyring file that changes: `reload FILE`, in a folder of its own. */
#include <sys/stat.h>

#include "expect.h"

static const char *path;

static void write_file(const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    EXPECT(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, mode) == 0);
}

static int key_id(const batv_keyring *keyring) {
    batv_signing signing = BATV_INIT(batv_signing);
    EXPECT_RESULT(BATV_RESULT_OK, batv_sign(keyring, NULL, TEXT("alice@example.com"), NOON, NULL, &signing));
    return signing.key_id;
}

int main(int argc, char *argv[]) {
    static const char first[] = "[[key]]\nuse = \"batv\"\nid = 1\nsecret = \"text:one\"\nstate = \"signing\"\n";
    static const char second[] = "[[key]]\nuse = \"batv\"\nid = 2\nsecret = \"text:two\"\nstate = \"signing\"\n";
    batv_keyring *keyring;
    char message[512];
    batv_buffer buffer = BATV_BUFFER(message);
    if (argc != 2)
        return 2;
    path = argv[1];
    write_file(first, 0600);
    EXPECT_RESULT(BATV_RESULT_OK, batv_keyring_new_from_file(path, BATV_PERMISSIONS_PRIVATE, &keyring));
    EXPECT(key_id(keyring) == 1);
    write_file(second, 0600);
    EXPECT(key_id(keyring) == 1);
    EXPECT_RESULT(BATV_RESULT_OK, batv_keyring_reload(keyring, batv_text_of(NULL)));
    EXPECT(key_id(keyring) == 2);

    /* The old keys stay when the new ones are wrong, open to others, or gone. */
    write_file("[[key]]\nuse = \"batv\"\nid = 12\n", 0600);
    EXPECT_RESULT(BATV_RESULT_KEYRING, batv_keyring_reload(keyring, batv_text_of(NULL)));
    EXPECT_RESULT(BATV_RESULT_OK, batv_error_message(&buffer));
    EXPECT(strstr(message, path) != NULL && strstr(message, "line 3, column 6: `id` must be") != NULL);
    write_file(first, 0640);
    EXPECT_RESULT(BATV_RESULT_PERMISSIONS, batv_keyring_reload(keyring, batv_text_of(NULL)));
    EXPECT(remove(path) == 0);
    EXPECT_RESULT(BATV_RESULT_IO, batv_keyring_reload(keyring, batv_text_of(NULL)));
    EXPECT(key_id(keyring) == 2);
    batv_keyring_free(keyring);

    write_file(first, 0644);
    EXPECT_RESULT(BATV_RESULT_PERMISSIONS, batv_keyring_new_from_file(path, BATV_PERMISSIONS_PRIVATE, &keyring));
    EXPECT(keyring == NULL);
    EXPECT_RESULT(BATV_RESULT_OK, batv_keyring_new_from_file(path, BATV_PERMISSIONS_ALLOW_READABLE, &keyring));
    EXPECT(key_id(keyring) == 1);
    batv_keyring_free(keyring);
    return failures != 0;
}
