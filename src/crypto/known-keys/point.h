/*
 * Points of the curve -x^2 + y^2 = 1 + d x^2 y^2 over p, four at a time (field.h).
 *
 * The formulas are those of Hisil, Wong, Carter and Dawson, "Twisted Edwards Curves Revisited" (2008), for
 * a = -1 in extended coordinates. They are complete: they hold for every pair of points of the curve,
 * equal ones, opposite ones and the identity included, and never make Z zero.
 */
#ifndef EARSHOT_POINT_H
#define EARSHOT_POINT_H

#include "field.h"

/* x = X/Z, y = Y/Z, x y = T/Z. */
typedef struct {
  fe4 x, y, z, t;
} point4;

/*
 * A point as something to be added: (y + x) / 2, (y - x) / 2, d x y, of Z = 1. Halved, because then the
 * sum needs Z instead of 2 Z, and everything that is multiplied comes from one addition.
 */
typedef struct {
  fe4 sum, difference, product;
} entry4;

/* The same of a point with another Z: everything times Z, and Z. */
typedef struct {
  fe4 sum, difference, product, z;
} cached4;

INLINE void point4_identity(point4 *p) {
  fe4_small(&p->x, 0);
  fe4_small(&p->y, 1);
  fe4_small(&p->z, 1);
  fe4_small(&p->t, 0);
}

/*
 * p += q. Per halves of the paper's A, B, C, D (and so of E, F, G, H):
 * A = (Y1 - X1)(Y2 - X2), B = (Y1 + X1)(Y2 + X2), C = 2 d T1 T2, D = 2 Z1,
 * E = B - A, F = D - C, G = D + C, H = B + A; X = E F, Y = G H, Z = F G, T = E H.
 * T is left out where a doubling follows, which does not read it.
 */
INLINE void point4_add_entry(point4 *p, const entry4 *q, int needs_t) {
  fe4 a, b, c, e, f, g, h;
  fe4_sub(&a, &p->y, &p->x);
  fe4_mul(&a, &a, &q->difference);
  fe4_add(&b, &p->y, &p->x);
  fe4_mul(&b, &b, &q->sum);
  fe4_mul(&c, &p->t, &q->product);
  fe4_sub(&e, &b, &a);
  fe4_add(&h, &b, &a);
  fe4_sub(&f, &p->z, &c);
  fe4_add(&g, &p->z, &c);
  fe4_mul(&p->x, &e, &f);
  fe4_mul(&p->y, &g, &h);
  fe4_mul(&p->z, &f, &g);
  if (needs_t) fe4_mul(&p->t, &e, &h);
}

/* p += q, where D = Z1 Z2 instead of Z1. */
NOINLINE void point4_add_cached(point4 *p, const cached4 *q) {
  fe4 a, b, c, d, e, f, g, h;
  fe4_sub(&a, &p->y, &p->x);
  fe4_mul(&a, &a, &q->difference);
  fe4_add(&b, &p->y, &p->x);
  fe4_mul(&b, &b, &q->sum);
  fe4_mul(&c, &p->t, &q->product);
  fe4_mul(&d, &p->z, &q->z);
  fe4_sub(&e, &b, &a);
  fe4_add(&h, &b, &a);
  fe4_sub(&f, &d, &c);
  fe4_add(&g, &d, &c);
  fe4_mul(&p->x, &e, &f);
  fe4_mul(&p->y, &g, &h);
  fe4_mul(&p->z, &f, &g);
  fe4_mul(&p->t, &e, &h);
}

/*
 * p += p. A = X^2, B = Y^2, C = 2 Z^2, E = (X + Y)^2 - A - B, G = B - A, F = G - C, H = -A - B.
 * All of E, F, G, H are computed negated, which their products do not notice.
 */
NOINLINE void point4_double(point4 *p, int needs_t) {
  fe4 a, b, c, e, f, g, h, s;
  fe4_sq(&a, &p->x);
  fe4_sq(&b, &p->y);
  fe4_sq(&c, &p->z);
  fe4_add(&c, &c, &c);
  fe4_add(&s, &p->x, &p->y);
  fe4_sq(&s, &s);
  fe4_add(&h, &a, &b);
  fe4_sub(&e, &h, &s);
  fe4_sub(&g, &a, &b);
  fe4_add(&f, &c, &g);
  fe4_mul(&p->x, &e, &f);
  fe4_mul(&p->y, &g, &h);
  fe4_mul(&p->z, &f, &g);
  if (needs_t) fe4_mul(&p->t, &e, &h);
}

