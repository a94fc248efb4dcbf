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
// The tier with AVX-512 VNNI: the same, but for products by eight-bit weights.
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
                             apply_to = function)
#define INT8_QUADS 1
#define INT8(name) name##_avx512_vnni
#include "int8.inc"
const ck_table INT8(ck_table) = {
#include "tier_table.inc"
    .int8_gemm_run = INT8(int8_gemm_run),
};
#pragma clang attribute pop
// And with AVX512-BF16: the same, but for products and convolutions by weights in bf16.
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))), \
                             apply_to = function)
#define BF16(name) name##_avx512_bf16
#include "bf16.inc"
#include "inverted_residual_pairs.inc"
#define ATTENTION_PAIRS 1
#define ATTENTION(name) BF16(name)
#include "attention.inc"
const ck_table BF16(ck_table) = {
#include "tier_table.inc"
    .int8_gemm_run = INT8(int8_gemm_run),
    .gemm_run = BF16(gemm_run),
    .conv2d_run = BF16(conv2d_run),
    .winograd_run = BF16(winograd_run),
    .winograd_line_run = BF16(winograd_line_run),
    .inverted_residual_run = BF16(inverted_residual_run),
    .attention_run = BF16(attention_run),
};
#pragma clang attribute pop
#endif
