/* Reads SVMlight (LIBSVM) text, plain or gzipped: one line "label index:value index:value ... #
 * note" a sample. Labels are kept as labels. Indices count from 1, or from 0 where a 0 occurs, as
 * scikit-learn's load_svmlight_file decides; "qid:" is passed over. The features are named by their
 * indices, so that other data of the kind can be paired with them.
 *
 * LDA-C (Blei's) looks alike: "pairs index:count index:count ...", indices from 0. Where every line
 * begins with the number of its pairs, not all the same, and has counts only, that is what it is. */
#include "names_beside.h"
#include "readers.h"

#include "io/arrays/sparse_parts.h"
#include "io/arrays/triplets.h"
#include "io/files/number.h"
#include "io/files/text_window.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAMED (1 << 22) /* features that get their index as a name: hashed ones are too many */

/* The label of a line that can be one: numbers and commas. Returns its length, 0 for none. */
static size_t label_length(const char *at, const char *end)
{
    size_t length = 0;
    while (at + length < end && strchr("+-.,0123456789eE", at[length]) != NULL &&
           at[length] != '\0') {
        length++;
    }
    return length;
}

/* The first line that is no comment must have a label and at least one pair of numbers. */
static int recognise(const unsigned char *head, size_t bytes)
{
    const char *at = (const char *)head, *end = at + bytes;
    while (at < end && (*at == '#' || *at == '\n' || *at == '\r')) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        at = line != NULL ? line + 1 : end;
    }
    const size_t label = label_length(at, end);
    at += label;
    if (label == 0 || at == end || *at != ' ') {
        return 0;
    }
    while (at < end && *at == ' ') {
        at++;
    }
    if (end - at > 4 && memcmp(at, "qid:", 4) == 0) {
        return 1;
    }
    size_t digits = 0;
    while (at + digits < end && at[digits] >= '0' && at[digits] <= '9') {
        digits++;
    }
    return digits > 0 && end - at > (ptrdiff_t)digits + 1 && at[digits] == ':' &&
           label_length(at + digits + 1, end) > 0;
}

typedef struct samples {
    const nmfi_read_request *request;
    int is_ldac;     /* the caller said so */
    int may_be_ldac; /* each line begins with the number of its pairs */
    int differ;      /* and these numbers are not all the same, as a lone class would be */
    uint64_t pairs;  /* of the first line */
    nmfi_text_reader *text;
    nmfi_triplets entries;
    int64_t count; /* of samples */
    int64_t largest;
    int any_zero, all_whole;
    char *labels; /* each ended by a zero */
    size_t label_bytes, label_capacity;
    nmf_error *error;
} samples;

static nmf_status add_label(samples *s, const char *label, size_t length)
{
    if (s->label_capacity - s->label_bytes <= length) {
        const size_t wanted = 2 * s->label_capacity + length + 4096;
        char *grown = realloc(s->labels, wanted);
        if (grown == NULL) {
            return nmf_fail(s->error, NMF_ERROR_MEMORY, "%s: out of memory for labels",
                            nmfi_text_reader_path(s->text));
        }
        s->labels = grown;
        s->label_capacity = wanted;
    }
    memcpy(s->labels + s->label_bytes, label, length);
    s->label_bytes += length;
    s->labels[s->label_bytes++] = '\0';
    return NMF_OK;
}

/* "index:value" at *at, which moves behind it. */
static nmf_status take_pair(samples *s, const char **at)
{
    uint64_t index;
    double value;
    const char *begin = *at;
    const char *colon = nmfi_scan_whole(begin, &index);
    if (colon == begin || *colon != ':' || index >= (uint64_t)NMFI_LARGEST_SIDE) {
        return nmfi_text_reader_fail(s->text, begin,
                                     "is not index:value with an index below 2147483647", s->error);
    }
    const char *end = nmfi_skip_word(colon + 1);
    if (nmfi_number_parse(colon + 1, (size_t)(end - colon - 1), '.', &value) != NMFI_NUMBER) {
        return nmfi_text_reader_fail(s->text, begin, "has no number behind the colon", s->error);
    }
    *at = end;
    s->any_zero |= index == 0;
    s->largest = (int64_t)index > s->largest ? (int64_t)index : s->largest;
    s->all_whole =
        s->all_whole && value >= 0.0 && value <= 0x1p53 && value == (double)(int64_t)value;
    return nmfi_triplets_add(&s->entries, (int32_t)s->count, (int32_t)index, value,
                             nmfi_text_reader_path(s->text), s->error);
}

