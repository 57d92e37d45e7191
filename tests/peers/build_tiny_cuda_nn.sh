#!/bin/sh
# Builds the program that times tiny-cuda-nn.
#
#   build_tiny_cuda_nn.sh TINY_CUDA_NN ARCH PROGRAM
#
# TINY_CUDA_NN is a checkout of it with its submodules, ARCH a compute capability without its dot (90). NVCC names the compiler
# (default: nvcc), 12 or newer.
set -eu
if [ $# -ne 3 ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
sources=$1 arch=$2 program=$3
for needed in include/tiny-cuda-nn/common.h dependencies/cutlass/include dependencies/fmt/include; do
    if [ ! -e "$sources/$needed" ]; then
        echo "$sources lacks $needed: is it a checkout of tiny-cuda-nn with its submodules?" >&2
        exit 1
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compile() {
    "${NVCC:-nvcc}" -c "-arch=sm_$arch" -O3 -std=c++17 --extended-lambda --expt-relaxed-constexpr -DTCNN_HALF_PRECISION=1 \
        "-DTCNN_MIN_GPU_ARCH=$arch" -DFMT_HEADER_ONLY -DFMT_UNICODE=0 -Xcompiler=-fno-strict-aliasing \
        -Xcudafe=--diag_suppress=unrecognized_gcc_pragma \
        -I"$sources/include" -I"$sources/dependencies" -I"$sources/dependencies/cutlass/include" \
        -I"$sources/dependencies/cutlass/tools/util/include" -I"$sources/dependencies/fmt/include" -o "$work/$2" "$1"
}
# What grids and fused networks need of the library.
for name in common_host object fully_fused_mlp rtc_kernel network reduce_sum; do
    [ ! -e "$sources/src/$name.cu" ] || compile "$sources/src/$name.cu" "$name.o"
done
compile "$here/tiny_cuda_nn.cu" main.o
# The driver's library need not be on this machine: an empty one with its name serves the linker.
nm -u "$work"/*.o | sed -n 's/^ *U \(cu[A-Z].*\)$/void \1(void) {}/p' | sort -u > "$work/driver.c"
"${CC:-cc}" -shared -fPIC -w -Wl,-soname,libcuda.so.1 -o "$work/libcuda.so" "$work/driver.c"
"${NVCC:-nvcc}" "-arch=sm_$arch" -cudart=static "-L$work" -o "$program" "$work"/*.o -lcuda
