/* SHA-256 of files, by OpenSSL. */
#include "sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static int digest_stream(FILE *stream, EVP_MD_CTX *digest)
{
    unsigned char block[16384];
    size_t got;
    while ((got = fread(block, 1, sizeof block, stream)) > 0) {
        if (!EVP_DigestUpdate(digest, block, got)) return 0;
    }
    return 1;
}

nmf_status nmfi_sha256_file(const char *path, char text[NMFI_SHA256_TEXT_BYTES], nmf_error *error)
{
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned int bytes = 0;
    nmf_status status = NMF_OK;
    EVP_MD_CTX *const digest = EVP_MD_CTX_new();
    FILE *const stream = fopen(path, "rbe");
    if (stream == NULL)
        status = nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    else if (digest == NULL || !EVP_DigestInit_ex(digest, EVP_sha256(), NULL) ||
             !digest_stream(stream, digest) || !EVP_DigestFinal_ex(digest, value, &bytes))
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: the checksum cannot be computed", path);
    else if (ferror(stream))
        status = nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read", path);
    for (unsigned int i = 0; status == NMF_OK && i < bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", value[i]);
    if (stream != NULL) fclose(stream);
    EVP_MD_CTX_free(digest);
    return status;
}