/* A line at `at`; blank ones and comments are no samples. */
static nmf_status take_sample(samples *s, const char *at)
{
    at = nmfi_skip_blanks(at);
    if (*at == '\n' || *at == '#') {
        return NMF_OK;
    }
    const char *end = nmfi_skip_word(at);
    if (label_length(at, end) != (size_t)(end - at)) {
        return nmfi_text_reader_fail(s->text, at, "is not a label, one or more numbers", s->error);
    }
    if (s->count == NMFI_LARGEST_SIDE) {
        return nmf_fail(s->error, NMF_ERROR_UNSUPPORTED, "%s: has more than %" PRId64 " samples",
                        nmfi_text_reader_path(s->text), NMFI_LARGEST_SIDE);
    }
    nmf_status status = add_label(s, at, (size_t)(end - at));
    uint64_t promised;
    const int counted = nmfi_scan_whole(at, &promised) == end;
    const int64_t before = nmfi_triplets_count(&s->entries);
    for (at = nmfi_skip_blanks(end); status == NMF_OK && *at != '\n' && *at != '#';
         at = nmfi_skip_blanks(at)) {
        if (strncmp(at, "qid:", 4) == 0) {
            at = nmfi_skip_word(at);
        } else {
            status = take_pair(s, &at);
        }
    }
    s->count++;
    s->pairs = s->count == 1 ? promised : s->pairs;
    s->differ = s->differ || promised != s->pairs;
    s->may_be_ldac = s->may_be_ldac && counted &&
                     (uint64_t)(nmfi_triplets_count(&s->entries) - before) == promised;
    return status != NMF_OK || !s->is_ldac || s->may_be_ldac
               ? status
               : nmf_fail(s->error, NMF_ERROR_FORMAT,
                          "%s: line %" PRId64 " does not begin with the number of its pairs, as "
                          "LDA-C does",
                          nmfi_text_reader_path(s->text), s->count);
}

static nmf_status set_labels(const samples *s, nmf_matrix *matrix)
{
    const char **list = calloc((size_t)s->count + 1, sizeof *list);
    if (list == NULL) {
        return nmf_fail(s->error, NMF_ERROR_MEMORY, "%s: out of memory for labels",
                        nmfi_text_reader_path(s->text));
    }
    const char *at = s->labels;
    for (int64_t i = 0; i < s->count; i++) {
        list[i] = at;
        at += strlen(at) + 1;
    }
    const nmf_status status = nmf_matrix_set_names(matrix, NMF_LABELS, list, s->error);
    free(list);
    return status;
}

/* The features' indices, as the file has them. */
static nmf_status set_feature_names(const samples *s, int first, nmf_matrix *matrix)
{
    const int64_t columns = nmf_matrix_columns(matrix);
    char(*text)[24] = calloc((size_t)columns, sizeof *text);
    const char **list = calloc((size_t)columns, sizeof *list);
    nmf_status status = NMF_OK;
    if (text == NULL || list == NULL) {
        status = nmf_fail(s->error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " names",
                          nmfi_text_reader_path(s->text), columns);
    }
    for (int64_t j = 0; j < columns && status == NMF_OK; j++) {
        snprintf(text[j], sizeof text[j], "%" PRId64, j + first);
        list[j] = text[j];
    }
    if (status == NMF_OK) {
        status = nmf_matrix_set_names(matrix, NMF_FEATURE_NAMES, list, s->error);
    }
    free(list);
    free(text);
    return status;
}

/* Where features count from: LDA-C from 0; else as the caller says, or from 0 where a 0 occurs. */
static nmf_status find_first(const samples *s, int is_ldac, int *first)
{
    const int wanted = s->request->options->first_index;
    *first = is_ldac ? 0 : wanted != 0 ? wanted - 1 : !s->any_zero;
    return *first == 0 || !s->any_zero
               ? NMF_OK
               : nmf_fail(s->error, NMF_ERROR_FORMAT,
                          "%s: has a feature 0, but its features should count from 1",
                          nmfi_text_reader_path(s->text));
}

