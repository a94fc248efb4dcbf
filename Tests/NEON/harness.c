// neon-tests [--hashes] TIER
//
// Runs every operation of kernels.def over seeded shapes in a tier and in the portable one, compares them with each
// other and with plain loops, and prints how many cases an operation has and how far off the worst element is, in
// units of 2^-24 max(1, |value|). The exit code is 1 where something is wrong, 69 where the processor lacks the tier.
// --hashes prints a line a case instead: the FNV-1a of the output's bits, to be compared with another processor's.
#include "harness.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

ck_tier tested;
static int only_hashes;
static long cases[OPERATIONS], failures;
static double worst_expected[OPERATIONS], worst_portable[OPERATIONS];
static const char *const names[] = {
#define CK_JOB(name, args) #name,
#define CK_FUNCTION(result, name, parameters, arguments) #name,
#include "kernels.def"
};

// ---- memory ---------------------------------------------------------------------------------------------------------
enum { GUARD = 128 };
static const uint32_t canary = 0x7fc0abcd; // a NaN: reading it as data shows as well
typedef struct memory {
  char *start; // of the guard before the block
  size_t bytes;
} memory;
static memory blocks[64];
static int block_count;

static void fill(char *p, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) p[i] = (char)(canary >> 8 * (i % 4));
}
static int is_filled(const char *p, size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    if (p[i] != (char)(canary >> 8 * (i % 4))) return 0;
  return 1;
}
void *block(size_t bytes) {
  char *const start = aligned_alloc(64, (bytes + 2 * GUARD + 63) / 64 * 64);
  if (!start || block_count == sizeof blocks / sizeof *blocks) abort();
  fill(start, bytes + 2 * GUARD);
  blocks[block_count++] = (memory){start, bytes};
  return start + GUARD;
}
float *room(long count) {
  const long offset = block_count % 3;
  return (float *)block(sizeof(float) * (size_t)(count + offset)) + offset;
}
double *doubles(long count) { return block(sizeof(double) * (size_t)count); }
// A block's end is where its bytes end, so the guard behind it goes on with the pattern from there.
static int are_intact(void) {
  for (int i = 0; i < block_count; i++) {
    const memory m = blocks[i];
    char after[GUARD];
    for (size_t j = 0; j < GUARD; j++) after[j] = (char)(canary >> 8 * ((GUARD + m.bytes + j) % 4));
    if (!is_filled(m.start, GUARD) || memcmp(m.start + GUARD + m.bytes, after, GUARD) != 0) return 0;
  }
  return 1;
}
static void release_to(int count) {
  while (block_count > count) free(blocks[--block_count].start);
}
void release(void) { release_to(0); }

// ---- numbers --------------------------------------------------------------------------------------------------------
static uint64_t state = 1;
// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
long below(long bound) { return (long)(next() >> 33) % bound; }
float *floats(long count, float scale) {
  float *const p = room(count);
  for (long i = 0; i < count; i++) p[i] = scale * ((float)((int32_t)(next() >> 40) - 0x800000) / 0x800000);
  return p;
}
float *specials(long count, float scale) {
  static const float values[] = {0.0f,     -0.0f,     0x1p-149f, -0x1p-140f, 0x1.8p-127f, 0x1p-126f, -0x1p-126f, 1e-30f,
                                 1e30f,    -1e30f,    3.4e38f,   -3.4e38f,   INFINITY,    -INFINITY, NAN,        -NAN,
                                 -87.69f,  -88.5f,    88.02f,    88.7f,      -1.0f,       1.0f,      0.625f,     -3.0f,
                                 15.0f,    -5.6f};
  float *const p = floats(count, scale);
  for (long i = 0; i < count; i += 1 + below(7)) p[i] = values[below(sizeof values / sizeof *values)];
  return p;
}
double activated(ck_activation activation, double x) {
  const double six = fmin(fmax(x + 3, 0), 6), limit = x < 0 ? 0 : x;
  switch (activation) {
  case CK_ACT_NONE: return x;
  case CK_ACT_RELU: return limit;
  case CK_ACT_RELU6: return limit > 6 ? 6 : limit;
  case CK_ACT_GELU: return x / 2 * (1 + erf(x / sqrt(2)));
  case CK_ACT_GELU_TANH: return x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case CK_ACT_QUICK_GELU: return x / (1 + exp(-1.702 * x));
  case CK_ACT_SILU: return x / (1 + exp(-x));
  case CK_ACT_SIGMOID: return 1 / (1 + exp(-x));
  case CK_ACT_TANH: return tanh(x);
  case CK_ACT_HARDSWISH: return isnan(x) ? x : x * six / 6;
  case CK_ACT_HARDSIGMOID: return isnan(x) ? x : six / 6;
  case CK_ACT_LEAKY_RELU: return x < 0 ? (double)0.2f * x : x;
  }
  return x;
}
static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}
float from_bfloat(uint16_t bits) { return from_bits((uint32_t)bits << 16); }
float from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  // Infinities, and NaNs, which keep what they carry and become quiet.
  if (exponent == 31)
    return from_bits((bits & 0x8000u) << 16 | 0x7f800000 | (mantissa ? 0x400000 : 0) | (uint32_t)mantissa << 13);
  const float magnitude = exponent ? ldexpf((float)(1024 + mantissa), exponent - 25) : ldexpf((float)mantissa, -24);
  return bits >> 15 ? -magnitude : magnitude;
}
uint16_t to_bfloat(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if (isnan(x)) return (uint16_t)(bits >> 16 | 64);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// ---- a caller's floating-point state --------------------------------------------------------------------------------
// Rounding up, underflow raised, and what else no library would set: on x86-64 denormals are zeros but not flushed, on
// arm64 the alternative half precision, default NaNs, and half-precision numbers flushed.
typedef struct fp_state {
  uint64_t control, status;
} fp_state;
#if defined(__x86_64__)
static const fp_state hostile = {0x1f80 | 0x4000 | 0x0040 | 0x0010, 0};
static fp_state get_state(void) { return (fp_state){_mm_getcsr(), 0}; }
static void set_state(fp_state s) { _mm_setcsr((unsigned)s.control); }
#elif defined(__aarch64__)
static const fp_state hostile = {1 << 26 | 1 << 25 | 1 << 22 | 1 << 19, 1 << 3};
static fp_state get_state(void) {
  fp_state s;
  __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(s.control), "=r"(s.status));
  return s;
}
static void set_state(fp_state s) {
  __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(s.control), "r"(s.status));
}
#endif

