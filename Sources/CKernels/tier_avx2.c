// The kernels for AVX2 + FMA + F16C: 6 x 16 register tiles that read halves of the 32-wide panels.
#include "ckernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define TIER_AVX2 1
#define TIER(name) name##_avx2
#define TILE_ROWS 6
#define TILE_VECS 1 // one sixteen-lane vector is two ymm: 12 accumulators of 16 registers
#include "tier.inc"
#pragma clang attribute pop
// The tier with AVX-VNNI: the same, but for products by eight-bit weights.
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), \
                             apply_to = function)
#define INT8_QUADS 1
#define INT8(name) name##_avx2_vnni
#include "int8.inc"
const ck_table INT8(ck_table) = {
#include "tier_table.inc"
    .int8_gemm_run = INT8(int8_gemm_run),
};
#pragma clang attribute pop
#endif
