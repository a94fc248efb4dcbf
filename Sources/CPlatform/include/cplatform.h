// What Swift cannot say itself about threads: atomics on plain memory, futexes, the pause instruction, affinity.
#ifndef CPLATFORM_H
#define CPLATFORM_H
#include <stdint.h>

// Sequentially consistent throughout: a thread that announces its sleep and looks once more must not miss a job that is
// published before the sleepers are counted.
static inline uint32_t cp_load(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
static inline void cp_store(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }
static inline uint32_t cp_add(uint32_t *p, uint32_t v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
static inline uint32_t cp_sub(uint32_t *p, uint32_t v) { return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST); }
/// Stamps *p with a number larger than the one there; 0 where the one there is as large.
static inline int cp_claim(uint64_t *p, uint64_t stamp) {
  uint64_t found = __atomic_load_n(p, __ATOMIC_SEQ_CST);
  while (found < stamp)
    if (__atomic_compare_exchange_n(p, &found, stamp, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return 1;
  return 0;
}
static inline uint64_t cp_load_stamp(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
static inline void cp_store_stamp(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }
static inline void cp_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Sleeps while *p == expected; may return early. Wakes are sent by cp_wake.
void cp_wait(const uint32_t *p, uint32_t expected);
/// Wakes every thread that sleeps on p.
void cp_wake(const uint32_t *p);

/// Processors this process may run on (its affinity mask), at least 1.
int cp_affinity_count(void);
/// The processor that the calling thread is on, or -1.
int cp_processor(void);
/// Moves the calling thread off a processor, to the others that it might run on at first; 0 where there are none.
int cp_leave(int processor);
/// Asks for huge pages behind [p, p + n); a hint.
void cp_advise_huge(void *p, unsigned long n);
enum { CP_HUGE_PAGE = 2 << 20 };
/// Anonymous zeroed memory whose start is aligned to a huge page, or NULL; freed by cp_unmap with the same size. In
/// huge pages where is_huge, else in small ones but for those that cp_advise_huge is asked for.
void *cp_map(unsigned long n, int is_huge);
void cp_unmap(void *p, unsigned long n);
/// Gives the pages of freed small memory back to the system.
void cp_trim(void);
/// From now on, gives freed memory of 256 KiB and more back at once.
void cp_return_large(void);
/// Seconds on the monotonic clock.
double cp_now(void);

#endif
