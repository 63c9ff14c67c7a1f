/* The sources of the report's page in render/report/, put into the library at build time
 * (cmake/Report.cmake): the skeleton, all style sheets, all scripts. Not ended by a zero. */
#ifndef NMFI_RENDER_REPORT_PAGE_H
#define NMFI_RENDER_REPORT_PAGE_H

#include <stddef.h>

typedef struct nmfi_page_source {
    const unsigned char *text;
    size_t bytes;
} nmfi_page_source;

extern const nmfi_page_source nmfi_report_skeleton, nmfi_report_style, nmfi_report_script;

#endif
