/*
 * Arithmetic modulo p = 2^255 - 19, four elements at a time.
 *
 * An element is the sum of six signed limbs, limb i counting 2^e with e = 0, 43, 85, 128, 170, 213: even
 * limbs have 43 bits, odd ones 42. They are whole numbers in doubles, because a double is multiplied and added
 * to another in one operation with one rounding (fused), which splits a product of 90 bits exactly: see
 * scripts/known-keys/multiply.ts. A `fe4` holds limb i of four unrelated elements in two vectors of two
 * lanes; every operation treats the lanes alike and never mixes them.
 *
 * "Reduced" means: even limbs within about +-2^42, odd ones within about +-2^41, which is what a
 * multiplication leaves. Adding and subtracting do not carry, so their results are larger; that everything
 * which is multiplied stays small enough for every double to be exact is derived line by line by
 * scripts/known-keys/bounds.ts, which reads this file and point.h.
 *
 * Where a fused operation rounds twice, nothing here is right: `fused_operations` tells.
 *
 * Times depend on the data (memory is looked up by digits of the challenge). All of it is public. This
 * code must never touch a secret: it cannot sign and must not be made to.
 */
#ifndef EARSHOT_FIELD_H
#define EARSHOT_FIELD_H

#include <stdint.h>
#include <wasm_simd128.h>

#define LANES 4
#define LIMBS 6
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

/* Limb i of lanes 0 and 1, then of lanes 2 and 3. */
typedef struct {
  v128_t limb[2 * LIMBS];
} fe4;

/* Exponent of each limb's weight, and of what a limb behind the last would have. */
static const int WEIGHT[LIMBS + 1] = {0, 43, 85, 128, 170, 213, 255};

/* fe4_multiply_limbs and fe4_square_limbs, and the constants: made by scripts/known-keys. */
#include "generated.h"

/* o = a * b, reduced. */
INLINE void fe4_mul(fe4 *o, const fe4 *a, const fe4 *b) {
  fe4_multiply_limbs(o->limb, a->limb, b->limb);
}

/* o = a * a, reduced. */
INLINE void fe4_sq(fe4 *o, const fe4 *a) {
  fe4_square_limbs(o->limb, a->limb);
}

/* o = a + b, not carried. */
INLINE void fe4_add(fe4 *o, const fe4 *a, const fe4 *b) {
  for (int i = 0; i < 2 * LIMBS; i++) o->limb[i] = wasm_f64x2_add(a->limb[i], b->limb[i]);
}

/* o = a - b, not carried. */
INLINE void fe4_sub(fe4 *o, const fe4 *a, const fe4 *b) {
  for (int i = 0; i < 2 * LIMBS; i++) o->limb[i] = wasm_f64x2_sub(a->limb[i], b->limb[i]);
}

/* The same small number in all lanes. */
INLINE void fe4_small(fe4 *o, int32_t value) {
  for (int i = 0; i < 2 * LIMBS; i++) o->limb[i] = wasm_f64x2_splat(i < 2 ? value : 0);
}

/* The same element in all lanes. */
INLINE void fe4_constant(fe4 *o, const double *limbs) {
  for (int i = 0; i < 2 * LIMBS; i++) o->limb[i] = wasm_f64x2_splat(limbs[i / 2]);
}

/* Limb i of one lane; lanes are numbered in memory order. */
INLINE double *fe4_lane(const fe4 *a, int i, int lane) {
  return (double *)&a->limb[2 * i] + lane;
}

INLINE void fe4_copy_lane(fe4 *o, int to, const fe4 *a, int from) {
  for (int i = 0; i < LIMBS; i++) *fe4_lane(o, i, to) = *fe4_lane(a, i, from);
}

/* o = a^(2^n). */
NOINLINE void fe4_square_times(fe4 *o, const fe4 *a, int n) {
  fe4_sq(o, a);
  for (int i = 1; i < n; i++) fe4_sq(o, o);
}

