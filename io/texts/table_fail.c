/* Errors with their place in a table: see table.h. */
#include "table.h"

#include <inttypes.h>

nmf_status nmfi_table_fail(const nmfi_table *t, const nmfi_csv_cell *cell, const char *what)
{
    int64_t line, column;
    nmfi_csv_place(&t->scan, cell->place, &line, &column);
    int shown = 0;
    while (shown < 40 && (size_t)shown < cell->length && (unsigned char)cell->text[shown] >= ' ') {
        shown++;
    }
    while (shown == 40 && ((unsigned char)cell->text[shown - 1] & 0xC0) == 0x80) {
        shown--; /* not the middle of a UTF-8 character */
    }
    return nmf_fail(t->error, NMF_ERROR_FORMAT, "%s:%" PRId64 ":%" PRId64 ": '%.*s' %s",
                    t->request->path, line, column, shown, cell->text, what);
}

nmf_status nmfi_table_fail_quote(const nmfi_table *t, const nmfi_csv_cell *cell)
{
    return nmfi_table_fail(t, cell, "begins with a quote that does not end where the cell does");
}