static nmf_status name_all(const samples *s, int is_ldac, int first, nmf_matrix *matrix)
{
    nmf_status status = is_ldac ? NMF_OK : set_labels(s, matrix);
    if (status == NMF_OK && nmf_matrix_columns(matrix) <= MOST_NAMED) {
        status = set_feature_names(s, first, matrix);
    }
    if (status == NMF_OK && is_ldac) {
        status = nmfi_names_beside(s->request->path, "vocab.txt", matrix, NMF_FEATURE_NAMES,
                                   s->request, s->error);
    }
    return status;
}

static nmf_status make_matrix(samples *s, nmf_matrix **matrix)
{
    const int told_otherwise = s->request->options->format != NULL && !s->is_ldac;
    const int is_ldac =
        s->is_ldac || (s->may_be_ldac && s->differ && s->all_whole && !told_otherwise);
    int first;
    nmf_status status = find_first(s, is_ldac, &first);
    if (status != NMF_OK) {
        return status;
    }
    const int64_t found = s->largest + 1 - first, wanted = s->request->options->features;
    const int64_t columns = found > wanted ? found : wanted;
    if (s->count == 0 || s->largest + s->any_zero == 0 || columns > NMFI_LARGEST_SIDE) {
        return nmf_fail(s->error, NMF_ERROR_SHAPE, "%s: is empty: %" PRId64 " x %" PRId64 " values",
                        nmfi_text_reader_path(s->text), s->count, s->largest + s->any_zero);
    }
    if (is_ldac && !s->is_ldac) {
        nmfi_note(s->request,
                  "%s: is read as LDA-C, not as SVMlight: every line begins with the number of its "
                  "pairs, which is no label (--format svmlight: they are)",
                  s->request->path);
    }
    s->entries.first_column = first;
    status = nmfi_triplets_matrix(&s->entries, s->count, columns, s->all_whole,
                                  nmfi_text_reader_path(s->text), matrix, s->error);
    if (status == NMF_OK && (status = name_all(s, is_ldac, first, *matrix)) != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

static nmf_status svmlight_matrix(nmfi_text_reader *text, const nmfi_read_request *request,
                                  int is_ldac, nmf_matrix **matrix, nmf_error *error)
{
    samples s = {.request = request,
                 .is_ldac = is_ldac,
                 .may_be_ldac = 1,
                 .text = text,
                 .entries = {.request = request},
                 .all_whole = 1,
                 .error = error};
    const char *at, *end;
    nmfi_c_locale locale;
    *matrix = NULL;
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    nmf_status status;
    while ((status = nmfi_text_reader_next(text, &at, &end, error)) == NMF_OK && at < end) {
        while (at < end && status == NMF_OK) {
            status = take_sample(&s, at);
            at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        }
        if (status != NMF_OK) {
            break;
        }
    }
    if (status == NMF_OK) {
        status = make_matrix(&s, matrix);
    }
    nmfi_triplets_free(&s.entries);
    free(s.labels);
    nmfi_c_locale_leave(&locale);
    return status;
}

static nmf_status read_text(const nmfi_read_request *request, int is_ldac, nmf_matrix **matrix,
                            nmf_error *error)
{
    nmfi_text_reader *text;
    *matrix = NULL;
    nmf_status status = nmfi_text_reader_open(request->path, &text, error);
    if (status == NMF_OK) {
        status = svmlight_matrix(text, request, is_ldac, matrix, error);
        nmfi_text_reader_close(text);
    }
    return status;
}

static nmf_status read_svmlight(const nmfi_read_request *request, nmf_matrix **matrix,
                                nmf_error *error)
{
    return read_text(request, 0, matrix, error);
}

static nmf_status read_ldac(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    return read_text(request, 1, matrix, error);
}

const nmfi_reader nmfi_reader_svmlight = {"SVMlight", "svmlight svm libsvm", 1, 0,
                                          recognise,  read_svmlight};
const nmfi_reader nmfi_reader_ldac = {"LDA-C", "ldac", 1, 0, NULL, read_ldac};
