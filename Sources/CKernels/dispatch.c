// ck_<op>(tier, ...) -> the tier's own function: one indexed load a call.
#include "fpstate.h"
#include "table.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

extern const ck_table ck_table_portable;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2, ck_table_avx2_vnni, ck_table_avx512, ck_table_avx512_vnni,
    ck_table_avx512_bf16;
static const ck_table *const tables[] = {&ck_table_portable, &ck_table_portable, &ck_table_avx2,
                                         &ck_table_avx2_vnni, &ck_table_avx512, &ck_table_avx512_vnni,
                                         &ck_table_avx512_bf16};
#elif defined(__aarch64__)
extern const ck_table ck_table_neon;
static const ck_table *const tables[] = {&ck_table_portable, &ck_table_neon,     &ck_table_portable,
                                         &ck_table_portable, &ck_table_portable, &ck_table_portable,
                                         &ck_table_portable};
#else
static const ck_table *const tables[] = {&ck_table_portable, &ck_table_portable, &ck_table_portable,
                                         &ck_table_portable, &ck_table_portable, &ck_table_portable,
                                         &ck_table_portable};
#endif

#if defined(__x86_64__)
// CPUID leaf 7, part 1: a name that not every compiler's runtime knows.
static int has_avx_vnni(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}
#endif

int ck_tier_supported(ck_tier tier) {
  switch (tier) {
  case CK_PORTABLE: return 1;
  case CK_NEON:
#if defined(__aarch64__)
    return 1;
#else
    return 0;
#endif
  case CK_AVX2:
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#else
    return 0;
#endif
  case CK_AVX2_VNNI:
#if defined(__x86_64__)
    return has_avx_vnni() && ck_tier_supported(CK_AVX2);
#else
    return 0;
#endif
  case CK_AVX512:
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && ck_tier_supported(CK_AVX2);
#else
    return 0;
#endif
  case CK_AVX512_VNNI:
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512vnni") && ck_tier_supported(CK_AVX512);
#else
    return 0;
#endif
  case CK_AVX512_BF16:
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") && ck_tier_supported(CK_AVX512_VNNI);
#else
    return 0;
#endif
  }
  return 0;
}

int ck_tier_preferred(ck_tier tier) {
#if defined(__x86_64__)
  if (tier == CK_AVX512_BF16 && __builtin_cpu_is("intel")) return 0;
#endif
  return ck_tier_supported(tier);
}

#define CK_JOB(name, args_type)                                                                                     \
  void ck_##name(ck_tier tier, const args_type *args, int part, int parts, void *scratch) {                         \
    CK_FPSTATE;                                                                                                     \
    tables[tier]->name(args, part, parts, scratch);                                                                 \
  }
#define CK_FUNCTION(result, name, parameters, arguments) CK_FUNCTION_(result, name, CK_STRIP parameters, arguments)
#define CK_STRIP(...) __VA_ARGS__
#define CK_FUNCTION_(result, name, parameters, arguments)                                                           \
  result ck_##name(ck_tier tier, parameters) { return tables[tier]->name arguments; }
#include "kernels.def"

void ck_run(ck_op op, ck_tier tier, const void *args, int part, int parts, void *scratch) {
  CK_FPSTATE;
  switch (op) {
#define CK_JOB(name, args_type)                                                                                     \
  case CK_OP_##name: tables[tier]->name((const args_type *)args, part, parts, scratch); break;
#include "kernels.def"
  }
}
