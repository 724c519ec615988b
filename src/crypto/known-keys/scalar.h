/*
 * Numbers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point, and how
 * they are written in digits.
 */
#ifndef EARSHOT_SCALAR_H
#define EARSHOT_SCALAR_H

#include "field.h"

INLINE uint64_t load64(const uint8_t *p) {
  uint64_t x;
  __builtin_memcpy(&x, p, 8);
  return x;
}

/* Whether a 256-bit number is below L. */
INLINE int is_below_order(const uint64_t x[4]) {
  for (int i = 3; i >= 0; i--)
    if (x[i] != ORDER[i]) return x[i] < ORDER[i];
  return 0;
}

/*
 * out = the 512-bit number x modulo L. Barrett reduction (Handbook of Applied Cryptography, 14.42) in 32-bit
 * words, with 2^512 / L rounded down in RECIPROCAL: the quotient estimated from the upper words is at most
 * two too small, so two conditional subtractions finish.
 */
NOINLINE void reduce_by_order(uint64_t out[4], const uint8_t x_bytes[64]) {
  uint32_t x[16], product[18], multiple[9], rest[9];
  __builtin_memcpy(x, x_bytes, 64);
  /* product = (x / 2^224) * RECIPROCAL; its words from 9 on are the estimated quotient. */
  for (int i = 0; i < 18; i++) product[i] = 0;
  for (int i = 0; i < 9; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < 9; j++) {
      carry += (uint64_t)x[7 + i] * RECIPROCAL[j] + product[i + j];
      product[i + j] = (uint32_t)carry;
      carry >>= 32;
    }
    product[i + 9] = (uint32_t)carry;
  }
  /* multiple = quotient * L, of which 9 words are enough: x minus it is below 3 L. */
  for (int i = 0; i < 9; i++) multiple[i] = 0;
  for (int i = 0; i < 9; i++) {
    uint64_t carry = 0;
    for (int j = 0; i + j < 9; j++) {
      carry += (uint64_t)product[9 + i] * ORDER_WORDS[j] + multiple[i + j];
      multiple[i + j] = (uint32_t)carry;
      carry >>= 32;
    }
  }
  int64_t borrow = 0;
  for (int i = 0; i < 9; i++) {
    borrow += (int64_t)x[i] - multiple[i];
    rest[i] = (uint32_t)borrow;
    borrow >>= 32;
  }
  for (int round = 0; round < 2; round++) {
    uint32_t less[9];
    borrow = 0;
    for (int i = 0; i < 9; i++) {
      borrow += (int64_t)rest[i] - ORDER_WORDS[i];
      less[i] = (uint32_t)borrow;
      borrow >>= 32;
    }
    if (borrow < 0) break;
    for (int i = 0; i < 9; i++) rest[i] = less[i];
  }
  for (int i = 0; i < 4; i++) out[i] = rest[2 * i] | (uint64_t)rest[2 * i + 1] << 32;
}

/*
 * Signed digits of x < L to the base 2^width, least first: each in (-2^(width-1), 2^(width-1)], so that a
 * table holds 2^(width-1) multiples and zero needs none. The integer itself is recoded, never x - L: a key
 * may have a part of small order, on which L does not act as zero.
 *
 * The topmost digit takes the last carry. It stays in range because x < 2^253, and for width 11, whose 23
 * digits end at bit 253 exactly, because x < L means a top digit of 1024 has nothing but zeros below it.
 */
INLINE void recode(int16_t *digits, int count, int width, const uint64_t x[4]) {
  const int base = 1 << width, half = base >> 1;
  int carry = 0;
  for (int i = 0; i < count; i++) {
    const int bit = i * width, word = bit >> 6, shift = bit & 63;
    uint64_t bits = x[word] >> shift;
    if (shift + width > 64 && word < 3) bits |= x[word + 1] << (64 - shift);
    int digit = (int)(bits & (uint64_t)(base - 1)) + carry;
    carry = digit > half;
    if (carry) digit -= base;
    digits[i] = (int16_t)digit;
  }
}

#endif
