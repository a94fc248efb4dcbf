#define _GNU_SOURCE
#include "cplatform.h"
#include <malloc.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

void cp_wait(const uint32_t *p, uint32_t expected) {
#if defined(__linux__)
  syscall(SYS_futex, p, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
#else
  if (cp_load(p) == expected) usleep(50);
#endif
}

void cp_wake(const uint32_t *p) {
#if defined(__linux__)
  syscall(SYS_futex, p, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
#else
  (void)p;
#endif
}

int cp_affinity_count(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

int cp_processor(void) {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

int cp_leave(int processor) {
#if defined(__linux__)
  static _Thread_local cpu_set_t all; // that the thread might use before it left one
  static _Thread_local int is_known;
  if (!is_known) is_known = sched_getaffinity(0, sizeof all, &all) == 0;
  if (processor < 0 || processor >= CPU_SETSIZE || !is_known) return 0;
  cpu_set_t set = all;
  CPU_CLR(processor, &set);
  return CPU_COUNT(&set) > 0 && sched_setaffinity(0, sizeof set, &set) == 0;
#else
  (void)processor;
  return 0;
#endif
}

void cp_advise_huge(void *p, unsigned long n) {
#if defined(MADV_HUGEPAGE)
  madvise(p, n, MADV_HUGEPAGE);
#else
  (void)p;
  (void)n;
#endif
}

void *cp_map(unsigned long n, int is_huge) {
  // One huge page more than asked for, so that an aligned run fits; the ends are given back.
  char *base = mmap(NULL, n + CP_HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return NULL;
  char *start = (char *)(((uintptr_t)base + CP_HUGE_PAGE - 1) & ~(uintptr_t)(CP_HUGE_PAGE - 1));
  unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE), used = (n + page - 1) / page * page;
  if (start > base) munmap(base, (size_t)(start - base));
  char *end = base + n + CP_HUGE_PAGE;
  if (end > start + used) munmap(start + used, (size_t)(end - (start + used)));
  if (is_huge) cp_advise_huge(start, used);
#if defined(MADV_NOHUGEPAGE)
  else madvise(start, used, MADV_NOHUGEPAGE);
#endif
  return start;
}

void cp_unmap(void *p, unsigned long n) {
  unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
  munmap(p, (n + page - 1) / page * page);
}

void cp_trim(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

void cp_return_large(void) {
#if defined(__GLIBC__)
  // Left alone, the threshold grows with what is freed.
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

double cp_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
