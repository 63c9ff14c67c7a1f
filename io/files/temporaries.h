/* The temporary files that exist at the moment, for a process that is being killed. */
#ifndef NMFI_IO_TEMPORARIES_H
#define NMFI_IO_TEMPORARIES_H

/* From here on `name` goes when nmf_io_remove_temporaries is called; until forgotten, the text must
 * stay where it is. Where there are very many at a time, some are not remembered. */
void nmfi_temporary_remember(const char *name);
void nmfi_temporary_forget(const char *name);

#endif
