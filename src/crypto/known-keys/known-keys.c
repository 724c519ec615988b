/*
 * Strict Ed25519 verification for keys of which a table of multiples was made.
 *
 * R' = S B - k A is computed as a sum of table entries, of B and of -A, and its 32 bytes are compared with
 * R: cofactorless, as validators do it (ed25519-dalek, verify_strict). Four signatures go side by side
 * through the lanes of vectors, and all of a batch share one inversion.
 *
 * Table of a key: k = sum of 64 signed digits of 4 bits, k_i 16^i. Only every 5th window has a row of
 * multiples; row q holds j 16^(5 q) (-A) for j = 1 to 8. With windows taken by i mod 5, highest first, and
 * four doublings in between, each row serves five windows (a comb, as Lim and Lee's). 13 rows of 8 entries
 * of 128 bytes: 13,312 bytes a key, 64 additions and 16 doublings for four signatures.
 *
 * Table of B: a row for each of its windows, no doublings.
 *
 * Memory: everything lies in one shared memory. Constants are the only static data. What a thread works
 * with is an `area` of its own, what it reads of tables is checked by its caller for changes meanwhile.
 * The stack is the caller's business too: it sets __stack_pointer.
 */
#include "point.h"
#include "scalar.h"
#include "sha512.h"

#define EXPORT __attribute__((visibility("default"), used))

/* Windows of k: 64 of 4 bits, every 5th stored. */
#ifndef KEY_WIDTH
#define KEY_WIDTH 5
#define KEY_STEP 6
#endif
#define KEY_WINDOWS ((252 + KEY_WIDTH) / KEY_WIDTH)
#define KEY_ROWS ((KEY_WINDOWS + KEY_STEP - 1) / KEY_STEP)
#define KEY_MULTIPLES (1 << (KEY_WIDTH - 1))
/* Windows of S, all stored. */
#ifndef BASE_WIDTH
#define BASE_WIDTH 11
#endif
#define BASE_WINDOWS ((252 + BASE_WIDTH) / BASE_WIDTH)
#define BASE_MULTIPLES (1 << (BASE_WIDTH - 1))

/* Most signatures of a batch. */
#define ROWS 64
#define GROUPS (ROWS / LANES)
/* Longest message. */
#define MESSAGE_BYTES 1280

/* An entry in memory: one lane of an entry4, packed. */
typedef struct {
  uint64_t sum[4], difference[4], product[4];
} entry;

#define KEY_ENTRIES (KEY_ROWS * KEY_MULTIPLES)
#define BASE_ENTRIES (BASE_WINDOWS * BASE_MULTIPLES)

typedef struct {
  fe4 x, y, z, prefix;
} multiple4;

/* What one thread works with. */
typedef struct {
  /* Signature and message; the key is written between them, over S, before hashing. */
  uint8_t scratch[64 + MESSAGE_BYTES + SHA512_PADDING];
  uint8_t verdict[ROWS];
  /* Of each row: R, whether S and R are in order, digits of k and S, the key's table. */
  uint64_t commitment[ROWS][4];
  uint8_t sound[ROWS];
  int16_t key_digits[ROWS][KEY_WINDOWS];
  int16_t base_digits[ROWS][BASE_WINDOWS];
  const entry *table[ROWS];
  /* Of each group of four rows: R' and the product of all Z up to it. */
  multiple4 sum[GROUPS];
  /* Building: where the next row starts, what was computed, the inverse on its way back. */
  uint8_t keys[LANES][32];
  point4 start;
  multiple4 multiple[KEY_ENTRIES];
  fe4 half_inverse;
  uint32_t filled;
  volatile uint32_t sink;
} area_t;

/* The identity as an entry: x = 0, y = 1. 1/2 = 2^254 - 9 mod p. */
static const entry IDENTITY __attribute__((aligned(32))) = {PACKED_HALF, PACKED_HALF, PACKED_ZERO};

/* ---- tables ---- */

INLINE void add_multiple(area_t *area, const point4 *p) {
  multiple4 *m = &area->multiple[area->filled];
  m->x = p->x;
  m->y = p->y;
  m->z = p->z;
  if (area->filled == 0) m->prefix = p->z;
  else fe4_mul(&m->prefix, &m[-1].prefix, &p->z);
  area->filled++;
}

/* Begins the way back: half_inverse = 1 / (2 Z_0 Z_1 ... Z_last). */
NOINLINE void invert_multiples(area_t *area) {
  fe4 half;
  fe4_invert(&area->half_inverse, &area->multiple[area->filled - 1].prefix);
  fe4_constant(&half, FE_HALF);
  fe4_mul(&area->half_inverse, &area->half_inverse, &half);
}