/* power = a^(2^250 - 1), and eleven = a^11, which both exponents below need. */
NOINLINE void fe4_power_250(fe4 *power, fe4 *eleven, const fe4 *a) {
  fe4 nine, t, u, v;
  fe4_sq(&t, a);                    /* 2 */
  fe4_square_times(&u, &t, 2);      /* 8 */
  fe4_mul(&nine, &u, a);            /* 9 */
  fe4_mul(eleven, &t, &nine);       /* 11 */
  fe4_sq(&t, eleven);               /* 22 */
  fe4_mul(&t, &t, &nine);           /* 31 = 2^5 - 1 */
  fe4_square_times(&u, &t, 5);
  fe4_mul(&t, &u, &t);              /* 2^10 - 1 */
  fe4_square_times(&u, &t, 10);
  fe4_mul(&u, &u, &t);              /* 2^20 - 1 */
  fe4_square_times(&v, &u, 20);
  fe4_mul(&u, &v, &u);              /* 2^40 - 1 */
  fe4_square_times(&v, &u, 10);
  fe4_mul(&t, &v, &t);              /* 2^50 - 1 */
  fe4_square_times(&u, &t, 50);
  fe4_mul(&u, &u, &t);              /* 2^100 - 1 */
  fe4_square_times(&v, &u, 100);
  fe4_mul(&u, &v, &u);              /* 2^200 - 1 */
  fe4_square_times(&v, &u, 50);
  fe4_mul(power, &v, &t);           /* 2^250 - 1 */
}

/* o = a^(p - 2) = 1/a, and 0 for 0. p - 2 = 2^255 - 21 = 2^5 (2^250 - 1) + 11. */
NOINLINE void fe4_invert(fe4 *o, const fe4 *a) {
  fe4 power, eleven;
  fe4_power_250(&power, &eleven, a);
  fe4_square_times(&power, &power, 5);
  fe4_mul(o, &power, &eleven);
}

/* o = a^((p - 5) / 8), the exponent of a square root. (p - 5) / 8 = 2^252 - 3 = 2^2 (2^250 - 1) + 1. */
NOINLINE void fe4_power_root(fe4 *o, const fe4 *a) {
  fe4 power, eleven;
  fe4_power_250(&power, &eleven, a);
  fe4_square_times(&power, &power, 2);
  fe4_mul(o, &power, a);
}

/* Six numbers of 43 and 42 bits in a row. */
INLINE void words_of_fields(uint64_t words[4], const int64_t fields[LIMBS]) {
  for (int i = 0; i < 4; i++) words[i] = 0;
  for (int i = 0; i < LIMBS; i++) {
    const int word = WEIGHT[i] >> 6, bit = WEIGHT[i] & 63, bits = WEIGHT[i + 1] - WEIGHT[i];
    words[word] |= (uint64_t)fields[i] << bit;
    if (bit + bits > 64) words[word + 1] |= (uint64_t)fields[i] >> (64 - bit);
  }
}

/*
 * The one number in [0, p) that a lane stands for, as four little-endian words. The value that the limbs
 * add up to must lie within +-2p, which bounds.ts shows for reduced elements and their sums and differences.
 */
NOINLINE void fe4_canonical(uint64_t words[4], const fe4 *a, int lane) {
  int64_t t[LIMBS];
  for (int i = 0; i < LIMBS; i++) t[i] = (int64_t)*fe4_lane(a, i, lane);
  /* Plus 2p = 2^256 - 38, so that the value lies in [0, 4p). */
  t[0] -= 38;
  t[5] += (int64_t)1 << 43;
  /* Carry from limb to limb, rounding down; after the second pass only limb 5 can be out of its width. */
  for (int pass = 0; pass < 3; pass++) {
    for (int i = 0; i < LIMBS - 1; i++) {
      const int bits = WEIGHT[i + 1] - WEIGHT[i];
      t[i + 1] += t[i] >> bits;
      t[i] &= ((int64_t)1 << bits) - 1;
    }
    if (pass == 2) break;
    t[0] += 19 * (t[5] >> 42);
    t[5] &= ((int64_t)1 << 42) - 1;
  }
  words_of_fields(words, t);
  /* The value is below 2^255 now; it is p or more exactly when adding 19 reaches 2^255. */
  uint64_t plus[4], carry = 19;
  for (int i = 0; i < 4; i++) {
    plus[i] = words[i] + carry;
    carry = plus[i] < carry;
  }
  if (plus[3] >> 63) {
    plus[3] &= 0x7fffffffffffffff;
    for (int i = 0; i < 4; i++) words[i] = plus[i];
  }
}

/*
 * Limbs, each rounded to its width: the rest is handed from one to the next, and 19 times that of the last to the
 * first. The second pass reaches the last limb only from a first one that was just rounded by its whole width, which
 * then has room for 19 more.
 */
