/* What the picture tests share. */
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

const char *golden_path(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests/io/golden/pictures/%s", NMFKIT_SOURCE_DIR, name);
    return path;
}

unsigned char *bytes_of(const char *path, size_t *count)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s", path);
    fseek(file, 0, SEEK_END);
    *count = (size_t)ftell(file);
    rewind(file);
    unsigned char *const bytes = malloc(*count + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *count, file), *count);
    fclose(file);
    return bytes;
}

void assert_golden_picture(const char *name, nmf_dtype dtype)
{
    nmf_error error = {NMF_OK, ""};
    nmfi_picture picture;
    if (nmfi_picture_load(golden_path(name), &picture, &error) != NMF_OK)
        fail_msg("%s", error.message);
    char expected_name[64];
    snprintf(expected_name, sizeof expected_name, "%.*s.expected", (int)strcspn(name, "."), name);
    size_t count;
    unsigned char *const expected = bytes_of(golden_path(expected_name), &count);
    assert_int_equal(picture.width, GOLDEN_WIDTH);
    assert_int_equal(picture.height, GOLDEN_HEIGHT);
    assert_int_equal(picture.dtype, dtype);
    assert_int_equal(count, GOLDEN_PIXELS * nmf_dtype_bytes(dtype));
    for (int i = 0; i < GOLDEN_PIXELS; i++) {
        const int wide = dtype == NMF_U16;
        const int found = wide ? ((uint16_t *)picture.grey)[i] : ((uint8_t *)picture.grey)[i];
        const int wanted = wide ? expected[2 * i] | expected[2 * i + 1] << 8 : expected[i];
        if (found != wanted)
            fail_msg("%s: pixel %d is %d, the other program saw %d", name, i, found, wanted);
    }
    free(expected);
    nmfi_picture_clear(&picture);
}

char *new_directory(void)
{
    char *const directory = strdup("scratch-XXXXXX");
    assert_non_null(directory);
    assert_non_null(mkdtemp(directory));
    return directory;
}

static void remove_below(const char *directory)
{
    DIR *const entries = opendir(directory);
    assert_non_null(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        struct stat about;
        assert_int_equal(lstat(path, &about), 0);
        if (S_ISDIR(about.st_mode)) remove_below(path);
        assert_int_equal(remove(path), 0);
    }
    closedir(entries);
}

void remove_directory(char *directory)
{
    remove_below(directory);
    assert_int_equal(rmdir(directory), 0);
    free(directory);
}

char *put_file(const char *directory, const char *name, const void *bytes, size_t count)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    for (char *slash = strchr(path + strlen(directory) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *const file = fopen(path, "wb");
    if (file == NULL) fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    return strdup(path);
}

void put_pgm(const char *directory, const char *name, int width, int height, int value)
{
    const size_t pixels = (size_t)width * (size_t)height;
    char *const bytes = malloc(64 + pixels);
    assert_non_null(bytes);
    const int header = snprintf(bytes, 64, "P5\n%d %d\n255\n", width, height);
    memset(bytes + header, value, pixels);
    free(put_file(directory, name, bytes, (size_t)header + pixels));
    free(bytes);
}