/*
 * Takes the last multiple off and stores its entries, lane by lane. 1 / (2 Z_i) is the half inverse times
 * the product of all earlier Z; times Z_i, the half inverse is that of one multiple fewer.
 */
INLINE void store_multiple(area_t *area, entry *const to[LANES], int lanes) {
  const multiple4 *m = &area->multiple[--area->filled];
  fe4 own;
  entry4 q;
  if (area->filled > 0) {
    fe4_mul(&own, &area->half_inverse, &m[-1].prefix);
    fe4_mul(&area->half_inverse, &area->half_inverse, &m->z);
  } else own = area->half_inverse;
  point4_to_entry(&q, &m->x, &m->y, &own);
  for (int lane = 0; lane < lanes; lane++) {
    fe4_pack(to[lane]->sum, &q.sum, lane);
    fe4_pack(to[lane]->difference, &q.difference, lane);
    fe4_pack(to[lane]->product, &q.product, lane);
  }
}

/* Begins tables for the four keys in the area. Returns a bit for each that a table can be made of. */
EXPORT int table_begin(area_t *area) {
  const int usable = point4_decode(&area->start, area->keys);
  fe4 zero;
  fe4_small(&zero, 0);
  fe4_sub(&area->start.x, &zero, &area->start.x);
  fe4_sub(&area->start.t, &zero, &area->start.t);
  area->filled = 0;
  return usable;
}

/* Computes the multiples of one row; rows come in order. */
EXPORT void table_row(area_t *area, int row) {
  point4 p = area->start;
  cached4 step;
  point4_cache(&step, &p);
  for (int j = 0; j < KEY_MULTIPLES; j++) {
    if (j > 0) point4_add_cached(&p, &step);
    add_multiple(area, &p);
  }
  if (row == KEY_ROWS - 1) return;
  const int doublings = KEY_WIDTH * KEY_STEP;
  for (int i = 1; i <= doublings; i++) point4_double(&area->start, i == doublings);
}

EXPORT void table_invert(area_t *area) {
  invert_multiples(area);
}

/* Stores the entries of one row; rows come in reverse order. */
EXPORT void table_store(area_t *area, int row, entry *t0, entry *t1, entry *t2, entry *t3) {
  for (int i = (row + 1) * KEY_MULTIPLES - 1; i >= row * KEY_MULTIPLES; i--) {
    entry *const to[LANES] = {t0 + i, t1 + i, t2 + i, t3 + i};
    store_multiple(area, to, LANES);
  }
}

/* Rows row to row + 3 of the table of B, whose starts are in the lanes, in chunks of what the area holds. */
NOINLINE void base_rows(area_t *area, entry *table, int row) {
  point4 p = area->start;
  cached4 step;
  point4_cache(&step, &p);
  const int lanes = BASE_WINDOWS - row < LANES ? BASE_WINDOWS - row : LANES;
  for (int first = 0; first < BASE_MULTIPLES; first += KEY_ENTRIES) {
    area->filled = 0;
    for (int j = first; j < BASE_MULTIPLES && j < first + KEY_ENTRIES; j++) {
      if (j > 0) point4_add_cached(&p, &step);
      add_multiple(area, &p);
    }
    invert_multiples(area);
    while (area->filled > 0) {
      entry *to[LANES];
      for (int lane = 0; lane < LANES; lane++) {
        to[lane] = table + (row + lane) * BASE_MULTIPLES + first + (int)area->filled - 1;
      }
      store_multiple(area, to, lanes);
    }
  }
}

/* Makes the table of B. */
EXPORT void base_table(area_t *area, entry *table) {
  point4 p, starts;
  fe4_constant(&p.x, FE_BASE_X);
  fe4_constant(&p.y, FE_BASE_Y);
  fe4_small(&p.z, 1);
  fe4_mul(&p.t, &p.x, &p.y);
  starts = p;
  for (int row = 0; row < BASE_WINDOWS; row++) {
    const int lane = row % LANES;
    fe4_copy_lane(&starts.x, lane, &p.x, 0);
    fe4_copy_lane(&starts.y, lane, &p.y, 0);
    fe4_copy_lane(&starts.z, lane, &p.z, 0);
    fe4_copy_lane(&starts.t, lane, &p.t, 0);
    if (lane == LANES - 1 || row == BASE_WINDOWS - 1) {
      area->start = starts;
      base_rows(area, table, row - lane);
    }
    for (int i = 1; i <= BASE_WIDTH; i++) point4_double(&p, i == BASE_WIDTH);
  }
}

/* ---- verification ---- */

