// The kernels' tiers against each other, in C, so that they can be compiled for another processor and run in an
// emulator of it: what a case is made of, and what is asked of it.
#ifndef HARNESS_H
#define HARNESS_H
#include "ckernels.h"
#include <math.h>
#include <string.h>

/// Every operation of the kernels, jobs and plain functions.
typedef enum operation {
#define CK_JOB(name, args) RUN_##name,
#define CK_FUNCTION(result, name, parameters, arguments) RUN_##name,
#include "kernels.def"
  OPERATIONS
} operation;

/// The arguments of ck_to_float.
typedef struct to_float_args {
  float *dst;
  const void *src;
  ck_storage storage;
  long n;
} to_float_args;

typedef enum element { FLOATS, DOUBLES, BYTES } element;

/// One call, and what is known of its result.
typedef struct job {
  operation operation;
  const void *args; // the operation's own struct
  size_t scratch;   // bytes a part
  void *output;     // a block; what lies in it at first is put there again before every run
  long count;       // of its elements
  element element;
  const void *expected; // doubles, found by plain loops in double precision; for bytes the bytes; or NULL
  double tolerance;     // how far a result may be from it, in units of 2^-24 max(1, |expected|)
  double portable;      // how far from the portable tier's, in the same units; 0: equal
} job;

/// Runs a job and counts the case; where something is wrong, says what under the name of the case. The tier that is
/// tested runs it in 1, 2, 3 and 7 parts, last part first, which must give the same bits; in 2 parts from a hostile
/// floating-point state, which must be left as it was. The portable tier runs it in 1 and in 3 parts.
/// Nothing may be written outside of blocks. Any NaN equals any other.
void check(const job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// What is wrong with the case that is run outside of `check`, NULL: nothing.
void report(operation operation, const char *name, const char *wrong);
/// The tier that is tested.
extern ck_tier tested;

/// Memory between guards, 64-byte aligned and full of NaNs, until `release`.
void *block(size_t bytes);
/// `count` floats in a block, which start 0, 1 or 2 floats past a multiple of 64 bytes.
float *room(long count);
/// Seeded uniform numbers in -scale ..< scale.
float *floats(long count, float scale);
/// The same with zeros, denormal and huge numbers, infinities and NaNs among them.
float *specials(long count, float scale);
double *doubles(long count);
/// A seeded number in 0 ..< bound.
long below(long bound);
void release(void);

/// The activation in double precision.
double activated(ck_activation activation, double x);
/// A half or bf16 number, widened; a number rounded to bf16.
float from_half(uint16_t bits);
float from_bfloat(uint16_t bits);
uint16_t to_bfloat(float x);
enum { ACTIVATIONS = CK_ACT_LEAKY_RELU + 1 };

void packing_cases(void);
void product_cases(void);
void convolution_cases(void);
void attention_cases(void);
void norm_cases(void);
void elementwise_cases(void);
void pixel_cases(void);
#endif
