// Weights for products and convolutions: as they are packed, and as the numbers that they stand for.
#ifndef WEIGHTS_H
#define WEIGHTS_H
#include "harness.h"

/// Seeded weights [groups][n][channels][taps].
typedef struct weights {
  const double *values; // [groups][n][taps][channels], what a narrow form makes of them
  float *packed;        // one packed matrix a group
  float *source;        // as they were before
} weights;
weights make_weights(long groups, long n, long channels, long taps, ck_form form);

/// What is done with a sum, by bits.
enum { BIAS = 1, SCALE = 2, RESIDUAL = 4, IN_PLACE = 8, EPILOGUES = 16 };
/// The epilogue of n outputs a group, of which there are `groups`; the residual is laid out as `output`, of `count`
/// floats, or is the output itself.
ck_epilogue make_epilogue(int options, ck_activation activation, long n, long groups, float *output, long count);
/// What becomes of the finished sum of output n, to be stored at output[at].
double finished(const ck_epilogue *epilogue, const float *initial, double sum, long n, long at);
#endif