/*
 * Takes the signature and message of `length` bytes in the scratch as row `row`. Refused at once, but not
 * left out, are S >= L and an R of small order, whatever its sign bit: with all digits zero it passes
 * through as the identity and does not spoil the shared inversion.
 */
EXPORT void stage(area_t *area, int row, const uint8_t *key, const entry *table, uint32_t length) {
  uint64_t s[4], k[4], y[4];
  uint8_t digest[64];
  __builtin_memcpy(area->commitment[row], area->scratch, 32);
  __builtin_memcpy(s, area->scratch + 32, 32);
  __builtin_memcpy(y, area->scratch, 32);
  y[3] &= 0x7fffffffffffffff;
  area->sound[row] = is_below_order(s) && !is_small_order(y);
  area->table[row] = table;
  if (area->sound[row]) {
    __builtin_memcpy(area->scratch + 32, key, 32);
    sha512(digest, area->scratch, 64 + length);
    reduce_by_order(k, digest);
  } else {
    for (int i = 0; i < 4; i++) s[i] = k[i] = 0;
  }
  recode(area->key_digits[row], KEY_WINDOWS, KEY_WIDTH, k);
  recode(area->base_digits[row], BASE_WINDOWS, BASE_WIDTH, s);
}

/* The entry for a digit, of the multiples 1, 2, ... of its row. */
INLINE const entry *entry_of(const entry *row, int digit) {
  const int magnitude = digit < 0 ? -digit : digit;
  return digit == 0 ? &IDENTITY : row + magnitude - 1;
}

/* Four packed elements, one in each lane. */
INLINE void load_lanes(fe4 *o, const uint64_t *const from[LANES]) {
  unpack_lanes(o->limb, from[0], from[1]);
  unpack_lanes(o->limb + 1, from[2], from[3]);
}

/* p += the entries of four digits. -(x, y) = (-x, y): sum and difference change places, the product its sign. */
INLINE void add_digits(point4 *p, const entry *const row[LANES], const int digit[LANES], int needs_t) {
  const uint64_t *sum[LANES], *difference[LANES], *product[LANES];
  entry4 q;
  for (int lane = 0; lane < LANES; lane++) {
    const entry *e = entry_of(row[lane], digit[lane]);
    sum[lane] = digit[lane] < 0 ? e->difference : e->sum;
    difference[lane] = digit[lane] < 0 ? e->sum : e->difference;
    product[lane] = e->product;
  }
  load_lanes(&q.difference, difference);
  load_lanes(&q.sum, sum);
  load_lanes(&q.product, product);
  /* The sign of a double is its highest bit. */
  const v128_t minus = wasm_i64x2_const_splat(INT64_MIN);
  const v128_t sign[2] = {
      wasm_v128_and(wasm_i64x2_make(digit[0], digit[1]), minus),
      wasm_v128_and(wasm_i64x2_make(digit[2], digit[3]), minus),
  };
  for (int i = 0; i < 2 * LIMBS; i++) q.product.limb[i] = wasm_v128_xor(q.product.limb[i], sign[i & 1]);
  point4_add_entry(p, &q, needs_t);
}

/* Reads a byte of each line that a group will need, so that they arrive together and not one by one. */
INLINE void touch(area_t *area, int first, const entry *base) {
  uint32_t sum = 0;
  for (int row = first; row < first + LANES; row++) {
    for (int i = 0; i < KEY_WINDOWS; i++) {
      const entry *e = entry_of(area->table[row] + (i / KEY_STEP) * KEY_MULTIPLES, area->key_digits[row][i]);
      sum += (uint32_t)e->sum[0] + (uint32_t)e->product[3];
    }
    for (int i = 0; i < BASE_WINDOWS; i++) {
      const entry *e = entry_of(base + i * BASE_MULTIPLES, area->base_digits[row][i]);
      sum += (uint32_t)e->sum[0] + (uint32_t)e->product[3];
    }
  }
  area->sink = sum;
}

/* R' of the four rows from `first` on. */
NOINLINE void sum_up(point4 *p, area_t *area, int first, const entry *base) {
  const entry *row[LANES];
  int digit[LANES];
  touch(area, first, base);
  point4_identity(p);
  for (int rest = KEY_STEP - 1; rest >= 0; rest--) {
    for (int i = rest; i < KEY_WINDOWS; i += KEY_STEP) {
      for (int lane = 0; lane < LANES; lane++) {
        row[lane] = area->table[first + lane] + (i / KEY_STEP) * KEY_MULTIPLES;
        digit[lane] = area->key_digits[first + lane][i];
      }
      add_digits(p, row, digit, rest == 0 || i + KEY_STEP < KEY_WINDOWS);
    }
    if (rest == 0) break;
    for (int i = 1; i <= KEY_WIDTH; i++) point4_double(p, i == KEY_WIDTH);
  }
  for (int i = 0; i < BASE_WINDOWS; i++) {
    for (int lane = 0; lane < LANES; lane++) {
      row[lane] = base + i * BASE_MULTIPLES;
      digit[lane] = area->base_digits[first + lane][i];
    }
    add_digits(p, row, digit, i < BASE_WINDOWS - 1);
  }
}

