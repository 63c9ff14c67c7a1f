/* `nmf fetch olivetti` from a server on this machine and from a local file, into a cache of the
 * test's own. */
#include "http_server.h"
#include "io/files/sha256.h"
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <matio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FACES = 400, SIDE = 64, PIXELS = SIDE * SIDE };

typedef struct scene {
    char cache[4096]; /* XDG_CACHE_HOME, absolute; does not exist yet */
    char npz[4200], part[4200];
    char *directory;
    nmf_io_fetch_options options;
} scene;

static int set_scene(void **state)
{
    setenv("no_proxy", "127.0.0.1", 1);
    scene *const now = calloc(1, sizeof *now);
    assert_non_null(now);
    now->directory = new_directory();
    assert_non_null(getcwd(now->cache, sizeof now->cache / 2));
    snprintf(now->cache + strlen(now->cache), 64, "/%s/cache", now->directory);
    setenv("XDG_CACHE_HOME", now->cache, 1);
    snprintf(now->npz, sizeof now->npz, "%s/nmfkit/olivetti.npz", now->cache);
    snprintf(now->part, sizeof now->part, "%s/nmfkit/olivettifaces.mat.part", now->cache);
    now->options.struct_bytes = sizeof now->options;
    *state = now;
    return 0;
}

static int clear_scene(void **state)
{
    scene *const now = *state;
    remove_directory(now->directory);
    free(now);
    return 0;
}

/* Pixel (y, x) of face i. */
static uint8_t pixel_of(int i, int y, int x)
{
    return (uint8_t)(7 * i + 3 * y + x * x);
}

