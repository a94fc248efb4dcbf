// The kernels for any CPU, through double precision where there is no fused multiply-add.
#include "ckernels.h"
#define TIER_PORTABLE 1
#define TIER(name) name##_portable
#define TILE_ROWS 2
#define TILE_VECS 1
#include "tier.inc"
