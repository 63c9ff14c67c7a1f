/* See files.h. Files are the same where device and inode are; one that is not there yet is known by
 * its folder and its name in it. */
#include "files.h"

#include "args.h"
#include "data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef struct identity {
    int exists, is_folder, is_special; /* special: a terminal, a pipe, /dev/null */
    dev_t device;
    ino_t number;
    dev_t folder_device; /* of the folder it lies in */
    ino_t folder_number;
    const char *name; /* in it, without slashes at the end */
    size_t name_length;
} identity;

/* Looks at the folder that `path` lies in. */
static void identify_folder(const char *path, size_t length, identity *id)
{
    char folder[4096] = ".";
    struct stat there;
    if (length > 0 && length < sizeof folder)
        snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    if (stat(folder, &there) != 0) return;
    id->folder_device = there.st_dev;
    id->folder_number = there.st_ino;
}

static identity identify(const char *path)
{
    identity id = {0};
    struct stat there;
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/') end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--) {
    }
    id.name = path + begin;
    id.name_length = end - begin;
    identify_folder(path, begin, &id);
    if (stat(path, &there) != 0) return id;
    id.exists = 1;
    id.is_folder = S_ISDIR(there.st_mode);
    id.is_special = !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
    id.device = there.st_dev;
    id.number = there.st_ino;
    return id;
}

static int same_file(const identity *a, const identity *b)
{
    if (a->is_special || b->is_special) return 0;
    if (a->exists && b->exists) return a->device == b->device && a->number == b->number;
    return !a->exists && !b->exists && a->folder_number != 0 &&
           a->folder_device == b->folder_device && a->folder_number == b->folder_number &&
           a->name_length == b->name_length && memcmp(a->name, b->name, a->name_length) == 0;
}

static int lies_in(const identity *file, const identity *folder)
{
    return folder->exists && folder->is_folder && file->folder_number != 0 &&
           file->folder_device == folder->device && file->folder_number == folder->number;
}

static int is_stdout(const char *path)
{
    return cli_goes_to_stdout(path);
}

/* "file.npz:name" is in the file before the colon. */
static identity identify_input(const char *path)
{
    identity id = identify(path);
    const char *const colon = strrchr(path, ':');
    char before[4096];
    if (id.exists || colon == NULL || (size_t)(colon - path) >= sizeof before) return id;
    snprintf(before, sizeof before, "%.*s", (int)(colon - path), path);
    identity file = identify(before);
    file.name = id.name; /* `before` goes */
    file.name_length = 0;
    return file;
}

/* What an output may not replace: the input itself, or, in a folder of data, one of its files. */
static nmf_status compare(const cli_output *output, const char *input, nmf_error *error)
{
    const identity out = identify(output->path), in = identify_input(input);
    if (!in.exists) return NMF_OK; /* reading will say so */
    const int into_folder = output->path[strlen(output->path) - 1] == '/';
    if (same_file(&out, &in) && !(in.is_folder && !into_folder))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s %s would replace what is read (%s): give it another name", output->flag,
                        output->path, input);
    if (into_folder && out.exists && lies_in(&in, &out) && !in.is_folder)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s %s would write into the folder that %s is read from: give it another",
                        output->flag, output->path, input);
    if (out.exists && !out.is_folder && lies_in(&out, &in) && !nmf_io_is_model(output->path))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s %s would replace a file of the folder that is read (%s): give it "
                        "another name",
                        output->flag, output->path, input);
    return NMF_OK;
}

static const char *text_of(const cli_args *args, const cli_option *option)
{
    const char *text;
    memcpy(&text, (const char *)args + option->offset, sizeof text);
    return text;
}

/* Whether the option names a file that is read: of the command's own, all that are no output; a word, such as nan,
 * may be the name of one. What a run goes on from may be replaced by how far it then comes. */
