/* A stranger's program: factorizes a small matrix with the installed headers and libraries and
 * checks that the core and nmfkit-io both answer. Built by test_install.sh, through pkg-config and
 * find_package. */
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    nmf_matrix *swimmer = NULL;
    nmf_model *model = NULL;
    nmf_error error;
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 17;

    nmf_status status = nmf_io_generate_swimmer(&swimmer, &error);
    if (status == NMF_OK) status = nmf_fit(swimmer, &options, &model, &error);
    if (status != NMF_OK) {
        fprintf(stderr, "consumer: %s\n", error.message);
    } else {
        const nmf_dense H = nmf_matrix_dense(nmf_model_view(model)->H);
        printf("nmfkit %s: H is %d x %d\n", nmf_version(), (int)H.rows, (int)H.columns);
        if (H.rows != 17 || H.columns != 1024 || strcmp(nmf_version(), EXPECTED_VERSION) != 0)
            status = NMF_ERROR_SHAPE;
    }
    nmf_model_free(model);
    nmf_matrix_free(swimmer);
    return status == NMF_OK ? 0 : 1;
}