/* Writes faces as MATLAB does, `rows` x FACES, each column a picture that runs down its columns. */
static char *put_mat(const scene *now, const char *name, size_t rows)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", now->directory, name);
    uint8_t *const faces = calloc(FACES, rows);
    assert_non_null(faces);
    for (int i = 0; i < FACES; i++) {
        for (int p = 0; p < PIXELS && p < (int)rows; p++)
            faces[(size_t)i * rows + (size_t)p] = pixel_of(i, p % SIDE, p / SIDE);
    }
    size_t sizes[2] = {rows, FACES};
    mat_t *const file = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    assert_non_null(file);
    matvar_t *const variable =
        Mat_VarCreate("faces", MAT_C_UINT8, MAT_T_UINT8, 2, sizes, faces, MAT_F_DONT_COPY_DATA);
    assert_int_equal(Mat_VarWrite(file, variable, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(variable);
    Mat_Close(file);
    free(faces);
    return strdup(path);
}

static void assert_upright_faces(const char *path)
{
    nmf_matrix *faces = NULL;
    nmf_error error = {NMF_OK, ""};
    if (nmf_io_read(path, NULL, &faces, &error) != NMF_OK) fail_msg("%s", error.message);
    assert_int_equal(nmf_matrix_rows(faces), FACES);
    assert_int_equal(nmf_matrix_columns(faces), PIXELS);
    assert_int_equal(nmf_matrix_dtype(faces), NMF_U8);
    for (int i = 0; i < FACES; i += 57) {
        for (int p = 0; p < PIXELS; p++)
            assert_true(nmf_matrix_at(faces, i, p) == pixel_of(i, p / SIDE, p % SIDE));
    }
    if (strstr(path, ".npz") != NULL) { /* which can say what a row is */
        assert_int_equal(nmf_matrix_image_height(faces), SIDE);
        assert_int_equal(nmf_matrix_image_width(faces), SIDE);
        assert_string_equal(nmf_matrix_name(faces, NMF_LABELS, 9), "person-01");
        assert_string_equal(nmf_matrix_name(faces, NMF_LABELS, FACES - 1), "person-40");
    }
    nmf_matrix_free(faces);
}

static void assert_fetches(const scene *now)
{
    nmf_error error = {NMF_OK, ""};
    if (nmf_io_fetch_olivetti(&now->options, &error) != NMF_OK) fail_msg("%s", error.message);
}

static void assert_fails(const scene *now, nmf_status status, const char *sentence)
{
    nmf_error error = {NMF_OK, ""};
    assert_int_equal(nmf_io_fetch_olivetti(&now->options, &error), status);
    if (strstr(error.message, sentence) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", sentence, error.message);
    assert_int_equal(access(now->npz, F_OK), -1);
}

static void the_download_becomes_an_upright_file_in_the_cache(void **state)
{
    scene *const now = *state;
    char *const mat = put_mat(now, "faces.mat", PIXELS);
    size_t count;
    unsigned char *const content = bytes_of(mat, &count);
    char sha256[NMFI_SHA256_TEXT_BYTES];
    assert_int_equal(nmfi_sha256_file(mat, sha256, NULL), NMF_OK);
    http_server *const server = http_start(HTTP_CUTS, content, count);
    now->options.url = http_url(server);
    now->options.sha256 = sha256;
    assert_fails(now, NMF_ERROR_NETWORK, "the next one goes on there");
    assert_int_equal(access(now->part, F_OK), 0);
    http_behave(server, HTTP_SERVES);
    assert_fetches(now);
    assert_int_equal(http_last_range(server), count / 2);
    assert_upright_faces(now->npz);
    assert_int_equal(access(now->part, F_OK), -1);
    http_stop(server);
    free(content);
    free(mat);
}

static void a_local_file_is_converted_without_a_connection(void **state)
{
    scene *const now = *state;
    char *const mat = put_mat(now, "faces.mat", PIXELS);
    char output[4096];
    snprintf(output, sizeof output, "%s/here.npy", now->directory);
    now->options.from = mat;
    now->options.url = "http://127.0.0.1:1/";
    now->options.output = output;
    assert_fetches(now);
    assert_upright_faces(output);
    assert_int_equal(access(now->cache, F_OK), -1);
    now->options.output = NULL;
    assert_fetches(now);
    assert_upright_faces(now->npz);
    free(mat);
}

static void another_file_is_refused(void **state)
{
    scene *const now = *state;
    char *const mat = put_mat(now, "faces.mat", 100);
    now->options.from = mat;
    assert_fails(now, NMF_ERROR_SHAPE, "100");
    char *const text = put_file(now->directory, "text.mat", "no faces here\n", 14);
    now->options.from = text;
    nmf_error error;
    assert_int_not_equal(nmf_io_fetch_olivetti(&now->options, &error), NMF_OK);
    assert_non_null(strstr(error.message, "text.mat"));
    now->options.from = "missing.mat";
    assert_fails(now, NMF_ERROR_FILE, "missing.mat");
    free(text);
    free(mat);
}

static void offline_the_sentence_names_the_host_and_the_way_out(void **state)
{
    scene *const now = *state;
    now->options.url = "http://127.0.0.1:1/faces";
    assert_fails(now, NMF_ERROR_NETWORK, "could not reach 127.0.0.1:1: ");
    assert_fails(now, NMF_ERROR_NETWORK, "; give --from FILE if you have olivettifaces.mat");
    assert_int_equal(access(now->part, F_OK), -1);
}

static void a_conversion_that_fails_keeps_the_download(void **state)
{
    scene *const now = *state;
    char *const mat = put_mat(now, "faces.mat", PIXELS);
    size_t count;
    unsigned char *const content = bytes_of(mat, &count);
    char sha256[NMFI_SHA256_TEXT_BYTES];
    assert_int_equal(nmfi_sha256_file(mat, sha256, NULL), NMF_OK);
    http_server *const server = http_start(HTTP_SERVES, content, count);
    now->options.url = http_url(server);
    now->options.sha256 = sha256;
    now->options.output = "no-such-directory/olivetti.npy";
    assert_fails(now, NMF_ERROR_FILE, "no-such-directory/");
    now->options.output = NULL;
    assert_fetches(now);
    assert_int_equal(http_requests(server), 1);
    assert_upright_faces(now->npz);
    http_stop(server);
    free(content);
    free(mat);
}

static void the_cache_follows_xdg(void **state)
{
    (void)state;
    char *path = NULL;
    setenv("HOME", "/home/somebody", 1);
    setenv("XDG_CACHE_HOME", "/elsewhere", 1);
    assert_int_equal(nmf_io_cache_path("a.npy", &path, NULL), NMF_OK);
    assert_string_equal(path, "/elsewhere/nmfkit/a.npy");
    free(path);
    setenv("XDG_CACHE_HOME", "relative", 1); /* to be ignored, says the specification */
    assert_int_equal(nmf_io_cache_path("a.npy", &path, NULL), NMF_OK);
    assert_string_equal(path, "/home/somebody/.cache/nmfkit/a.npy");
    free(path);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    nmf_error error;
    assert_int_equal(nmf_io_cache_path("a.npy", &path, &error), NMF_ERROR_FILE);
    assert_null(path);
    assert_non_null(strstr(error.message, "neither XDG_CACHE_HOME nor HOME is set"));
}

static void the_published_file_gives_the_known_pixels(void **state)
{
    scene *const now = *state;
    const char *const data = getenv("NMFKIT_TEST_DATA");
    if (data == NULL || *data == 0) {
        print_message("skipped: NMFKIT_TEST_DATA is not set\n");
        skip();
    }
    char mat[4096], known[4096];
    snprintf(mat, sizeof mat, "%s/olivetti/olivettifaces.mat", data);
    snprintf(known, sizeof known, "%s/olivetti/olivetti.npy", data);
    now->options.from = mat;
    assert_fetches(now);
    nmf_matrix *fetched = NULL;
    assert_int_equal(nmf_io_read(now->npz, NULL, &fetched, NULL), NMF_OK);
    size_t count;
    unsigned char *const wanted = bytes_of(known, &count);
    assert_int_equal(count, 128 + FACES * PIXELS); /* NumPy's header, and the pixels in row order */
    assert_memory_equal(nmf_matrix_dense(fetched).data, wanted + 128, FACES * PIXELS);
    free(wanted);
    nmf_matrix_free(fetched);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_scene, clear_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(the_download_becomes_an_upright_file_in_the_cache),
        WITH_SCENE(a_local_file_is_converted_without_a_connection),
        WITH_SCENE(another_file_is_refused),
        WITH_SCENE(offline_the_sentence_names_the_host_and_the_way_out),
        WITH_SCENE(a_conversion_that_fails_keeps_the_download),
        WITH_SCENE(the_published_file_gives_the_known_pixels),
        cmocka_unit_test(the_cache_follows_xdg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
