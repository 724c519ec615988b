/* SHA-512 of a whole message (FIPS 180-4). */
#ifndef EARSHOT_SHA512_H
#define EARSHOT_SHA512_H

#include "scalar.h"

/* Room that a message needs behind it for its padding. */
#define SHA512_PADDING 144

INLINE uint64_t rotate_right(uint64_t x, int n) {
  return x >> n | x << (64 - n);
}

#define SHA512_ROUND(a, b, c, d, e, f, g, h, i)                                                      \
  {                                                                                                  \
    const uint64_t t = h + (rotate_right(e, 14) ^ rotate_right(e, 18) ^ rotate_right(e, 41)) +       \
                       (g ^ (e & (f ^ g))) + SHA512_K[i] + w[(i) & 15];                              \
    d += t;                                                                                          \
    h = t + (rotate_right(a, 28) ^ rotate_right(a, 34) ^ rotate_right(a, 39)) +                      \
        ((a & b) | (c & (a | b)));                                                                   \
  }

#define SHA512_EIGHT_ROUNDS(i)                 \
  SHA512_ROUND(a, b, c, d, e, f, g, h, i)      \
  SHA512_ROUND(h, a, b, c, d, e, f, g, i + 1)  \
  SHA512_ROUND(g, h, a, b, c, d, e, f, i + 2)  \
  SHA512_ROUND(f, g, h, a, b, c, d, e, i + 3)  \
  SHA512_ROUND(e, f, g, h, a, b, c, d, i + 4)  \
  SHA512_ROUND(d, e, f, g, h, a, b, c, i + 5)  \
  SHA512_ROUND(c, d, e, f, g, h, a, b, i + 6)  \
  SHA512_ROUND(b, c, d, e, f, g, h, a, i + 7)

INLINE uint64_t sha512_schedule(const uint64_t w[16], int i) {
  const uint64_t x = w[(i + 1) & 15], y = w[(i + 14) & 15];
  return w[i] + (rotate_right(x, 1) ^ rotate_right(x, 8) ^ x >> 7) + w[(i + 9) & 15] +
         (rotate_right(y, 19) ^ rotate_right(y, 61) ^ y >> 6);
}

NOINLINE void sha512_block(uint64_t state[8], const uint8_t *block) {
  uint64_t w[16];
  for (int i = 0; i < 16; i++) w[i] = __builtin_bswap64(load64(block + 8 * i));
  uint64_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint64_t e = state[4], f = state[5], g = state[6], h = state[7];
  SHA512_EIGHT_ROUNDS(0)
  SHA512_EIGHT_ROUNDS(8)
  for (int i = 16; i < 80; i += 16) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 16; j++) w[j] = sha512_schedule(w, j);
    SHA512_EIGHT_ROUNDS(i)
    SHA512_EIGHT_ROUNDS(i + 8)
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/* Overwrites up to SHA512_PADDING bytes behind the message. */
INLINE void sha512(uint8_t digest[64], uint8_t *message, uint32_t length) {
  uint64_t state[8];
  for (int i = 0; i < 8; i++) state[i] = SHA512_START[i];
  const uint32_t padded = (length + 17 + 127) & ~127u;
  const uint64_t bits = __builtin_bswap64((uint64_t)length * 8);
  __builtin_memset(message + length, 0, padded - length);
  message[length] = 0x80;
  __builtin_memcpy(message + padded - 8, &bits, 8);
  for (uint32_t at = 0; at < padded; at += 128) sha512_block(state, message + at);
  for (int i = 0; i < 8; i++) {
    const uint64_t word = __builtin_bswap64(state[i]);
    __builtin_memcpy(digest + 8 * i, &word, 8);
  }
}

#endif
