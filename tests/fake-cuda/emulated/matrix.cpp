// Lane 4 g + t has, as PTX says of m16n8k16: of a, pairs of columns 2t and 2t + 8 of the rows g and g + 8; of b, pairs of rows
// 2t and 2t + 8 of the column g; of c, pairs of columns 2t of the rows g and g + 8.

#include "matrix.h"

namespace emulated {

namespace {

struct Factors {
    alignas(32) float a[16][16];
    alignas(32) float b[16][8];
};

void gather(const Offer* const (&lanes)[32], Factors& factors) {
    alignas(16) uint32_t a[16][8];
    alignas(16) uint16_t b[16][8];
    for (int lane = 0; lane < 32; lane++) {
        const Offer& offer = *lanes[lane];
        int g = lane >> 2, t = lane & 3;
        a[g][t] = offer.a[0];
        a[g + 8][t] = offer.a[1];
        a[g][t + 4] = offer.a[2];
        a[g + 8][t + 4] = offer.a[3];
        b[2 * t][g] = static_cast<uint16_t>(offer.b[0]);
        b[2 * t + 1][g] = static_cast<uint16_t>(offer.b[0] >> 16);
        b[2 * t + 8][g] = static_cast<uint16_t>(offer.b[1]);
        b[2 * t + 9][g] = static_cast<uint16_t>(offer.b[1] >> 16);
    }
    for (int row = 0; row < 16; row++) {
        for (int half = 0; half < 2; half++) {
            __m128i bits = _mm_load_si128(reinterpret_cast<const __m128i*>(a[row] + 4 * half));
            _mm256_store_ps(factors.a[row] + 8 * half, _mm256_cvtph_ps(bits));
        }
        _mm256_store_ps(factors.b[row], _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(b[row]))));
    }
}

inline __m256 add_products(const Factors& factors, int row, int first, int count, __m256 sum) {
    for (int k = first; k < first + count; k++) {
        sum = _mm256_fmadd_ps(_mm256_set1_ps(factors.a[row][k]), _mm256_load_ps(factors.b[k]), sum);
    }
    return sum;
}

// Rounded to the nearest 16-bit floats; NaN is 0x7fff.
inline __m128i narrow8(__m256 values) {
    __m128i bits = _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(values, values, _CMP_UNORD_Q));
    __m128i mask = _mm_packs_epi32(_mm256_castsi256_si128(nan), _mm256_extracti128_si256(nan, 1));
    return _mm_or_si128(_mm_andnot_si128(mask, bits), _mm_and_si128(mask, _mm_set1_epi16(0x7fff)));
}

} // namespace

void multiply_f16(const Offer* const (&lanes)[32], bool half_depth) {
    Factors factors;
    gather(lanes, factors);
    alignas(16) uint32_t c[16][4];
    for (int lane = 0; lane < 32; lane++) {
        const uint32_t* registers = static_cast<const uint32_t*>(lanes[lane]->c);
        c[lane >> 2][lane & 3] = registers[0];
        c[(lane >> 2) + 8][lane & 3] = registers[1];
    }
    for (int row = 0; row < 16; row++) {
        __m128i* bits = reinterpret_cast<__m128i*>(c[row]);
        __m256 sum = _mm256_cvtph_ps(_mm_load_si128(bits));
        if (half_depth) {
            sum = add_products(factors, row, 0, 8, sum);
            sum = add_products(factors, row, 8, 8, _mm256_cvtph_ps(narrow8(sum)));
        } else {
            sum = add_products(factors, row, 0, 16, sum);
        }
        _mm_store_si128(bits, narrow8(sum));
    }
    for (int lane = 0; lane < 32; lane++) {
        uint32_t* registers = static_cast<uint32_t*>(lanes[lane]->c);
        registers[0] = c[lane >> 2][lane & 3];
        registers[1] = c[(lane >> 2) + 8][lane & 3];
    }
}

void multiply_f32(const Offer* const (&lanes)[32]) {
    Factors factors;
    gather(lanes, factors);
    alignas(32) float c[16][8];
    for (int lane = 0; lane < 32; lane++) {
        const float* registers = static_cast<const float*>(lanes[lane]->c);
        std::memcpy(&c[lane >> 2][2 * (lane & 3)], registers, 8);
        std::memcpy(&c[(lane >> 2) + 8][2 * (lane & 3)], registers + 2, 8);
    }
    for (int row = 0; row < 16; row++) {
        _mm256_store_ps(c[row], add_products(factors, row, 0, 16, _mm256_load_ps(c[row])));
    }
    for (int lane = 0; lane < 32; lane++) {
        float* registers = static_cast<float*>(lanes[lane]->c);
        std::memcpy(registers, &c[lane >> 2][2 * (lane & 3)], 8);
        std::memcpy(registers + 2, &c[(lane >> 2) + 8][2 * (lane & 3)], 8);
    }
}

} // namespace emulated
