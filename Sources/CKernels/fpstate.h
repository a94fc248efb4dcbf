// The floating-point state that kernels compute in, and the caller's, which they leave as they found it.
//
// Kernels round to nearest, trap nothing, and take denormal numbers, which processors compute with up to a hundred
// times slower, for zeros. The state belongs to a thread: it is set where a kernel begins, on whatever thread that is,
// and put back where it ends, with the flags that the caller had. So results depend on nobody's settings.
#ifndef CK_FPSTATE_H
#define CK_FPSTATE_H
#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
typedef unsigned ck_fpstate;
// All exceptions masked and no flag raised (0x1f80), flush to zero (bit 15), denormals are zeros (bit 6).
enum { CK_FPSTATE_KERNEL = 0x1f80 | 1 << 15 | 1 << 6 };
static inline ck_fpstate ck_fpstate_enter(void) {
  ck_fpstate found = _mm_getcsr();
  _mm_setcsr(CK_FPSTATE_KERNEL);
  return found;
}
static inline void ck_fpstate_leave(const ck_fpstate *found) { _mm_setcsr(*found); }
#elif defined(__aarch64__)
typedef struct { uint64_t control, status; } ck_fpstate;
static inline ck_fpstate ck_fpstate_enter(void) {
  ck_fpstate found;
  __asm__ volatile("mrs %0, fpcr" : "=r"(found.control));
  __asm__ volatile("mrs %0, fpsr" : "=r"(found.status));
  // FPCR: flush to zero (bit 24), everything else at its default.
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)1 << 24));
  return found;
}
static inline void ck_fpstate_leave(const ck_fpstate *found) {
  __asm__ volatile("msr fpcr, %0" : : "r"(found->control));
  __asm__ volatile("msr fpsr, %0" : : "r"(found->status));
}
#else
typedef int ck_fpstate;
static inline ck_fpstate ck_fpstate_enter(void) { return 0; }
static inline void ck_fpstate_leave(const ck_fpstate *found) { (void)found; }
#endif

/// Until the end of the scope, however it is left, the kernels' state holds.
#define CK_FPSTATE ck_fpstate found __attribute__((cleanup(ck_fpstate_leave))) = ck_fpstate_enter()

#endif
