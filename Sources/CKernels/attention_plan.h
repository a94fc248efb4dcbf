// How attention is cut: by shape alone, never by tier. Shared by the kernel and by attention_scratch.c.
#ifndef CK_ATTENTION_PLAN_H
#define CK_ATTENTION_PLAN_H
#include "ckernels.h"

enum {
  QUERY_BLOCK = 32, // queries of a unit, two vectors
  KEY_BLOCK = 512,  // keys between two rescalings: part of the contract, since it shows in the bits past 512 keys
};

/// The scratch of a part, offsets in floats; every piece is a whole number of cache lines.
typedef struct attention_plan {
  long query_at;           // [head_dim][QUERY_BLOCK] scaled queries
  long sums_at;            // [QUERY_BLOCK][head_ld] unfinished outputs
  long scores_at;          // [key of the block][QUERY_BLOCK]
  long places_at;          // [head_dim][QUERY_BLOCK] scaled queries for position keys, where there are any,
  long distances_at;       // and the scores of all distances in a block, [key of the block + QUERY_BLOCK][QUERY_BLOCK]
  long head_ld, key_block; // head_dim rounded up to vectors; keys of a block
  long floats;
} attention_plan;
static inline attention_plan plan_attention(const ck_attention *a) {
  attention_plan p;
  p.head_ld = (a->head_dim + 15) / 16 * 16;
  p.key_block = a->keys < KEY_BLOCK ? a->keys : KEY_BLOCK;
  p.query_at = 0;
  p.sums_at = p.query_at + a->head_dim * QUERY_BLOCK;
  p.scores_at = p.sums_at + QUERY_BLOCK * p.head_ld;
  p.places_at = p.scores_at + p.key_block * QUERY_BLOCK;
  p.distances_at = p.places_at + (a->position_keys ? a->head_dim * QUERY_BLOCK : 0);
  p.floats = p.distances_at + (a->position_keys ? (p.key_block + QUERY_BLOCK) * QUERY_BLOCK : 0);
  return p;
}
#endif
