/* The JSON that a report's page is drawn from. */
#ifndef NMFI_RENDER_REPORT_JSON_H
#define NMFI_RENDER_REPORT_JSON_H

#include "buffer.h"
#include "figures.h"

/* Adds one object; docs/report.md describes it. Errors: FORMAT (rank_json), MEMORY. */
nmf_status nmfi_report_json(const nmf_model *model, const nmfi_figures *figures,
                            nmfi_buffer *buffer, nmf_error *error);

#endif
