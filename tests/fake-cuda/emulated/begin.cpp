// Linked before the kernels: what lies between this and `end.cpp` is their static shared memory.
extern "C" __attribute__((visibility("hidden"), aligned(64))) unsigned char emulated_static_begin[64];
unsigned char emulated_static_begin[64];
