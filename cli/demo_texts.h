/* What nmf demo says, in the languages it speaks. */
#ifndef NMF_CLI_DEMO_TEXTS_H
#define NMF_CLI_DEMO_TEXTS_H

/* --lang, in the order of the names in options.c. */
enum { CLI_LANGUAGE_AUTO = 0, CLI_LANGUAGE_EN = 1, CLI_LANGUAGE_ZH = 2 };

/* Lines on the terminal and headings in the pictures, UTF-8. What has values in it is a format. */
typedef struct cli_demo_texts {
    const char *pictures, *olivetti_faces, *generated_faces;
    const char *no_photographs;
    const char *dataset;    /* %lld samples %s of what, %lld features, %lld x %lld pixels */
    const char *extracting; /* %lld components, %s of what kind */
    const char *eigenfaces, *components, *components_kl;
    const char *done;  /* %.3f seconds */
    const char *table; /* heading of the columns */
    const char *wrote; /* %s a file */
    const char *report_title, *language; /* of the page (nmf_render_report_options) */
    const char *title; /* %lld samples %s of what, %lld components */
    const char *titles[4], *rows[4];
} cli_demo_texts;

/* The texts in a language; AUTO is Chinese where the locale of the environment is Chinese in UTF-8,
 * else English. */
const cli_demo_texts *cli_demo_texts_in(int language);

#endif
