// What the lanes of a warp do together: they wait for each other, and exchange values.
#pragma once

namespace emulated {

enum class Exchange : unsigned int { Sync, Shuffle, Ballot, Match, AddReduce, MinReduce, MaxReduce, MatrixF16, MatrixF32 };

// What a lane brings. For a product of matrices: its registers.
struct Offer {
    Exchange exchange;
    unsigned int mask;
    Place place;
    unsigned long long value;
    unsigned int source;
    void* c;
    const unsigned int* a;
    unsigned int b[2];
};

// Waits for the lanes of the mask, which must all be at this place; what the lane gets.
__attribute__((visibility("hidden"))) unsigned long long exchange(const Offer& offer);

inline unsigned int lane() { return current & 31; }

template <typename T> inline T shuffle(unsigned int mask, T value, unsigned int source, Place place) {
    static_assert(std::is_trivially_copyable<T>::value && sizeof(T) <= 8, "a value of up to 8 bytes");
    Offer offer{Exchange::Shuffle, mask, place, 0, source, nullptr, nullptr, {}};
    std::memcpy(&offer.value, &value, sizeof(T));
    unsigned long long got = exchange(offer);
    std::memcpy(&value, &got, sizeof(T));
    return value;
}

inline unsigned int reduce(Exchange kind, unsigned int mask, unsigned int value, Place place) {
    return static_cast<unsigned int>(exchange({kind, mask, place, value, 0, nullptr, nullptr, {}}));
}

} // namespace emulated

inline void __syncwarp(unsigned int mask = 0xffffffffu, EMULATED_PLACE) {
    emulated::exchange({emulated::Exchange::Sync, mask, {file, line}, 0, 0, nullptr, nullptr, {}});
}

// A shuffle within groups of `width` lanes. Lanes of which the source is in another group keep their value.
template <typename T> inline T __shfl_sync(unsigned int mask, T value, int source, int width = 32, EMULATED_PLACE) {
    unsigned int group = emulated::lane() & ~(width - 1u);
    return emulated::shuffle(mask, value, group | (source & (width - 1u)), {file, line});
}
template <typename T> inline T __shfl_xor_sync(unsigned int mask, T value, int bits, int width = 32, EMULATED_PLACE) {
    unsigned int lane = emulated::lane(), source = lane ^ bits;
    return emulated::shuffle(mask, value, source > (lane | (width - 1u)) ? lane : source, {file, line});
}
template <typename T> inline T __shfl_up_sync(unsigned int mask, T value, unsigned int by, int width = 32, EMULATED_PLACE) {
    unsigned int lane = emulated::lane();
    return emulated::shuffle(mask, value, (lane & (width - 1u)) < by ? lane : lane - by, {file, line});
}
template <typename T> inline T __shfl_down_sync(unsigned int mask, T value, unsigned int by, int width = 32, EMULATED_PLACE) {
    unsigned int lane = emulated::lane();
    return emulated::shuffle(mask, value, (lane & (width - 1u)) + by >= static_cast<unsigned int>(width) ? lane : lane + by,
                             {file, line});
}

inline unsigned int __ballot_sync(unsigned int mask, int predicate, EMULATED_PLACE) {
    return emulated::reduce(emulated::Exchange::Ballot, mask, predicate != 0, {file, line});
}
inline int __any_sync(unsigned int mask, int predicate, EMULATED_PLACE) {
    return emulated::reduce(emulated::Exchange::Ballot, mask, predicate != 0, {file, line}) != 0;
}
inline int __all_sync(unsigned int mask, int predicate, EMULATED_PLACE) {
    return emulated::reduce(emulated::Exchange::Ballot, mask, predicate == 0, {file, line}) == 0;
}
inline unsigned int __match_any_sync(unsigned int mask, unsigned int value, EMULATED_PLACE) {
    return emulated::reduce(emulated::Exchange::Match, mask, value, {file, line});
}
inline unsigned int __reduce_add_sync(unsigned int mask, unsigned int value, EMULATED_PLACE) {
    return emulated::reduce(emulated::Exchange::AddReduce, mask, value, {file, line});
}
inline unsigned int __reduce_min_sync(unsigned int mask, unsigned int value, EMULATED_PLACE) {
    return emulated::reduce(emulated::Exchange::MinReduce, mask, value, {file, line});
}
inline unsigned int __reduce_max_sync(unsigned int mask, unsigned int value, EMULATED_PLACE) {
    return emulated::reduce(emulated::Exchange::MaxReduce, mask, value, {file, line});
}

// mma.sync.aligned.m16n8k16.row.col with 16-bit a and b: c = a b + c, of the fragments of all lanes of the warp.
//
// Products and sums are exact to 24 bits, in the order of k. The 16-bit c is rounded to the nearest after the sum of 16
// products (of an emulated device of capability 7.5, which has products of depth 8 only: after every 8). Devices add with a
// few bits less and in an order of their own, so that their results differ by some units of the last place.
inline void emulated_mma_f16(unsigned int (&c)[2], const unsigned int (&a)[4], unsigned int b0, unsigned int b1,
                             EMULATED_PLACE) {
    emulated::exchange({emulated::Exchange::MatrixF16, 0xffffffffu, {file, line}, 0, 0, c, a, {b0, b1}});
}
// The same with a c of 32-bit floats.
inline void emulated_mma_f32(float (&c)[4], const unsigned int (&a)[4], unsigned int b0, unsigned int b1, EMULATED_PLACE) {
    emulated::exchange({emulated::Exchange::MatrixF32, 0xffffffffu, {file, line}, 0, 0, c, a, {b0, b1}});
}
