// The kernels for AVX-512 (F, BW, VL, DQ): 12 x 32 register tiles.
#include "ckernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"))), \
                             apply_to = function)
#define TIER_AVX512 1
#define TIER(name) name##_avx512
#define TILE_ROWS 12 // C rows of a register tile
#define TILE_VECS 2  // and its sixteen-lane vectors: 24 accumulators of 32 registers
#include "tier.inc"
#pragma clang attribute pop
#endif
