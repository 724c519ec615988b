/*
 * Made by scripts/known-keys: the constants, and multiplication and squaring as straight lines.
 *
 * A product of two limbs is split exactly by two fused operations: added to a large number it is rounded
 * to multiples of the weight of the next column, and the other one gives what that left out. Factors and
 * arrays are volatile so that compilers keep the order: left alone they move all loads to the front and
 * then have not nearly enough registers (22 ns a lane instead of 13).
 */
static const double FE_D[LIMBS] = {-2430626858826, 253762649450, 15037786634, 521695520920, 4396383678928, -1580088200869};
static const double FE_4D[LIMBS] = {-926414413115, 1015050597799, 60151146536, 2086782083680, -6651328704, -1922306292370};
static const double FE_HALF[LIMBS] = {10, 0, 0, 0, 0, -2199023255552};
static const double FE_ROOT_OF_MINUS_ONE[LIMBS] = {3467281080496, 2184244141507, 1623912887657, 658169911207, 514369180480, 1495070409342};
static const double FE_BASE_X[LIMBS] = {-2883816401638, 777227152070, 3613782639785, -1984311141284, 3938479778105, 1147992972907};
static const double FE_BASE_Y[LIMBS] = {-1759218604437, 879609302221, 3518437208883, -1759218604442, 1759218604442, -879609302221};
#define PACKED_HALF {0x4000000000a, 0x8000000000100000, 0x20000000000, 0x100000}
#define PACKED_ZERO {0x40000000000, 0x8000000000100000, 0x20000000000, 0x4000000000100000}
static const uint64_t ORDER[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0, 0x1000000000000000};
static const uint32_t ORDER_WORDS[9] = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0x0, 0x0, 0x0, 0x10000000, 0x0};
static const uint32_t RECIPROCAL[9] = {0xa2c131b, 0xed9ce5a3, 0x86329a7, 0x2106215d, 0xffffffeb, 0xffffffff, 0xffffffff, 0xffffffff, 0xf};
static const uint64_t SMALL_ORDER_Y[5][4] = {
    {0x0, 0x0, 0x0, 0x0},
    {0x1, 0x0, 0x0, 0x0},
    {0xb027b2c28f95e826, 0xf098eff289f4c345, 0x3933c6d305acdfd5, 0x5fc536d880238b1},
    {0x4fd84d3d706a17c7, 0xf67100d760b3cba, 0xc6cc392cfa53202a, 0x7a03ac9277fdc74e},
    {0xffffffffffffffec, 0xffffffffffffffff, 0xffffffffffffffff, 0x7fffffffffffffff},
};
static const uint64_t SHA512_K[80] = {
    0x428a2f98d728ae22,
    0x7137449123ef65cd,
    0xb5c0fbcfec4d3b2f,
    0xe9b5dba58189dbbc,
    0x3956c25bf348b538,
    0x59f111f1b605d019,
    0x923f82a4af194f9b,
    0xab1c5ed5da6d8118,
    0xd807aa98a3030242,
    0x12835b0145706fbe,
    0x243185be4ee4b28c,
    0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f,
    0x80deb1fe3b1696b1,
    0x9bdc06a725c71235,
    0xc19bf174cf692694,
    0xe49b69c19ef14ad2,
    0xefbe4786384f25e3,
    0xfc19dc68b8cd5b5,
    0x240ca1cc77ac9c65,
    0x2de92c6f592b0275,
    0x4a7484aa6ea6e483,
    0x5cb0a9dcbd41fbd4,
    0x76f988da831153b5,
    0x983e5152ee66dfab,
    0xa831c66d2db43210,
    0xb00327c898fb213f,
    0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2,
    0xd5a79147930aa725,
    0x6ca6351e003826f,
    0x142929670a0e6e70,
    0x27b70a8546d22ffc,
    0x2e1b21385c26c926,
    0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df,
    0x650a73548baf63de,
    0x766a0abb3c77b2a8,
    0x81c2c92e47edaee6,
    0x92722c851482353b,
    0xa2bfe8a14cf10364,
    0xa81a664bbc423001,
    0xc24b8b70d0f89791,
    0xc76c51a30654be30,
    0xd192e819d6ef5218,
    0xd69906245565a910,
    0xf40e35855771202a,
    0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8,
    0x1e376c085141ab53,
    0x2748774cdf8eeb99,
    0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63,
    0x4ed8aa4ae3418acb,
    0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc,
    0x78a5636f43172f60,
    0x84c87814a1f0ab72,
    0x8cc702081a6439ec,
    0x90befffa23631e28,
    0xa4506cebde82bde9,
    0xbef9a3f7b2c67915,
    0xc67178f2e372532b,
    0xca273eceea26619c,
    0xd186b8c721c0c207,
    0xeada7dd6cde0eb1e,
    0xf57d4f7fee6ed178,
    0x6f067aa72176fba,
    0xa637dc5a2c898a6,
    0x113f9804bef90dae,
    0x1b710b35131c471b,
    0x28db77f523047d84,
    0x32caab7b40c72493,
    0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a,
    0x5fcb6fab3ad6faec,
    0x6c44198c4a475817,
};
static const uint64_t SHA512_START[8] = {
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
};

