/*
 * Positions of a hash in a bloom filter under four keys at once: FNV-1a over 32 bytes with the key as its first
 * state, modulo the number of bits. Each multiplication waits for the one before it; those of four keys do not
 * wait for each other. Source: behaviour 3.5; wire 5.2; agave bloom/src/bloom.rs, BloomHashIndex.
 */
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define LANES 4
#define HASH_BYTES 32
#define FNV_PRIME 0x100000001b3ull

static uint8_t hash[HASH_BYTES];
static uint64_t keys[LANES];
static uint16_t positions[LANES];

EXPORT uint8_t *hash_at(void) { return hash; }
EXPORT uint64_t *keys_at(void) { return keys; }
EXPORT uint16_t *positions_at(void) { return positions; }

/* bits: 1 to 65,536 */
EXPORT void find(uint32_t bits) {
  uint64_t a = keys[0], b = keys[1], c = keys[2], d = keys[3];
  for (int i = 0; i < HASH_BYTES; i++) {
    uint64_t byte = hash[i];
    a = (a ^ byte) * FNV_PRIME;
    b = (b ^ byte) * FNV_PRIME;
    c = (c ^ byte) * FNV_PRIME;
    d = (d ^ byte) * FNV_PRIME;
  }
  positions[0] = a % bits;
  positions[1] = b % bits;
  positions[2] = c % bits;
  positions[3] = d % bits;
}
