// CUDA's vector types with CUDA's alignments.
#pragma once

#define EMULATED_VECTORS(name, scalar, align2, align4)                                                                       \
    struct name##1 {                                                                                                         \
        scalar x;                                                                                                            \
    };                                                                                                                       \
    struct alignas(align2) name##2 {                                                                                         \
        scalar x, y;                                                                                                         \
    };                                                                                                                       \
    struct name##3 {                                                                                                         \
        scalar x, y, z;                                                                                                      \
    };                                                                                                                       \
    struct alignas(align4) name##4 {                                                                                         \
        scalar x, y, z, w;                                                                                                   \
    };                                                                                                                       \
    inline name##1 make_##name##1(scalar x) { return {x}; }                                                                  \
    inline name##2 make_##name##2(scalar x, scalar y) { return {x, y}; }                                                     \
    inline name##3 make_##name##3(scalar x, scalar y, scalar z) { return {x, y, z}; }                                        \
    inline name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

EMULATED_VECTORS(char, signed char, 2, 4)
EMULATED_VECTORS(uchar, unsigned char, 2, 4)
EMULATED_VECTORS(short, short, 4, 8)
EMULATED_VECTORS(ushort, unsigned short, 4, 8)
EMULATED_VECTORS(int, int, 8, 16)
EMULATED_VECTORS(uint, unsigned int, 8, 16)
EMULATED_VECTORS(longlong, long long, 16, 16)
EMULATED_VECTORS(ulonglong, unsigned long long, 16, 16)
EMULATED_VECTORS(float, float, 8, 16)
EMULATED_VECTORS(double, double, 16, 16)
#undef EMULATED_VECTORS

struct dim3 {
    unsigned int x, y, z;
    constexpr dim3(unsigned int x = 1, unsigned int y = 1, unsigned int z = 1) : x(x), y(y), z(z) {}
};