/* Whether the encoding of (x, y) in one lane is R: y, and the lowest bit of x as the sign. */
NOINLINE int is_commitment(const uint64_t r[4], const fe4 *x, const fe4 *y, int lane) {
  uint64_t xw[4], yw[4];
  fe4_canonical(xw, x, lane);
  fe4_canonical(yw, y, lane);
  yw[3] |= xw[0] << 63;
  return ((yw[0] ^ r[0]) | (yw[1] ^ r[1]) | (yw[2] ^ r[2]) | (yw[3] ^ r[3])) == 0;
}

/* Judges the rows [0, count) that were staged, at most ROWS. */
EXPORT void verify(area_t *area, int count, const entry *base) {
  const int groups = (count + LANES - 1) / LANES;
  for (int row = count; row < groups * LANES; row++) {
    area->table[row] = base;
    for (int i = 0; i < KEY_WINDOWS; i++) area->key_digits[row][i] = 0;
    for (int i = 0; i < BASE_WINDOWS; i++) area->base_digits[row][i] = 0;
  }
  for (int g = 0; g < groups; g++) {
    point4 p;
    multiple4 *m = &area->sum[g];
    sum_up(&p, area, g * LANES, base);
    m->x = p.x;
    m->y = p.y;
    m->z = p.z;
    if (g == 0) m->prefix = p.z;
    else fe4_mul(&m->prefix, &m[-1].prefix, &p.z);
  }
  if (groups == 0) return;
  fe4 inverse, own, x, y;
  fe4_invert(&inverse, &area->sum[groups - 1].prefix);
  for (int g = groups - 1; g >= 0; g--) {
    const multiple4 *m = &area->sum[g];
    if (g > 0) {
      fe4_mul(&own, &inverse, &m[-1].prefix);
      fe4_mul(&inverse, &inverse, &m->z);
    } else own = inverse;
    fe4_mul(&x, &m->x, &own);
    fe4_mul(&y, &m->y, &own);
    for (int lane = 0; lane < LANES; lane++) {
      const int row = g * LANES + lane;
      if (row >= count) break;
      area->verdict[row] = area->sound[row] && is_commitment(area->commitment[row], &x, &y, lane);
    }
  }
}

/* ---- what the caller must know ---- */

EXPORT uint32_t area_bytes(void) { return sizeof(area_t); }
EXPORT uint32_t scratch_at(void) { return __builtin_offsetof(area_t, scratch); }
EXPORT uint32_t message_bytes(void) { return MESSAGE_BYTES; }
EXPORT uint32_t verdict_at(void) { return __builtin_offsetof(area_t, verdict); }
EXPORT uint32_t keys_at(void) { return __builtin_offsetof(area_t, keys); }
EXPORT uint32_t table_bytes(void) { return KEY_ENTRIES * sizeof(entry); }
EXPORT uint32_t table_rows(void) { return KEY_ROWS; }
EXPORT uint32_t base_table_bytes(void) { return BASE_ENTRIES * sizeof(entry); }
EXPORT uint32_t batch_rows(void) { return ROWS; }

/* Whether this machine rounds a fused operation once. */
EXPORT int fused_operations(void) { return has_fused_operations(); }

/* For tests with extreme limbs. */
EXPORT void field_multiply(fe4 *o, const fe4 *a, const fe4 *b) { fe4_mul(o, a, b); }
EXPORT void field_square(fe4 *o, const fe4 *a) { fe4_sq(o, a); }
EXPORT void field_pack(uint64_t *words, const fe4 *a, int lane) { fe4_pack(words, a, lane); }
EXPORT void field_unpack(fe4 *o, const uint64_t *words) {
  const uint64_t *const from[LANES] = {words, words, words, words};
  load_lanes(o, from);
}
EXPORT void field_canonical(uint64_t *words, const fe4 *a, int lane) { fe4_canonical(words, a, lane); }

/* The compiler calls these for larger copies; both become single instructions of bulk memory. */
void *memcpy(void *to, const void *from, unsigned long size) { return __builtin_memcpy(to, from, size); }
void *memset(void *to, int byte, unsigned long size) { return __builtin_memset(to, byte, size); }
