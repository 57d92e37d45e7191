// Linked behind the kernels, see `begin.cpp`.
extern "C" __attribute__((visibility("hidden"), aligned(64))) unsigned char emulated_static_end[64];
unsigned char emulated_static_end[64];
