// Sixteen fp32 lanes on every tier: one zmm, two ymm, or four 128-bit registers, as the compiler legalises the type.
// Writing every kernel over the same sixteen lanes is what makes the tiers agree bit for bit.
// Included by each tier_*.c after its `#pragma clang attribute push` with TIER_* macros set; everything is inline.
#pragma clang fp contract(off)
// Vectors are passed to inlined functions only: no call ever sees the ABI this warns about.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
enum { LANES = 16 };

typedef float vf __attribute__((ext_vector_type(16)));
typedef int32_t vi __attribute__((ext_vector_type(16)));
typedef vf vf_unaligned __attribute__((aligned(4)));

INLINE vf v_set(float x) { return (vf)(x); }
INLINE vf v_load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void v_store(float *p, vf v) { *(vf_unaligned *)p = v; }

// The first n (0 .. 16) lanes; the others read as 0 and are not written.
INLINE vf v_load_n(const float *p, long n) {
#if defined(TIER_AVX512)
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(TIER_AVX2)
  const vi lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const vi mask = lane < (vi)((int32_t)n);
  const __m256 lo = _mm256_maskload_ps(p, (__m256i)mask.lo), hi = _mm256_maskload_ps(p + 8, (__m256i)mask.hi);
  vf v;
  __builtin_memcpy(&v, &lo, 32);
  __builtin_memcpy((char *)&v + 32, &hi, 32);
  return v;
#else
  vf v = (vf)(0.0f);
  for (long i = 0; i < n; i++) v[i] = p[i];
  return v;
#endif
}
INLINE void v_store_n(float *p, vf v, long n) {
#if defined(TIER_AVX512)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif defined(TIER_AVX2)
  const vi lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const vi mask = lane < (vi)((int32_t)n);
  _mm256_maskstore_ps(p, (__m256i)mask.lo, (__m256)v.lo);
  _mm256_maskstore_ps(p + 8, (__m256i)mask.hi, (__m256)v.hi);
#else
  for (long i = 0; i < n; i++) p[i] = v[i];
#endif
}

// Value i of an array of floats or, two bytes each, bf16.
INLINE float *value_at(const float *values, long i, int is_pairs) {
  return (float *)((uintptr_t)values + (uintptr_t)i * (is_pairs ? sizeof(uint16_t) : sizeof(float)));
}

// a*b + c with one rounding. The portable tier has no such instruction on every CPU and goes through double precision:
// the product is exact there, so all but the rarest results are the same; it is the one tier whose bits may differ.
INLINE vf v_fma(vf a, vf b, vf c) {
#if defined(TIER_PORTABLE)
  typedef double vd __attribute__((ext_vector_type(16)));
  return __builtin_convertvector(
      __builtin_convertvector(a, vd) * __builtin_convertvector(b, vd) + __builtin_convertvector(c, vd), vf);
#else
  return __builtin_elementwise_fma(a, b, c);
#endif
}
INLINE float s_fma(float a, float b, float c) {
#if defined(TIER_PORTABLE)
  return (float)((double)a * b + c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}
// Where an operand is NaN the second one is the result, as x86's maxps and minps have it: a NaN in x survives
// v_max(limit, x).
INLINE vf v_max(vf a, vf b) { return a > b ? a : b; }
INLINE vf v_min(vf a, vf b) { return a < b ? a : b; }
INLINE vf v_bits(vi v) { return (vf)v; }
INLINE vi i_bits(vf v) { return (vi)v; }
INLINE vf v_abs(vf v) { return v_bits(i_bits(v) & (vi)(0x7fffffff)); }

// The sum of sixteen lanes by one fixed tree: lane i with i+8, then i+4, i+2, i+1.
INLINE float v_sum(vf v) {
  __attribute__((ext_vector_type(8))) float a = v.lo + v.hi;
  __attribute__((ext_vector_type(4))) float b = a.lo + a.hi;
  __attribute__((ext_vector_type(2))) float c = b.lo + b.hi;
  return c.x + c.y;
}
INLINE float v_max_lanes(vf v) {
  float m = v[0];
  UNROLL
  for (int i = 1; i < LANES; i++) m = m > v[i] ? m : v[i];
  return m;
}

// table[index[lane]] for indices 0 .. 15 of a 64-byte aligned table.
INLINE vf v_lookup(const float *table, vi index) {
#if defined(TIER_AVX512)
  return (vf)_mm512_permutexvar_ps((__m512i)index, _mm512_load_ps(table));
#elif defined(TIER_AVX2)
  const __m256 t0 = _mm256_load_ps(table), t1 = _mm256_load_ps(table + 8);
  const __m256i i0 = (__m256i)index.lo, i1 = (__m256i)index.hi;
  const __m256 a = _mm256_blendv_ps(_mm256_permutevar8x32_ps(t0, i0), _mm256_permutevar8x32_ps(t1, i0),
                                    _mm256_castsi256_ps(_mm256_slli_epi32(i0, 28)));
  const __m256 b = _mm256_blendv_ps(_mm256_permutevar8x32_ps(t0, i1), _mm256_permutevar8x32_ps(t1, i1),
                                    _mm256_castsi256_ps(_mm256_slli_epi32(i1, 28)));
  vf v;
  __builtin_memcpy(&v, &a, 32);
  __builtin_memcpy((char *)&v + 32, &b, 32);
  return v;
#else
  vf v;
  for (int i = 0; i < LANES; i++) v[i] = table[index[i] & 15];
  return v;
#endif
}
