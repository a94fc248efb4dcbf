// The kernels for arm64's Advanced SIMD: 6 x 16 register tiles (four 128-bit registers a vector).
#include "ckernels.h"
#if defined(__aarch64__)
#define TIER_NEON 1
#define TIER(name) name##_neon
#define TILE_ROWS 6
#define TILE_VECS 1
#include "tier.inc"
#endif
