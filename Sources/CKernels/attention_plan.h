// How attention is cut: by shape alone, never by tier. Shared by the kernel and by attention_scratch.c.
#ifndef CK_ATTENTION_PLAN_H
#define CK_ATTENTION_PLAN_H
#include "blocking.h"

enum {
  QUERY_BLOCK = 32,  // queries of a block, two vectors
  KEY_BLOCK = 512,   // keys between two rescalings: part of the contract, since it shows in the bits past 512 keys
  KEY_STRIP = 128,   // keys whose weights stay in L1 while they meet the values
  MOST_BLOCKS = 8,   // blocks of queries that meet the keys of a block together
  STATE_FLOATS = 32 * 1024, // of the blocks of a group, about
  FETCHED_FLOATS = 8 * 1024, // most of a head's queries, keys or values that are fetched during the head before
};

/// The scratch of a part, offsets in floats; every piece is a whole number of cache lines.
typedef struct attention_plan {
  long head_ld, key_block; // head_dim rounded up to vectors; keys of a block
  long group;              // blocks of queries that meet the keys of a block together, at most
  long scores_at;          // [key of the block][QUERY_BLOCK]
  long distances_at;       // where there are position keys, the scores of all distances in a block,
                           // [key of the block + QUERY_BLOCK][QUERY_BLOCK]
  long states_at, state;   // what is kept of each block of queries, and its floats:
  long sums_at;            // [QUERY_BLOCK][head_ld] unfinished outputs, behind [head_dim][QUERY_BLOCK] scaled queries
  long places_at;          // [head_dim][QUERY_BLOCK] scaled queries for position keys, where there are any
  long maxima_at;          // [2][QUERY_BLOCK] the largest scores so far, and the sums of weights
  long keys_at;            // of a block where they are rounded to bf16: lines of pairs of dimensions,
  long values_at;          // [pair of keys][head_ld]
  long floats;
} attention_plan;
/// Whether a tier that multiplies brain floats rounds the operands.
static inline int attends_in_pairs(const ck_attention *a) { return a->form != CK_FORM_F32 && !a->position_keys; }
static inline attention_plan plan_attention(const ck_attention *a) {
  attention_plan p;
  p.head_ld = (a->head_dim + 15) / 16 * 16;
  p.key_block = a->keys < KEY_BLOCK ? a->keys : KEY_BLOCK;
  p.sums_at = a->head_dim * QUERY_BLOCK;
  p.places_at = p.sums_at + QUERY_BLOCK * p.head_ld;
  p.maxima_at = p.places_at + (a->position_keys ? a->head_dim * QUERY_BLOCK : 0);
  p.state = p.maxima_at + 2 * QUERY_BLOCK;
  p.group = STATE_FLOATS / p.state;
  if (p.group > MOST_BLOCKS) p.group = MOST_BLOCKS;
  const int pairs = attends_in_pairs(a);
  if (p.group < 1 || (a->keys <= KEY_BLOCK && !pairs)) p.group = 1;
  p.scores_at = 0;
  p.distances_at = p.scores_at + p.key_block * QUERY_BLOCK;
  p.states_at = p.distances_at + (a->position_keys ? (p.key_block + QUERY_BLOCK) * QUERY_BLOCK : 0);
  p.keys_at = p.states_at + p.group * p.state;
  p.values_at = p.keys_at + (pairs ? p.key_block * pairs_ld(a->head_dim) : 0);
  p.floats = p.values_at + (pairs ? (p.key_block + 1) / 2 * p.head_ld : 0);
  return p;
}
#endif