static int is_read(const cli_args *args, const cli_option *option, const cli_output *outputs,
                   int64_t count)
{
    static const char *const words[] = {"missing", "lower-W", "upper-W", "lower-H", "upper-H"};
    int may_be = option->kind == CLI_KIND_FILE && strcmp(option->flag, "resume") != 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        may_be |= strcmp(option->flag, words[i]) == 0;
    if (!may_be || !(option->commands & args->command->bit)) return 0;
    const char *const text = text_of(args, option);
    for (int64_t i = 0; i < count; i++)
        if (outputs[i].path == text) return 0;
    return text != NULL;
}

static nmf_status compare_with_inputs(const cli_args *args, const cli_output *output,
                                      const cli_output *outputs, int64_t count, nmf_error *error)
{
    const int operands_are_files = args->command->words == NULL;
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < args->operand_count && operands_are_files && status == NMF_OK; i++)
        status = compare(output, args->operands[i], error);
    for (const cli_option *o = cli_own_options; o->flag != NULL && status == NMF_OK; o++)
        if (is_read(args, o, outputs, count)) status = compare(output, text_of(args, o), error);
    return status;
}

static nmf_status compare_with_output(const cli_output *a, const cli_output *b, nmf_error *error)
{
    const identity first = identify(a->path), second = identify(b->path);
    const int both_print = is_stdout(a->path) && is_stdout(b->path);
    if (!both_print && (is_stdout(a->path) || is_stdout(b->path) || !same_file(&first, &second)))
        return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "%s and %s both name %s: one would replace the other", a->flag, b->flag,
                    a->path);
}

static int ends_in(const char *path, const char *extension)
{
    const size_t length = strlen(path), size = strlen(extension);
    return length > size && strcasecmp(path + length - size, extension) == 0;
}

static nmf_status check_kind(const cli_output *output, nmf_error *error)
{
    const char *const path = output->path;
    if (is_stdout(path)) return NMF_OK;
    const int folder = path[strlen(path) - 1] == '/', special = identify(path).is_special;
    switch (output->kind) {
    case CLI_MATRIX_OUT:
        if (nmf_io_can_write(path) || special) return NMF_OK;
        return nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "%s %s: its name should end in .npy, .npz, .mtx, .csv, .tsv or .mat, all but "
            ".npz and .mat also with .gz, .xz or .zst, or in '/' for a folder of pictures",
            output->flag, path);
    case CLI_PICTURE_OUT:
        if (ends_in(path, ".png") || ends_in(path, ".svg") || ends_in(path, ".pdf")) return NMF_OK;
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: '%s' has no known extension for a picture: .png, .svg or .pdf",
                        output->flag, path);
    case CLI_PAGE_OUT:
        if (ends_in(path, ".html") || ends_in(path, ".htm") || special) return NMF_OK;
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s %s: a report is a page for a browser: its name should end in .html",
                        output->flag, path);
    case CLI_MODEL_OUT:
    case CLI_TEXT_OUT: break;
    }
    if (!folder) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_FILE, "cannot write %s: it is the name of a folder", path);
}

/* --to is of what the command writes to standard output. */
static nmf_status check_format(const cli_args *args, nmf_error *error)
{
    if (args->to == NULL || (strchr(args->to, '.') == NULL && nmf_io_keeps(args->to) >= 0))
        return NMF_OK;
    (void)nmf_fail(error, NMF_ERROR_ARGUMENT, "to = %s: must be one of %s", args->to,
                   nmf_io_write_formats());
    cli_suggest_of(nmf_io_write_formats(), args->to, error);
    return NMF_ERROR_ARGUMENT;
}

nmf_status cli_check_files(const cli_args *args, const cli_output *outputs, int64_t count,
                           nmf_error *error)
{
    nmf_status status = check_format(args, error);
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        if (outputs[i].path == NULL) continue;
        status = check_kind(&outputs[i], error);
        if (status == NMF_OK) status = cli_check_output(outputs[i].path, error);
        if (status == NMF_OK)
            status = compare_with_inputs(args, &outputs[i], outputs, count, error);
        for (int64_t j = 0; j < i && status == NMF_OK; j++)
            if (outputs[j].path != NULL)
                status = compare_with_output(&outputs[j], &outputs[i], error);
    }
    return status;
}