NOINLINE void point4_cache(cached4 *o, const point4 *p) {
  fe4 constant;
  fe4_constant(&constant, FE_HALF);
  fe4_add(&o->sum, &p->y, &p->x);
  fe4_mul(&o->sum, &constant, &o->sum);
  fe4_sub(&o->difference, &p->y, &p->x);
  fe4_mul(&o->difference, &constant, &o->difference);
  fe4_constant(&constant, FE_D);
  fe4_mul(&o->product, &p->t, &constant);
  o->z = p->z;
}

/* The entry of p, given half_inverse = 1 / (2 Z). 4 d (x / 2)(y / 2) = d x y. */
NOINLINE void point4_to_entry(entry4 *o, const fe4 *px, const fe4 *py, const fe4 *half_inverse) {
  fe4 x, y, constant;
  fe4_mul(&x, px, half_inverse);
  fe4_mul(&y, py, half_inverse);
  fe4_add(&o->sum, &y, &x);
  fe4_sub(&o->difference, &y, &x);
  fe4_mul(&o->product, &x, &y);
  fe4_constant(&constant, FE_4D);
  fe4_mul(&o->product, &o->product, &constant);
}

/*
 * Candidates for x of the points with these y: x^2 = u / v, u = y^2 - 1, v = d y^2 + 1. With
 * x = u v^3 (u v^7)^((p - 5) / 8), v x^2 is u, -u or neither: then x, x sqrt(-1) or nothing is the root.
 * minus = v x^2 - u, plus = v x^2 + u.
 */
NOINLINE void point4_roots(fe4 *x, fe4 *x_other, fe4 *minus, fe4 *plus, const fe4 *y) {
  fe4 u, v, v3, t, constant;
  fe4_sq(&t, y);
  fe4_constant(&constant, FE_D);
  fe4_mul(&v, &t, &constant);
  fe4_small(&constant, 1);
  fe4_sub(&u, &t, &constant);
  fe4_add(&v, &v, &constant);
  fe4_sq(&v3, &v);
  fe4_mul(&v3, &v3, &v);
  fe4_sq(&t, &v3);
  fe4_mul(&t, &t, &v);
  fe4_mul(&t, &t, &u);
  fe4_power_root(&t, &t);
  fe4_mul(&t, &t, &v3);
  fe4_mul(x, &t, &u);
  fe4_sq(&t, x);
  fe4_mul(&t, &t, &v);
  fe4_sub(minus, &t, &u);
  fe4_add(plus, &t, &u);
  fe4_constant(&constant, FE_ROOT_OF_MINUS_ONE);
  fe4_mul(x_other, x, &constant);
}

/* Whether a canonical y, its sign bit cleared, is that of a point whose order divides 8. */
NOINLINE int is_small_order(const uint64_t y[4]) {
  for (int i = 0; i < 5; i++) {
    const uint64_t *small = SMALL_ORDER_Y[i];
    if (y[0] == small[0] && y[1] == small[1] && y[2] == small[2] && y[3] == small[3]) return 1;
  }
  return 0;
}

/*
 * Decodes four keys as validators do: y is taken modulo p, a sign bit with x = 0 is let pass.
 * Returns a bit for each lane that decodes to a point of large order; the others become the identity, so
 * that nothing divides by zero later.
 */
NOINLINE int point4_decode(point4 *p, const uint8_t keys[LANES][32]) {
  fe4 x, x_other, minus, plus;
  uint64_t words[4];
  int sign[LANES], usable = 0;
  for (int lane = 0; lane < LANES; lane++) {
    __builtin_memcpy(words, keys[lane], 32);
    sign[lane] = (int)(words[3] >> 63);
    words[3] &= 0x7fffffffffffffff;
    fe4_from_words(&p->y, lane, words);
  }
  fe4_small(&p->z, 1);
  point4_roots(&x, &x_other, &minus, &plus, &p->y);
  fe4 zero, negated;
  fe4_small(&zero, 0);
  for (int lane = 0; lane < LANES; lane++) {
    fe4_canonical(words, &minus, lane);
    const int is_root = words_are_zero(words);
    fe4_canonical(words, &plus, lane);
    const int other_is_root = words_are_zero(words);
    if (!is_root) fe4_copy_lane(&x, lane, &x_other, lane);
    fe4_canonical(words, &p->y, lane);
    if ((is_root || other_is_root) && !is_small_order(words)) {
      usable |= 1 << lane;
      continue;
    }
    fe4_copy_lane(&x, lane, &zero, lane);
    fe4_copy_lane(&p->y, lane, &p->z, lane);
    sign[lane] = 0;
  }
  fe4_sub(&negated, &zero, &x);
  for (int lane = 0; lane < LANES; lane++) {
    fe4_canonical(words, &x, lane);
    if ((int)(words[0] & 1) != sign[lane]) fe4_copy_lane(&x, lane, &negated, lane);
  }
  p->x = x;
  fe4_mul(&p->t, &p->x, &p->y);
  return usable;
}

#endif
