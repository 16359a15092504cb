"""The processor's peak in float32: independent fused multiply-adds, as many as fit in registers.

The figure that a convolution's rate is a percentage of is measured in the same run, on the same
cores, because a machine's clock is not what its name says.
"""

from __future__ import annotations

import ctypes
import time
from concurrent.futures import ThreadPoolExecutor

import llvmlite.binding as llvm

CHAINS = 12  # more than latency x units needs on the processors of today, fewer than registers
ROUNDS = 2_000_000


def lanes() -> int:
    """Float32 numbers in one vector register of this processor."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx") else 4


def program(width: int) -> str:
    """LLVM's text of `void peak(i64 rounds, float* out)`: CHAINS sums of `width` lanes."""
    vector = f"<{width} x float>"
    half = f"<{', '.join(['float 5.000000e-01'] * width)}>"
    phis = "\n".join(
        f"  %a{i} = phi {vector} [ {half}, %entry ], [ %b{i}, %loop ]" for i in range(CHAINS)
    )
    fmas = "\n".join(
        f"  %b{i} = call {vector} @llvm.fma.v{width}f32("
        f"{vector} %a{i}, {vector} {half}, {vector} {half})"
        for i in range(CHAINS)
    )
    sums = "\n".join(
        f"  %s{i} = fadd {vector} {'%b0' if i == 1 else f'%s{i - 1}'}, %b{i}"
        for i in range(1, CHAINS)
    )
    return f"""
declare {vector} @llvm.fma.v{width}f32({vector}, {vector}, {vector})
define void @peak(i64 %rounds, ptr %out) {{
entry:
  br label %loop
loop:
  %n = phi i64 [ 0, %entry ], [ %m, %loop ]
{phis}
{fmas}
  %m = add i64 %n, 1
  %more = icmp slt i64 %m, %rounds
  br i1 %more, label %loop, label %done
done:
{sums}
  store {vector} %s{CHAINS - 1}, ptr %out, align 4
  ret void
}}
"""


def measure(threads: int) -> float:
    """Operations a second, in 1e9, that `threads` threads reach together: the best try."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    width = lanes()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(program(width)), machine)
    engine.finalize_object()
    address = engine.get_function_address("peak")
    peak = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(address)

    def run(_: int) -> None:
        out = (ctypes.c_float * width)()
        peak(ROUNDS, ctypes.addressof(out))

    best = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(10):
            began = time.perf_counter()
            list(pool.map(run, range(threads)))
            best = min(best, time.perf_counter() - began)
    return 2 * width * CHAINS * ROUNDS * threads / best / 1e9