// ---- running --------------------------------------------------------------------------------------------------------
// One part, through either door.
static void call(const job *j, ck_tier tier, int part, int parts, void *scratch) {
  switch (j->operation) {
#define CK_JOB(name, type)                                                                                           \
  case RUN_##name:                                                                                                   \
    if (parts % 2) ck_##name(tier, (const type *)j->args, part, parts, scratch);                                     \
    else ck_run(CK_OP_##name, tier, j->args, part, parts, scratch);                                                  \
    break;
#include "kernels.def"
  case RUN_pack_weights: ck_pack_weights(tier, j->args); break;
  case RUN_winograd_pack: ck_winograd_pack(tier, j->args); break;
  case RUN_winograd_line_pack: ck_winograd_line_pack(tier, j->args); break;
  case RUN_to_float: {
    const to_float_args *const a = j->args;
    ck_to_float(tier, a->dst, a->src, a->storage, a->n);
    break;
  }
  case RUN_peak_fma:
  case OPERATIONS: break;
  }
}
static int has_parts(operation op) { return op < RUN_pack_weights; }
static size_t size(const job *j) {
  return (size_t)j->count * (j->element == FLOATS ? sizeof(float) : j->element == DOUBLES ? sizeof(double) : 1);
}
// The output of all parts, last first, in a block; NULL, and a report, where something but the output was written.
static void *run(const job *j, const char *name, ck_tier tier, int parts, const void *initial) {
  const fp_state usual = get_state();
  const int held = block_count, is_hostile = parts == 2;
  const char *wrong = 0;
  memcpy(j->output, initial, size(j));
  for (int part = parts - 1; part >= 0; part--) {
    void *const scratch = j->scratch ? block(j->scratch) : 0;
    if (is_hostile) set_state(hostile);
    const fp_state before = get_state(); // a processor may lack some of it
    call(j, tier, part, parts, scratch);
    const fp_state after = get_state();
    set_state(usual);
    if (is_hostile && (after.control != before.control || after.status != before.status))
      wrong = "the caller's floating-point state is another afterwards";
    if (!are_intact()) wrong = "something was written outside of a block";
    release_to(held);
  }
  void *const copy = block(size(j));
  memcpy(copy, j->output, size(j));
  if (wrong) report(j->operation, name, wrong);
  return copy;
}

static double value(element element, const void *p, long i) {
  switch (element) {
  case FLOATS: return (double)((const float *)p)[i];
  case DOUBLES: return ((const double *)p)[i];
  case BYTES: return ((const unsigned char *)p)[i];
  }
  return 0;
}
// The first element whose bits differ, NaNs apart; -1: none.
static long difference(const job *j, const void *a, const void *b) {
  const size_t width = size(j) / (size_t)(j->count ? j->count : 1);
  for (long i = 0; i < j->count; i++)
    if (memcmp((const char *)a + (size_t)i * width, (const char *)b + (size_t)i * width, width) != 0 &&
        !(isnan(value(j->element, a, i)) && isnan(value(j->element, b, i))))
      return i;
  return -1;
}
// Units of 2^-24 max(1, |b|) between two values; a NaN is near a NaN only, an infinity near itself.
static double distance(double a, double b) {
  if (a == b || (isnan(a) && isnan(b))) return 0;
  if (!isfinite(a) || !isfinite(b)) return INFINITY;
  return fabs(a - b) / fmax(1, fabs(b)) * 0x1p24;
}
static void report_element(const job *j, const char *name, const char *what, long i, const void *a, double b) {
  char text[200];
  const double found = value(j->element, a, i);
  snprintf(text, sizeof text, "element %ld is %.9g (%a), %s %.9g (%a), %.3g units", i, found, found, what, b, b,
           distance(found, b));
  report(j->operation, name, text);
}
static void compare(const job *j, const char *name, const char *what, const void *found, element element,
                    const void *expected, double tolerance, double *worst) {
  long at = -1;
  double most = 0;
  for (long i = 0; i < j->count; i++) {
    double e = value(element, expected, i);
    // Beyond the largest float and half a unit of it.
    if (j->element == FLOATS && element == DOUBLES && isfinite(e) && fabs(e) >= 0x1.ffffffp127) e *= INFINITY;
    const double d = distance(value(j->element, found, i), e);
    if (d > most) most = d, at = i;
  }
  *worst = fmax(*worst, most);
  if (most > tolerance) report_element(j, name, what, at, found, value(element, expected, at));
}
// FNV-1a, 64 bits; a NaN counts as one and the same.
static uint64_t hash(const job *j, const void *p) {
  const unsigned char *bytes = p;
  uint64_t h = 0xcbf29ce484222325;
  const size_t width = size(j) / (size_t)(j->count ? j->count : 1);
  for (size_t i = 0; i < size(j); i++) {
    const int is_nan = isnan(value(j->element, p, (long)(i / width)));
    h = (h ^ (is_nan ? 0x7f : bytes[i])) * 0x100000001b3;
  }
  return h;
}

void report(operation operation, const char *name, const char *wrong) {
  if (!wrong || only_hashes) return;
  failures++;
  fprintf(stderr, "%s %s: %s\n", names[operation], name, wrong);
}
void check(const job *j, const char *format, ...) {
  char name[200];
  va_list list;
  va_start(list, format);
  vsnprintf(name, sizeof name, format, list);
  va_end(list);
  cases[j->operation]++;
  const int held = block_count;
  void *const initial = block(size(j));
  memcpy(initial, j->output, size(j));
  const void *const found = run(j, name, tested, 1, initial);
  if (only_hashes) {
    printf("%016llx %s %s\n", (unsigned long long)hash(j, found), names[j->operation], name);
  } else {
    static const int parts[] = {2, 3, 7};
    for (int i = 0; has_parts(j->operation) && i < 3; i++) {
      const void *const again = run(j, name, tested, parts[i], initial);
      const long at = difference(j, found, again);
      if (at >= 0) report_element(j, name, "but in parts", at, found, value(j->element, again, at));
    }
    const void *const portable = run(j, name, CK_PORTABLE, 1, initial);
    compare(j, name, "portable", found, j->element, portable, j->portable, worst_portable + j->operation);
    if (has_parts(j->operation) && difference(j, portable, run(j, name, CK_PORTABLE, 3, initial)) >= 0)
      report(j->operation, name, "the portable tier has other bits in parts");
    if (j->expected)
      compare(j, name, "expected", found, j->element == FLOATS ? DOUBLES : j->element, j->expected, j->tolerance,
              worst_expected + j->operation);
  }
  memcpy(j->output, initial, size(j));
  release_to(held);
}

// A few rounds of the meter: it counts its operations.
static void peak_case(void) {
  const double once = ck_peak_fma(tested, 1000);
  cases[RUN_peak_fma]++;
  report(RUN_peak_fma, "1000 rounds", once >= 2000 * 16 && ck_peak_fma(tested, 2000) == 2 * once ? 0 : "a wrong count");
}

int main(int count, char **arguments) {
  static const char *const tiers[] = {"portable", "neon", "avx2", "avx512"};
  only_hashes = count == 3 && strcmp(arguments[1], "--hashes") == 0;
  int tier = -1;
  for (int i = 0; i < 4 && count == 2 + only_hashes; i++)
    if (strcmp(arguments[count - 1], tiers[i]) == 0) tier = i;
  if (tier < 0) return fputs("usage: neon-tests [--hashes] portable|neon|avx2|avx512\n", stderr), 64;
  tested = (ck_tier)tier;
  if (!ck_tier_supported(tested)) return fprintf(stderr, "neon-tests: no %s here\n", tiers[tier]), 69;
  // Numbers of their own for each, which cases added to another do not change.
  static void (*const all_cases[])(void) = {packing_cases, product_cases, convolution_cases, attention_cases,
                                            norm_cases, elementwise_cases, pixel_cases};
  for (uint64_t i = 0; i < sizeof all_cases / sizeof *all_cases; i++) {
    state = i << 32;
    all_cases[i]();
  }
  peak_case();
  long all = 0;
  if (!only_hashes) printf("%-18s %6s %12s %12s\n", "operation", "cases", "portable", "double");
  for (int i = 0; i < OPERATIONS; i++) {
    all += cases[i];
    if (!only_hashes) printf("%-18s %6ld %12.3g %12.3g\n", names[i], cases[i], worst_portable[i], worst_expected[i]);
    if (!cases[i]) report((operation)i, "-", "has no case");
  }
  if (!only_hashes) printf("%s: %ld cases, %ld failures\n", tiers[tier], all, failures);
  return failures ? 1 : 0;
}
