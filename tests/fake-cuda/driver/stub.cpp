// A library of the driver's name without its functions, as some packages leave behind.
extern "C" __attribute__((visibility("default"))) void neuvol_stub_of_libcuda() {}
