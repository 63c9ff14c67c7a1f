/* A clock that never goes backwards. */
#ifndef NMFI_BASE_CLOCK_H
#define NMFI_BASE_CLOCK_H

double nmfi_seconds(void); /* since an arbitrary moment */

#endif