INLINE void fe4_round(int64_t limbs[LIMBS]) {
  for (int pass = 0; pass < 2; pass++) {
    for (int i = 0; i < LIMBS; i++) {
      const int bits = WEIGHT[i + 1] - WEIGHT[i];
      const int64_t over = (limbs[i] + ((int64_t)1 << (bits - 1))) >> bits;
      limbs[i] -= over * ((int64_t)1 << bits);
      limbs[(i + 1) % LIMBS] += i == LIMBS - 1 ? 19 * over : over;
    }
  }
}

INLINE int words_are_zero(const uint64_t w[4]) {
  return (w[0] | w[1] | w[2] | w[3]) == 0;
}

/* Puts a number below 2^255 into one lane, reduced: each limb rounded to its width. */
NOINLINE void fe4_from_words(fe4 *o, int lane, const uint64_t words[4]) {
  int64_t limbs[LIMBS];
  for (int i = 0; i < LIMBS; i++) {
    const int bits = WEIGHT[i + 1] - WEIGHT[i], word = WEIGHT[i] >> 6, bit = WEIGHT[i] & 63;
    uint64_t x = words[word] >> bit;
    if (bit + bits > 64) x |= words[word + 1] << (64 - bit);
    limbs[i] = (int64_t)(x & (((uint64_t)1 << bits) - 1));
  }
  fe4_round(limbs);
  for (int i = 0; i < LIMBS; i++) *fe4_lane(o, i, lane) = (double)limbs[i];
}

/*
 * An element of a table takes 32 bytes: its limbs, rounded to their width, with half their width added so that
 * none is negative, in a row of 255 bits.
 */
NOINLINE void fe4_pack(uint64_t words[4], const fe4 *a, int lane) {
  int64_t limbs[LIMBS];
  for (int i = 0; i < LIMBS; i++) limbs[i] = (int64_t)*fe4_lane(a, i, lane);
  fe4_round(limbs);
  for (int i = 0; i < LIMBS; i++) limbs[i] += (int64_t)1 << (WEIGHT[i + 1] - WEIGHT[i] - 1);
  words_of_fields(words, limbs);
}

/*
 * Two packed elements, as limbs in two lanes. A number below 2^52 becomes a double by its bits, those of 2^52
 * above it, less 2^52; and less half the width that was added.
 */
INLINE void unpack_lanes(v128_t *o, const uint64_t *a, const uint64_t *b) {
  const v128_t a01 = wasm_v128_load(a), a23 = wasm_v128_load(a + 2);
  const v128_t b01 = wasm_v128_load(b), b23 = wasm_v128_load(b + 2);
  const v128_t w0 = wasm_i64x2_shuffle(a01, b01, 0, 2), w1 = wasm_i64x2_shuffle(a01, b01, 1, 3);
  const v128_t w2 = wasm_i64x2_shuffle(a23, b23, 0, 2), w3 = wasm_i64x2_shuffle(a23, b23, 1, 3);
  const v128_t even = wasm_i64x2_const_splat((1LL << 43) - 1), odd = wasm_i64x2_const_splat((1LL << 42) - 1);
  const v128_t field[LIMBS] = {
      wasm_v128_and(w0, even),
      wasm_v128_and(wasm_v128_or(wasm_u64x2_shr(w0, 43), wasm_i64x2_shl(w1, 21)), odd),
      wasm_u64x2_shr(w1, 21),
      wasm_v128_and(w2, odd),
      wasm_v128_and(wasm_v128_or(wasm_u64x2_shr(w2, 42), wasm_i64x2_shl(w3, 22)), even),
      wasm_u64x2_shr(w3, 21),
  };
  const v128_t exponent = wasm_f64x2_const_splat(0x1p52);
  for (int i = 0; i < LIMBS; i++) {
    const v128_t offset = i & 1 ? wasm_f64x2_const_splat(0x1p52 + 0x1p41) : wasm_f64x2_const_splat(0x1p52 + 0x1p42);
    o[2 * i] = wasm_f64x2_sub(wasm_v128_or(field[i], exponent), offset);
  }
}

/* Whether (2^27 + 1)^2 - 2^54 - 2^28 is 1 here: 0 when the product is rounded before it is added to. */
INLINE int has_fused_operations(void) {
  const volatile double factor = 0x1p27 + 1, less = -0x1p54 - 0x1p28;
  const v128_t a = wasm_f64x2_splat(factor);
  return wasm_f64x2_extract_lane(wasm_f64x2_relaxed_madd(a, a, wasm_f64x2_splat(less)), 0) == 1;
}

#endif