NOINLINE void fe4_multiply_limbs(v128_t *o, const v128_t *a_in, const v128_t *b_in) {
  const volatile v128_t *a = a_in;
  const volatile v128_t *b = b_in;
  volatile v128_t column[11], twice[6];

  /* Lanes 0 and 1. */
  const v128_t t0 = a[0];
  const v128_t t1 = a[2];
  const v128_t t2 = a[4];
  const v128_t t3 = a[6];
  const v128_t t4 = a[8];
  const v128_t t5 = a[10];
  const v128_t t6 = b[2];
  const v128_t t7 = wasm_f64x2_add(t6, t6);
  twice[1] = t7;
  const v128_t t8 = b[6];
  const v128_t t9 = wasm_f64x2_add(t8, t8);
  twice[3] = t9;
  const v128_t t10 = b[10];
  const v128_t t11 = wasm_f64x2_add(t10, t10);
  twice[5] = t11;
  const v128_t t12 = b[0];
  const v128_t t13 = wasm_f64x2_relaxed_madd(t0, t12, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t14 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t13);
  const v128_t t15 = wasm_f64x2_relaxed_madd(t0, t12, t14);
  column[0] = t15;
  const v128_t t16 = wasm_f64x2_sub(t13, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t17 = b[2];
  const v128_t t18 = b[0];
  const v128_t t19 = wasm_f64x2_relaxed_madd(t0, t17, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t20 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t19);
  const v128_t t21 = wasm_f64x2_relaxed_madd(t0, t17, t20);
  const v128_t t22 = wasm_f64x2_relaxed_madd(t1, t18, t19);
  const v128_t t23 = wasm_f64x2_sub(t19, t22);
  const v128_t t24 = wasm_f64x2_relaxed_madd(t1, t18, t23);
  const v128_t t25 = wasm_f64x2_add(t21, t24);
  const v128_t t26 = wasm_f64x2_relaxed_madd(t16, wasm_f64x2_const_splat(1 * 0x1p-43), t25);
  column[1] = t26;
  const v128_t t27 = wasm_f64x2_sub(t22, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t28 = b[4];
  const v128_t t29 = twice[1];
  const v128_t t30 = b[0];
  const v128_t t31 = wasm_f64x2_relaxed_madd(t0, t28, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t32 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t31);
  const v128_t t33 = wasm_f64x2_relaxed_madd(t0, t28, t32);
  const v128_t t34 = wasm_f64x2_relaxed_madd(t1, t29, t31);
  const v128_t t35 = wasm_f64x2_sub(t31, t34);
  const v128_t t36 = wasm_f64x2_relaxed_madd(t1, t29, t35);
  const v128_t t37 = wasm_f64x2_add(t33, t36);
  const v128_t t38 = wasm_f64x2_relaxed_madd(t2, t30, t34);
  const v128_t t39 = wasm_f64x2_sub(t34, t38);
  const v128_t t40 = wasm_f64x2_relaxed_madd(t2, t30, t39);
  const v128_t t41 = wasm_f64x2_add(t37, t40);
  const v128_t t42 = wasm_f64x2_relaxed_madd(t27, wasm_f64x2_const_splat(1 * 0x1p-42), t41);
  column[2] = t42;
  const v128_t t43 = wasm_f64x2_sub(t38, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t44 = b[6];
  const v128_t t45 = b[4];
  const v128_t t46 = b[2];
  const v128_t t47 = b[0];
  const v128_t t48 = wasm_f64x2_relaxed_madd(t0, t44, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t49 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t48);
  const v128_t t50 = wasm_f64x2_relaxed_madd(t0, t44, t49);
  const v128_t t51 = wasm_f64x2_relaxed_madd(t1, t45, t48);
  const v128_t t52 = wasm_f64x2_sub(t48, t51);
  const v128_t t53 = wasm_f64x2_relaxed_madd(t1, t45, t52);
  const v128_t t54 = wasm_f64x2_add(t50, t53);
  const v128_t t55 = wasm_f64x2_relaxed_madd(t2, t46, t51);
  const v128_t t56 = wasm_f64x2_sub(t51, t55);
  const v128_t t57 = wasm_f64x2_relaxed_madd(t2, t46, t56);
  const v128_t t58 = wasm_f64x2_add(t54, t57);
  const v128_t t59 = wasm_f64x2_relaxed_madd(t3, t47, t55);
  const v128_t t60 = wasm_f64x2_sub(t55, t59);
  const v128_t t61 = wasm_f64x2_relaxed_madd(t3, t47, t60);
  const v128_t t62 = wasm_f64x2_add(t58, t61);
  const v128_t t63 = wasm_f64x2_relaxed_madd(t43, wasm_f64x2_const_splat(1 * 0x1p-43), t62);
  column[3] = t63;
  const v128_t t64 = wasm_f64x2_sub(t59, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t65 = b[8];
  const v128_t t66 = twice[3];
  const v128_t t67 = b[4];
  const v128_t t68 = twice[1];
  const v128_t t69 = b[0];
  const v128_t t70 = wasm_f64x2_relaxed_madd(t0, t65, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t71 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t70);
  const v128_t t72 = wasm_f64x2_relaxed_madd(t0, t65, t71);
  const v128_t t73 = wasm_f64x2_relaxed_madd(t1, t66, t70);
  const v128_t t74 = wasm_f64x2_sub(t70, t73);
  const v128_t t75 = wasm_f64x2_relaxed_madd(t1, t66, t74);
  const v128_t t76 = wasm_f64x2_add(t72, t75);
  const v128_t t77 = wasm_f64x2_relaxed_madd(t2, t67, t73);
  const v128_t t78 = wasm_f64x2_sub(t73, t77);
  const v128_t t79 = wasm_f64x2_relaxed_madd(t2, t67, t78);
  const v128_t t80 = wasm_f64x2_add(t76, t79);
  const v128_t t81 = wasm_f64x2_relaxed_madd(t3, t68, t77);
  const v128_t t82 = wasm_f64x2_sub(t77, t81);
  const v128_t t83 = wasm_f64x2_relaxed_madd(t3, t68, t82);
  const v128_t t84 = wasm_f64x2_add(t80, t83);
  const v128_t t85 = wasm_f64x2_relaxed_madd(t4, t69, t81);
  const v128_t t86 = wasm_f64x2_sub(t81, t85);
  const v128_t t87 = wasm_f64x2_relaxed_madd(t4, t69, t86);
  const v128_t t88 = wasm_f64x2_add(t84, t87);
  const v128_t t89 = wasm_f64x2_relaxed_madd(t64, wasm_f64x2_const_splat(1 * 0x1p-42), t88);
  column[4] = t89;
  const v128_t t90 = wasm_f64x2_sub(t85, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t91 = b[10];
  const v128_t t92 = b[8];
  const v128_t t93 = b[6];
  const v128_t t94 = b[4];
  const v128_t t95 = b[2];
  const v128_t t96 = b[0];
  const v128_t t97 = wasm_f64x2_relaxed_madd(t0, t91, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t98 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t97);
  const v128_t t99 = wasm_f64x2_relaxed_madd(t0, t91, t98);
  const v128_t t100 = wasm_f64x2_relaxed_madd(t1, t92, t97);
  const v128_t t101 = wasm_f64x2_sub(t97, t100);
  const v128_t t102 = wasm_f64x2_relaxed_madd(t1, t92, t101);
  const v128_t t103 = wasm_f64x2_add(t99, t102);
  const v128_t t104 = wasm_f64x2_relaxed_madd(t2, t93, t100);
  const v128_t t105 = wasm_f64x2_sub(t100, t104);
  const v128_t t106 = wasm_f64x2_relaxed_madd(t2, t93, t105);
  const v128_t t107 = wasm_f64x2_add(t103, t106);
  const v128_t t108 = wasm_f64x2_relaxed_madd(t3, t94, t104);
  const v128_t t109 = wasm_f64x2_sub(t104, t108);
  const v128_t t110 = wasm_f64x2_relaxed_madd(t3, t94, t109);
  const v128_t t111 = wasm_f64x2_add(t107, t110);
  const v128_t t112 = wasm_f64x2_relaxed_madd(t4, t95, t108);
  const v128_t t113 = wasm_f64x2_sub(t108, t112);
  const v128_t t114 = wasm_f64x2_relaxed_madd(t4, t95, t113);
  const v128_t t115 = wasm_f64x2_add(t111, t114);
  const v128_t t116 = wasm_f64x2_relaxed_madd(t5, t96, t112);
  const v128_t t117 = wasm_f64x2_sub(t112, t116);
  const v128_t t118 = wasm_f64x2_relaxed_madd(t5, t96, t117);
  const v128_t t119 = wasm_f64x2_add(t115, t118);
  const v128_t t120 = wasm_f64x2_relaxed_madd(t90, wasm_f64x2_const_splat(1 * 0x1p-43), t119);
  column[5] = t120;
  const v128_t t121 = wasm_f64x2_sub(t116, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t122 = twice[5];
  const v128_t t123 = b[8];
  const v128_t t124 = twice[3];
  const v128_t t125 = b[4];
  const v128_t t126 = twice[1];
  const v128_t t127 = wasm_f64x2_relaxed_madd(t1, t122, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t128 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t127);
  const v128_t t129 = wasm_f64x2_relaxed_madd(t1, t122, t128);
  const v128_t t130 = wasm_f64x2_relaxed_madd(t2, t123, t127);
  const v128_t t131 = wasm_f64x2_sub(t127, t130);
  const v128_t t132 = wasm_f64x2_relaxed_madd(t2, t123, t131);
  const v128_t t133 = wasm_f64x2_add(t129, t132);
  const v128_t t134 = wasm_f64x2_relaxed_madd(t3, t124, t130);
  const v128_t t135 = wasm_f64x2_sub(t130, t134);
  const v128_t t136 = wasm_f64x2_relaxed_madd(t3, t124, t135);
  const v128_t t137 = wasm_f64x2_add(t133, t136);
  const v128_t t138 = wasm_f64x2_relaxed_madd(t4, t125, t134);
  const v128_t t139 = wasm_f64x2_sub(t134, t138);
  const v128_t t140 = wasm_f64x2_relaxed_madd(t4, t125, t139);
  const v128_t t141 = wasm_f64x2_add(t137, t140);
  const v128_t t142 = wasm_f64x2_relaxed_madd(t5, t126, t138);
  const v128_t t143 = wasm_f64x2_sub(t138, t142);
  const v128_t t144 = wasm_f64x2_relaxed_madd(t5, t126, t143);
  const v128_t t145 = wasm_f64x2_add(t141, t144);
  const v128_t t146 = wasm_f64x2_relaxed_madd(t121, wasm_f64x2_const_splat(1 * 0x1p-42), t145);
  column[6] = t146;
  const v128_t t147 = wasm_f64x2_sub(t142, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t148 = b[10];
  const v128_t t149 = b[8];
  const v128_t t150 = b[6];
  const v128_t t151 = b[4];
  const v128_t t152 = wasm_f64x2_relaxed_madd(t2, t148, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t153 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t152);
  const v128_t t154 = wasm_f64x2_relaxed_madd(t2, t148, t153);
  const v128_t t155 = wasm_f64x2_relaxed_madd(t3, t149, t152);
  const v128_t t156 = wasm_f64x2_sub(t152, t155);
  const v128_t t157 = wasm_f64x2_relaxed_madd(t3, t149, t156);
  const v128_t t158 = wasm_f64x2_add(t154, t157);
  const v128_t t159 = wasm_f64x2_relaxed_madd(t4, t150, t155);
  const v128_t t160 = wasm_f64x2_sub(t155, t159);
  const v128_t t161 = wasm_f64x2_relaxed_madd(t4, t150, t160);
  const v128_t t162 = wasm_f64x2_add(t158, t161);
  const v128_t t163 = wasm_f64x2_relaxed_madd(t5, t151, t159);
  const v128_t t164 = wasm_f64x2_sub(t159, t163);
  const v128_t t165 = wasm_f64x2_relaxed_madd(t5, t151, t164);
  const v128_t t166 = wasm_f64x2_add(t162, t165);
  const v128_t t167 = wasm_f64x2_relaxed_madd(t147, wasm_f64x2_const_splat(1 * 0x1p-43), t166);
  column[7] = t167;
  const v128_t t168 = wasm_f64x2_sub(t163, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t169 = twice[5];
  const v128_t t170 = b[8];
  const v128_t t171 = twice[3];
  const v128_t t172 = wasm_f64x2_relaxed_madd(t3, t169, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t173 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t172);
  const v128_t t174 = wasm_f64x2_relaxed_madd(t3, t169, t173);
  const v128_t t175 = wasm_f64x2_relaxed_madd(t4, t170, t172);
  const v128_t t176 = wasm_f64x2_sub(t172, t175);
  const v128_t t177 = wasm_f64x2_relaxed_madd(t4, t170, t176);
  const v128_t t178 = wasm_f64x2_add(t174, t177);
  const v128_t t179 = wasm_f64x2_relaxed_madd(t5, t171, t175);
  const v128_t t180 = wasm_f64x2_sub(t175, t179);
  const v128_t t181 = wasm_f64x2_relaxed_madd(t5, t171, t180);
  const v128_t t182 = wasm_f64x2_add(t178, t181);
  const v128_t t183 = wasm_f64x2_relaxed_madd(t168, wasm_f64x2_const_splat(1 * 0x1p-42), t182);
  column[8] = t183;
  const v128_t t184 = wasm_f64x2_sub(t179, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t185 = b[10];
  const v128_t t186 = b[8];
  const v128_t t187 = wasm_f64x2_relaxed_madd(t4, t185, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t188 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t187);
  const v128_t t189 = wasm_f64x2_relaxed_madd(t4, t185, t188);
  const v128_t t190 = wasm_f64x2_relaxed_madd(t5, t186, t187);
  const v128_t t191 = wasm_f64x2_sub(t187, t190);
  const v128_t t192 = wasm_f64x2_relaxed_madd(t5, t186, t191);
  const v128_t t193 = wasm_f64x2_add(t189, t192);
  const v128_t t194 = wasm_f64x2_relaxed_madd(t184, wasm_f64x2_const_splat(1 * 0x1p-43), t193);
  column[9] = t194;
  const v128_t t195 = wasm_f64x2_sub(t190, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t196 = twice[5];
  const v128_t t197 = wasm_f64x2_relaxed_madd(t5, t196, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t198 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t197);
  const v128_t t199 = wasm_f64x2_relaxed_madd(t5, t196, t198);
  const v128_t t200 = wasm_f64x2_relaxed_madd(t195, wasm_f64x2_const_splat(1 * 0x1p-42), t199);
  column[10] = t200;
  const v128_t t201 = wasm_f64x2_sub(t197, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t202 = column[0];
  const v128_t t203 = column[6];
  const v128_t t204 = wasm_f64x2_relaxed_madd(t203, wasm_f64x2_const_splat(19), t202);
  const v128_t t205 = column[1];
  const v128_t t206 = column[7];
  const v128_t t207 = wasm_f64x2_relaxed_madd(t206, wasm_f64x2_const_splat(19), t205);
  const v128_t t208 = column[2];
  const v128_t t209 = column[8];
  const v128_t t210 = wasm_f64x2_relaxed_madd(t209, wasm_f64x2_const_splat(19), t208);
  const v128_t t211 = column[3];
  const v128_t t212 = column[9];
  const v128_t t213 = wasm_f64x2_relaxed_madd(t212, wasm_f64x2_const_splat(19), t211);
  const v128_t t214 = column[4];
  const v128_t t215 = column[10];
  const v128_t t216 = wasm_f64x2_relaxed_madd(t215, wasm_f64x2_const_splat(19), t214);
  const v128_t t217 = column[5];
  const v128_t t218 = wasm_f64x2_relaxed_madd(t201, wasm_f64x2_const_splat(19 * 0x1p-43), t217);
  const v128_t t219 = wasm_f64x2_add(t204, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t220 = wasm_f64x2_sub(t219, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t221 = wasm_f64x2_add(t207, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t222 = wasm_f64x2_sub(t221, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t223 = wasm_f64x2_add(t210, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t224 = wasm_f64x2_sub(t223, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t225 = wasm_f64x2_add(t213, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t226 = wasm_f64x2_sub(t225, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t227 = wasm_f64x2_add(t216, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t228 = wasm_f64x2_sub(t227, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t229 = wasm_f64x2_add(t218, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t230 = wasm_f64x2_sub(t229, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t231 = wasm_f64x2_sub(t204, t220);
  const v128_t t232 = wasm_f64x2_relaxed_madd(t230, wasm_f64x2_const_splat(19 * 0x1p-42), t231);
  const v128_t t233 = wasm_f64x2_sub(t207, t222);
  const v128_t t234 = wasm_f64x2_relaxed_madd(t220, wasm_f64x2_const_splat(1 * 0x1p-43), t233);
  const v128_t t235 = wasm_f64x2_sub(t210, t224);
  const v128_t t236 = wasm_f64x2_relaxed_madd(t222, wasm_f64x2_const_splat(1 * 0x1p-42), t235);
  const v128_t t237 = wasm_f64x2_sub(t213, t226);
  const v128_t t238 = wasm_f64x2_relaxed_madd(t224, wasm_f64x2_const_splat(1 * 0x1p-43), t237);
  const v128_t t239 = wasm_f64x2_sub(t216, t228);
  const v128_t t240 = wasm_f64x2_relaxed_madd(t226, wasm_f64x2_const_splat(1 * 0x1p-42), t239);
  const v128_t t241 = wasm_f64x2_sub(t218, t230);
  const v128_t t242 = wasm_f64x2_relaxed_madd(t228, wasm_f64x2_const_splat(1 * 0x1p-43), t241);
  o[0] = t232;
  o[2] = t234;
  o[4] = t236;
  o[6] = t238;
  o[8] = t240;
  o[10] = t242;

  /* Lanes 2 and 3. */
  const v128_t t243 = a[1];
  const v128_t t244 = a[3];
  const v128_t t245 = a[5];
  const v128_t t246 = a[7];
  const v128_t t247 = a[9];
  const v128_t t248 = a[11];
  const v128_t t249 = b[3];
  const v128_t t250 = wasm_f64x2_add(t249, t249);
  twice[1] = t250;
  const v128_t t251 = b[7];
  const v128_t t252 = wasm_f64x2_add(t251, t251);
  twice[3] = t252;
  const v128_t t253 = b[11];
  const v128_t t254 = wasm_f64x2_add(t253, t253);
  twice[5] = t254;
  const v128_t t255 = b[1];
  const v128_t t256 = wasm_f64x2_relaxed_madd(t243, t255, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t257 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t256);
  const v128_t t258 = wasm_f64x2_relaxed_madd(t243, t255, t257);
  column[0] = t258;
  const v128_t t259 = wasm_f64x2_sub(t256, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t260 = b[3];
  const v128_t t261 = b[1];
  const v128_t t262 = wasm_f64x2_relaxed_madd(t243, t260, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t263 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t262);
  const v128_t t264 = wasm_f64x2_relaxed_madd(t243, t260, t263);
  const v128_t t265 = wasm_f64x2_relaxed_madd(t244, t261, t262);
  const v128_t t266 = wasm_f64x2_sub(t262, t265);
  const v128_t t267 = wasm_f64x2_relaxed_madd(t244, t261, t266);
  const v128_t t268 = wasm_f64x2_add(t264, t267);
  const v128_t t269 = wasm_f64x2_relaxed_madd(t259, wasm_f64x2_const_splat(1 * 0x1p-43), t268);
  column[1] = t269;
  const v128_t t270 = wasm_f64x2_sub(t265, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t271 = b[5];
  const v128_t t272 = twice[1];
  const v128_t t273 = b[1];
  const v128_t t274 = wasm_f64x2_relaxed_madd(t243, t271, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t275 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t274);
  const v128_t t276 = wasm_f64x2_relaxed_madd(t243, t271, t275);
  const v128_t t277 = wasm_f64x2_relaxed_madd(t244, t272, t274);
  const v128_t t278 = wasm_f64x2_sub(t274, t277);
  const v128_t t279 = wasm_f64x2_relaxed_madd(t244, t272, t278);
  const v128_t t280 = wasm_f64x2_add(t276, t279);
  const v128_t t281 = wasm_f64x2_relaxed_madd(t245, t273, t277);
  const v128_t t282 = wasm_f64x2_sub(t277, t281);
  const v128_t t283 = wasm_f64x2_relaxed_madd(t245, t273, t282);
  const v128_t t284 = wasm_f64x2_add(t280, t283);
  const v128_t t285 = wasm_f64x2_relaxed_madd(t270, wasm_f64x2_const_splat(1 * 0x1p-42), t284);
  column[2] = t285;
  const v128_t t286 = wasm_f64x2_sub(t281, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t287 = b[7];
  const v128_t t288 = b[5];
  const v128_t t289 = b[3];
  const v128_t t290 = b[1];
  const v128_t t291 = wasm_f64x2_relaxed_madd(t243, t287, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t292 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t291);
  const v128_t t293 = wasm_f64x2_relaxed_madd(t243, t287, t292);
  const v128_t t294 = wasm_f64x2_relaxed_madd(t244, t288, t291);
  const v128_t t295 = wasm_f64x2_sub(t291, t294);
  const v128_t t296 = wasm_f64x2_relaxed_madd(t244, t288, t295);
  const v128_t t297 = wasm_f64x2_add(t293, t296);
  const v128_t t298 = wasm_f64x2_relaxed_madd(t245, t289, t294);
  const v128_t t299 = wasm_f64x2_sub(t294, t298);
  const v128_t t300 = wasm_f64x2_relaxed_madd(t245, t289, t299);
  const v128_t t301 = wasm_f64x2_add(t297, t300);
  const v128_t t302 = wasm_f64x2_relaxed_madd(t246, t290, t298);
  const v128_t t303 = wasm_f64x2_sub(t298, t302);
  const v128_t t304 = wasm_f64x2_relaxed_madd(t246, t290, t303);
  const v128_t t305 = wasm_f64x2_add(t301, t304);
  const v128_t t306 = wasm_f64x2_relaxed_madd(t286, wasm_f64x2_const_splat(1 * 0x1p-43), t305);
  column[3] = t306;
  const v128_t t307 = wasm_f64x2_sub(t302, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t308 = b[9];
  const v128_t t309 = twice[3];
  const v128_t t310 = b[5];
  const v128_t t311 = twice[1];
  const v128_t t312 = b[1];
  const v128_t t313 = wasm_f64x2_relaxed_madd(t243, t308, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t314 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t313);
  const v128_t t315 = wasm_f64x2_relaxed_madd(t243, t308, t314);
  const v128_t t316 = wasm_f64x2_relaxed_madd(t244, t309, t313);
  const v128_t t317 = wasm_f64x2_sub(t313, t316);
  const v128_t t318 = wasm_f64x2_relaxed_madd(t244, t309, t317);
  const v128_t t319 = wasm_f64x2_add(t315, t318);
  const v128_t t320 = wasm_f64x2_relaxed_madd(t245, t310, t316);
  const v128_t t321 = wasm_f64x2_sub(t316, t320);
  const v128_t t322 = wasm_f64x2_relaxed_madd(t245, t310, t321);
  const v128_t t323 = wasm_f64x2_add(t319, t322);
  const v128_t t324 = wasm_f64x2_relaxed_madd(t246, t311, t320);
  const v128_t t325 = wasm_f64x2_sub(t320, t324);
  const v128_t t326 = wasm_f64x2_relaxed_madd(t246, t311, t325);
  const v128_t t327 = wasm_f64x2_add(t323, t326);
  const v128_t t328 = wasm_f64x2_relaxed_madd(t247, t312, t324);
  const v128_t t329 = wasm_f64x2_sub(t324, t328);
  const v128_t t330 = wasm_f64x2_relaxed_madd(t247, t312, t329);
  const v128_t t331 = wasm_f64x2_add(t327, t330);
  const v128_t t332 = wasm_f64x2_relaxed_madd(t307, wasm_f64x2_const_splat(1 * 0x1p-42), t331);
  column[4] = t332;
  const v128_t t333 = wasm_f64x2_sub(t328, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t334 = b[11];
  const v128_t t335 = b[9];
  const v128_t t336 = b[7];
  const v128_t t337 = b[5];
  const v128_t t338 = b[3];
  const v128_t t339 = b[1];
  const v128_t t340 = wasm_f64x2_relaxed_madd(t243, t334, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t341 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t340);
  const v128_t t342 = wasm_f64x2_relaxed_madd(t243, t334, t341);
  const v128_t t343 = wasm_f64x2_relaxed_madd(t244, t335, t340);
  const v128_t t344 = wasm_f64x2_sub(t340, t343);
  const v128_t t345 = wasm_f64x2_relaxed_madd(t244, t335, t344);
  const v128_t t346 = wasm_f64x2_add(t342, t345);
  const v128_t t347 = wasm_f64x2_relaxed_madd(t245, t336, t343);
  const v128_t t348 = wasm_f64x2_sub(t343, t347);
  const v128_t t349 = wasm_f64x2_relaxed_madd(t245, t336, t348);
  const v128_t t350 = wasm_f64x2_add(t346, t349);
  const v128_t t351 = wasm_f64x2_relaxed_madd(t246, t337, t347);
  const v128_t t352 = wasm_f64x2_sub(t347, t351);
  const v128_t t353 = wasm_f64x2_relaxed_madd(t246, t337, t352);
  const v128_t t354 = wasm_f64x2_add(t350, t353);
  const v128_t t355 = wasm_f64x2_relaxed_madd(t247, t338, t351);
  const v128_t t356 = wasm_f64x2_sub(t351, t355);
  const v128_t t357 = wasm_f64x2_relaxed_madd(t247, t338, t356);
  const v128_t t358 = wasm_f64x2_add(t354, t357);
  const v128_t t359 = wasm_f64x2_relaxed_madd(t248, t339, t355);
  const v128_t t360 = wasm_f64x2_sub(t355, t359);
  const v128_t t361 = wasm_f64x2_relaxed_madd(t248, t339, t360);
  const v128_t t362 = wasm_f64x2_add(t358, t361);
  const v128_t t363 = wasm_f64x2_relaxed_madd(t333, wasm_f64x2_const_splat(1 * 0x1p-43), t362);
  column[5] = t363;
  const v128_t t364 = wasm_f64x2_sub(t359, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t365 = twice[5];
  const v128_t t366 = b[9];
  const v128_t t367 = twice[3];
  const v128_t t368 = b[5];
  const v128_t t369 = twice[1];
  const v128_t t370 = wasm_f64x2_relaxed_madd(t244, t365, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t371 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t370);
  const v128_t t372 = wasm_f64x2_relaxed_madd(t244, t365, t371);
  const v128_t t373 = wasm_f64x2_relaxed_madd(t245, t366, t370);
  const v128_t t374 = wasm_f64x2_sub(t370, t373);
  const v128_t t375 = wasm_f64x2_relaxed_madd(t245, t366, t374);
  const v128_t t376 = wasm_f64x2_add(t372, t375);
  const v128_t t377 = wasm_f64x2_relaxed_madd(t246, t367, t373);
  const v128_t t378 = wasm_f64x2_sub(t373, t377);
  const v128_t t379 = wasm_f64x2_relaxed_madd(t246, t367, t378);
  const v128_t t380 = wasm_f64x2_add(t376, t379);
  const v128_t t381 = wasm_f64x2_relaxed_madd(t247, t368, t377);
  const v128_t t382 = wasm_f64x2_sub(t377, t381);
  const v128_t t383 = wasm_f64x2_relaxed_madd(t247, t368, t382);
  const v128_t t384 = wasm_f64x2_add(t380, t383);
  const v128_t t385 = wasm_f64x2_relaxed_madd(t248, t369, t381);
  const v128_t t386 = wasm_f64x2_sub(t381, t385);
  const v128_t t387 = wasm_f64x2_relaxed_madd(t248, t369, t386);
  const v128_t t388 = wasm_f64x2_add(t384, t387);
  const v128_t t389 = wasm_f64x2_relaxed_madd(t364, wasm_f64x2_const_splat(1 * 0x1p-42), t388);
  column[6] = t389;
  const v128_t t390 = wasm_f64x2_sub(t385, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t391 = b[11];
  const v128_t t392 = b[9];
  const v128_t t393 = b[7];
  const v128_t t394 = b[5];
  const v128_t t395 = wasm_f64x2_relaxed_madd(t245, t391, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t396 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t395);
  const v128_t t397 = wasm_f64x2_relaxed_madd(t245, t391, t396);
  const v128_t t398 = wasm_f64x2_relaxed_madd(t246, t392, t395);
  const v128_t t399 = wasm_f64x2_sub(t395, t398);
  const v128_t t400 = wasm_f64x2_relaxed_madd(t246, t392, t399);
  const v128_t t401 = wasm_f64x2_add(t397, t400);
  const v128_t t402 = wasm_f64x2_relaxed_madd(t247, t393, t398);
  const v128_t t403 = wasm_f64x2_sub(t398, t402);
  const v128_t t404 = wasm_f64x2_relaxed_madd(t247, t393, t403);
  const v128_t t405 = wasm_f64x2_add(t401, t404);
  const v128_t t406 = wasm_f64x2_relaxed_madd(t248, t394, t402);
  const v128_t t407 = wasm_f64x2_sub(t402, t406);
  const v128_t t408 = wasm_f64x2_relaxed_madd(t248, t394, t407);
  const v128_t t409 = wasm_f64x2_add(t405, t408);
  const v128_t t410 = wasm_f64x2_relaxed_madd(t390, wasm_f64x2_const_splat(1 * 0x1p-43), t409);
  column[7] = t410;
  const v128_t t411 = wasm_f64x2_sub(t406, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t412 = twice[5];
  const v128_t t413 = b[9];
  const v128_t t414 = twice[3];
  const v128_t t415 = wasm_f64x2_relaxed_madd(t246, t412, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t416 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t415);
  const v128_t t417 = wasm_f64x2_relaxed_madd(t246, t412, t416);
  const v128_t t418 = wasm_f64x2_relaxed_madd(t247, t413, t415);
  const v128_t t419 = wasm_f64x2_sub(t415, t418);
  const v128_t t420 = wasm_f64x2_relaxed_madd(t247, t413, t419);
  const v128_t t421 = wasm_f64x2_add(t417, t420);
  const v128_t t422 = wasm_f64x2_relaxed_madd(t248, t414, t418);
  const v128_t t423 = wasm_f64x2_sub(t418, t422);
  const v128_t t424 = wasm_f64x2_relaxed_madd(t248, t414, t423);
  const v128_t t425 = wasm_f64x2_add(t421, t424);
  const v128_t t426 = wasm_f64x2_relaxed_madd(t411, wasm_f64x2_const_splat(1 * 0x1p-42), t425);
  column[8] = t426;
  const v128_t t427 = wasm_f64x2_sub(t422, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t428 = b[11];
  const v128_t t429 = b[9];
  const v128_t t430 = wasm_f64x2_relaxed_madd(t247, t428, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t431 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t430);
  const v128_t t432 = wasm_f64x2_relaxed_madd(t247, t428, t431);
  const v128_t t433 = wasm_f64x2_relaxed_madd(t248, t429, t430);
  const v128_t t434 = wasm_f64x2_sub(t430, t433);
  const v128_t t435 = wasm_f64x2_relaxed_madd(t248, t429, t434);
  const v128_t t436 = wasm_f64x2_add(t432, t435);
  const v128_t t437 = wasm_f64x2_relaxed_madd(t427, wasm_f64x2_const_splat(1 * 0x1p-43), t436);
  column[9] = t437;
  const v128_t t438 = wasm_f64x2_sub(t433, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t439 = twice[5];
  const v128_t t440 = wasm_f64x2_relaxed_madd(t248, t439, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t441 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t440);
  const v128_t t442 = wasm_f64x2_relaxed_madd(t248, t439, t441);
  const v128_t t443 = wasm_f64x2_relaxed_madd(t438, wasm_f64x2_const_splat(1 * 0x1p-42), t442);
  column[10] = t443;
  const v128_t t444 = wasm_f64x2_sub(t440, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t445 = column[0];
  const v128_t t446 = column[6];
  const v128_t t447 = wasm_f64x2_relaxed_madd(t446, wasm_f64x2_const_splat(19), t445);
  const v128_t t448 = column[1];
  const v128_t t449 = column[7];
  const v128_t t450 = wasm_f64x2_relaxed_madd(t449, wasm_f64x2_const_splat(19), t448);
  const v128_t t451 = column[2];
  const v128_t t452 = column[8];
  const v128_t t453 = wasm_f64x2_relaxed_madd(t452, wasm_f64x2_const_splat(19), t451);
  const v128_t t454 = column[3];
  const v128_t t455 = column[9];
  const v128_t t456 = wasm_f64x2_relaxed_madd(t455, wasm_f64x2_const_splat(19), t454);
  const v128_t t457 = column[4];
  const v128_t t458 = column[10];
  const v128_t t459 = wasm_f64x2_relaxed_madd(t458, wasm_f64x2_const_splat(19), t457);
  const v128_t t460 = column[5];
  const v128_t t461 = wasm_f64x2_relaxed_madd(t444, wasm_f64x2_const_splat(19 * 0x1p-43), t460);
  const v128_t t462 = wasm_f64x2_add(t447, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t463 = wasm_f64x2_sub(t462, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t464 = wasm_f64x2_add(t450, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t465 = wasm_f64x2_sub(t464, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t466 = wasm_f64x2_add(t453, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t467 = wasm_f64x2_sub(t466, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t468 = wasm_f64x2_add(t456, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t469 = wasm_f64x2_sub(t468, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t470 = wasm_f64x2_add(t459, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t471 = wasm_f64x2_sub(t470, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t472 = wasm_f64x2_add(t461, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t473 = wasm_f64x2_sub(t472, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t474 = wasm_f64x2_sub(t447, t463);
  const v128_t t475 = wasm_f64x2_relaxed_madd(t473, wasm_f64x2_const_splat(19 * 0x1p-42), t474);
  const v128_t t476 = wasm_f64x2_sub(t450, t465);
  const v128_t t477 = wasm_f64x2_relaxed_madd(t463, wasm_f64x2_const_splat(1 * 0x1p-43), t476);
  const v128_t t478 = wasm_f64x2_sub(t453, t467);
  const v128_t t479 = wasm_f64x2_relaxed_madd(t465, wasm_f64x2_const_splat(1 * 0x1p-42), t478);
  const v128_t t480 = wasm_f64x2_sub(t456, t469);
  const v128_t t481 = wasm_f64x2_relaxed_madd(t467, wasm_f64x2_const_splat(1 * 0x1p-43), t480);
  const v128_t t482 = wasm_f64x2_sub(t459, t471);
  const v128_t t483 = wasm_f64x2_relaxed_madd(t469, wasm_f64x2_const_splat(1 * 0x1p-42), t482);
  const v128_t t484 = wasm_f64x2_sub(t461, t473);
  const v128_t t485 = wasm_f64x2_relaxed_madd(t471, wasm_f64x2_const_splat(1 * 0x1p-43), t484);
  o[1] = t475;
  o[3] = t477;
  o[5] = t479;
  o[7] = t481;
  o[9] = t483;
  o[11] = t485;
}

NOINLINE void fe4_square_limbs(v128_t *o, const v128_t *a_in) {
  const volatile v128_t *a = a_in;
  volatile v128_t column[11], twice[6];

  /* Lanes 0 and 1. */
  const v128_t t0 = a[0];
  const v128_t t1 = a[2];
  const v128_t t2 = a[4];
  const v128_t t3 = a[6];
  const v128_t t4 = a[8];
  const v128_t t5 = a[10];
  const v128_t t6 = wasm_f64x2_add(t0, t0);
  twice[0] = t6;
  const v128_t t7 = wasm_f64x2_add(t1, t1);
  twice[1] = t7;
  const v128_t t8 = wasm_f64x2_add(t2, t2);
  twice[2] = t8;
  const v128_t t9 = wasm_f64x2_add(t3, t3);
  twice[3] = t9;
  const v128_t t10 = wasm_f64x2_add(t4, t4);
  twice[4] = t10;
  const v128_t t11 = wasm_f64x2_add(t5, t5);
  twice[5] = t11;
  const v128_t t12 = wasm_f64x2_relaxed_madd(t0, t0, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t13 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t12);
  const v128_t t14 = wasm_f64x2_relaxed_madd(t0, t0, t13);
  column[0] = t14;
  const v128_t t15 = wasm_f64x2_sub(t12, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t16 = twice[0];
  const v128_t t17 = wasm_f64x2_relaxed_madd(t16, t1, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t18 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t17);
  const v128_t t19 = wasm_f64x2_relaxed_madd(t16, t1, t18);
  const v128_t t20 = wasm_f64x2_relaxed_madd(t15, wasm_f64x2_const_splat(1 * 0x1p-43), t19);
  column[1] = t20;
  const v128_t t21 = wasm_f64x2_sub(t17, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t22 = twice[0];
  const v128_t t23 = twice[1];
  const v128_t t24 = wasm_f64x2_relaxed_madd(t22, t2, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t25 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t24);
  const v128_t t26 = wasm_f64x2_relaxed_madd(t22, t2, t25);
  const v128_t t27 = wasm_f64x2_relaxed_madd(t1, t23, t24);
  const v128_t t28 = wasm_f64x2_sub(t24, t27);
  const v128_t t29 = wasm_f64x2_relaxed_madd(t1, t23, t28);
  const v128_t t30 = wasm_f64x2_add(t26, t29);
  const v128_t t31 = wasm_f64x2_relaxed_madd(t21, wasm_f64x2_const_splat(1 * 0x1p-42), t30);
  column[2] = t31;
  const v128_t t32 = wasm_f64x2_sub(t27, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t33 = twice[0];
  const v128_t t34 = twice[1];
  const v128_t t35 = wasm_f64x2_relaxed_madd(t33, t3, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t36 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t35);
  const v128_t t37 = wasm_f64x2_relaxed_madd(t33, t3, t36);
  const v128_t t38 = wasm_f64x2_relaxed_madd(t34, t2, t35);
  const v128_t t39 = wasm_f64x2_sub(t35, t38);
  const v128_t t40 = wasm_f64x2_relaxed_madd(t34, t2, t39);
  const v128_t t41 = wasm_f64x2_add(t37, t40);
  const v128_t t42 = wasm_f64x2_relaxed_madd(t32, wasm_f64x2_const_splat(1 * 0x1p-43), t41);
  column[3] = t42;
  const v128_t t43 = wasm_f64x2_sub(t38, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t44 = twice[0];
  const v128_t t45 = twice[1];
  const v128_t t46 = twice[3];
  const v128_t t47 = wasm_f64x2_relaxed_madd(t44, t4, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t48 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t47);
  const v128_t t49 = wasm_f64x2_relaxed_madd(t44, t4, t48);
  const v128_t t50 = wasm_f64x2_relaxed_madd(t45, t46, t47);
  const v128_t t51 = wasm_f64x2_sub(t47, t50);
  const v128_t t52 = wasm_f64x2_relaxed_madd(t45, t46, t51);
  const v128_t t53 = wasm_f64x2_add(t49, t52);
  const v128_t t54 = wasm_f64x2_relaxed_madd(t2, t2, t50);
  const v128_t t55 = wasm_f64x2_sub(t50, t54);
  const v128_t t56 = wasm_f64x2_relaxed_madd(t2, t2, t55);
  const v128_t t57 = wasm_f64x2_add(t53, t56);
  const v128_t t58 = wasm_f64x2_relaxed_madd(t43, wasm_f64x2_const_splat(1 * 0x1p-42), t57);
  column[4] = t58;
  const v128_t t59 = wasm_f64x2_sub(t54, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t60 = twice[0];
  const v128_t t61 = twice[1];
  const v128_t t62 = twice[2];
  const v128_t t63 = wasm_f64x2_relaxed_madd(t60, t5, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t64 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t63);
  const v128_t t65 = wasm_f64x2_relaxed_madd(t60, t5, t64);
  const v128_t t66 = wasm_f64x2_relaxed_madd(t61, t4, t63);
  const v128_t t67 = wasm_f64x2_sub(t63, t66);
  const v128_t t68 = wasm_f64x2_relaxed_madd(t61, t4, t67);
  const v128_t t69 = wasm_f64x2_add(t65, t68);
  const v128_t t70 = wasm_f64x2_relaxed_madd(t62, t3, t66);
  const v128_t t71 = wasm_f64x2_sub(t66, t70);
  const v128_t t72 = wasm_f64x2_relaxed_madd(t62, t3, t71);
  const v128_t t73 = wasm_f64x2_add(t69, t72);
  const v128_t t74 = wasm_f64x2_relaxed_madd(t59, wasm_f64x2_const_splat(1 * 0x1p-43), t73);
  column[5] = t74;
  const v128_t t75 = wasm_f64x2_sub(t70, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t76 = twice[1];
  const v128_t t77 = twice[5];
  const v128_t t78 = twice[2];
  const v128_t t79 = twice[3];
  const v128_t t80 = wasm_f64x2_relaxed_madd(t76, t77, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t81 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t80);
  const v128_t t82 = wasm_f64x2_relaxed_madd(t76, t77, t81);
  const v128_t t83 = wasm_f64x2_relaxed_madd(t78, t4, t80);
  const v128_t t84 = wasm_f64x2_sub(t80, t83);
  const v128_t t85 = wasm_f64x2_relaxed_madd(t78, t4, t84);
  const v128_t t86 = wasm_f64x2_add(t82, t85);
  const v128_t t87 = wasm_f64x2_relaxed_madd(t3, t79, t83);
  const v128_t t88 = wasm_f64x2_sub(t83, t87);
  const v128_t t89 = wasm_f64x2_relaxed_madd(t3, t79, t88);
  const v128_t t90 = wasm_f64x2_add(t86, t89);
  const v128_t t91 = wasm_f64x2_relaxed_madd(t75, wasm_f64x2_const_splat(1 * 0x1p-42), t90);
  column[6] = t91;
  const v128_t t92 = wasm_f64x2_sub(t87, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t93 = twice[2];
  const v128_t t94 = twice[3];
  const v128_t t95 = wasm_f64x2_relaxed_madd(t93, t5, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t96 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t95);
  const v128_t t97 = wasm_f64x2_relaxed_madd(t93, t5, t96);
  const v128_t t98 = wasm_f64x2_relaxed_madd(t94, t4, t95);
  const v128_t t99 = wasm_f64x2_sub(t95, t98);
  const v128_t t100 = wasm_f64x2_relaxed_madd(t94, t4, t99);
  const v128_t t101 = wasm_f64x2_add(t97, t100);
  const v128_t t102 = wasm_f64x2_relaxed_madd(t92, wasm_f64x2_const_splat(1 * 0x1p-43), t101);
  column[7] = t102;
  const v128_t t103 = wasm_f64x2_sub(t98, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t104 = twice[3];
  const v128_t t105 = twice[5];
  const v128_t t106 = wasm_f64x2_relaxed_madd(t104, t105, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t107 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t106);
  const v128_t t108 = wasm_f64x2_relaxed_madd(t104, t105, t107);
  const v128_t t109 = wasm_f64x2_relaxed_madd(t4, t4, t106);
  const v128_t t110 = wasm_f64x2_sub(t106, t109);
  const v128_t t111 = wasm_f64x2_relaxed_madd(t4, t4, t110);
  const v128_t t112 = wasm_f64x2_add(t108, t111);
  const v128_t t113 = wasm_f64x2_relaxed_madd(t103, wasm_f64x2_const_splat(1 * 0x1p-42), t112);
  column[8] = t113;
  const v128_t t114 = wasm_f64x2_sub(t109, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t115 = twice[4];
  const v128_t t116 = wasm_f64x2_relaxed_madd(t115, t5, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t117 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t116);
  const v128_t t118 = wasm_f64x2_relaxed_madd(t115, t5, t117);
  const v128_t t119 = wasm_f64x2_relaxed_madd(t114, wasm_f64x2_const_splat(1 * 0x1p-43), t118);
  column[9] = t119;
  const v128_t t120 = wasm_f64x2_sub(t116, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t121 = twice[5];
  const v128_t t122 = wasm_f64x2_relaxed_madd(t5, t121, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t123 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t122);
  const v128_t t124 = wasm_f64x2_relaxed_madd(t5, t121, t123);
  const v128_t t125 = wasm_f64x2_relaxed_madd(t120, wasm_f64x2_const_splat(1 * 0x1p-42), t124);
  column[10] = t125;
  const v128_t t126 = wasm_f64x2_sub(t122, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t127 = column[0];
  const v128_t t128 = column[6];
  const v128_t t129 = wasm_f64x2_relaxed_madd(t128, wasm_f64x2_const_splat(19), t127);
  const v128_t t130 = column[1];
  const v128_t t131 = column[7];
  const v128_t t132 = wasm_f64x2_relaxed_madd(t131, wasm_f64x2_const_splat(19), t130);
  const v128_t t133 = column[2];
  const v128_t t134 = column[8];
  const v128_t t135 = wasm_f64x2_relaxed_madd(t134, wasm_f64x2_const_splat(19), t133);
  const v128_t t136 = column[3];
  const v128_t t137 = column[9];
  const v128_t t138 = wasm_f64x2_relaxed_madd(t137, wasm_f64x2_const_splat(19), t136);
  const v128_t t139 = column[4];
  const v128_t t140 = column[10];
  const v128_t t141 = wasm_f64x2_relaxed_madd(t140, wasm_f64x2_const_splat(19), t139);
  const v128_t t142 = column[5];
  const v128_t t143 = wasm_f64x2_relaxed_madd(t126, wasm_f64x2_const_splat(19 * 0x1p-43), t142);
  const v128_t t144 = wasm_f64x2_add(t129, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t145 = wasm_f64x2_sub(t144, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t146 = wasm_f64x2_add(t132, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t147 = wasm_f64x2_sub(t146, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t148 = wasm_f64x2_add(t135, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t149 = wasm_f64x2_sub(t148, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t150 = wasm_f64x2_add(t138, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t151 = wasm_f64x2_sub(t150, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t152 = wasm_f64x2_add(t141, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t153 = wasm_f64x2_sub(t152, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t154 = wasm_f64x2_add(t143, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t155 = wasm_f64x2_sub(t154, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t156 = wasm_f64x2_sub(t129, t145);
  const v128_t t157 = wasm_f64x2_relaxed_madd(t155, wasm_f64x2_const_splat(19 * 0x1p-42), t156);
  const v128_t t158 = wasm_f64x2_sub(t132, t147);
  const v128_t t159 = wasm_f64x2_relaxed_madd(t145, wasm_f64x2_const_splat(1 * 0x1p-43), t158);
  const v128_t t160 = wasm_f64x2_sub(t135, t149);
  const v128_t t161 = wasm_f64x2_relaxed_madd(t147, wasm_f64x2_const_splat(1 * 0x1p-42), t160);
  const v128_t t162 = wasm_f64x2_sub(t138, t151);
  const v128_t t163 = wasm_f64x2_relaxed_madd(t149, wasm_f64x2_const_splat(1 * 0x1p-43), t162);
  const v128_t t164 = wasm_f64x2_sub(t141, t153);
  const v128_t t165 = wasm_f64x2_relaxed_madd(t151, wasm_f64x2_const_splat(1 * 0x1p-42), t164);
  const v128_t t166 = wasm_f64x2_sub(t143, t155);
  const v128_t t167 = wasm_f64x2_relaxed_madd(t153, wasm_f64x2_const_splat(1 * 0x1p-43), t166);
  o[0] = t157;
  o[2] = t159;
  o[4] = t161;
  o[6] = t163;
  o[8] = t165;
  o[10] = t167;

  /* Lanes 2 and 3. */
  const v128_t t168 = a[1];
  const v128_t t169 = a[3];
  const v128_t t170 = a[5];
  const v128_t t171 = a[7];
  const v128_t t172 = a[9];
  const v128_t t173 = a[11];
  const v128_t t174 = wasm_f64x2_add(t168, t168);
  twice[0] = t174;
  const v128_t t175 = wasm_f64x2_add(t169, t169);
  twice[1] = t175;
  const v128_t t176 = wasm_f64x2_add(t170, t170);
  twice[2] = t176;
  const v128_t t177 = wasm_f64x2_add(t171, t171);
  twice[3] = t177;
  const v128_t t178 = wasm_f64x2_add(t172, t172);
  twice[4] = t178;
  const v128_t t179 = wasm_f64x2_add(t173, t173);
  twice[5] = t179;
  const v128_t t180 = wasm_f64x2_relaxed_madd(t168, t168, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t181 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t180);
  const v128_t t182 = wasm_f64x2_relaxed_madd(t168, t168, t181);
  column[0] = t182;
  const v128_t t183 = wasm_f64x2_sub(t180, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t184 = twice[0];
  const v128_t t185 = wasm_f64x2_relaxed_madd(t184, t169, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t186 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t185);
  const v128_t t187 = wasm_f64x2_relaxed_madd(t184, t169, t186);
  const v128_t t188 = wasm_f64x2_relaxed_madd(t183, wasm_f64x2_const_splat(1 * 0x1p-43), t187);
  column[1] = t188;
  const v128_t t189 = wasm_f64x2_sub(t185, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t190 = twice[0];
  const v128_t t191 = twice[1];
  const v128_t t192 = wasm_f64x2_relaxed_madd(t190, t170, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t193 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t192);
  const v128_t t194 = wasm_f64x2_relaxed_madd(t190, t170, t193);
  const v128_t t195 = wasm_f64x2_relaxed_madd(t169, t191, t192);
  const v128_t t196 = wasm_f64x2_sub(t192, t195);
  const v128_t t197 = wasm_f64x2_relaxed_madd(t169, t191, t196);
  const v128_t t198 = wasm_f64x2_add(t194, t197);
  const v128_t t199 = wasm_f64x2_relaxed_madd(t189, wasm_f64x2_const_splat(1 * 0x1p-42), t198);
  column[2] = t199;
  const v128_t t200 = wasm_f64x2_sub(t195, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t201 = twice[0];
  const v128_t t202 = twice[1];
  const v128_t t203 = wasm_f64x2_relaxed_madd(t201, t171, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t204 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t203);
  const v128_t t205 = wasm_f64x2_relaxed_madd(t201, t171, t204);
  const v128_t t206 = wasm_f64x2_relaxed_madd(t202, t170, t203);
  const v128_t t207 = wasm_f64x2_sub(t203, t206);
  const v128_t t208 = wasm_f64x2_relaxed_madd(t202, t170, t207);
  const v128_t t209 = wasm_f64x2_add(t205, t208);
  const v128_t t210 = wasm_f64x2_relaxed_madd(t200, wasm_f64x2_const_splat(1 * 0x1p-43), t209);
  column[3] = t210;
  const v128_t t211 = wasm_f64x2_sub(t206, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t212 = twice[0];
  const v128_t t213 = twice[1];
  const v128_t t214 = twice[3];
  const v128_t t215 = wasm_f64x2_relaxed_madd(t212, t172, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t216 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t215);
  const v128_t t217 = wasm_f64x2_relaxed_madd(t212, t172, t216);
  const v128_t t218 = wasm_f64x2_relaxed_madd(t213, t214, t215);
  const v128_t t219 = wasm_f64x2_sub(t215, t218);
  const v128_t t220 = wasm_f64x2_relaxed_madd(t213, t214, t219);
  const v128_t t221 = wasm_f64x2_add(t217, t220);
  const v128_t t222 = wasm_f64x2_relaxed_madd(t170, t170, t218);
  const v128_t t223 = wasm_f64x2_sub(t218, t222);
  const v128_t t224 = wasm_f64x2_relaxed_madd(t170, t170, t223);
  const v128_t t225 = wasm_f64x2_add(t221, t224);
  const v128_t t226 = wasm_f64x2_relaxed_madd(t211, wasm_f64x2_const_splat(1 * 0x1p-42), t225);
  column[4] = t226;
  const v128_t t227 = wasm_f64x2_sub(t222, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t228 = twice[0];
  const v128_t t229 = twice[1];
  const v128_t t230 = twice[2];
  const v128_t t231 = wasm_f64x2_relaxed_madd(t228, t173, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t232 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t231);
  const v128_t t233 = wasm_f64x2_relaxed_madd(t228, t173, t232);
  const v128_t t234 = wasm_f64x2_relaxed_madd(t229, t172, t231);
  const v128_t t235 = wasm_f64x2_sub(t231, t234);
  const v128_t t236 = wasm_f64x2_relaxed_madd(t229, t172, t235);
  const v128_t t237 = wasm_f64x2_add(t233, t236);
  const v128_t t238 = wasm_f64x2_relaxed_madd(t230, t171, t234);
  const v128_t t239 = wasm_f64x2_sub(t234, t238);
  const v128_t t240 = wasm_f64x2_relaxed_madd(t230, t171, t239);
  const v128_t t241 = wasm_f64x2_add(t237, t240);
  const v128_t t242 = wasm_f64x2_relaxed_madd(t227, wasm_f64x2_const_splat(1 * 0x1p-43), t241);
  column[5] = t242;
  const v128_t t243 = wasm_f64x2_sub(t238, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t244 = twice[1];
  const v128_t t245 = twice[5];
  const v128_t t246 = twice[2];
  const v128_t t247 = twice[3];
  const v128_t t248 = wasm_f64x2_relaxed_madd(t244, t245, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t249 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t248);
  const v128_t t250 = wasm_f64x2_relaxed_madd(t244, t245, t249);
  const v128_t t251 = wasm_f64x2_relaxed_madd(t246, t172, t248);
  const v128_t t252 = wasm_f64x2_sub(t248, t251);
  const v128_t t253 = wasm_f64x2_relaxed_madd(t246, t172, t252);
  const v128_t t254 = wasm_f64x2_add(t250, t253);
  const v128_t t255 = wasm_f64x2_relaxed_madd(t171, t247, t251);
  const v128_t t256 = wasm_f64x2_sub(t251, t255);
  const v128_t t257 = wasm_f64x2_relaxed_madd(t171, t247, t256);
  const v128_t t258 = wasm_f64x2_add(t254, t257);
  const v128_t t259 = wasm_f64x2_relaxed_madd(t243, wasm_f64x2_const_splat(1 * 0x1p-42), t258);
  column[6] = t259;
  const v128_t t260 = wasm_f64x2_sub(t255, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t261 = twice[2];
  const v128_t t262 = twice[3];
  const v128_t t263 = wasm_f64x2_relaxed_madd(t261, t173, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t264 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t263);
  const v128_t t265 = wasm_f64x2_relaxed_madd(t261, t173, t264);
  const v128_t t266 = wasm_f64x2_relaxed_madd(t262, t172, t263);
  const v128_t t267 = wasm_f64x2_sub(t263, t266);
  const v128_t t268 = wasm_f64x2_relaxed_madd(t262, t172, t267);
  const v128_t t269 = wasm_f64x2_add(t265, t268);
  const v128_t t270 = wasm_f64x2_relaxed_madd(t260, wasm_f64x2_const_splat(1 * 0x1p-43), t269);
  column[7] = t270;
  const v128_t t271 = wasm_f64x2_sub(t266, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t272 = twice[3];
  const v128_t t273 = twice[5];
  const v128_t t274 = wasm_f64x2_relaxed_madd(t272, t273, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t275 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t274);
  const v128_t t276 = wasm_f64x2_relaxed_madd(t272, t273, t275);
  const v128_t t277 = wasm_f64x2_relaxed_madd(t172, t172, t274);
  const v128_t t278 = wasm_f64x2_sub(t274, t277);
  const v128_t t279 = wasm_f64x2_relaxed_madd(t172, t172, t278);
  const v128_t t280 = wasm_f64x2_add(t276, t279);
  const v128_t t281 = wasm_f64x2_relaxed_madd(t271, wasm_f64x2_const_splat(1 * 0x1p-42), t280);
  column[8] = t281;
  const v128_t t282 = wasm_f64x2_sub(t277, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t283 = twice[4];
  const v128_t t284 = wasm_f64x2_relaxed_madd(t283, t173, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t285 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p94), t284);
  const v128_t t286 = wasm_f64x2_relaxed_madd(t283, t173, t285);
  const v128_t t287 = wasm_f64x2_relaxed_madd(t282, wasm_f64x2_const_splat(1 * 0x1p-43), t286);
  column[9] = t287;
  const v128_t t288 = wasm_f64x2_sub(t284, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t289 = twice[5];
  const v128_t t290 = wasm_f64x2_relaxed_madd(t173, t289, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t291 = wasm_f64x2_sub(wasm_f64x2_const_splat(0x1.8p95), t290);
  const v128_t t292 = wasm_f64x2_relaxed_madd(t173, t289, t291);
  const v128_t t293 = wasm_f64x2_relaxed_madd(t288, wasm_f64x2_const_splat(1 * 0x1p-42), t292);
  column[10] = t293;
  const v128_t t294 = wasm_f64x2_sub(t290, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t295 = column[0];
  const v128_t t296 = column[6];
  const v128_t t297 = wasm_f64x2_relaxed_madd(t296, wasm_f64x2_const_splat(19), t295);
  const v128_t t298 = column[1];
  const v128_t t299 = column[7];
  const v128_t t300 = wasm_f64x2_relaxed_madd(t299, wasm_f64x2_const_splat(19), t298);
  const v128_t t301 = column[2];
  const v128_t t302 = column[8];
  const v128_t t303 = wasm_f64x2_relaxed_madd(t302, wasm_f64x2_const_splat(19), t301);
  const v128_t t304 = column[3];
  const v128_t t305 = column[9];
  const v128_t t306 = wasm_f64x2_relaxed_madd(t305, wasm_f64x2_const_splat(19), t304);
  const v128_t t307 = column[4];
  const v128_t t308 = column[10];
  const v128_t t309 = wasm_f64x2_relaxed_madd(t308, wasm_f64x2_const_splat(19), t307);
  const v128_t t310 = column[5];
  const v128_t t311 = wasm_f64x2_relaxed_madd(t294, wasm_f64x2_const_splat(19 * 0x1p-43), t310);
  const v128_t t312 = wasm_f64x2_add(t297, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t313 = wasm_f64x2_sub(t312, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t314 = wasm_f64x2_add(t300, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t315 = wasm_f64x2_sub(t314, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t316 = wasm_f64x2_add(t303, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t317 = wasm_f64x2_sub(t316, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t318 = wasm_f64x2_add(t306, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t319 = wasm_f64x2_sub(t318, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t320 = wasm_f64x2_add(t309, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t321 = wasm_f64x2_sub(t320, wasm_f64x2_const_splat(0x1.8p95));
  const v128_t t322 = wasm_f64x2_add(t311, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t323 = wasm_f64x2_sub(t322, wasm_f64x2_const_splat(0x1.8p94));
  const v128_t t324 = wasm_f64x2_sub(t297, t313);
  const v128_t t325 = wasm_f64x2_relaxed_madd(t323, wasm_f64x2_const_splat(19 * 0x1p-42), t324);
  const v128_t t326 = wasm_f64x2_sub(t300, t315);
  const v128_t t327 = wasm_f64x2_relaxed_madd(t313, wasm_f64x2_const_splat(1 * 0x1p-43), t326);
  const v128_t t328 = wasm_f64x2_sub(t303, t317);
  const v128_t t329 = wasm_f64x2_relaxed_madd(t315, wasm_f64x2_const_splat(1 * 0x1p-42), t328);
  const v128_t t330 = wasm_f64x2_sub(t306, t319);
  const v128_t t331 = wasm_f64x2_relaxed_madd(t317, wasm_f64x2_const_splat(1 * 0x1p-43), t330);
  const v128_t t332 = wasm_f64x2_sub(t309, t321);
  const v128_t t333 = wasm_f64x2_relaxed_madd(t319, wasm_f64x2_const_splat(1 * 0x1p-42), t332);
  const v128_t t334 = wasm_f64x2_sub(t311, t323);
  const v128_t t335 = wasm_f64x2_relaxed_madd(t321, wasm_f64x2_const_splat(1 * 0x1p-43), t334);
  o[1] = t325;
  o[3] = t327;
  o[5] = t329;
  o[7] = t331;
  o[9] = t333;
  o[11] = t335;
}
