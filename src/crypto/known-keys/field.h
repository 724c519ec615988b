/*
 * Arithmetic modulo p = 2^255 - 19, four elements at a time.
 *
 * An element is the sum of ten signed limbs, limb i counting 2^e with e = 0, 26, 51, 77, 102, 128, 153,
 * 179, 204, 230: even limbs have 26 bits, odd ones 25. A `fe4` holds limb i of four unrelated elements in
 * the four 32-bit lanes of one vector; every operation treats the lanes alike and never mixes them.
 *
 * "Reduced" means: even limbs within about +-2^25, odd ones within about +-2^24, which is what a
 * multiplication leaves. Adding and subtracting do not carry, so their results are larger; what may be
 * multiplied with what is derived line by line by scripts/known-keys/bounds.ts, which reads this file and
 * point.h. As a rule: the second factor of a multiplication and the argument of a squaring come from at
 * most one addition of reduced elements, the first factor from at most two.
 *
 * Times depend on the data (memory is looked up by digits of the challenge). All of it is public. This
 * code must never touch a secret: it cannot sign and must not be made to.
 */
#ifndef EARSHOT_FIELD_H
#define EARSHOT_FIELD_H

#include <stdint.h>
#include <wasm_simd128.h>

#define LANES 4
#define LIMBS 10
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

typedef struct {
  v128_t limb[LIMBS];
} fe4;

/* Exponent of each limb's weight, and of what a limb behind the last would have. */
static const int WEIGHT[LIMBS + 1] = {0, 26, 51, 77, 102, 128, 153, 179, 204, 230, 255};

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
  for (int i = 0; i < LIMBS; i++) o->limb[i] = wasm_i32x4_add(a->limb[i], b->limb[i]);
}

/* o = a - b, not carried. */
INLINE void fe4_sub(fe4 *o, const fe4 *a, const fe4 *b) {
  for (int i = 0; i < LIMBS; i++) o->limb[i] = wasm_i32x4_sub(a->limb[i], b->limb[i]);
}

/* o = a, reduced again: every limb rounds to its width and hands the rest to the next, all at once. */
INLINE void fe4_carry(fe4 *o, const fe4 *a) {
  v128_t rest[LIMBS], over[LIMBS];
  for (int i = 0; i < LIMBS; i++) {
    const int bits = i & 1 ? 25 : 26;
    const v128_t half = wasm_i32x4_splat(1 << (bits - 1));
    over[i] = wasm_i32x4_shr(wasm_i32x4_add(a->limb[i], half), bits);
    rest[i] = wasm_i32x4_sub(a->limb[i], wasm_i32x4_shl(over[i], bits));
  }
  /* 2^255 = 19 mod p. */
  o->limb[0] = wasm_i32x4_add(rest[0], wasm_i32x4_mul(over[9], wasm_i32x4_splat(19)));
  for (int i = 1; i < LIMBS; i++) o->limb[i] = wasm_i32x4_add(rest[i], over[i - 1]);
}

/* The same small number in all lanes. */
INLINE void fe4_small(fe4 *o, int32_t value) {
  o->limb[0] = wasm_i32x4_splat(value);
  for (int i = 1; i < LIMBS; i++) o->limb[i] = wasm_i32x4_splat(0);
}

/* The same element in all lanes. */
INLINE void fe4_constant(fe4 *o, const int32_t *limbs) {
  for (int i = 0; i < LIMBS; i++) o->limb[i] = wasm_i32x4_splat(limbs[i]);
}

/* Limb i of one lane; lanes are numbered in memory order. */
INLINE int32_t *fe4_lane(const fe4 *a, int i, int lane) {
  return (int32_t *)&a->limb[i] + lane;
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

/*
 * The one number in [0, p) that a lane stands for, as four little-endian words. The value that the limbs
 * add up to must lie within +-2p, which bounds.ts shows for reduced elements and their sums and differences.
 */
NOINLINE void fe4_canonical(uint64_t words[4], const fe4 *a, int lane) {
  int64_t t[LIMBS];
  for (int i = 0; i < LIMBS; i++) t[i] = *fe4_lane(a, i, lane);
  /* Plus 2p = 2^256 - 38, so that the value lies in [0, 4p). */
  t[0] -= 38;
  t[9] += (int64_t)1 << 26;
  /* Carry from limb to limb, rounding down; after the second pass only limb 9 can be out of its width. */
  for (int pass = 0; pass < 3; pass++) {
    for (int i = 0; i < LIMBS - 1; i++) {
      const int bits = WEIGHT[i + 1] - WEIGHT[i];
      t[i + 1] += t[i] >> bits;
      t[i] &= ((int64_t)1 << bits) - 1;
    }
    if (pass == 2) break;
    t[0] += 19 * (t[9] >> 25);
    t[9] &= ((int64_t)1 << 25) - 1;
  }
  for (int i = 0; i < 4; i++) words[i] = 0;
  for (int i = 0; i < LIMBS; i++) {
    const int word = WEIGHT[i] >> 6, bit = WEIGHT[i] & 63;
    words[word] |= (uint64_t)t[i] << bit;
    if (bit > 38 && word < 3) words[word + 1] |= (uint64_t)t[i] >> (64 - bit);
  }
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

INLINE int words_are_zero(const uint64_t w[4]) {
  return (w[0] | w[1] | w[2] | w[3]) == 0;
}

/* Puts a number below 2^255 into one lane, reduced (each limb rounded to its width, see fe4_carry). */
NOINLINE void fe4_from_words(fe4 *o, int lane, const uint64_t words[4]) {
  int32_t limbs[LIMBS];
  for (int i = 0; i < LIMBS; i++) {
    const int bits = WEIGHT[i + 1] - WEIGHT[i], word = WEIGHT[i] >> 6, bit = WEIGHT[i] & 63;
    uint64_t x = words[word] >> bit;
    if (bit + bits > 64) x |= words[word + 1] << (64 - bit);
    limbs[i] = (int32_t)(x & (((uint64_t)1 << bits) - 1));
  }
  for (int i = 0; i < LIMBS; i++) {
    const int bits = WEIGHT[i + 1] - WEIGHT[i];
    if (limbs[i] < 1 << (bits - 1)) continue;
    limbs[i] -= 1 << bits;
    if (i < LIMBS - 1) limbs[i + 1] += 1;
    else limbs[0] += 19;
  }
  for (int i = 0; i < LIMBS; i++) *fe4_lane(o, i, lane) = limbs[i];
}

#endif
