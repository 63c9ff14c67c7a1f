/* nmfkit: non-negative matrix factorization. The whole core in one include; files and pictures are
 * in <nmfkit/io.h> and <nmfkit/render.h> (library libnmfkit-io). */
#ifndef NMFKIT_NMFKIT_H
#define NMFKIT_NMFKIT_H

#include <nmfkit/checkpoint.h>
#include <nmfkit/comm.h>
#include <nmfkit/constraints.h>
#include <nmfkit/fit.h>
#include <nmfkit/matrix.h>
#include <nmfkit/model.h>
#include <nmfkit/online.h>
#include <nmfkit/options.h>
#include <nmfkit/select.h>
#include <nmfkit/shares.h>
#include <nmfkit/spread.h>
#include <nmfkit/status.h>
#include <nmfkit/weighting.h>

#endif
